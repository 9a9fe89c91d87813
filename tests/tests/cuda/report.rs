//! The totals that the stand-in writes, by a program whose launches and copies are known.

use crate::kernels::device_with;
use crate::process::{apart, errors};
use cudarc::driver::{LaunchAsync, LaunchConfig};

/// Not a test: what the test below runs apart.
#[test]
#[ignore = "counted by `totals`"]
fn counted_program() {
    let device = device_with(include_str!("faults.cu"), &["copy"]);
    let from = device.htod_copy(vec![1.0_f32; 1000]).unwrap();
    let mut to = device.alloc_zeros::<f32>(1000).unwrap();
    for _ in 0..3 {
        let copy = device.get_func("own", "copy").unwrap();
        let blocks = LaunchConfig { grid_dim: (4, 1, 1), block_dim: (256, 1, 1), shared_mem_bytes: 0 };
        // SAFETY: the kernel reads and writes a thousand numbers.
        unsafe { copy.launch(blocks, (&from, &mut to, 1000_u32)) }.unwrap();
    }
    device.dtod_copy(&from, &mut to).unwrap();
    assert_eq!(device.dtoh_sync_copy(&to).unwrap(), vec![1.0; 1000]);
}

#[test]
fn totals() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    let output = apart("report::counted_program").env("STANDIN_REPORT", &path).output().unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let launches = report["launches"].as_object().unwrap();
    assert_eq!(launches.keys().collect::<Vec<_>>(), ["copy"]);
    assert_eq!((&launches["copy"]["count"], &launches["copy"]["threads"]), (&3.into(), &3072.into()));
    assert_eq!(report["memory"]["peak"], 8000);
    assert_eq!(report["memory"]["allocations"], 2);
    assert_eq!(report["memory"]["bytes_left"], 0);
    for direction in ["to_device", "from_device", "on_device"] {
        assert_eq!(report["copies"][direction], serde_json::json!({"count": 1, "bytes": 4000}), "{direction}");
    }
    assert_eq!(report["fills"], serde_json::json!({"count": 1, "bytes": 4000}));
}
