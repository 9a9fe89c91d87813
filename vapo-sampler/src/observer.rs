//! Observes every activation of a pass: for hosts, which measure ranges and count saturations.

/// Which of a node's activations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Activation {
    /// The node's output. Of SiLU what it is of, modulated if it has FiLM, and then its output.
    Value,
    /// The cotangent of its output, or a contribution to it. Of the signal: what is added to the drift.
    Cotangent,
}

/// Receives every activation when it has been computed.
pub trait Observer {
    /// Whether activations are observed at all.
    const ACTIVE: bool = true;

    /// An activation of float arithmetic.
    fn float(&mut self, node: u16, activation: Activation, values: &[f32]) {
        let _ = (node, activation, values);
    }

    /// An activation of integer arithmetic.
    fn integer(&mut self, node: u16, activation: Activation, values: &[i16]) {
        let _ = (node, activation, values);
    }
}

/// Observes nothing.
impl Observer for () {
    const ACTIVE: bool = false;
}
