//! A series watched reading by reading: the energies of its windows, what gaps do, and explanations.

mod common;

use common::{architecture, generator, integer_model, plan, random_model, uniform};
use vapo_format::writer::{Values, file_bytes, replace_threshold};
use vapo_format::{
    Architecture, Arithmetic, Block, Encoding, Homotopy, Model, Scaling, Threshold, Writer, architecture::MAX_NODES,
    architecture::MAX_SCALINGS, threshold,
};
use vapo_sampler::anomaly::{SERIES_TIME as TIME, Verdict};
use vapo_sampler::{Error, Monitor, PlanFor, Sampler, Solver, arena};

const WIDTH: usize = 12;
const CHANNELS: usize = 3;

/// A series of three channels, each of its own scaling.
fn series(homotopy: Homotopy) -> Architecture {
    let blocks = [Block::Conv { channels: 4 }, Block::Residual, Block::Head { channels: 5 }];
    let architecture = architecture(homotopy, (CHANNELS as u16, 1, WIDTH as u16), 6, &blocks);
    let scaling = [(20.0, 5.0), (-1000.0, 0.25), (0.0, 1e4)].map(|(offset, scale)| Scaling { offset, scale });
    let scaling: heapless::Vec<Scaling, MAX_SCALINGS> = scaling.into_iter().collect();
    Architecture { scaling, ..architecture }
}

/// Models of both homotopies and both arithmetics.
fn models() -> Vec<Vec<u8>> {
    [Homotopy::Linear, Homotopy::Bayes]
        .into_iter()
        .flat_map(|homotopy| {
            let float = random_model(&series(homotopy), Encoding::Int8, 4);
            let integer = integer_model(&Model::parse(&float).unwrap(), 2.0, 0.1).unwrap();
            [float, integer]
        })
        .collect()
}

fn with_threshold(file: &[u8], threshold: Threshold) -> Vec<u8> {
    let mut bytes = vec![0; file.len() + threshold::BYTES];
    let length = replace_threshold(&Model::parse(file).unwrap(), Some(threshold), &mut bytes).unwrap();
    bytes.truncate(length);
    bytes
}

/// Raw readings, about as the scaling has them.
fn readings(count: usize, seed: u64) -> Vec<[f32; CHANNELS]> {
    let mut generator = generator(seed);
    (0..count)
        .map(|_| {
            [(20.0, 5.0), (-1000.0, 0.25), (0.0, 1e4)].map(|(offset, scale)| offset + scale * uniform(&mut generator))
        })
        .collect()
}

/// The energy of a window as it is scored on a host: as an image of scaled values.
fn energy(model: &Model<'_>, window: &[[f32; CHANNELS]], time: f32) -> f32 {
    let value = |(channel, raw): (usize, &f32)| model.scaling(channel).value(*raw);
    let values: Vec<f32> = window.iter().flat_map(|reading| reading.iter().enumerate().map(value)).collect();
    let mut memory = vec![f32::NAN; arena::elements(&model.architecture(), model.arithmetic(), Solver::Euler)];
    let mut sampler = Sampler::new(model, plan(model), Solver::Euler, &mut memory).unwrap();
    sampler.image_energy(&values, time).unwrap().unwrap()
}

fn memory(model: &Model<'_>) -> Vec<f32> {
    vec![f32::NAN; arena::monitor_elements(&model.architecture(), model.arithmetic(), true)]
}

/// Verdicts with the numbers of the readings that they were given after, from 0.
fn watch(monitor: &mut Monitor<'_>, readings: &[[f32; CHANNELS]]) -> Vec<(usize, Verdict)> {
    let push = |(index, reading): (usize, &[f32; CHANNELS])| Some((index, monitor.push(reading).unwrap()?));
    readings.iter().enumerate().filter_map(push).collect()
}

/// Overlapping windows, adjacent ones, and windows that leave readings out.
#[test]
fn windows_have_the_bits_of_a_host() {
    for file in models() {
        let model = Model::parse(&file).unwrap();
        let readings = readings(70, 5);
        for stride in [1, 5, 11, 12, 13, 30] {
            let mut memory = memory(&model);
            let mut monitor = Monitor::new(&model, plan(&model), stride, &mut memory).unwrap();
            assert_eq!((monitor.width(), monitor.channels(), monitor.time()), (WIDTH, CHANNELS, TIME));
            let found = watch(&mut monitor, &readings);
            let ends = (WIDTH - 1..readings.len()).step_by(stride.into());
            let expected: Vec<(usize, Verdict)> = ends
                .map(|end| {
                    let energy = energy(&model, &readings[end + 1 - WIDTH..=end], TIME);
                    (end, Verdict { energy, anomalous: false })
                })
                .collect();
            assert_eq!(found, expected, "stride {stride}");
        }
    }
}

/// By a plan of the pass forward alone: less memory, the same bits, and nothing to explain with.
#[test]
fn a_monitor_that_does_not_explain_takes_less_memory() {
    for file in models() {
        let model = Model::parse(&file).unwrap();
        let readings = readings(40, 5);
        let mut more = memory(&model);
        let expected = watch(&mut Monitor::new(&model, plan(&model), 3, &mut more).unwrap(), &readings);
        let forward = PlanFor::<MAX_NODES>::forward(&model).unwrap();
        let mut less = vec![f32::NAN; arena::monitor_elements(&model.architecture(), model.arithmetic(), false)];
        assert_eq!(less.len(), forward.monitor_elements());
        assert!(less.len() < more.len(), "{} of {}", less.len(), more.len());
        let mut monitor = Monitor::new(&model, &forward, 3, &mut less).unwrap();
        assert_eq!(watch(&mut monitor, &readings), expected);
        watch(&mut monitor, &readings[..2]);
        assert_eq!(monitor.explain(&mut [0.0; WIDTH * CHANNELS]), Err(Error::Plan));
    }
}

#[test]
fn the_models_threshold_and_time_are_used_until_another_is_set() {
    for file in models() {
        let readings = readings(40, 6);
        let at = energy(&Model::parse(&file).unwrap(), &readings[..WIDTH], 0.3);
        for (limit, anomalous) in [(at.next_down(), true), (at, false)] {
            let file = with_threshold(&file, Threshold { energy: limit, time: 0.3, false_positive_rate: 0.1 });
            let model = Model::parse(&file).unwrap();
            let mut memory = memory(&model);
            let mut monitor = Monitor::new(&model, plan(&model), 12, &mut memory).unwrap();
            assert_eq!((monitor.threshold(), monitor.time()), (Some(limit), 0.3));
            let found = watch(&mut monitor, &readings);
            assert_eq!(found[0].1, Verdict { energy: at, anomalous });
            monitor.set_threshold(Some(f32::MIN));
            assert!(watch(&mut monitor, &readings).iter().all(|(_, verdict)| verdict.anomalous));
            monitor.set_threshold(None);
            assert!(watch(&mut monitor, &readings).iter().all(|(_, verdict)| !verdict.anomalous));
            monitor.set_threshold(Some(f32::NAN));
            assert!(watch(&mut monitor, &readings).iter().all(|(_, verdict)| verdict.anomalous));
        }
    }
}

/// Values so large that the energy is none: an anomaly, with a threshold and without.
#[test]
fn an_energy_that_is_not_a_number_is_an_anomaly() {
    let file = random_model(&series(Homotopy::Linear), Encoding::Int8, 4);
    let model = Model::parse(&file).unwrap();
    for threshold in [None, Some(f32::MAX)] {
        let mut memory = memory(&model);
        let mut monitor = Monitor::new(&model, plan(&model), 4, &mut memory).unwrap();
        monitor.set_threshold(threshold);
        let found = watch(&mut monitor, &[[f32::MAX, f32::MIN, f32::MAX]; WIDTH]);
        assert!(found.len() == 1 && found[0].1.anomalous && found[0].1.energy.is_nan(), "{found:?}");
    }
}

#[test]
fn after_a_gap_a_window_begins_anew() {
    let file = &models()[1];
    let model = Model::parse(file).unwrap();
    for (stride, gap, number) in
        [(5, 3, f32::NAN), (5, 11, f32::INFINITY), (5, 30, f32::NEG_INFINITY), (5, 16, f32::NAN), (20, 14, f32::NAN)]
    {
        let mut readings = readings(60, 7);
        readings[gap][gap % CHANNELS] = number;
        let mut memory = memory(&model);
        let mut monitor = Monitor::new(&model, plan(&model), stride, &mut memory).unwrap();
        let found = watch(&mut monitor, &readings);
        assert_eq!(monitor.gaps(), 1);
        // As two series.
        let mut expected = Vec::new();
        for (start, part) in [(0, &readings[..gap]), (gap + 1, &readings[gap + 1..])] {
            let ends = (WIDTH - 1..part.len()).step_by(stride.into());
            expected.extend(ends.map(|end| (start + end, energy(&model, &part[end + 1 - WIDTH..=end], TIME))));
        }
        let found: Vec<(usize, f32)> = found.into_iter().map(|(end, verdict)| (end, verdict.energy)).collect();
        assert_eq!(found, expected, "stride {stride}, gap at {gap}");
    }
}

#[test]
fn what_is_no_reading_is_refused_and_changes_nothing() {
    let file = &models()[0];
    let model = Model::parse(file).unwrap();
    let readings = readings(30, 8);
    let mut memory = memory(&model);
    let mut monitor = Monitor::new(&model, plan(&model), 4, &mut memory).unwrap();
    let expected = watch(&mut monitor, &readings);
    let mut memory = self::memory(&model);
    let mut monitor = Monitor::new(&model, plan(&model), 4, &mut memory).unwrap();
    for found in [0, 2, 4] {
        assert_eq!(monitor.push(&vec![0.0; found]), Err(Error::Reading { channels: CHANNELS, found }));
    }
    assert_eq!(watch(&mut monitor, &readings), expected);
    assert_eq!(monitor.gaps(), 0);
}

#[test]
fn what_a_monitor_cannot_watch_is_refused() {
    let file = &models()[0];
    let model = Model::parse(file).unwrap();
    let needed = arena::monitor_elements(&model.architecture(), Arithmetic::Float, true);
    assert_eq!(needed, plan(&model).monitor_elements());
    let mut memory = vec![0.0; needed];
    let given = needed - 1;
    let refused = Monitor::new(&model, plan(&model), 1, &mut memory[..given]).unwrap_err();
    assert_eq!(refused, Error::Arena { needed, given });
    assert_eq!(Monitor::new(&model, plan(&model), 0, &mut memory).unwrap_err(), Error::Stride);
    let image = random_model(&common::digits(), Encoding::Int8, 4);
    let image = Model::parse(&image).unwrap();
    let refused = Monitor::new(&image, plan(&image), 1, &mut vec![0.0; 9999]).unwrap_err();
    assert_eq!(refused, Error::Series { found: image.signal() });
    assert!(refused.to_string().contains("found one of 8×8×1"));
}

/// A potential −c/2·‖x‖², of normal data of one size: the data that it expects is the window, made smaller.
fn toy(of_x: f32) -> Vec<u8> {
    let architecture = series(Homotopy::Linear);
    let mut bytes = vec![0; file_bytes(&architecture, Encoding::Float32).unwrap()];
    let mut writer = Writer::new(&mut bytes, &architecture, Encoding::Float32).unwrap();
    let last = architecture.matrices().count() - 1;
    for (index, shape) in architecture.matrices().enumerate() {
        let mut biases = vec![0.0; shape.columns];
        // The read-out's factor of the quadratic term.
        biases[0] = if index == last { of_x } else { 0.0 };
        writer.matrix(&biases, Values::Float32(&vec![0.0; shape.rows * shape.columns])).unwrap();
    }
    writer.finish().unwrap();
    bytes
}

#[test]
fn an_explanation_names_the_corrupted_channel_and_readings() {
    // At time 0.9 a value v is x = 0.9·v, and the data expected there x + 0.1·of_x·x.
    let of_x = -1.2;
    let kept = 0.9 + 0.09 * of_x;
    let file = toy(of_x);
    let model = Model::parse(&file).unwrap();
    for (channel, first, raw) in [(1, 4, -998.0), (0, 0, 3.0), (2, 11, 6e4), (1, 10, -1003.0)] {
        let mut readings = readings(WIDTH, 9);
        readings[first][channel] = raw;
        let mut memory = memory(&model);
        let mut monitor = Monitor::new(&model, plan(&model), 4, &mut memory).unwrap();
        let mut correction = [f32::NAN; WIDTH * CHANNELS];
        for reading in &readings {
            assert_eq!(monitor.explain(&mut correction), Ok(None));
            monitor.push(reading).unwrap();
        }
        let found = monitor.explain(&mut correction).unwrap().unwrap();
        assert_eq!((found.channel, found.from, found.to), (channel, first, first + 1));
        let scaling = model.scaling(channel);
        let expected = (kept - 1.0) * scaling.scale * scaling.value(raw);
        assert!((found.change - expected).abs() < 1e-4 * expected.abs(), "{found:?}, {expected}");
        let value = |(channel, raw): (usize, &f32)| model.scaling(channel).value(*raw);
        let squares =
            readings.iter().flat_map(|reading| reading.iter().enumerate().map(value)).map(|value| value * value);
        let share = scaling.value(raw) * scaling.value(raw) / squares.sum::<f32>();
        assert!((found.share - share).abs() < 1e-5, "{found:?}, {share}");
        for (index, correction) in correction.iter().enumerate() {
            let (reading, channel) = (index / CHANNELS, index % CHANNELS);
            let scaling = model.scaling(channel);
            let expected = (kept - 1.0) * scaling.scale * scaling.value(readings[reading][channel]);
            assert!((correction - expected).abs() <= 1e-3 * scaling.scale, "{index}: {correction}, {expected}");
        }
        // Explaining leaves the window as it was, and the next reading ends it.
        assert_eq!(monitor.explain(&mut correction).unwrap().unwrap(), found);
        monitor.push(&readings[0]).unwrap();
        assert_eq!(monitor.explain(&mut correction), Ok(None));
        let refused = Error::Length { expected: WIDTH * CHANNELS, found: 5 };
        assert_eq!(monitor.explain(&mut [0.0; 5]), Err(refused));
    }
}

/// Of a window of 12 readings an eighth is one; here of 32, with a fault of four readings.
#[test]
fn an_explanation_finds_an_eighth_wherever_it_begins() {
    let wide =
        architecture(Homotopy::Bayes, (2, 1, 32), 6, &[Block::Conv { channels: 4 }, Block::Head { channels: 5 }]);
    let file = random_model(&wide, Encoding::Float32, 3);
    let model = Model::parse(&file).unwrap();
    for (channel, first) in [(0, 0), (1, 7), (0, 13), (1, 28)] {
        let mut memory = memory(&model);
        let mut monitor = Monitor::new(&model, plan(&model), 4, &mut memory).unwrap();
        for reading in 0..32 {
            let mut raw = [127.5 + f32::from(reading as u8) / 8.0, 130.0];
            if (first..first + 4).contains(&reading) {
                raw[channel] += 3000.0;
            }
            monitor.push(&raw).unwrap();
        }
        let found = monitor.explain(&mut [0.0; 64]).unwrap().unwrap();
        assert_eq!((found.channel, found.from, found.to), (channel, first, first + 4), "{found:?}");
    }
}
