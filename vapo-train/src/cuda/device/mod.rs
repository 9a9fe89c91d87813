//! A program on a CUDA device: its kernels compiled, its buffers in memory, its launches made.
//!
//! The device is dfdx's: its memory, its context, its stream. The kernels are ours. NVRTC compiles them when a run starts, from
//! sources that this program carries, so nothing but the driver and NVRTC is needed beside it.

mod error;

pub(crate) use error::DeviceError;

use super::driver;
use super::program::{ALIGNMENT, Argument, Buffer, Kernel, Launch, Phase, Placement, Program, Scalar};
use cudarc::driver::{CudaDevice, DevicePtr, result, sys};
use cudarc::nvrtc::{CompileOptions, compile_ptx_with_opts};
use dfdx::prelude::{Cuda, Storage};
use error::failed;
use std::collections::{BTreeMap, HashMap};
use std::ffi::{CString, c_void};
use std::sync::{Arc, Mutex, PoisonError};

/// Elements that a program computes with.
pub(crate) trait Real: Copy + Default {
    /// Its name in C.
    const NAME: &'static str;
}

impl Real for f32 {
    const NAME: &'static str = "float";
}

impl Real for f64 {
    const NAME: &'static str = "double";
}

/// The first CUDA device.
///
/// # Errors
/// [`DeviceError::Library`], [`DeviceError::Open`].
pub(crate) fn open() -> Result<Cuda, DeviceError> {
    driver::open()?;
    Cuda::try_build(0, 0).map_err(|error| DeviceError::Open(format!("{error:?}")))
}

/// Bytes that are free on the first CUDA device.
///
/// # Errors
/// As [`open`]; [`DeviceError::Driver`].
pub(crate) fn free_memory() -> Result<u64, DeviceError> {
    let _context = open()?;
    let (free, _) = result::mem_get_info().map_err(failed("asking for its memory"))?;
    Ok(free as u64)
}

/// How buffers lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    /// In one block, where two that never live at once share memory.
    Together,
    /// Each in memory of its own, so that a device or a stand-in can tell an access outside of one.
    #[cfg(test)]
    Apart,
}

/// A program that is loaded.
pub(crate) struct Loaded {
    /// Keeps the device's context.
    device: Arc<CudaDevice>,
    _memory: Vec<<Cuda as Storage<f32>>::Vec>,
    modules: Vec<sys::CUmodule>,
    /// The address of every buffer.
    addresses: Vec<u64>,
    launches: [Vec<Prepared>; 4],
}

/// A launch whose arguments are known but for those that change.
struct Prepared {
    function: sys::CUfunction,
    blocks: (u32, u32),
    threads: (u32, u32),
    arguments: Vec<u64>,
    scalars: Vec<(usize, Scalar)>,
}

impl Loaded {
    /// Compiles the kernels of a program for elements of a type, and takes its memory, all of it zero.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub(crate) fn new<E: Real>(cuda: &Cuda, program: &Program, lie: Lie) -> Result<Self, DeviceError> {
        let open = |error| DeviceError::Open(format!("{error:?}"));
        // dfdx's own device object: the same context and the same stream.
        let device = Storage::<f32>::try_alloc_len(cuda, 1).map_err(open)?.device();
        let mut loaded = Loaded {
            device,
            _memory: Vec::new(),
            modules: Vec::new(),
            addresses: Vec::new(),
            launches: Default::default(),
        };
        loaded.take_memory::<E>(cuda, program, lie)?;
        program.tables.iter().try_for_each(|(table, contents)| loaded.write(*table, contents))?;
        let mut functions = HashMap::new();
        let mut modules = HashMap::new();
        for phase in Phase::ALL {
            for launch in program.phase(phase) {
                let function = match functions.get(&launch.kernel) {
                    Some(function) => *function,
                    None => {
                        let function = loaded.function::<E>(launch.kernel, &mut modules)?;
                        functions.insert(launch.kernel, function);
                        function
                    }
                };
                let prepared = loaded.prepare(program, size_of::<E>(), launch, function);
                loaded.launches[phase as usize].push(prepared);
            }
        }
        Ok(loaded)
    }

    fn take_memory<E: Real>(&mut self, cuda: &Cuda, program: &Program, lie: Lie) -> Result<(), DeviceError> {
        let real = size_of::<E>();
        let placement = Placement::new(program, real);
        let mut take = |bytes: usize| {
            let (free, _) = result::mem_get_info().map_err(failed("asking for its memory"))?;
            let short = || DeviceError::Memory { needed: bytes, free };
            if bytes > free {
                return Err(short());
            }
            let memory = Storage::<f32>::try_alloc_len(cuda, bytes.div_ceil(4)).map_err(|_| short())?;
            let address = *memory.device_ptr();
            self._memory.push(memory);
            Ok(address)
        };
        match lie {
            Lie::Together => {
                let start = take(placement.bytes)?;
                self.addresses = placement.offsets.iter().map(|&offset| start + offset as u64).collect();
            }
            #[cfg(test)]
            Lie::Apart => {
                for index in 0..program.buffers.len() {
                    let bytes = program.bytes(Buffer(index), real);
                    let address = take(bytes.max(1))?;
                    if !program.buffers[index].role.lasts() {
                        // Not a number, in f32 and f64: what is read before it is written shows.
                        // SAFETY: the range was just allocated, and nothing uses it yet.
                        unsafe { result::memset_d8_sync(address, 0xff, bytes.max(1)) }.map_err(failed("filling"))?;
                    }
                    self.addresses.push(address);
                }
            }
        }
        debug_assert!(self.addresses.iter().all(|address| address.is_multiple_of(ALIGNMENT as u64)));
        Ok(())
    }

    /// A kernel, from its file's module.
    fn function<E: Real>(
        &mut self,
        kernel: Kernel,
        modules: &mut HashMap<&'static str, sys::CUmodule>,
    ) -> Result<sys::CUfunction, DeviceError> {
        let module = match modules.get(kernel.file) {
            Some(module) => *module,
            None => {
                let module = self.compile::<E>(kernel.file)?;
                modules.insert(kernel.file, module);
                module
            }
        };
        let name = CString::new(kernel.name).unwrap_or_default();
        // SAFETY: the module is loaded, and is unloaded by `drop` alone.
        unsafe { result::module::get_function(module, name) }.map_err(failed("finding a kernel"))
    }

    /// Loads a file of kernels.
    fn compile<E: Real>(&mut self, file: &'static str) -> Result<sys::CUmodule, DeviceError> {
        let image = CString::new(ptx::<E>(file, self.architecture()?)?).unwrap_or_default();
        // SAFETY: the image is PTX that ends with a zero, and outlives the call.
        let module = unsafe { result::module::load_data(image.as_ptr().cast::<c_void>()) };
        let module = module.map_err(failed("loading a kernel"))?;
        self.modules.push(module);
        Ok(module)
    }

    /// What NVRTC compiles for: PTX that the driver takes further, for this device's generation or an earlier one. The kernels have
    /// nothing that later ones need.
    fn architecture(&self) -> Result<&'static str, DeviceError> {
        use sys::CUdevice_attribute_enum::{
            CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR as MAJOR,
            CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR as MINOR,
        };
        let ask = |attribute| self.device.attribute(attribute).map_err(failed("asking for its generation"));
        Ok(match (ask(MAJOR)?, ask(MINOR)?) {
            (8.., _) | (7, 5..) => "compute_75",
            (7, _) => "compute_70",
            (6, _) => "compute_60",
            _ => "compute_50",
        })
    }

    fn prepare(&self, program: &Program, real: usize, launch: &Launch, function: sys::CUfunction) -> Prepared {
        let mut scalars = Vec::new();
        let bits = |(index, argument): (usize, &Argument)| match *argument {
            Argument::At(buffer, element) => self.addresses[buffer.0] + (element * program.size(buffer, real)) as u64,
            Argument::Null => 0,
            Argument::Count(count) => count,
            Argument::Number(number) => number.to_bits(),
            Argument::Scalar(scalar) => {
                scalars.push((index, scalar));
                0
            }
        };
        let arguments = launch.arguments.iter().enumerate().map(bits).collect();
        let blocks = (launch.blocks.0 as u32, launch.blocks.1 as u32);
        Prepared { function, blocks, threads: launch.threads, arguments, scalars }
    }

    /// Makes the launches of a phase, in their order.
    ///
    /// # Errors
    /// [`DeviceError::Driver`].
    pub(crate) fn run(&mut self, phase: Phase, scalars: &[f64; Scalar::COUNT]) -> Result<(), DeviceError> {
        let stream = *self.device.cu_stream();
        let mut parameters: Vec<*mut c_void> = Vec::new();
        for launch in &mut self.launches[phase as usize] {
            for &(index, scalar) in &launch.scalars {
                launch.arguments[index] = scalars[scalar.index()].to_bits();
            }
            parameters.clear();
            parameters
                .extend(launch.arguments.iter_mut().map(|argument| std::ptr::from_mut(argument).cast::<c_void>()));
            let ((x, y), threads) = (launch.blocks, launch.threads);
            // SAFETY: the function is loaded, and takes as many arguments of eight bytes as the program gives it. Its addresses
            // lie in memory that this object holds.
            unsafe {
                result::launch_kernel(launch.function, (x, y, 1), (threads.0, threads.1, 1), 0, stream, &mut parameters)
            }
            .map_err(failed("a launch"))?;
        }
        Ok(())
    }

    /// Writes a buffer from an element on.
    ///
    /// # Errors
    /// [`DeviceError::Driver`].
    pub(crate) fn write<T: Copy>(&mut self, buffer: Buffer, values: &[T]) -> Result<(), DeviceError> {
        // SAFETY: callers write at most what the buffer holds, and the driver copies from pageable memory before it returns.
        unsafe { result::memcpy_htod_async(self.addresses[buffer.0], values, *self.device.cu_stream()) }
            .map_err(failed("a copy to it"))
    }

    /// Reads a buffer, once all launches before have ended.
    ///
    /// # Errors
    /// [`DeviceError::Driver`], also for a launch that failed.
    pub(crate) fn read<T: Copy + Default>(&self, buffer: Buffer, count: usize) -> Result<Vec<T>, DeviceError> {
        let mut values = vec![T::default(); count];
        let stream = *self.device.cu_stream();
        // SAFETY: callers read at most what the buffer holds, and the values outlive the copy, which is waited for.
        unsafe {
            result::memcpy_dtoh_async(&mut values, self.addresses[buffer.0], stream)
                .map_err(failed("a copy from it"))?;
            result::stream::synchronize(stream).map_err(failed("a launch"))?;
        }
        Ok(values)
    }
}

/// A file of kernels, compiled. A training has two programs of the same files, one before weights rest and one after: what is compiled
/// once is kept.
fn ptx<E: Real>(file: &'static str, architecture: &'static str) -> Result<String, DeviceError> {
    static COMPILED: Mutex<BTreeMap<(&str, &str, &str), String>> = Mutex::new(BTreeMap::new());
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(ptx) = compiled.get(&(file, E::NAME, architecture)) {
        return Ok(ptx.clone());
    }
    let source = format!("#define REAL {}\n{}", E::NAME, super::kernels::source(file));
    let options = CompileOptions { arch: Some(architecture), ..CompileOptions::default() };
    let ptx = compile_ptx_with_opts(source, options).map_err(|error| {
        let cause = match &error {
            cudarc::nvrtc::CompileError::CompileError { log, .. } => log.to_string_lossy().into_owned(),
            other => format!("{other:?}"),
        };
        DeviceError::Compile { file, cause }
    })?;
    Ok(compiled.entry((file, E::NAME, architecture)).or_insert(ptx.to_src()).clone())
}

impl Drop for Loaded {
    fn drop(&mut self) {
        for &module in &self.modules {
            // SAFETY: nothing launches its kernels any more. What fails leaks.
            let _ = unsafe { result::module::unload(module) };
        }
    }
}
