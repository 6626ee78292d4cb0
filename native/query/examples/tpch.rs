//! TPC-H through the stages in one process: `cargo run --release -p kiln-query --example tpch -- DIR [--runs N]
//! [--only 1,3] [--slots N] [--conf KEY=VALUE].. [--stages]`. Planning is in the times; footers are read before.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::fs;
use std::path::Path;
use std::time::Instant;
use support::tables::{tpch_request, tpch_tables};
use support::{MiniDriver, Variant};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(run());
}

async fn run() {
    let mut arguments = std::env::args().skip(1);
    let dir = arguments.next().expect("a directory with the tables");
    let (mut runs, mut only, mut stages) = (2, (1..=22).collect::<Vec<u32>>(), false);
    let mut variant = Variant { memory_bytes: 12 << 30, ..Variant::default() };
    while let Some(name) = arguments.next() {
        if name == "--stages" {
            stages = true;
            continue;
        }
        let value = arguments.next().expect("a value");
        match name.as_str() {
            "--runs" => runs = value.parse().unwrap(),
            "--slots" => variant.slots = value.parse().unwrap(),
            "--only" => only = value.split(',').map(|q| q.parse().unwrap()).collect(),
            "--store" => variant.block_store = Box::leak(value.into_boxed_str()),
            "--coalesce" => variant.coalesce_bytes = value.parse().unwrap(),
            "--conf" => {
                let (key, value) = value.split_once('=').unwrap();
                variant = variant.conf(key, value);
            }
            other => panic!("{other}"),
        }
    }
    let tables = tpch_tables(dir);
    let driver = MiniDriver::new(variant.clone());
    let (mut total, mut logarithms) = (0.0, 0.0);
    for q in &only {
        let sql = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/tpch/q{q}.sql"))).unwrap();
        let request = tpch_request(&sql, &tables, &variant);
        let mut best = f64::MAX;
        let mut line = String::new();
        for _ in 0..runs {
            let start = Instant::now();
            let planned = kiln_query::plan::plan(&request).unwrap();
            let planning = start.elapsed();
            let run = driver.run(&planned).await.unwrap();
            let seconds = start.elapsed().as_secs_f64();
            if seconds < best {
                best = seconds;
                let times: Vec<String> = run.stage_times.iter().map(|t| format!("{:.0}", t.as_secs_f64() * 1000.0)).collect();
                line = format!(
                    "{} stages, {} tasks, planned in {:.0} ms, spilled {} MB; stages in ms: {}",
                    planned.stages.len(),
                    run.tasks,
                    planning.as_secs_f64() * 1000.0,
                    run.spilled_bytes >> 20,
                    times.join(" ")
                );
            }
            if stages && runs == 1 {
                support::show(&planned);
            }
        }
        println!("q{q}: {best:.3} s; {line}");
        total += best;
        logarithms += best.ln();
    }
    println!("total {total:.2} s, geometric mean {:.3} s", (logarithms / only.len() as f64).exp());
}
