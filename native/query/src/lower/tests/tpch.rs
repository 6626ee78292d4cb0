//! TPC-H against Spark's answers. Needs data, so it is not run by itself:
//! `KILN_TPCH=<dir of TABLE.parquet> KILN_TPCH_QUERIES=<dir of qN.sql> KILN_TPCH_GOLDEN=<dir of qN.json> cargo test ... -- --ignored tpch`
use super::harness::Engine;
use crate::functions::types::spark_field;
use datafusion::prelude::ParquetReadOptions;
use kiln_sql::resolve::table_key;
use kiln_sql::tree::{ReadSource, Relation};
use std::path::{Path, PathBuf};
use std::time::Instant;

const TABLES: [&str; 8] = ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"];

pub async fn engine(data: &Path, partitions: usize) -> Engine {
    let mut engine = Engine::new(partitions);
    for table in TABLES {
        let path = data.join(format!("{table}.parquet")).display().to_string();
        engine.context.register_parquet(table, &path, ParquetReadOptions::default()).await.unwrap();
        let provider = engine.context.table_provider(table).await.unwrap();
        let fields = provider.schema().fields().iter().map(|f| spark_field(f).unwrap()).collect();
        let key = table_key("parquet", std::slice::from_ref(&path), &[], None);
        let source = ReadSource::DataSource { format: "parquet".into(), paths: vec![path], options: vec![], schema: None };
        engine.views.insert(table.into(), Relation::Read { source, position: None });
        engine.fields.insert(key.clone(), fields);
        engine.tables.insert(key, provider);
    }
    engine
}

fn directory(variable: &str) -> PathBuf {
    PathBuf::from(std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set")))
}

fn query(n: u32) -> String {
    let text = std::fs::read_to_string(directory("KILN_TPCH_QUERIES").join(format!("q{n}.sql"))).unwrap();
    text.lines().filter(|l| !l.trim_start().starts_with("--")).collect::<Vec<_>>().join("\n").trim().trim_end_matches(';').to_owned()
}

fn numbers() -> Vec<u32> {
    match std::env::var("KILN_ONLY") {
        Ok(only) => only.split(',').map(|n| n.parse().unwrap()).collect(),
        Err(_) => (1..=22).collect(),
    }
}

#[test]
#[ignore = "needs generated data"]
fn tpch_answers_are_sparks() {
    let golden = directory("KILN_TPCH_GOLDEN");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut failures = Vec::new();
    runtime.block_on(async {
        let engine = engine(&directory("KILN_TPCH"), 2).await;
        for n in numbers() {
            let answer = match engine.sql(&query(n), "UTC").await {
                Ok(answer) => answer,
                Err(error) => {
                    failures.push(format!("q{n}: {error}"));
                    continue;
                }
            };
            let wanted: serde_json::Value =
                serde_json::from_str(&std::fs::read_to_string(golden.join(format!("q{n}.json"))).unwrap()).unwrap();
            let types: Vec<String> = answer.columns.iter().map(|c| c.data_type.to_string()).collect();
            let wanted_types: Vec<&str> = wanted["fields"].as_array().unwrap().iter().map(|f| f["type"].as_str().unwrap()).collect();
            let mut rows: Vec<Vec<Option<String>>> = answer.rows("UTC");
            let mut wanted_rows: Vec<Vec<Option<String>>> = serde_json::from_value(wanted["rows"].clone()).unwrap();
            rows.sort();
            wanted_rows.sort();
            let differs = rows.iter().zip(&wanted_rows).find(|(f, w)| f != w);
            if types != wanted_types || rows.len() != wanted_rows.len() || differs.is_some() {
                failures.push(format!("q{n}: {} rows, not {}; {types:?} {wanted_types:?}; {differs:?}", rows.len(), wanted_rows.len()));
            }
        }
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Seconds of each query in this process, best of three.
#[test]
#[ignore = "a measurement"]
fn tpch_times() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let engine = engine(&directory("KILN_TPCH"), 2).await;
        let mut total = 0.0;
        for n in numbers() {
            let mut best = f64::MAX;
            for _ in 0..3 {
                let start = Instant::now();
                let answer = engine.sql(&query(n), "UTC").await.unwrap();
                best = best.min(start.elapsed().as_secs_f64());
                assert!(answer.batch.num_columns() > 0);
            }
            total += best;
            println!("q{n}: {best:.3}");
        }
        println!("total: {total:.3}");
    });
}
