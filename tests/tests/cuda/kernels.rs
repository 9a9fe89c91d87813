//! Kernels with a known result: the stand-in computes what the same text in Rust does.

use cudarc::driver::{CudaDevice, CudaFunction, LaunchAsync, LaunchConfig};
use cudarc::nvrtc::compile_ptx;
use std::sync::Arc;

const NAMES: [&str; 7] =
    ["product_f32", "product_f64", "sum_f32", "sum_f64", "functions_f32", "functions_f64", "integers"];

/// The device, with a module loaded.
pub(crate) fn device_with(source: &str, names: &[&'static str]) -> Arc<CudaDevice> {
    vapo_train::cuda::driver::open().unwrap();
    let device = CudaDevice::new(0).unwrap();
    device.load_ptx(compile_ptx(source).unwrap(), "own", names).unwrap();
    device
}

fn device() -> Arc<CudaDevice> {
    device_with(include_str!("kernels.cu"), &NAMES)
}

fn kernel(device: &Arc<CudaDevice>, name: &str) -> CudaFunction {
    device.get_func("own", name).unwrap()
}

fn grid(blocks: (u32, u32)) -> LaunchConfig {
    LaunchConfig { grid_dim: (blocks.0, blocks.1, 1), block_dim: (256, 1, 1), shared_mem_bytes: 0 }
}

/// Numbers from -1 to 1 that repeat late.
fn numbers(count: usize) -> impl Iterator<Item = f64> {
    (0..count as u32).map(|index| f64::from(index.wrapping_mul(2_654_435_761) >> 16) / 32768.0 - 1.0)
}

macro_rules! of_floats {
    ($real:ty, $product:ident, $sum:ident, $functions:ident, $tolerance:expr) => {
        /// To the last bit: every product is added in the same order, each sum rounded once.
        #[test]
        fn $product() {
            let (device, n) = (device(), 48_usize);
            let values: Vec<$real> = numbers(2 * n * n).map(|value| value as $real).collect();
            let (a, b) = values.split_at(n * n);
            let (on_a, on_b) = (device.htod_copy(a.to_vec()).unwrap(), device.htod_copy(b.to_vec()).unwrap());
            let mut out = device.alloc_zeros::<$real>(n * n).unwrap();
            let launch = kernel(&device, stringify!($product));
            // SAFETY: the kernel reads n² numbers twice and writes as many.
            unsafe { launch.launch(grid((n as u32 / 16, n as u32 / 16)), (&on_a, &on_b, &mut out, n as u32)) }.unwrap();
            let found = device.dtoh_sync_copy(&out).unwrap();
            for (index, found) in found.into_iter().enumerate() {
                let (row, column) = (index / n, index % n);
                let sum = (0..n).fold(0.0, |sum: $real, k| a[row * n + k].mul_add(b[k * n + column], sum));
                assert_eq!(found, sum, "at {row}, {column}");
            }
        }

        /// The same bits in every launch, whichever block is done last.
        #[test]
        fn $sum() {
            let (device, count, blocks) = (device(), 100_003_usize, 64);
            let values: Vec<$real> = numbers(count).map(|value| value as $real).collect();
            let x = device.htod_copy(values).unwrap();
            let mut partial = device.alloc_zeros::<$real>(blocks).unwrap();
            let mut out = device.alloc_zeros::<$real>(1).unwrap();
            let mut ticket = device.alloc_zeros::<u32>(1).unwrap();
            let mut found = Vec::new();
            for _ in 0..4 {
                let launch = kernel(&device, stringify!($sum));
                let arguments = (&x, &mut partial, &mut out, &mut ticket, count as u32);
                // SAFETY: the kernel reads `count` numbers and writes one a block, one sum and a ticket.
                unsafe { launch.launch(grid((blocks as u32, 1)), arguments) }.unwrap();
                found.push(device.dtoh_sync_copy(&out).unwrap()[0]);
            }
            assert!(found.iter().all(|sum| *sum == found[0]), "{found:?}");
            let sum: f64 = numbers(count).sum();
            assert!((f64::from(found[0]) - sum).abs() < 100.0 * $tolerance, "{} and {sum}", found[0]);
        }

        #[test]
        fn $functions() {
            let (device, count) = (device(), 5_000_usize);
            let values: Vec<$real> = numbers(count).map(|value| (20.0 * value) as $real).collect();
            let x = device.htod_copy(values.clone()).unwrap();
            let mut out = device.alloc_zeros::<$real>(count).unwrap();
            let launch = kernel(&device, stringify!($functions));
            // SAFETY: the kernel reads `count` numbers and writes as many.
            unsafe { launch.launch(grid((20, 1)), (&x, &mut out, count as u32)) }.unwrap();
            for (x, found) in values.into_iter().zip(device.dtoh_sync_copy(&out).unwrap()) {
                let x = f64::from(x);
                let exact = x / (1.0 + libm::exp(-x))
                    + x.abs().sqrt()
                    + libm::tanh(x)
                    + libm::sin(x) * libm::log(x.abs() + 1.0);
                assert!(
                    (f64::from(found) - exact).abs() <= $tolerance * exact.abs().max(1.0),
                    "{found} and {exact} of {x}"
                );
            }
        }
    };
}

// Tolerances: some ten of a type's last places.
of_floats!(f32, product_f32, sum_f32, functions_f32, 2e-6);
of_floats!(f64, product_f64, sum_f64, functions_f64, 4e-15);

#[test]
fn integers() {
    let (device, count) = (device(), 20_000_u32);
    let values: Vec<u32> = (0..count).map(|index| index.wrapping_mul(2_654_435_761)).collect();
    let x = device.htod_copy(values.clone()).unwrap();
    let mut out = device.alloc_zeros::<u64>(values.len()).unwrap();
    let mut counts = device.alloc_zeros::<u32>(4).unwrap();
    // SAFETY: the kernel reads `count` numbers, writes as many, and adds to four.
    unsafe { kernel(&device, "integers").launch(grid((count.div_ceil(256), 1)), (&x, &mut out, &mut counts, count)) }
        .unwrap();
    let mut added = [0; 4];
    for (v, found) in values.into_iter().zip(device.dtoh_sync_copy(&out).unwrap()) {
        let (wide, with_sign) = (u64::from(v), v as i32);
        let result = match v % 11 {
            0 => wide.wrapping_mul(wide).wrapping_add(7),
            1 => wide % 13,
            2 => (wide << 40) / (wide | 1),
            3 => wide.wrapping_mul(u64::from(v.wrapping_mul(3))) >> 32,
            4 => u64::from((with_sign >> 3) as u32),
            5 => u64::from(v / 7),
            6 => i64::from(with_sign / 5) as u64,
            7 => u64::from(v.count_ones() + v.leading_zeros()),
            8 => u64::from(v.rotate_left(5)),
            9 => wide.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ wide >> 7,
            _ => u64::from(v.reverse_bits()),
        };
        assert_eq!(found, result, "of {v}, case {}", v % 11);
        added[v as usize % 4] += v & 15;
    }
    assert_eq!(device.dtoh_sync_copy(&counts).unwrap(), added);
}
