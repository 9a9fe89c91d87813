//! A shared library that is loaded while the program runs, and stays.

use crate::cuda::driver::trampolines::Address;
use std::ffi::{CStr, CString};

/// An open library.
#[derive(Clone, Copy)]
pub(super) struct Shared(Address);

impl Shared {
    /// # Errors
    /// What the loader says.
    pub(super) fn open(name: &str) -> Result<Self, String> {
        let name = CString::new(name).map_err(|error| error.to_string())?;
        // SAFETY: NVIDIA's libraries may be loaded at any time. Their initialisers run as they would at the start.
        let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        if handle.is_null() { Err(why()) } else { Ok(Shared(handle)) }
    }

    /// The address of a function.
    pub(super) fn find(self, name: &CStr) -> Option<Address> {
        // SAFETY: the library stays open.
        let address = unsafe { libc::dlsym(self.0, name.as_ptr()) };
        (!address.is_null()).then_some(address)
    }
}

/// The folder of the file that an address was loaded from, with the slash.
pub(super) fn folder_of(address: Address) -> Option<String> {
    let mut info = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: `dladdr` writes to `info` alone. Where it gives a name, that ends with a zero and lives as long as the library.
    let path = unsafe {
        if libc::dladdr(address, info.as_mut_ptr()) == 0 {
            return None;
        }
        CStr::from_ptr(info.assume_init().dli_fname).to_string_lossy()
    };
    path.rfind('/').map(|end| path[..=end].to_owned())
}

fn why() -> String {
    // SAFETY: `dlerror` gives null or a text that ends with a zero and lives until this thread's next call of the loader.
    let text = unsafe {
        let text = libc::dlerror();
        if text.is_null() {
            return "no reason given".into();
        }
        CStr::from_ptr(text).to_string_lossy()
    };
    text.into_owned()
}
