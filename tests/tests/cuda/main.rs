//! CUDA where there is no GPU. `tests/cuda/run` makes the stand-in for a device and runs these on it.

mod absence;
mod faults;
mod kernels;
mod process;
mod report;
mod training;
