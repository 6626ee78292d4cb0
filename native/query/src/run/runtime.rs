//! The runtimes: work on the CPU in as many threads as slots, and everything that waits.

use datafusion::common::{DataFusionError, Result};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};

/// Enough for the deepest plan that is not refused; memory is only taken where it is touched.
const STACK_BYTES: usize = 128 << 20;

static IO: LazyLock<std::io::Result<Runtime>> = LazyLock::new(|| {
    Builder::new_multi_thread().worker_threads(2).thread_name("kiln-io").thread_stack_size(STACK_BYTES).enable_all().build()
});

/// The process's runtime for what waits: heartbeats, calls from Node, transfers.
///
/// # Errors
/// When threads cannot be started.
pub fn io_runtime() -> Result<&'static Handle> {
    match &*IO {
        Ok(runtime) => Ok(runtime.handle()),
        Err(error) => Err(DataFusionError::IoError(std::io::Error::new(error.kind(), error.to_string()))),
    }
}

/// Worker threads of one executor.
#[derive(Debug)]
pub struct CpuRuntime(Option<Runtime>, Handle);

impl CpuRuntime {
    pub fn new(slots: usize) -> Result<Arc<Self>> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(slots.max(1))
            .max_blocking_threads(slots.max(1) * 4 + 16)
            .thread_keep_alive(Duration::from_secs(2))
            .thread_name("kiln-cpu")
            .thread_stack_size(STACK_BYTES)
            .enable_all()
            .build()?;
        let handle = runtime.handle().clone();
        Ok(Arc::new(Self(Some(runtime), handle)))
    }

    pub fn handle(&self) -> &Handle {
        &self.1
    }
}

impl Drop for CpuRuntime {
    fn drop(&mut self) {
        // It may be dropped on a thread of a runtime, which must not wait.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Nanoseconds that the calling thread has worked.
fn thread_cpu_nanos() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a local of the right type, which the call fills.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    if result == 0 { time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64 } else { 0 }
}

pin_project_lite::pin_project! {
    /// Adds up the CPU time of a future's polls, whichever threads they are on.
    pub struct CpuTimed<F> {
        #[pin]
        future: F,
        nanos: u64,
    }
}

impl<F> CpuTimed<F> {
    pub fn new(future: F) -> Self {
        Self { future, nanos: 0 }
    }
}

impl<F: Future> Future for CpuTimed<F> {
    type Output = (F::Output, u64);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let start = thread_cpu_nanos();
        let polled = this.future.poll(cx);
        *this.nanos += thread_cpu_nanos().saturating_sub(start);
        polled.map(|output| (output, *this.nanos))
    }
}
