//! Opening the libraries on Linux.

use crate::cuda::driver::library::{Shared, folder_of};
use crate::cuda::driver::trampolines::{Address, Library, fill};
use crate::cuda::driver::{DriverError, Version};
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::sync::OnceLock;

/// The second name is that of a stand-in for the driver: NVRTC would load one of the first name, and ask it for more.
const DRIVER: [&str; 2] = ["libcuda.so.1", "libcuda.so"];

/// Newest first.
const COMPILER: [&str; 5] = ["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2", "libnvrtc.so", "libnvrtc.so.11.0"];

/// Where toolkits lie whose folder the loader does not know. The empty one lets the loader look.
const FOLDERS: [&str; 4] = ["", "/usr/local/cuda/lib64/", "/opt/cuda/lib64/", "/usr/lib/cuda/lib64/"];

/// `CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED`.
const POOLS: c_int = 115;

/// Finds the driver and NVRTC, once, and asks the driver for a device. Everything of cudarc's and dfdx's that uses a CUDA device
/// may be called after this gave no error.
///
/// # Errors
/// [`DriverError`]: what is missing and how to get it.
pub fn open() -> Result<(), DriverError> {
    static OPENED: OnceLock<Result<(), DriverError>> = OnceLock::new();
    OPENED.get_or_init(open_once).clone()
}

fn open_once() -> Result<(), DriverError> {
    let driver = first_of(DRIVER.map(str::to_owned)).map_err(|cause| DriverError::NoDriver { cause })?;
    let version = check_device(driver)?;
    let compiler = compiler_for(version)?;
    // SAFETY: each address is the library's function of that name. Nobody calls one before `open` returns: without an address it
    // would abort.
    unsafe {
        fill(Library::Driver, |name| driver.find(name));
        fill(Library::Compiler, |name| compiler.find(name));
        fill(Library::Blas, handle_of);
    }
    Ok(())
}

/// The first that opens, or why the first does not.
fn first_of(names: impl IntoIterator<Item = String>) -> Result<Shared, String> {
    let mut first = None;
    for name in names {
        match Shared::open(&name) {
            Ok(library) => return Ok(library),
            Err(cause) => _ = first.get_or_insert(cause),
        }
    }
    Err(first.unwrap_or_default())
}

/// The driver's version, if there is a device.
fn check_device(driver: Shared) -> Result<Version, DriverError> {
    type Init = unsafe extern "C" fn(c_uint) -> c_int;
    type Count = unsafe extern "C" fn(*mut c_int) -> c_int;
    type Text = unsafe extern "C" fn(c_int, *mut *const c_char) -> c_int;
    type Attribute = unsafe extern "C" fn(*mut c_int, c_int, c_int) -> c_int;
    let find = |name: &CStr| {
        let cause = || format!("its library has no {}", name.to_string_lossy());
        driver.find(name).ok_or_else(|| DriverError::NoDriver { cause: cause() })
    };
    let addresses =
        (find(c"cuInit")?, find(c"cuDeviceGetCount")?, find(c"cuDriverGetVersion")?, find(c"cuGetErrorString")?);
    let attribute = find(c"cuDeviceGetAttribute")?;
    // SAFETY: as below.
    let attribute = unsafe { std::mem::transmute::<Address, Attribute>(attribute) };
    // SAFETY: these are the types that CUDA's header gives the functions of these names.
    let (init, count, version, text) = unsafe {
        (
            std::mem::transmute::<Address, Init>(addresses.0),
            std::mem::transmute::<Address, Count>(addresses.1),
            std::mem::transmute::<Address, Count>(addresses.2),
            std::mem::transmute::<Address, Text>(addresses.3),
        )
    };
    let call = |result: c_int| {
        if result == 0 {
            return Ok(());
        }
        let mut meaning = std::ptr::null();
        // SAFETY: the driver writes null or a text of its own that ends with a zero.
        let cause = unsafe {
            text(result, &raw mut meaning);
            if meaning.is_null() {
                format!("error {result} of the driver")
            } else {
                CStr::from_ptr(meaning).to_string_lossy().into_owned()
            }
        };
        Err(DriverError::NoDevice { cause })
    };
    let (mut devices, mut found) = (0, 0);
    // SAFETY: the pointers are to integers of this function.
    unsafe {
        call(init(0))?;
        call(count(&raw mut devices))?;
        call(version(&raw mut found))?;
    }
    if devices == 0 {
        return Err(DriverError::NoDevice { cause: "the driver lists none".into() });
    }
    // Of the first device, whose handle is its number.
    let mut pools = 0;
    // SAFETY: the pointer is to an integer of this function.
    unsafe { call(attribute(&raw mut pools, POOLS, 0))? };
    if pools == 0 {
        return Err(DriverError::NoPools);
    }
    Ok(Version(found))
}

/// The newest compiler whose output the driver loads.
fn compiler_for(driver: Version) -> Result<Shared, DriverError> {
    let toolkits = ["CUDA_PATH", "CUDA_HOME"].into_iter().filter_map(std::env::var_os);
    let toolkits = toolkits.map(|path| format!("{}/lib64/", path.display()));
    let folders: Vec<String> = FOLDERS.iter().map(|&folder| folder.to_owned()).chain(toolkits).collect();
    let (mut cause, mut oldest) = (None, None::<Version>);
    for (name, folder) in COMPILER.iter().flat_map(|name| folders.iter().map(move |folder| (name, folder))) {
        let (library, version) = match Shared::open(&format!("{folder}{name}")).and_then(with_version) {
            Ok(found) => found,
            Err(why) => {
                _ = cause.get_or_insert(why);
                continue;
            }
        };
        if version <= driver {
            return Ok(library);
        }
        oldest = Some(oldest.map_or(version, |before| before.min(version)));
    }
    Err(match oldest {
        Some(compiler) => DriverError::OldDriver { driver, compiler },
        None => DriverError::NoCompiler { cause: cause.unwrap_or_default() },
    })
}

fn with_version(compiler: Shared) -> Result<(Shared, Version), String> {
    type Ask = unsafe extern "C" fn(*mut c_int, *mut c_int) -> c_int;
    let address = compiler.find(c"nvrtcVersion").ok_or("it has no nvrtcVersion")?;
    let (mut major, mut minor) = (0, 0);
    // SAFETY: this is the type that NVRTC's header gives the function; the pointers are to integers of this function.
    unsafe { std::mem::transmute::<Address, Ask>(address)(&raw mut major, &raw mut minor) };
    // NVRTC looks for its second half where the loader looks, which need not be where it lies itself.
    if let Some(folder) = folder_of(address) {
        _ = Shared::open(&format!("{folder}libnvrtc-builtins.so.{major}.{minor}"));
    }
    Ok((compiler, Version(1000 * major + 10 * minor)))
}

/// cuBLAS is not opened: dfdx makes a handle of it for every device, and nothing here multiplies by it.
fn handle_of(name: &CStr) -> Option<Address> {
    unsafe extern "C" fn create(handle: *mut *mut c_void) -> c_int {
        // SAFETY: the caller gives the place of a handle. No function of cuBLAS ever looks behind one.
        unsafe { handle.write(std::ptr::dangling_mut()) };
        0
    }
    extern "C" fn destroy(_: *mut c_void) -> c_int {
        0
    }
    extern "C" fn set_stream(_: *mut c_void, _: *mut c_void) -> c_int {
        0
    }
    match name.to_bytes() {
        b"cublasCreate_v2" => Some(create as *mut c_void),
        b"cublasDestroy_v2" => Some(destroy as *mut c_void),
        b"cublasSetStream_v2" => Some(set_stream as *mut c_void),
        _ => None,
    }
}
