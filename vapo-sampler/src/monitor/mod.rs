//! Watches a series, reading by reading. Every few readings it gives an energy and a verdict for the last readings.
//!
//! A model of a series works on windows. A window is a signal of height 1. Its width is the number of readings, and each number
//! of a reading is a channel. A [`Monitor`] takes raw readings, as a sensor gives them; the model's scaling turns them into
//! values. Its memory is that of the potential and of one window. An energy needs one forward pass, and a plan of that pass
//! alone ([`PlanFor::forward`](crate::PlanFor::forward)) takes the least memory. An explanation needs a drift, and a plan of
//! both passes.
//!
//! | module | concept |
//! |---|---|
//! | `explanation` | which readings of which channel the potential would change |
//!
//! ```
//! # use vapo_format::{Block, Encoding, Homotopy, Model, Shape, Writer, encoder, writer::{Values, file_bytes}};
//! # let signal = Shape { channels: 2, height: 1, width: 8 };
//! # let architecture = encoder::architecture(signal, Homotopy::Linear, 8, &[Block::Conv { channels: 4 }, Block::Head { channels: 4 }])?;
//! # let mut bytes = vec![0; file_bytes(&architecture, Encoding::Float32)?];
//! # let mut writer = Writer::new(&mut bytes, &architecture, Encoding::Float32)?;
//! # for shape in architecture.matrices() {
//! #     writer.matrix(&vec![0.0; shape.columns], Values::Float32(&vec![0.01; shape.rows * shape.columns]))?;
//! # }
//! # writer.finish()?;
//! use vapo_sampler::{Monitor, PlanFor, ThresholdLearner, arena};
//!
//! let model = Model::parse(&bytes)?;
//! let plan = PlanFor::<24>::forward(&model)?;
//! let mut memory = vec![0.0; plan.monitor_elements()]; // on a device, an array: `arena::monitor_elements`
//! let mut monitor = Monitor::new(&model, &plan, 4, &mut memory)?; // a verdict every 4 readings
//!
//! // The first 100 windows are normal: of such, 1 in 100 may be an anomaly.
//! let mut largest = [0.0; ThresholdLearner::room(0.01, 100)];
//! let mut learner = ThresholdLearner::new(0.01, &mut largest)?;
//! for reading in 0..1000_u16 {
//!     let Some(verdict) = monitor.push(&[f32::from(reading % 7), 20.0])? else { continue };
//!     if learner.count() < 100 {
//!         learner.push(verdict.energy)?;
//!         monitor.set_threshold(learner.threshold());
//!     } else if verdict.anomalous {
//!         println!("reading {reading}: energy {}", verdict.energy);
//!     }
//! }
//! # assert_eq!(learner.count(), 100);
//!
//! // What it is of, and what it missed: a reading that is no number is a gap.
//! assert_eq!((monitor.channels(), monitor.width()), (2, 8));
//! assert_eq!((monitor.time(), monitor.threshold().is_some(), monitor.gaps()), (0.9, true, 0));
//! monitor.push(&[f32::NAN, 20.0])?;
//! assert_eq!(monitor.gaps(), 1);
//! assert_eq!(monitor.potential().classes(), 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod explanation;

pub use explanation::Explanation;

use crate::anomaly::{SERIES_TIME, Verdict};
use crate::error::Error;
use crate::homotopy::coefficients;
use crate::plan::Plan;
use crate::potential::Potential;
use vapo_format::Model;

/// The last readings of a series, and the potential that judges them.
#[derive(Debug)]
pub struct Monitor<'a> {
    model: &'a Model<'a>,
    potential: Potential<'a>,
    /// mean(time)·value, the oldest reading first: what the energy is of. So there is no second copy.
    window: &'a mut [f32],
    time: f32,
    threshold: Option<f32>,
    stride: usize,
    /// Readings in the window.
    filled: usize,
    /// Readings to be left out before the window takes one.
    skipped: usize,
    gaps: u32,
}

impl<'a> Monitor<'a> {
    /// A monitor that judges every `stride` readings. It works in the first [`Plan::monitor_elements`] of `memory`. Threshold
    /// and time are the model's, if it has them; otherwise the time is [`SERIES_TIME`].
    ///
    /// # Errors
    /// [`Error::Series`] where the model is of images, [`Error::Stride`] where the stride is 0, [`Error::Arena`] where the memory
    /// has fewer elements; those of [`Potential::new`].
    pub fn new(model: &'a Model<'a>, plan: &'a Plan, stride: u16, memory: &'a mut [f32]) -> Result<Self, Error> {
        let signal = model.signal();
        if signal.height != 1 {
            return Err(Error::Series { found: signal });
        }
        if stride == 0 {
            return Err(Error::Stride);
        }
        let (needed, given) = (plan.monitor_elements(), memory.len());
        let parts = memory.get_mut(..needed);
        let (memory, window) = parts
            .and_then(|memory| memory.split_at_mut_checked(plan.elements()))
            .ok_or(Error::Arena { needed, given })?;
        let potential = Potential::new(model, plan, memory)?;
        let chosen = model.threshold();
        Ok(Monitor {
            model,
            potential,
            window,
            time: chosen.map_or(SERIES_TIME, |chosen| chosen.time),
            threshold: chosen.map(|chosen| chosen.energy),
            stride: stride.into(),
            filled: 0,
            skipped: 0,
            gaps: 0,
        })
    }

    /// Takes the next reading, one raw number for each channel. When a verdict is due, returns it, for the window that ends
    /// with this reading: for the first whole window, and every stride from then on. Without a threshold, a window is an
    /// anomaly where its energy is not a number.
    ///
    /// A reading with a number that is not finite is a gap: a new window begins after it.
    ///
    /// # Errors
    /// [`Error::Reading`] if the reading does not have one number for each channel.
    pub fn push(&mut self, reading: &[f32]) -> Result<Option<Verdict>, Error> {
        let channels = self.channels();
        if reading.len() != channels {
            return Err(Error::Reading { channels, found: reading.len() });
        }
        if !reading.iter().all(|raw| raw.is_finite()) {
            self.gaps = self.gaps.saturating_add(1);
            (self.filled, self.skipped) = (0, 0);
            return Ok(None);
        }
        if self.is_full() {
            self.advance();
        }
        if self.skipped > 0 {
            self.skipped -= 1;
            return Ok(None);
        }
        let mean = coefficients(self.potential.homotopy(), self.time).mean;
        let place = self.window.iter_mut().skip(self.filled * channels);
        for ((x, raw), scaling) in place.zip(reading).zip(self.model.scalings()) {
            *x = mean * scaling.value(*raw);
        }
        self.filled += 1;
        if !self.is_full() {
            return Ok(None);
        }
        let energy = self.potential.energy(self.window, self.time)?.unwrap_or(f32::NAN);
        // What is not a number is not below anything.
        let ordinary = self.threshold.map_or(!energy.is_nan(), |threshold| energy <= threshold);
        Ok(Some(Verdict { energy, anomalous: !ordinary }))
    }

    /// The energy above which a window is an anomaly; none where neither the model nor [`Monitor::set_threshold`] gave one.
    pub fn threshold(&self) -> Option<f32> {
        self.threshold
    }

    /// Replaces the threshold, by one that [`crate::ThresholdLearner`] found for instance.
    pub fn set_threshold(&mut self, energy: Option<f32>) {
        self.threshold = energy;
    }

    /// Time of the energies.
    pub fn time(&self) -> f32 {
        self.time
    }

    /// Number of readings that were gaps.
    pub fn gaps(&self) -> u32 {
        self.gaps
    }

    /// Numbers of a reading.
    pub fn channels(&self) -> usize {
        self.model.signal().channels.into()
    }

    /// Readings of a window.
    pub fn width(&self) -> usize {
        self.model.signal().width.into()
    }

    /// The potential that judges the windows.
    pub fn potential(&mut self) -> &mut Potential<'a> {
        &mut self.potential
    }

    /// Whether a whole window lies there: one that a verdict was given on, and no reading since.
    fn is_full(&self) -> bool {
        self.filled == self.width()
    }

    /// Lets go of the oldest readings, a stride of them.
    fn advance(&mut self) {
        let moved = self.stride * self.channels();
        // Not `copy_within`, which could panic.
        for to in 0..self.window.len().saturating_sub(moved) {
            let value = self.window.get(to + moved).copied().unwrap_or_default();
            self.window.iter_mut().skip(to).take(1).for_each(|x| *x = value);
        }
        self.filled = self.width().saturating_sub(self.stride);
        self.skipped = self.stride.saturating_sub(self.width());
    }
}
