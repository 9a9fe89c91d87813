//! Gives arbitrary bytes to one reader of `vapo_train::fuzz`, by its name in `READER`. `tests/fuzz` builds and runs it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::LazyLock;
use vapo_train::fuzz::{READERS, Reader, reader};

/// The most that a reader may take at once: the decoder of images states 512 MiB.
const MOST: usize = 768 << 20;

/// The system's memory, but no more than [`MOST`] at once: a size that a file merely claims is a fault, even where no
/// byte of it is touched.
struct Bounded;

fn check(size: usize) {
    if size > MOST {
        // No message that takes memory itself.
        eprintln!("a reader takes {size} bytes at once");
        std::process::abort();
    }
}

// SAFETY: Every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Bounded {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        check(layout.size());
        // SAFETY: The caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        check(layout.size());
        // SAFETY: As above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        check(size);
        // SAFETY: As above.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: As above.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static MEMORY: Bounded = Bounded;

static READER: LazyLock<Reader> = LazyLock::new(|| {
    let name = std::env::var("READER").unwrap_or_default();
    reader(&name).unwrap_or_else(|| {
        eprintln!("READER={name}: give one of {}", READERS.map(|(name, _)| name).join(", "));
        std::process::exit(2);
    })
});

fuzz_target!(|bytes: &[u8]| READER(bytes));
