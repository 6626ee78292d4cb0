//! Writes the eight TPC-H tables as Parquet: `kiln-tpch --scale 1 --output DIR [--parts N]`.
//!
//! One file a table (`DIR/nation.parquet`), or with `--parts` a directory of files for the tables that
//! grow with the scale.

mod options;
mod tables;

use options::Options;
use std::collections::VecDeque;
use std::fs;
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;
use tables::{Job, TABLES};

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    match Options::parse(std::env::args().skip(1)).and_then(|options| generate(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kiln-tpch: {error}\n\n{}", options::USAGE);
            ExitCode::FAILURE
        }
    }
}

fn generate(options: &Options) -> Result<(), Failure> {
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
