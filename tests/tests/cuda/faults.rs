//! What the stand-in says of wrong programs. Most end by an abort, so that each runs in a process of its own.

use crate::kernels::device_with;
use crate::process::{apart, errors};
use cudarc::driver::{CudaDevice, CudaSlice, DevicePtr, LaunchAsync, LaunchConfig};
use std::os::unix::process::ExitStatusExt;
use std::sync::Arc;

const NAMES: [&str; 7] =
    ["copy", "misaligned", "outside_shared", "divided", "unwritten_shared", "overtaken", "overwritten"];

/// The variable that says which wrong program runs.
const FAULT: &str = "VAPO_TESTS_FAULT";

const ONE_BLOCK: LaunchConfig = LaunchConfig { grid_dim: (1, 1, 1), block_dim: (64, 1, 1), shared_mem_bytes: 0 };

fn device() -> Arc<CudaDevice> {
    device_with(include_str!("faults.cu"), &NAMES)
}

/// Copies `count` numbers between places of 64.
fn copy(device: &Arc<CudaDevice>, from: u64, to: &mut CudaSlice<f32>, count: u32) {
    let copy = device.get_func("own", "copy").unwrap();
    // SAFETY: not safe at all: the stand-in is to notice.
    unsafe { copy.launch(LaunchConfig::for_num_elems(count), (from, to, count)) }.unwrap();
}

/// Not a test: what the tests below run apart.
#[test]
#[ignore = "ends by an abort"]
fn wrong_program() {
    let device = device();
    let from = device.alloc_zeros::<f32>(64).unwrap();
    let mut to = device.alloc_zeros::<f32>(64).unwrap();
    let address = *from.device_ptr();
    let launch = |name: &str| device.get_func("own", name).unwrap();
    match std::env::var(FAULT).unwrap().as_str() {
        "none" => copy(&device, address, &mut to, 64),
        "outside" => copy(&device, address, &mut to, 65),
        "freed" => {
            drop(from);
            copy(&device, address, &mut to, 64);
        }
        // SAFETY: it is not: the stand-in is to notice.
        "misaligned" => unsafe { launch("misaligned").launch(ONE_BLOCK, (&from, &mut to)) }.unwrap(),
        // SAFETY: it is not: the stand-in is to notice.
        "outside_shared" => unsafe { launch("outside_shared").launch(ONE_BLOCK, (&mut to, 1_u32)) }.unwrap(),
        // SAFETY: it is not: the stand-in is to notice.
        name => unsafe { launch(name).launch(ONE_BLOCK, (&mut to,)) }.unwrap(),
    }
    device.synchronize().unwrap();
}

/// Asserts that a wrong program ends by an abort, with a line that names the fault and the kernel.
#[track_caller]
fn found(fault: &str, settings: &[(&str, &str)], says: &str, kernel: &str) {
    let output = apart("faults::wrong_program").env(FAULT, fault).envs(settings.iter().copied()).output().unwrap();
    let said = errors(&output);
    assert_eq!(output.status.signal(), Some(libc::SIGABRT), "{said}");
    assert!(said.contains(&format!("stand-in CUDA: {says}, in {kernel}\n")), "{said}");
}

const WATCHED: [(&str, &str); 1] = [("STANDIN_WATCH_SHARED", "1")];

#[test]
fn right_program() {
    for settings in [&[][..], &WATCHED] {
        let output = apart("faults::wrong_program").env(FAULT, "none").envs(settings.iter().copied()).output().unwrap();
        assert!(output.status.success(), "{}", errors(&output));
    }
}

#[test]
fn access_beyond_an_allocation() {
    found("outside", &[], "access outside live device memory", "copy");
}

#[test]
fn access_to_freed_memory() {
    found("freed", &[], "access outside live device memory", "copy");
}

#[test]
fn misaligned_access() {
    found("misaligned", &[], "misaligned access", "misaligned");
}

#[test]
fn access_outside_shared_memory() {
    found("outside_shared", &[], "access outside shared memory", "outside_shared");
}

#[test]
fn threads_at_different_barriers() {
    found("divided", &[], "threads of a block wait at different barriers", "divided");
}

#[test]
fn shared_memory_that_nobody_wrote() {
    found("unwritten_shared", &WATCHED, "read of shared memory that nobody wrote", "unwritten_shared");
}

/// The second round writes what a slower thread reads in the first.
#[test]
fn shared_memory_read_without_a_barrier() {
    let says = "read of shared memory that another thread writes before the next barrier";
    found("overtaken", &WATCHED, says, "overtaken");
}

/// The order of threads says which of the two comes first.
#[test]
fn shared_memory_written_without_a_barrier() {
    let says = "write of shared memory that another thread reads or writes before the next barrier";
    found("overwritten", &[WATCHED[0], ("STANDIN_REVERSED", "0")], says, "overwritten");
    let says = "read of shared memory that another thread writes before the next barrier";
    found("overwritten", &[WATCHED[0], ("STANDIN_REVERSED", "1")], says, "overwritten");
}

#[test]
fn memory_that_nobody_wrote() {
    let device = device();
    // SAFETY: it is read before it is written, which is the point; any bits are a float.
    let memory = unsafe { device.alloc::<f32>(64) }.unwrap();
    assert!(device.dtoh_sync_copy(&memory).unwrap().iter().all(|value| value.is_nan()));
}

#[test]
fn launch_of_nothing() {
    let device = device();
    let mut to = device.alloc_zeros::<f32>(64).unwrap();
    let nothing = LaunchConfig { grid_dim: (0, 1, 1), ..ONE_BLOCK };
    // SAFETY: no thread runs.
    let result = unsafe { device.get_func("own", "overtaken").unwrap().launch(nothing, (&mut to,)) };
    assert!(format!("{result:?}").contains("INVALID_VALUE"), "{result:?}");
}

#[test]
fn more_memory_than_there_is() {
    let device = device();
    let result = device.alloc_zeros::<u8>(1 << 40).map(|_| ());
    assert!(format!("{result:?}").contains("OUT_OF_MEMORY"), "{result:?}");
    // What was refused takes nothing.
    device.alloc_zeros::<u8>(1 << 10).unwrap();
}
