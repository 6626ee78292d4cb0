//! The eight TPC-H tables as Parquet, for tests and benchmarks.

mod options;
mod tables;

pub use options::{Options, USAGE};

use std::collections::VecDeque;
use std::fs;
use std::sync::Mutex;
use std::thread;
use tables::{Job, TABLES};

/// Whatever went wrong, for a message.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Writes the tables: one file each, or with several parts a directory of files for those that grow
/// with the scale.
///
/// # Errors
/// When files cannot be written.
pub fn generate(options: &Options) -> Result<(), Failure> {
    fs::create_dir_all(&options.output)?;
    // The largest table first: its last part ends last otherwise.
    let jobs: VecDeque<Job> = TABLES.iter().flat_map(|table| table.jobs(options)).collect();
    let jobs = Mutex::new(jobs);
    let next = || jobs.lock().ok().and_then(|mut jobs| jobs.pop_front());
    let worker = || -> Result<(), Failure> {
        while let Some(job) = next() {
            job.run(options)?;
        }
        Ok(())
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a worker panicked")?)
    })
}
