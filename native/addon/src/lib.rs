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
mod sources;
mod transport;

use napi_derive::napi;
use std::sync::atomic::{AtomicU64, Ordering};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
