//! Why a window is an anomaly: which of its readings the potential would change most.
//!
//! The drift holds the data that the potential expects at x, E\[x̄|x\]. The difference from the window is the potential's
//! own correction of it. It is large where the window is unlike what the potential was trained on, and costs one drift.

use super::Monitor;
use crate::error::Error;
use crate::homotopy::coefficients;

/// Parts of a window, of one of which an explanation tells.
const PARTS: usize = 8;

/// Which readings of which channel the potential would change most.
///
/// ```
/// use vapo_format::Model;
/// use vapo_sampler::monitor::Explanation;
/// use vapo_sampler::{Monitor, PlanFor};
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
/// # let bytes = example::series();
///
/// let model = Model::parse(&bytes)?;
/// let plan = PlanFor::<32>::new(&model)?; // of both passes
/// let mut memory = vec![0.0; plan.monitor_elements()];
/// let mut monitor = Monitor::new(&model, &plan, 1, &mut memory)?;
/// let mut correction = vec![0.0; monitor.width() * monitor.channels()];
/// for reading in 0..16_u8 {
///     let value = if reading == 9 { 5.0 } else { 0.0 };
///     if monitor.push(&[value])?.is_some() {
///         let Some(Explanation { channel, from, to, change, share }) = monitor.explain(&mut correction)? else { continue };
///         println!("readings {from} to {to} of channel {channel}: {change} was expected more, {share} of all");
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Explanation {
    /// The channel, from 0.
    pub channel: usize,
    /// First of the readings, from 0, the window's oldest.
    pub from: usize,
    /// The reading after the last: an eighth of the window later.
    pub to: usize,
    /// What the potential would add to these readings, on average, in raw numbers.
    pub change: f32,
    /// Their part of the squared correction of the whole window, in values: from 0 to 1.
    pub share: f32,
}

impl Monitor<'_> {
    /// Which eighth of which channel the potential would change most: that of the largest squared correction, in values.
    /// `correction` gets what it would add to each number of the window, in raw numbers, channels last; it is memory
    /// of [`Monitor::width`]·[`Monitor::channels`] elements.
    ///
    /// None where no verdict was given since the last reading was pushed, or where time 0 leaves nothing of the window.
    ///
    /// # Errors
    /// [`Error::Length`] where `correction` has another length, [`Error::Plan`] where the plan is of the pass forward alone.
    pub fn explain(&mut self, correction: &mut [f32]) -> Result<Option<Explanation>, Error> {
        self.potential.check(correction)?;
        let at = coefficients(self.potential.homotopy(), self.time);
        if !self.is_full() || at.mean == 0.0 {
            return Ok(None);
        }
        self.potential.drift(self.window, self.time, correction)?;
        let [of_drift, of_x] = at.data();
        for (correction, x) in correction.iter_mut().zip(&*self.window) {
            *correction = of_drift * *correction + of_x * x - x / at.mean;
        }

        // At least one, as the model was checked; what divides by it must not panic.
        let (channels, width) = (self.channels().max(1), self.width());
        let length = (width / PARTS).max(1);
        let mut most = f32::NEG_INFINITY;
        let mut found = Explanation { channel: 0, from: 0, to: length, change: 0.0, share: 0.0 };
        for channel in 0..channels {
            let squares = |from| numbers(correction, channels, channel, from).map(|change| change * change);
            let mut sum: f32 = squares(0).take(length).sum();
            let entering = squares(length).map(Some).chain([None]);
            for (from, (leaving, entering)) in squares(0).zip(entering).enumerate() {
                if sum > most {
                    most = sum;
                    (found.channel, found.from, found.to) = (channel, from, from + length);
                }
                sum += entering.unwrap_or_default() - leaving;
            }
        }
        let whole: f32 = correction.iter().map(|change| change * change).sum();
        // A sum that gained and lost terms may be a rounding more.
        found.share = if whole > 0.0 { (most / whole).min(1.0) } else { 0.0 };
        for (correction, scaling) in
            correction.chunks_mut(channels).flat_map(|reading| reading.iter_mut().zip(self.model.scalings()))
        {
            *correction *= scaling.scale;
        }
        found.change =
            numbers(correction, channels, found.channel, found.from).take(length).sum::<f32>() / length as f32;
        Ok(Some(found))
    }
}

/// The numbers of a channel from a reading on.
fn numbers(correction: &[f32], channels: usize, channel: usize, from: usize) -> impl Iterator<Item = f32> {
    // One skip before the steps: skipping steps could panic.
    correction.iter().copied().skip(from * channels + channel).step_by(channels.max(1))
}
