//! scratch
use vapo_format::Model;
use vapo_sampler::{Noise, PlanFor, Potential};
use vapo_train::arithmetic::random::generator;
use vapo_train::dataset::{Dataset, Source, Split};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let bytes = std::fs::read(&args[1]).unwrap();
    let source: Source = args[2].parse().unwrap();
    let most: usize = args[3].parse().unwrap();
    let model = Model::parse(&bytes).unwrap();
    let k = usize::from(model.classes());
    let plan = PlanFor::<160>::new(&model).unwrap();
    let unpacked = vapo_sampler::kernel::wide::Unpacked::new(&model);
    let mut memory = vec![0.0; plan.elements()];
    let mut p = Potential::new(&model, &plan, &mut memory).unwrap().unpacked(&unpacked);
    let d = model.signal().elements();
    let times = [0.3f32, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
    // energies [image][time][noisy 0/1][class]; drift errors too
    let mut sets = vec![];
    for split in [Split::Train, Split::Test] {
        let data = Dataset::load(source, split, None).unwrap();
        let n = data.len().min(most);
        let labels: Vec<usize> = data.labels().unwrap()[..n].iter().map(|&l| l.into()).collect();
        let mut e = vec![];
        let mut x0 = vec![];
        let mut drift = vec![0.0; d];
        for i in 0..n {
            data.fill(&[i], &mut x0);
            let mut row = vec![];
            for (ti, &t) in times.iter().enumerate() {
                let mut eps = vec![0.0; d];
                Noise::new(generator(1000 + ti as u64)).fill(&mut eps);
                for noisy in [0.0f32, 1.0] {
                    let x: Vec<f32> = x0.iter().zip(&eps).map(|(x, e)| t * x + noisy * (1.0 - t) * e).collect();
                    for c in 0..k {
                        p.set_class(Some(c as u16)).unwrap();
                        let phi = p.drift(&x, t, &mut drift).unwrap();
                        let s: f64 = x.iter().map(|v| f64::from(v * v)).sum();
                        let energy = (0.5 * s - f64::from(t * phi)) / f64::from(1.0 - t);
                        let err: f64 = drift
                            .iter()
                            .zip(x0.iter().zip(&eps))
                            .map(|(g, (x0, e))| {
                                let u = x0 - noisy * e;
                                f64::from((g - u) * (g - u))
                            })
                            .sum();
                        row.push((energy, err));
                    }
                }
            }
            e.push(row);
        }
        sets.push((labels, e));
    }
    let acc = |f: &dyn Fn(usize, usize) -> usize, s: usize| {
        let (l, e) = &sets[s];
        (0..e.len()).filter(|&i| f(s, i) == l[i]).count() as f64 / e.len() as f64
    };
    let argmin = |v: Vec<f64>| (0..v.len()).min_by(|&a, &b| v[a].total_cmp(&v[b])).unwrap();
    // fit offsets by logistic gradient on train
    let fit = |get: &dyn Fn(usize, usize, usize) -> f64| -> Vec<f64> {
        let (l, e) = &sets[0];
        let mut b = vec![0.0; k];
        // temperature: std of energies differences
        let n = e.len();
        let mut scale = 0.0;
        for i in 0..n {
            let v: Vec<f64> = (0..k).map(|c| get(0, i, c)).collect();
            let m = v.iter().sum::<f64>() / k as f64;
            scale += v.iter().map(|x| (x - m) * (x - m)).sum::<f64>() / k as f64 / n as f64;
        }
        let scale = scale.sqrt();
        for _ in 0..400 {
            let mut g = vec![0.0; k];
            for i in 0..n {
                let v: Vec<f64> = (0..k).map(|c| -(get(0, i, c) / scale + b[c]) * 4.0).collect();
                let m = v.iter().cloned().fold(f64::MIN, f64::max);
                let z: f64 = v.iter().map(|x| (x - m).exp()).sum();
                for c in 0..k {
                    g[c] += ((v[c] - m).exp() / z - f64::from(u8::from(l[i] == c))) / n as f64;
                }
            }
            for c in 0..k {
                b[c] += g[c] * 2.0;
            }
        }
        b.iter().map(|b| b * scale).collect()
    };
    for (ti, t) in times.iter().enumerate() {
        for noisy in 0..2 {
            let at = |c: usize| (ti * 2 + noisy) * k + c;
            let get = |s: usize, i: usize, c: usize| sets[s].1[i][at(c)].0;
            let b = fit(&get);
            let raw = acc(&|s, i| argmin((0..k).map(|c| get(s, i, c)).collect()), 1);
            let off = acc(&|s, i| argmin((0..k).map(|c| get(s, i, c) + b[c]).collect()), 1);
            let offtr = acc(&|s, i| argmin((0..k).map(|c| get(s, i, c) + b[c]).collect()), 0);
            let err = acc(&|s, i| argmin((0..k).map(|c| sets[s].1[i][at(c)].1).collect()), 1);
            println!(
                "t {t} noisy {noisy}: energy {raw:.4} with offsets {off:.4} (train {offtr:.4}), drift error {err:.4}"
            );
        }
    }
    for noisy in 0..2 {
        for (lo, hi) in [(0, 7), (1, 5), (2, 6), (3, 7), (0, 4)] {
            let get = |s: usize, i: usize, c: usize| {
                (lo..hi).map(|ti| sets[s].1[i][(ti * 2 + noisy) * k + c].0).sum::<f64>() / (hi - lo) as f64
            };
            let b = fit(&get);
            let raw = acc(&|s, i| argmin((0..k).map(|c| get(s, i, c)).collect()), 1);
            let off = acc(&|s, i| argmin((0..k).map(|c| get(s, i, c) + b[c]).collect()), 1);
            let err = acc(
                &|s, i| {
                    argmin(
                        (0..k)
                            .map(|c| (lo..hi).map(|ti| sets[s].1[i][(ti * 2 + noisy) * k + c].1).sum::<f64>())
                            .collect(),
                    )
                },
                1,
            );
            println!("times {lo}..{hi} noisy {noisy}: energy {raw:.4} offsets {off:.4} drift error {err:.4}");
        }
    }
}
