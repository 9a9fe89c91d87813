//! The programs of the firmware `kernels`: instructions a multiply-accumulate, by layer, and instructions of the steps of a sample.

use super::image::{cargo_in, succeed};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An emulated processor: its name, the target that its kernels are compiled for, and their feature if they have one.
const PROCESSORS: [(&str, &str, &str); 4] = [
    ("cortex-m4", "thumbv7em-none-eabihf", "dsp"),
    ("cortex-m33", "thumbv8m.main-none-eabihf", "dsp"),
    ("cortex-m0", "thumbv6m-none-eabi", "armv6m"),
    ("rv32imc", "riscv32imc-unknown-none-elf", ""),
];

/// What one layer takes, in one direction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kernel {
    /// The processor.
    pub processor: String,
    /// Window, channels and extent; forward or reverse.
    pub layer: String,
    /// Instructions a multiply-accumulate, everything that a call takes included, with input and output apart.
    pub apart: f64,
    /// The same where the output takes the input's place; none where it cannot.
    pub in_place: Option<f64>,
    /// Bytes that it works in.
    pub scratch: u64,
}

/// Every layer that the firmware `kernels` measures, on every processor.
///
/// # Errors
/// The tool-chain is missing, the firmware does not build, or a result is not what the definition says.
pub fn measure_kernels() -> Result<Vec<Kernel>, String> {
    let mut all = Vec::new();
    for (processor, target, feature) in PROCESSORS {
        all.extend(parse(processor, &run(&["--features", feature, "--target", target])?)?);
    }
    Ok(all)
}

/// What a sample of ten steps takes, drawn a layer a call: a row of `vapo-sampler/docs/steps.md`.
#[derive(Clone, Debug)]
pub struct Steps {
    /// The processor.
    pub processor: &'static str,
    /// The model.
    pub model: String,
    /// Calls; instructions of all, of a sample in one call, of the longest layer, of the longest 16 elements.
    pub numbers: [u64; 5],
}

/// What the firmware `steps` counts.
///
/// # Errors
/// As [`measure_kernels`].
pub fn count_steps() -> Result<Vec<Steps>, String> {
    let mut all = Vec::new();
    for (processor, target, features) in [
        ("Cortex-M4", "thumbv7em-none-eabihf", "steps,dsp"),
        ("Cortex-M0", "thumbv6m-none-eabi", "steps,armv6m"),
        ("RV32IMC", "riscv32imc-unknown-none-elf", "steps"),
    ] {
        let printed = run(&["--bin", "steps", "--features", features, "--target", target])?;
        // A line that says what follows, then one a model.
        for line in printed.lines().skip(1) {
            let read = || {
                let (model, numbers) = line.split_once(": ")?;
                let numbers: Vec<u64> = numbers.split(' ').map(|number| number.parse().ok()).collect::<Option<_>>()?;
                let [calls, all, one_call, _, layer, solver] = numbers[..] else { return None };
                Some(Steps { processor, model: model.to_owned(), numbers: [calls, all, one_call, layer, solver] })
            };
            all.push(read().ok_or_else(|| format!("expected a model's numbers, found `{line}`"))?);
        }
    }
    Ok(all)
}

/// What a program of the firmware `kernels` prints.
fn run(arguments: &[&str]) -> Result<String, String> {
    let output = succeed(cargo_in("kernels").args(["run", "--release", "--quiet"]).args(arguments))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Reads what the firmware prints: `3x3 16-16 @14 forward 1.063, 1.080; 1408; 0` a layer, and other lines.
fn parse(processor: &str, output: &str) -> Result<Vec<Kernel>, String> {
    let mut kernels = Vec::new();
    let of_layer = |line: &&str| line.contains(" forward ") || line.contains(" reverse ");
    // Those of fewer than 8 bits stand in `vapo-sampler/docs/kernels.md` alone: that their values are right, the firmware says.
    for line in output.lines().filter(of_layer).filter(|line| !line.contains("-bit ")) {
        let kernel = kernel(processor, line).ok_or_else(|| format!("expected a layer's line, found `{line}`"))?;
        kernels.push(kernel);
    }
    if kernels.is_empty() { Err(format!("no layer in `{output}`")) } else { Ok(kernels) }
}

fn kernel(processor: &str, line: &str) -> Option<Kernel> {
    let mut parts = line.split("; ");
    let (of_layer, in_place) = parts.next()?.split_once(", ")?;
    let (layer, apart) = of_layer.rsplit_once(' ')?;
    let scratch = parts.next()?.parse().ok()?;
    (parts.next()? == "0" && parts.next().is_none()).then_some(())?;
    let in_place = if in_place == "-" { None } else { Some(in_place.parse().ok()?) };
    Some(Kernel { processor: processor.into(), layer: layer.into(), apart: apart.parse().ok()?, in_place, scratch })
}

impl Kernel {
    /// What a table has in each of its rows: a layer, and the instructions of every processor.
    pub fn table(kernels: &[Kernel]) -> String {
        let names = PROCESSORS.map(|(name, ..)| name);
        let mut rows: BTreeMap<usize, (String, Vec<String>)> = BTreeMap::new();
        for name in names {
            for (place, kernel) in kernels.iter().filter(|kernel| kernel.processor == name).enumerate() {
                let row = rows.entry(place).or_insert_with(|| (kernel.layer.clone(), Vec::new()));
                // Layers that are computed in place are, where that is possible.
                row.1.push(format!("{:.2}", kernel.in_place.unwrap_or(kernel.apart)));
            }
        }
        let rows = rows.values().map(|(layer, cells)| format!("| {layer} | {} |\n", cells.join(" | ")));
        format!("| layer | {} |\n|---|{}\n{}", names.join(" | "), "---|".repeat(names.len()), rows.collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::{Kernel, parse};

    #[test]
    fn layers_are_read_and_wrong_results_refused() {
        let text = "instructions a MAC\n3x3 16-16 @14 forward 1.063, 1.080; 1408; 0\n2x2 8-16 @4 reverse 1.5, -; 64; 0\n\
                    3x3 32-32 @7 4-bit forward 1.409, 1.409; 1728; 0\n\
                    400 random layers; 0\n";
        let kernels = parse("cortex-m4", text).unwrap();
        assert_eq!(kernels[0].layer, "3x3 16-16 @14 forward");
        assert_eq!((kernels[0].apart, kernels[0].in_place, kernels[0].scratch), (1.063, Some(1.08), 1408));
        assert_eq!((kernels[1].apart, kernels[1].in_place, kernels.len()), (1.5, None, 2));
        assert!(parse("cortex-m4", &text.replace("1408; 0", "1408; 3")).unwrap_err().contains("1408; 3"));
        assert!(parse("cortex-m4", "nothing").unwrap_err().contains("no layer"));
        let table = Kernel::table(&kernels);
        assert_eq!(table.lines().nth(2), Some("| 3x3 16-16 @14 forward | 1.08 |"));
    }
}
