//! A series watched on a board, and on the host.

use vapo_format::Model;
use vapo_format::architecture::MAX_NODES;
use vapo_request::Watch;
use vapo_sampler::anomaly::SERIES_TIME;
use vapo_sampler::{Monitor, PlanFor, Sampler, Solver};
use vapo_train::sampling::anomaly::threshold;

/// A line of an answer that must not depend on the machine. Floats are their bits, readings are counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// A window that the threshold is learned from.
    Learned {
        /// Its last reading.
        reading: usize,
        /// Its energy.
        energy: u32,
    },
    /// The threshold that was learned.
    Threshold(u32),
    /// Any other window.
    Verdict {
        /// Its last reading.
        reading: usize,
        /// Its energy.
        energy: u32,
        /// Whether it is an anomaly.
        anomalous: bool,
    },
    /// Which readings of the anomaly before are other than expected.
    Explanation {
        /// The channel.
        channel: usize,
        /// First reading in the window.
        from: usize,
        /// The reading after the last.
        to: usize,
        /// What is expected to be added, in raw numbers.
        change: u32,
        /// Their share of the whole squared correction.
        share: u32,
    },
    /// Readings that were gaps.
    Gaps(u32),
}

/// A board's answer to a [`Watch`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// What was found.
    pub lines: Vec<Line>,
    /// Instructions of each window's energy.
    pub instructions: Vec<u64>,
    /// Bytes of stack in use at most.
    pub stack: usize,
    /// Bytes lent to the monitor, a reading and the energies that it learns from included.
    pub arena: usize,
}

impl Watched {
    /// Reads a board's output.
    ///
    /// # Errors
    /// The first line that is none of an answer, or the output where the last line is missing.
    pub fn parse(output: &str) -> Result<Self, String> {
        let mut watched = Watched::default();
        for line in output.lines() {
            watched.line(line).ok_or_else(|| format!("expected a line of an answer, found `{line}`"))?;
        }
        if watched.arena > 0 { Ok(watched) } else { Err(format!("the answer is cut off: `{output}`")) }
    }

    fn line(&mut self, line: &str) -> Option<()> {
        let words: Vec<&str> = line.split(' ').collect();
        let line = match words[..] {
            ["learned", reading, energy, instructions] => {
                self.instructions.push(instructions.parse().ok()?);
                Line::Learned { reading: reading.parse().ok()?, energy: bits(energy)? }
            }
            ["threshold", energy] => Line::Threshold(bits(energy)?),
            ["verdict", reading, energy, anomalous @ ("0" | "1"), instructions] => {
                self.instructions.push(instructions.parse().ok()?);
                let anomalous = anomalous == "1";
                Line::Verdict { reading: reading.parse().ok()?, energy: bits(energy)?, anomalous }
            }
            ["explanation", channel, from, to, change, share] => Line::Explanation {
                channel: channel.parse().ok()?,
                from: from.parse().ok()?,
                to: to.parse().ok()?,
                change: bits(change)?,
                share: bits(share)?,
            },
            ["gaps", gaps] => Line::Gaps(gaps.parse().ok()?),
            ["stack", bytes] => {
                self.stack = bytes.parse().ok()?;
                return Some(());
            }
            ["arena", bytes] => {
                self.arena = bytes.parse().ok()?;
                return Some(());
            }
            _ => return None,
        };
        self.lines.push(line);
        Some(())
    }
}

fn bits(digits: &str) -> Option<u32> {
    (digits.len() == 8).then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

/// Judges readings, a number a channel one after another, by the model in `file` on this machine: every window as an image of scaled
/// values, the threshold from all energies that it is learned from. The monitor of the boards only explains.
///
/// # Errors
/// What the format or the sampler refuses, as text.
pub fn watched_on_host(file: &[u8], watch: &Watch<'_>, readings: &[f32]) -> Result<Vec<Line>, String> {
    let text = |error: vapo_sampler::Error| error.to_string();
    let model = Model::parse(file).map_err(|error| error.to_string())?;
    let plan = PlanFor::<MAX_NODES>::new(&model).map_err(text)?;
    let mut memory = vec![0.0; plan.elements_with(Solver::Euler)];
    let mut sampler = Sampler::new(&model, &plan, Solver::Euler, &mut memory).map_err(text)?;
    let mut memory = vec![0.0; plan.monitor_elements()];
    let mut monitor = Monitor::new(&model, &plan, watch.stride, &mut memory).map_err(text)?;
    let time = model.threshold().map_or(SERIES_TIME, |threshold| threshold.time);
    let mut limit = model.threshold().map(|threshold| threshold.energy).filter(|_| watch.learn == 0);

    let (channels, width) = (usize::from(model.signal().channels), usize::from(model.signal().width));
    let (mut lines, mut energies, mut clean, mut gaps) = (Vec::new(), Vec::new(), 0, 0);
    let value = |(index, raw): (usize, &f32)| model.scaling(index % channels).value(*raw);
    for (last, reading) in readings.chunks(channels).enumerate() {
        monitor.push(reading).map_err(text)?;
        if !reading.iter().all(|raw| raw.is_finite()) {
            (clean, gaps) = (0, gaps + 1);
            continue;
        }
        clean += 1;
        if clean < width || !(clean - width).is_multiple_of(watch.stride.into()) {
            continue;
        }
        let window = &readings[(last + 1 - width) * channels..(last + 1) * channels];
        let values: Vec<f32> = window.iter().enumerate().map(value).collect();
        let energy = sampler.image_energy(&values, time).map_err(text)?.unwrap_or(f32::NAN);
        if energies.len() < watch.learn as usize {
            energies.push(energy);
            lines.push(Line::Learned { reading: last, energy: energy.to_bits() });
            if energies.len() == watch.learn as usize {
                let learned = threshold(&energies, watch.rate);
                limit = Some(learned);
                lines.push(Line::Threshold(learned.to_bits()));
            }
            continue;
        }
        let anomalous = limit.is_some_and(|limit| energy > limit);
        lines.push(Line::Verdict { reading: last, energy: energy.to_bits(), anomalous });
        if anomalous && watch.explain {
            let mut correction = vec![0.0; window.len()];
            let found = monitor.explain(&mut correction).map_err(text)?.ok_or("there is nothing to explain")?;
            let vapo_sampler::Explanation { channel, from, to, change, share } = found;
            let (change, share) = (change.to_bits(), share.to_bits());
            lines.push(Line::Explanation { channel, from, to, change, share });
        }
    }
    lines.push(Line::Gaps(gaps));
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::{Line, Watched};

    #[test]
    fn an_answer_is_read_whole() {
        let output = "learned 63 42a91b1f 100\nthreshold 42a91b1f\nverdict 71 c2a91b1f 1 120\n\
                      explanation 2 8 16 3f800000 3f000000\ngaps 3\nstack 8\narena 16\n";
        let Watched { lines, instructions, stack, arena } = Watched::parse(output).unwrap();
        let explanation = Line::Explanation { channel: 2, from: 8, to: 16, change: 0x3f80_0000, share: 0x3f00_0000 };
        let energy = 0x42a9_1b1f;
        let verdict = Line::Verdict { reading: 71, energy: 0xc2a9_1b1f, anomalous: true };
        let expected =
            [Line::Learned { reading: 63, energy }, Line::Threshold(energy), verdict, explanation, Line::Gaps(3)];
        assert_eq!(lines, expected);
        assert_eq!((instructions, stack, arena), (vec![100, 120], 8, 16));
    }

    #[test]
    fn other_lines_and_missing_ones_are_errors() {
        assert!(Watched::parse("verdict 71 c2a91b1f 2 120").unwrap_err().contains("`verdict 71 c2a91b1f 2 120`"));
        assert!(Watched::parse("error the model is damaged").unwrap_err().contains("the model is damaged"));
        assert!(Watched::parse("gaps 3\nstack 8\n").unwrap_err().contains("cut off"));
    }
}
