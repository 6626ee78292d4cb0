//! Glue between Node and the Rust crates: JSON and bytes in, JSON and bytes out. No logic.
//!
//! Every function may be called from any worker thread. What takes long answers with a Promise and
//! runs on Kiln's own runtime; a Promise that is pending keeps its thread alive, nothing else does.

mod blocks;
mod error;
mod executor;
mod external;
mod planning;
mod promise;
mod records;
mod sources;
mod transport;

use napi_derive::napi;
use std::sync::atomic::{AtomicU64, Ordering};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Memory that was freed is kept this long for the next task: a shuffle takes and gives back gigabytes, and each page that
/// goes to the system and comes back costs a fault (docs/decisions/0006-memory-of-the-process.md).
const PURGE_DELAY_MILLIS: std::ffi::c_long = 1000;

/// `mi_option_purge_delay`, for which the crate has no name, and its default.
const PURGE_DELAY: (libmimalloc_sys::mi_option_t, std::ffi::c_long) = (15, 10);

#[napi_derive::module_init]
fn configure_allocator() {
    let (option, default) = PURGE_DELAY;
    // SAFETY: both calls touch an integer in a static table, within its bounds. Nothing is set when the number no longer
    // stands for this option or the user chose a value (MIMALLOC_PURGE_DELAY).
    unsafe {
        if libmimalloc_sys::mi_option_get(option) == default {
            libmimalloc_sys::mi_option_set_default(option, PURGE_DELAY_MILLIS);
        }
    }
}

static CROSSINGS: AtomicU64 = AtomicU64::new(0);

/// One call into the addon, or one call from it into JavaScript.
fn cross() {
    CROSSINGS.fetch_add(1, Ordering::Relaxed);
}

/// Calls into the addon and back so far.
#[napi]
pub fn crossings() -> f64 {
    CROSSINGS.load(Ordering::Relaxed) as f64
}
