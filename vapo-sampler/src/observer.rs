//! Observes every activation of a pass: for hosts, which measure ranges and count saturations.
//!
//! # Example
//!
//! ```
//! use vapo_format::Model;
//! use vapo_sampler::observer::{Activation, Observer};
//! use vapo_sampler::{PlanFor, Potential};
//! # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
//! # let bytes = example::model();
//!
//! /// Counts values of float arithmetic.
//! struct Count(usize);
//!
//! impl Observer for Count {
//!     fn float(&mut self, _node: u16, activation: Activation, values: &[f32]) {
//!         if activation == Activation::Value {
//!             self.0 += values.len();
//!         }
//!     }
//! }
//!
//! let model = Model::parse(&bytes)?;
//! let plan = PlanFor::<32>::new(&model)?;
//! let mut memory = vec![0.0; plan.elements()];
//! let mut potential = Potential::new(&model, &plan, &mut memory)?;
//! let mut count = Count(0);
//! potential.observed_drift(&[0.1; 64], 0.5, &mut [0.0; 64], &mut count)?;
//! assert!(count.0 > 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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
