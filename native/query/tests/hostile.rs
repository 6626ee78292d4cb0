//! Bytes from outside that are not what they should be: an error, never a panic, never memory that they cannot fill.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use arrow::array::{Int64Array, RecordBatch, StringViewArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::ipc::writer::StreamWriter;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::executor::block_on;
use futures::{FutureExt, StreamExt};
use kiln_query::boundary::{AnalyzeRequest, ExecutorConfig, MapOutputs, StageDecisions, TaskSpec};
use kiln_query::codec::decode_stage;
use kiln_query::external_stream;
use kiln_query::stage::{choose_bounds, refine};
use proptest::prelude::*;
use proptest::sample::Index;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fs;
use std::panic::catch_unwind;
use std::sync::{Arc, LazyLock};
use support::tables::{tpch_dir, tpch_request, tpch_tables};
use support::{MiniDriver, Variant};

thread_local! {
    /// The largest allocation of this thread since the last reset.
    static LARGEST: Cell<usize> = const { Cell::new(0) };
}
const LIMIT: usize = 64 << 20;

struct Watch;

// SAFETY: hands everything to the system's allocator.
unsafe impl GlobalAlloc for Watch {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.set(LARGEST.get().max(layout.size()));
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watch = Watch;

/// What may happen to bytes on their way.
#[derive(Debug, Clone)]
enum Damage {
    Cut(Index),
    Flip(Vec<(Index, u8)>),
    /// A stretch of other bytes.
    Overwrite(Index, Vec<u8>),
}

impl Damage {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Cut(at) => bytes.truncate(at.index(bytes.len())),
            Self::Flip(flips) => {
                for (at, mask) in flips {
                    let at = at.index(bytes.len());
                    bytes[at] ^= mask;
                }
            }
            Self::Overwrite(at, with) => {
                let at = at.index(bytes.len());
                let end = (at + with.len()).min(bytes.len());
                bytes[at..end].copy_from_slice(&with[..end - at]);
            }
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        any::<Index>().prop_map(Damage::Cut),
        proptest::collection::vec((any::<Index>(), 1_u8..=255), 1..6).prop_map(Damage::Flip),
        (any::<Index>(), proptest::collection::vec(any::<u8>(), 1..9)).prop_map(|(at, with)| Damage::Overwrite(at, with)),
    ]
}

/// Runs `work` without a panic and without a large allocation.
fn harmless<T>(work: impl FnOnce() -> T + std::panic::UnwindSafe) -> Result<T, TestCaseError> {
    LARGEST.set(0);
    let result = catch_unwind(work).map_err(|_| TestCaseError::fail("it panicked"))?;
    let largest = LARGEST.get();
    prop_assert!(largest < LIMIT, "{} bytes at once", largest);
    Ok(result)
}

/// Stages of all kinds, encoded.
static STAGES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let tables = tpch_tables(tpch_dir());
    let variant = Variant::default().conf("kiln.sql.sort.singleMergeBytes", "0").conf("spark.sql.files.maxPartitionBytes", "256k");
    let queries =
        [3, 9, 16, 18, 21, 22].map(|q| fs::read_to_string(format!("{}/tests/tpch/q{q}.sql", env!("CARGO_MANIFEST_DIR"))).unwrap());
    let more = [
        "select l_orderkey, rank() over (partition by l_suppkey order by l_tax) as r, rand(1) as x from lineitem order by x desc",
        "select /*+ repartition(3) */ case when l_tax > 1 then l_comment else upper(l_shipmode) end as c from lineitem where l_comment like '%x_%'",
    ];
    let texts = queries.iter().map(String::as_str).chain(more);
    texts.flat_map(|text| kiln_query::plan::plan(&tpch_request(text, &tables, &variant)).unwrap().stages).collect()
});

/// A text of JSON where numbers, names and brackets are others.
fn damaged_json(json: &str, at: Index, with: &str) -> String {
    let places: Vec<usize> = json.char_indices().map(|(i, _)| i).collect();
    let at = places[at.index(places.len())];
    let end = json[at..].find([',', '}', ']', ':']).map_or(json.len(), |n| at + n);
    format!("{}{with}{}", &json[..at], &json[end..])
}

fn json_values() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "",
        "null",
        "-1",
        "18446744073709551615",
        "4294967295",
        "1e400",
        "\"\"",
        "\"x",
        "[]",
        "{}",
        "[[[[",
        "\"\\ud800\"",
        "true",
    ])
}

fn stream_of(rows: i64) -> Vec<u8> {
    let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, true), Field::new("s", DataType::Utf8View, true)]));
    let numbers = Arc::new(Int64Array::from_iter_values(0..rows));
    let texts = Arc::new(StringViewArray::from_iter_values((0..rows).map(|i| format!("a text that is too long for a view, {i}"))));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![numbers, texts]).unwrap();
    let mut writer = StreamWriter::try_new(Vec::new(), &schema).unwrap();
    writer.write(&batch).unwrap();
    writer.write(&batch.slice(0, 1)).unwrap();
    writer.into_inner().unwrap()
}

/// Reads one answer of a data source that is not in Rust.
fn external(bytes: Vec<u8>) -> Result<usize, String> {
    let schema = Arc::new(Schema::new(vec![Field::new("s", DataType::Utf8View, true), Field::new("n", DataType::Int64, true)]));
    let mut answers = vec![None, Some(bytes)];
    let stream = external_stream("numbers".into(), schema, move || std::future::ready(Ok(answers.pop().unwrap())).boxed());
    let batches: Vec<_> = block_on(stream.collect());
    batches.into_iter().map(|batch| batch.map(|b| b.num_rows()).map_err(|e| e.to_string())).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_plans_are_errors_or_other_plans(which in any::<Index>(), damage in damage()) {
        let mut bytes = which.get(&STAGES).clone();
        damage.apply(&mut bytes);
        harmless(|| decode_stage(&bytes).map(drop).map_err(|e| e.to_string()))?.ok();
    }

    #[test]
    fn damaged_plans_are_refined_or_refused(which in any::<Index>(), damage in damage()) {
        let mut bytes = which.get(&STAGES).clone();
        damage.apply(&mut bytes);
        let decisions = MiniDriver::new(Variant::default()).decisions();
        harmless(|| refine(&bytes, &decisions).map(drop).map_err(|e| e.to_string()))?.ok();
    }

    #[test]
    fn random_bytes_are_no_plan(mut bytes in proptest::collection::vec(any::<u8>(), 0..300), magic in any::<bool>()) {
        if magic && bytes.len() > 10 {
            bytes[..6].copy_from_slice(b"KILNS\x01");
        }
        prop_assert!(harmless(|| decode_stage(&bytes).is_err())?);
    }

    #[test]
    fn damaged_answers_of_a_data_source(rows in 1..50_i64, damage in damage()) {
        let mut bytes = stream_of(rows);
        damage.apply(&mut bytes);
        harmless(|| external(bytes))?.ok();
    }

    #[test]
    fn damaged_values_of_a_scalar_subquery(damage in damage()) {
        let stage = &STAGES[0];
        let mut bytes = stream_of(1);
        damage.apply(&mut bytes);
        let mut decisions = MiniDriver::new(Variant::default()).decisions();
        decisions.scalars.insert(0, STANDARD.encode(bytes));
        harmless(|| refine(stage, &decisions).map(drop).map_err(|e| e.to_string()))?.ok();
    }

    #[test]
    fn damaged_json_is_refused_or_something_else(at in any::<Index>(), with in json_values(), again in any::<Index>()) {
        let (tables, stage) = (tpch_tables_once(), &STAGES[0]);
        let request = serde_json::to_string(&tpch_request("select l_comment, sum(l_tax) from lineitem where l_tax > 0 group by l_comment limit 3", tables, &Variant::default())).unwrap();
        let request = damaged_json(&damaged_json(&request, at, with), again, with);
        harmless(|| serde_json::from_str::<AnalyzeRequest>(&request).ok().map(|r| kiln_query::plan::plan(&r).is_ok()))?;
        let driver = MiniDriver::new(Variant::default());
        let decisions = damaged_json(&serde_json::to_string(&driver.decisions()).unwrap(), at, with);
        harmless(|| serde_json::from_str::<StageDecisions>(&decisions).ok().map(|d| refine(stage, &d).is_ok()))?;
        let spec = TASK.replace("0", with);
        harmless(|| serde_json::from_str::<TaskSpec>(&damaged_json(&spec, at, with)).is_ok())?;
        let outputs = damaged_json(OUTPUTS, at, with);
        harmless(std::panic::AssertUnwindSafe(|| serde_json::from_str::<MapOutputs>(&outputs).map(|o| driver.executor.set_map_outputs(o)).is_ok()))?;
        harmless(|| serde_json::from_str::<ExecutorConfig>(&damaged_json(CONFIG, at, with)).is_ok())?;
    }

    #[test]
    fn damaged_keys_of_a_range(keys in proptest::collection::vec("[0-9a-fA-Fx]{0,12}", 0..40), rows in any::<u64>(), partitions in any::<usize>()) {
        let runs = vec![kiln_query::boundary::RangeRun { keys: keys.clone(), rows }, kiln_query::boundary::RangeRun { keys, rows: 1 }];
        harmless(|| choose_bounds(&runs, partitions).map(drop).map_err(|e| e.to_string()))?.ok();
    }
}

const TASK: &str = r#"{"taskId":0,"jobId":0,"stageId":0,"stageAttempt":0,"partition":0,"attempt":0,"program":"p","splits":{"0":[]},"epoch":0,"writeDir":null,"sharesBuild":false}"#;
const OUTPUTS: &str = r#"{"shuffleId":1,"epoch":3,"outputs":[{"map":0,"executorId":"e","uri":"memory:","keys":["00ff"]}]}"#;
const CONFIG: &str = r#"{"executorId":"e","slots":2,"memoryBytes":1000000,"storageFraction":0.5,"localDirs":["/nowhere"],"blockStore":"memory:","compression":"lz4"}"#;

fn tpch_tables_once() -> &'static support::tables::Described {
    static TABLES: LazyLock<support::tables::Described> = LazyLock::new(|| tpch_tables(tpch_dir()));
    &TABLES
}

#[test]
fn whole_answers_are_read() {
    assert_eq!(external(stream_of(10)), Ok(11));
    // A writer may leave the mark of the end out.
    let bytes = stream_of(10);
    assert_eq!(external(bytes[..bytes.len() - 8].to_vec()), Ok(11));
    assert!(external(bytes[..bytes.len() - 9].to_vec()).is_err());
    assert!(external(b"no stream at all".to_vec()).unwrap_err().contains("no Arrow IPC stream"));
}
