//! Output of boards with a debug probe: real-time transfer, a buffer in RAM that the probe empties while the core runs.

use super::Output;
use rtt_target::UpChannel;

/// The terminal, channel 0.
pub struct Terminal(UpChannel);

impl Terminal {
    /// Sets the channel up. To be called once: `rtt_init!` panics at a second call.
    pub fn start() -> Self {
        // Holds a sample's text, which is dropped where no probe reads it.
        let channels = rtt_target::rtt_init! {
            up: { 0: { size: 2048, mode: rtt_target::ChannelMode::NoBlockTrim, name: "Terminal" } }
        };
        Terminal(channels.up.0)
    }
}

impl Output for Terminal {
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }
}
