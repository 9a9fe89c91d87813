//! A training as it goes: its loss as a curve, and digits of the weights that there are, drawn again every second.

use super::digits;
use crate::cli::interrupt;
use crate::quantise::model_file;
use crate::run::Metrics;
use crate::run::config::{Budget, Config};
use crate::terminal::curve::{LABEL, curve};
use crate::terminal::mosaic::{Mosaic, extent, fitting};
use crate::terminal::screen::Screen;
use crate::terminal::{Colours, size};
use crate::training::progress::told;
use crate::training::{Trainer, Watch};
use rayon::ThreadPool;
use std::time::{Duration, Instant};
use vapo_format::{Encoding, Model, Shape};

/// Time between two frames.
const FRAME_EVERY: Duration = Duration::from_secs(1);
/// Lines of the curve.
const CURVE: usize = 4;
/// Lines of a frame beside the digits: the curve, what is said of the step, an empty one, and that of the cursor.
const BESIDE: usize = CURVE + 3;
/// Columns of the curve at most.
const WIDEST: usize = 72;

/// Draws on the terminal of the standard output.
pub(super) struct Live {
    screen: Screen,
    colours: Colours,
    pool: Option<ThreadPool>,
    drawn: Option<Instant>,
    /// The part of the budget that was used, and the loss.
    losses: Vec<(f64, f32)>,
    said: String,
}

impl Live {
    /// Nothing is drawn yet.
    pub(super) fn new() -> Self {
        Live {
            screen: Screen::default(),
            colours: Colours::of_output(),
            pool: None,
            drawn: None,
            losses: Vec::new(),
            said: "the first steps".to_owned(),
        }
    }

    /// A frame; none for weights that cannot be sampled, of which the training itself will say more.
    fn frame(&mut self, config: &Config, trainer: &Trainer<'_>) -> Option<Vec<String>> {
        let (columns, lines) = size();
        let shape = config.architecture.signal;
        if !fits(shape, self.colours, (columns, lines)) {
            return None;
        }
        let (across, down) = fitting(shape, self.colours, digits::MOST, (columns, lines.saturating_sub(BESIDE)));
        let images = self.digits(config, trainer, across * down)?;
        Some(self.lines(&images, shape, across, columns))
    }

    fn lines(&self, images: &[f32], shape: Shape, across: usize, columns: usize) -> Vec<String> {
        let width = columns.saturating_sub(LABEL + 1).min(WIDEST);
        let mut lines = vec![self.said.chars().take(columns.saturating_sub(1)).collect()];
        lines.extend(curve(&self.losses, width, CURVE));
        lines.push(String::new());
        lines.extend(Mosaic { images, shape, columns: across }.lines(self.colours));
        lines
    }

    /// Digits of the weights that would be written now.
    fn digits(&mut self, config: &Config, trainer: &Trainer<'_>, count: usize) -> Option<Vec<f32>> {
        if self.pool.is_none() {
            self.pool = rayon::ThreadPoolBuilder::new().num_threads(config.threads).build().ok();
        }
        let file = model_file(&config.architecture, &trainer.average().ok()?, Encoding::Float32).ok()?;
        let model = Model::parse(&file).ok()?;
        self.pool.as_ref()?.install(|| digits::draw(&model, count, config.seed).ok())
    }
}

/// Whether a frame with one image fits a terminal of so many columns and lines.
pub(super) fn fits(shape: Shape, colours: Colours, (columns, lines): (usize, usize)) -> bool {
    let (wide, high) = extent(shape, colours);
    columns > wide.max(LABEL + 1) && lines >= BESIDE + high
}

impl Watch for Live {
    fn logged(&mut self, metrics: &Metrics, budget: Budget, seconds: f64) {
        self.losses.push((budget.progress(metrics.step, metrics.seconds), metrics.loss));
        self.said = told(metrics, budget, seconds);
    }

    fn stepped(&mut self, config: &Config, trainer: &Trainer<'_>) {
        if self.drawn.is_some_and(|drawn| drawn.elapsed() < FRAME_EVERY) {
            return;
        }
        if let Some(lines) = self.frame(config, trainer) {
            self.screen.draw(&lines, interrupt::is_asked);
        }
        self.drawn = Some(Instant::now());
    }

    fn finished(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_drawn_where_one_image_fits() {
        let shape = Shape { channels: 1, height: 8, width: 8 };
        for (colours, least) in [(Colours::Full, BESIDE + 4), (Colours::None, BESIDE + 8)] {
            assert!(fits(shape, colours, (80, least)) && !fits(shape, colours, (80, least - 1)));
            let live = Live { colours, ..Live::new() };
            let (across, down) = fitting(shape, colours, digits::MOST, (80, least - BESIDE));
            assert_eq!(down, 1);
            // One more is that of the cursor.
            assert_eq!(live.lines(&vec![1.0; across * 64], shape, across, 80).len() + 1, least);
            assert!(!fits(shape, colours, (8, 40)));
        }
    }

    #[test]
    fn a_frame_fits_a_terminal_of_the_usual_size() {
        for (colours, expected) in [(Colours::Full, 19), (Colours::None, 23)] {
            let said = "step    100  loss   0.5000    1000 images/s  0:10 left".to_owned();
            let losses = vec![(0.0, 1.5), (0.5, 0.5)];
            let live = Live { colours, losses, said: said.clone(), ..Live::new() };
            let shape = Shape { channels: 1, height: 8, width: 8 };
            let (across, down) = fitting(shape, colours, digits::MOST, (80, 24 - BESIDE));
            let lines = live.lines(&vec![1.0; across * down * 64], shape, across, 80);
            assert_eq!(lines[0], said);
            assert!(lines[1].starts_with(" 1.5000  ████") && lines[4].starts_with(" 0.5000  ████"), "{lines:#?}");
            assert!(lines.len() < 24 && lines.len() == expected, "{}", lines.len());
            // Without the codes of colours.
            let width = |line: &str| {
                let parts = line.split("\x1b[").enumerate();
                parts
                    .map(|(at, part)| if at == 0 { part } else { part.split_once('m').unwrap().1 }.chars().count())
                    .sum::<usize>()
            };
            assert!(lines.iter().all(|line| width(line) < 80), "{lines:#?}");
        }
    }
}
