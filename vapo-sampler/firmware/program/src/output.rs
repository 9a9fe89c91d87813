//! Where text goes.

#[cfg(feature = "rtt")]
pub mod rtt;
#[cfg(feature = "semihosting")]
pub mod semihosting;

/// Takes bytes of text. What cannot be delivered is dropped: sampling goes on without a listener.
pub trait Output {
    /// Writes all of `bytes`, waiting for the listener where there is one.
    fn write(&mut self, bytes: &[u8]);
}
