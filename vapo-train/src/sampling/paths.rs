//! How straight the ways are that samples take from noise to data.

use crate::arithmetic::random::generator;
use crate::sampling::{Prepared, SamplingError, Settings};
use nalgebra::{DMatrix, SymmetricEigen};
use rayon::prelude::*;
use vapo_format::Model;
use vapo_sampler::Noise;

/// Ways of samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Paths {
    /// ∫|ẋ − (x₁ − x₀)|² dt of a way from x₀ to x₁, a value, on average: 0 where all are straight and their speed is constant.
    pub bend: f64,
    /// |x₁ − x₀|², a value, on average: what the ways cost as a transport.
    pub length: f64,
    /// Points of each way, one a step and the end, in the plane of the ends' first two principal components.
    pub points: Vec<Vec<[f32; 2]>>,
}

/// One way: its points, (steps + 1, d), and ∫|ẋ − (x₁ − x₀)|² dt.
struct Way {
    points: Vec<f32>,
    bend: f64,
    length: f64,
}

/// Follows `settings.count` samples, on the threads of the current pool; the same numbers on any number of them. Between two points of the
/// schedule the drift is taken to be that of the first, so that the integral is a sum over steps. The temperature should be 0. `told` is
/// called after every sample, from the thread that followed it.
///
/// Source of the measure: Liu et al., *Flow straight and fast*, 2023, arXiv:2209.03003, section 2.2.
///
/// # Errors
/// As [`crate::sampling::sample`].
pub fn paths(model: &Model<'_>, settings: &Settings, told: impl Fn() + Sync) -> Result<Paths, SamplingError> {
    let (prepared, elements) = (Prepared::new(model)?, model.signal().elements());
    let follow = |index: usize| -> Result<Way, SamplingError> {
        let mut arena = prepared.arena(settings.solver);
        let mut sampler = prepared.sampler(settings.solver, &mut arena)?;
        sampler.set_condition(settings.asked.condition(index))?;
        let mut noise = Noise::new(generator(settings.seed.wrapping_add(index as u64)));
        let mut x = vec![0.0; elements];
        noise.fill(&mut x);
        let start = x.clone();
        let mut steps: Vec<(f32, Vec<f32>)> = Vec::new();
        let observe =
            |step: vapo_sampler::schedule::Step, drift: &[f32]| steps.push((step.end - step.start, drift.to_vec()));
        sampler.integrate(settings.schedule, settings.temperature, &mut noise, &mut x, observe)?;
        if x.iter().any(|value| !value.is_finite()) {
            return Err(SamplingError::NotFinite { image: index });
        }
        let all: Vec<f32> = x.iter().zip(&start).map(|(end, start)| end - start).collect();
        let squares = |values: &mut dyn Iterator<Item = f32>| values.map(|value| f64::from(value).powi(2)).sum::<f64>();
        let mut points = start.clone();
        let (mut place, mut bend) = (start, 0.0);
        for (width, drift) in &steps {
            bend += f64::from(*width) * squares(&mut drift.iter().zip(&all).map(|(drift, all)| drift - all));
            place.iter_mut().zip(drift).for_each(|(place, drift)| *place += width * drift);
            points.extend(&place);
        }
        // The end is where the solver arrives, whatever its order.
        points.truncate(steps.len() * elements);
        points.extend(&x);
        told();
        Ok(Way { points, bend, length: squares(&mut all.into_iter()) })
    };
    let ways: Vec<Way> =
        (0..settings.count).into_par_iter().map(follow).collect::<Vec<_>>().into_iter().collect::<Result<_, _>>()?;
    let values = (settings.count * elements) as f64;
    let (bend, length) = (ways.iter().map(|way| way.bend).sum::<f64>(), ways.iter().map(|way| way.length).sum::<f64>());
    let axes = plane(&ways.iter().map(|way| &way.points[way.points.len() - elements..]).collect::<Vec<_>>());
    let project =
        |point: &[f32]| axes.each_ref().map(|axis| point.iter().zip(axis).map(|(one, other)| one * other).sum());
    let points = ways.iter().map(|way| way.points.chunks_exact(elements).map(project).collect()).collect();
    Ok(Paths { bend: bend / values, length: length / values, points })
}

/// The two orthogonal directions, of length 1, along which `ends` vary most: their first principal components. Of one end, or of ends that
/// do not vary, the first two coordinates.
fn plane(ends: &[&[f32]]) -> [Vec<f32>; 2] {
    let (count, size) = (ends.len(), ends.first().map_or(0, |end| end.len()));
    let mean: Vec<f64> =
        (0..size).map(|at| ends.iter().map(|end| f64::from(end[at])).sum::<f64>() / count.max(1) as f64).collect();
    let centred = DMatrix::from_fn(count, size, |row, column| f64::from(ends[row][column]) - mean[column]);
    // The products of all ends have the components' weights as eigenvectors, and are far fewer than the values.
    let SymmetricEigen { eigenvalues, eigenvectors } = SymmetricEigen::new(&centred * centred.transpose());
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&one, &other| eigenvalues[other].total_cmp(&eigenvalues[one]));
    [0, 1].map(|number| {
        let largest = order.first().map_or(0.0, |&first| eigenvalues[first]);
        let Some(&which) = order.get(number).filter(|&&which| eigenvalues[which] > 1e-9 * largest) else {
            return (0..size).map(|at| if at == number { 1.0 } else { 0.0 }).collect();
        };
        let axis = centred.transpose() * eigenvectors.column(which);
        // Eigenvectors have no sign of their own.
        let norm = axis.norm().copysign(axis[axis.iamax()]);
        axis.iter().map(|value| (value / norm) as f32).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::potential::parameters::Layout;
    use crate::quantise::model_file;
    use crate::run::preset::Preset;
    use crate::sampling::Asked;
    use vapo_format::{Encoding, Homotopy, Shape};
    use vapo_sampler::{Schedule, Solver};

    /// A potential q·|x|²/2 whose q is `slope` at all times: its ways are x₀·exp(q·t).
    fn quadratic(slope: f32) -> Vec<u8> {
        let shape = Shape { channels: 1, height: 8, width: 8 };
        let architecture = Preset::named("tiny").unwrap().architecture(shape, Homotopy::Linear);
        let layout = Layout::new(&architecture);
        let mut parameters = vec![0.0; layout.len()];
        parameters[layout.matrices.last().unwrap().bias().start] = slope;
        model_file(&architecture, &parameters, Encoding::Float32).unwrap()
    }

    fn settings(steps: u16) -> Settings {
        let schedule = Schedule::uniform(steps).unwrap();
        Settings { count: 40, solver: Solver::Euler, schedule, temperature: 0.0, seed: 3, asked: Asked::default() }
    }

    #[test]
    fn straight_ways_have_no_bend_and_others_that_of_the_formula() {
        let still = quadratic(0.0);
        let found = paths(&Model::parse(&still).unwrap(), &settings(5), || ()).unwrap();
        assert_eq!((found.bend, found.length, found.points.len(), found.points[0].len()), (0.0, 0.0, 40, 6));
        // One step is straight.
        let file = quadratic(-1.0);
        let model = Model::parse(&file).unwrap();
        let found = paths(&model, &settings(1), || ()).unwrap();
        assert!(found.bend < 1e-12 && (found.length - 1.0).abs() < 0.1, "{found:?}");
        // x = x₀·e⁻ᵗ: ∫(e⁻ᵗ − (1 − e⁻¹))² dt = (1 − e⁻²)/2 − (1 − e⁻¹)², times |x₀|² = 1 a value.
        let found = paths(&model, &settings(1000), || ()).unwrap();
        let e = libm::exp(-1.0);
        let (bend, length) = ((1.0 - e * e) / 2.0 - (1.0 - e) * (1.0 - e), (1.0 - e) * (1.0 - e));
        assert!((found.bend / bend - found.length / length).abs() < 0.02, "{} {}", found.bend, found.length);
        assert!((found.length - length).abs() < 0.05 * length);
    }

    #[test]
    fn the_plane_is_that_of_most_variance() {
        let ends: Vec<[f32; 3]> = vec![[3.0, 5.0, 1.0], [-3.0, 5.0, -1.0], [0.0, 5.0, 2.0], [0.0, 5.0, -2.0]];
        let [first, second] = plane(&ends.iter().map(|end| &end[..]).collect::<Vec<_>>());
        let dot = |one: &[f32], other: &[f32]| one.iter().zip(other).map(|(one, other)| one * other).sum::<f32>();
        assert!((dot(&first, &first) - 1.0).abs() < 1e-6 && dot(&first, &second).abs() < 1e-6);
        // Nothing varies along the second coordinate, and the first varies most.
        assert!(first[1] == 0.0 && second[1] == 0.0 && first[0] > 0.8, "{first:?} {second:?}");
        let lone = plane(&[&[2.0, 1.0, 0.0]]);
        assert_eq!(lone, [vec![1.0, 0.0, 0.0], vec![0.0, 1.0, 0.0]]);
    }
}
