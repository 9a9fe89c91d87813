//! The functions of NVIDIA's libraries that cudarc links, each of them one jump through a slot.
//!
//! A slot leads to a text and an abort until the library's function is put there.

use std::ffi::{CStr, c_char, c_void};
use std::ptr;

/// The library that has a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Library {
    Driver,
    Compiler,
    Blas,
}

/// An address of code.
pub(super) type Address = *mut c_void;

/// A function's code: it jumps to where its slot leads. At first that is the code after it, which names the function and aborts.
#[cfg(target_arch = "x86_64")]
macro_rules! code {
    () => {
        r"
        \name:
            jmp qword ptr [rip + .Lslot_\name]
        .Labsent_\name:
            lea rdi, [rip + .Lname_\name]
            jmp {absent}
        "
    };
}

/// The same for other processors.
#[cfg(target_arch = "aarch64")]
macro_rules! code {
    () => {
        r"
        \name:
            adrp x16, .Lslot_\name
            ldr x16, [x16, :lo12:.Lslot_\name]
            br x16
        .Labsent_\name:
            adrp x0, .Lname_\name
            add x0, x0, :lo12:.Lname_\name
            b {absent}
        "
    };
}

/// Defines the functions, their slots one after the other, and their list in the same order.
macro_rules! functions {
    ($($library:ident: $($name:literal)+;)+) => {
        const FUNCTIONS: &[(Library, &CStr)] = &[$($((Library::$library, to_c_str(concat!($name, "\0")))),+),+];
        std::arch::global_asm!(
            r#"
            .pushsection .data.vapo_cuda, "aw", @progbits
            .p2align 3
            .globl vapo_cuda_slots
            .hidden vapo_cuda_slots
            vapo_cuda_slots:
            .popsection

            .macro vapo_cuda_function name
            .pushsection .rodata.vapo_cuda, "a", @progbits
            .Lname_\name:
            .asciz "\name"
            .popsection
            .pushsection .data.vapo_cuda, "aw", @progbits
            .Lslot_\name:
            .quad .Labsent_\name
            .popsection
            .pushsection .text.vapo_cuda, "ax", @progbits
            .p2align 4
            .globl \name
            .hidden \name
            .type \name, @function
            "#,
            code!(),
            ".popsection",
            ".endm",
            $($(concat!("vapo_cuda_function ", $name),)+)+
            absent = sym absent,
        );
    };
}

const fn to_c_str(name: &str) -> &CStr {
    match CStr::from_bytes_with_nul(name.as_bytes()) {
        Ok(name) => name,
        Err(_) => panic!("a name holds a zero"),
    }
}

functions! {
    Driver:
        "cuCtxGetCurrent" "cuCtxSetCurrent" "cuCtxSynchronize" "cuDestroyExternalMemory" "cuDeviceGet" "cuDeviceGetAttribute"
        "cuDeviceGetCount" "cuDeviceGetName" "cuDevicePrimaryCtxRelease_v2" "cuDevicePrimaryCtxRetain" "cuDeviceTotalMem_v2"
        "cuDriverGetVersion" "cuEventCreate" "cuEventDestroy_v2" "cuEventElapsedTime" "cuEventQuery" "cuEventRecord"
        "cuExternalMemoryGetMappedBuffer" "cuFuncSetAttribute" "cuFuncSetCacheConfig" "cuGetErrorName" "cuGetErrorString"
        "cuImportExternalMemory" "cuInit" "cuLaunchKernel" "cuMemAllocAsync" "cuMemAlloc_v2" "cuMemFreeAsync" "cuMemFree_v2"
        "cuMemGetInfo_v2" "cuMemcpyDtoDAsync_v2" "cuMemcpyDtoD_v2" "cuMemcpyDtoHAsync_v2" "cuMemcpyDtoH_v2"
        "cuMemcpyHtoDAsync_v2" "cuMemcpyHtoD_v2" "cuMemsetD8Async" "cuMemsetD8_v2" "cuModuleGetFunction" "cuModuleLoad"
        "cuModuleLoadData" "cuModuleUnload" "cuOccupancyAvailableDynamicSMemPerBlock"
        "cuOccupancyMaxActiveBlocksPerMultiprocessor" "cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags"
        "cuOccupancyMaxActiveClusters" "cuOccupancyMaxPotentialBlockSize" "cuOccupancyMaxPotentialBlockSizeWithFlags"
        "cuOccupancyMaxPotentialClusterSize" "cuProfilerStart" "cuProfilerStop" "cuStreamCreate" "cuStreamDestroy_v2"
        "cuStreamSynchronize" "cuStreamWaitEvent";
    Compiler:
        "nvrtcCompileProgram" "nvrtcCreateProgram" "nvrtcDestroyProgram" "nvrtcGetPTX" "nvrtcGetPTXSize" "nvrtcGetProgramLog"
        "nvrtcGetProgramLogSize" "nvrtcVersion";
    Blas:
        "cublasCreate_v2" "cublasDestroy_v2" "cublasDgemmStridedBatched" "cublasDgemm_v2" "cublasDgemv_v2" "cublasGemmEx"
        "cublasGemmStridedBatchedEx" "cublasHgemm" "cublasHgemmStridedBatched" "cublasSetStream_v2" "cublasSgemmStridedBatched"
        "cublasSgemm_v2" "cublasSgemv_v2";
}

unsafe extern "C" {
    #[link_name = "vapo_cuda_slots"]
    static mut SLOTS: [Address; FUNCTIONS.len()];
}

/// What a function without an address does. A caller has no way to hear of it, and none to go on.
unsafe extern "C" fn absent(name: *const c_char) -> ! {
    // SAFETY: the slots' names end with a zero.
    let name = unsafe { CStr::from_ptr(name) }.to_string_lossy();
    eprintln!("error: {name} of CUDA is called, which this machine's libraries lack or which were not opened");
    std::process::abort()
}

/// Puts into the slots of a library's functions what `find` finds. Those that it does not find stay as they are: newer libraries
/// have functions that older ones lack.
///
/// # Safety
/// What `find` gives must be the function of that name. No other thread may call one of the library's functions meanwhile.
pub(super) unsafe fn fill(library: Library, find: impl Fn(&CStr) -> Option<Address>) {
    for (index, (of, name)) in FUNCTIONS.iter().enumerate() {
        if *of == library
            && let Some(address) = find(name)
        {
            // SAFETY: the slots are as many as the functions, and by the caller's promise nobody reads them meanwhile.
            unsafe { ptr::write((&raw mut SLOTS).cast::<Address>().add(index), address) };
        }
    }
}
