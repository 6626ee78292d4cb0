//! Traps of memory and spilling.

use crate::support::external::{Source, numbers, numbers_to};
use crate::support::tables::{texts, tpch_dir, tpch_request, tpch_tables};
use crate::support::{MiniDriver, Variant, assert_clean, map_stage, none, sql};
use datafusion::common::exec_err;
use futures::{StreamExt, stream};
use kiln_query::run::io_runtime;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A sort, a window and an aggregate in one task, whose rows are many times its memory.
const SPILLING: &str = "select count(*) as n, sum(r) as r, max(c) as c from (
    select count(*) over (partition by k order by s) as r, s, c from (
        select k, s, count(*) as c from (select id % 1000 as k, concat('this is row number ', id * 7919 % 1000003) as s from range(0, 1200000, 1, 2))
        group by k, s))";

fn tight(memory_bytes: u64) -> Variant {
    Variant { memory_bytes, ..Variant::default().conf("spark.sql.shuffle.partitions", "2") }
}

/// Trap 6: each spillable consumer gets its share though others are idle, merges of spills cannot spill, and
/// what a sort reserves for its merge may be all that it has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_spilling_consumers_merge_within_the_budget() {
    let variant = tight(48 << 20);
    let driver = MiniDriver::new(variant.clone());
    let run = driver.run(&sql(SPILLING, &none(), &variant)).await.unwrap();
    assert_eq!(texts(&run.batches), ["1200000|720600000|1"]);
    assert!(run.spilled_bytes > 32 << 20, "{} bytes spilled", run.spilled_bytes);
    assert_eq!(run.retries, 0);
    assert_clean(&driver);
}

/// Trap 6: to be spilled, rows in memory are merged by their keys, which are held for all of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sort_that_has_its_task_to_itself_is_spilled() {
    for order in ["k", "k, id", "k desc, id, s"] {
        let variant = tight(16 << 20);
        let driver = MiniDriver::new(variant.clone());
        let text = format!(
            "select count(*) as n, max(r) as r, max(s) as s from (select row_number() over (order by {order}) as r, s from
                (select id, id * 7919 % 1000003 as k, cast(id % 100 as string) as s from range(0, 1000000, 1, 1)))"
        );
        let run = driver.run(&sql(&text, &none(), &variant)).await.unwrap();
        assert_eq!(texts(&run.batches), ["1000000|1000000|99"], "{order}");
        assert!(run.spilled_bytes > 0);
        assert_clean(&driver);
    }
}

/// Trap 9: DataFusion writes spills as they are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spills_are_compressed() {
    let spilled = async |expression: &str| {
        let variant = tight(16 << 20);
        let driver = MiniDriver::new(variant.clone());
        let text = format!("select id, {expression} as s from range(0, 200000, 1, 1) order by s, id * 7919 % 1000003 desc");
        let planned = sql(&text, &none(), &variant);
        let bytes = driver.run(&planned).await.unwrap().spilled_bytes;
        assert!(bytes > 0);
        bytes
    };
    let (alike, unlike) =
        (spilled("repeat(concat('all alike ', id % 3), 12)").await, spilled("concat(sha2(concat(id), 512), sha2(concat(-id), 512))").await);
    assert!(alike * 4 < unlike, "{alike} and {unlike} bytes");
}

/// Trap 12: a view keeps whole buffers alive, which would travel with every partition.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blocks_do_not_carry_other_rows_text() {
    let stored = async |partitions: u32, block_store| {
        let variant = Variant { block_store, ..Variant::default() };
        let driver = MiniDriver::new(variant.clone());
        let text =
            format!("select /*+ repartition({partitions}, l_orderkey) */ l_orderkey, l_comment from lineitem where l_linenumber = 7");
        let planned = kiln_query::plan::plan(&tpch_request(&text, &tpch_tables(tpch_dir()), &variant)).unwrap();
        map_stage(&driver, &planned, 0).await;
        let usage = driver.executor.usage();
        usage.storage_bytes + usage.disk_bytes
    };
    for block_store in ["memory:", "file:"] {
        let (whole, cut) = (stored(1, block_store).await, stored(40, block_store).await);
        assert!(whole > 0 && cut < 2 * whole, "{cut} bytes in 40 partitions, {whole} in one, in {block_store}");
    }
}

/// Trap 16: threads that compute are not those that answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_goes_on_while_every_slot_computes() {
    let variant = Variant::default();
    let driver = MiniDriver::new(variant.clone());
    let (let_go, wait) = channel::<()>();
    let wait = Arc::new(Mutex::new(wait));
    // The reader blocks its thread until the runtime of what waits has had its turn.
    driver.executor.set_external_reader(Source::reader(move |_, schema| {
        let wait = Arc::clone(&wait);
        let read = async move {
            match wait.lock().unwrap().recv_timeout(Duration::from_secs(20)) {
                Ok(()) => Ok(numbers_to(10, schema)),
                Err(_) => exec_err!("nobody answered while the slots were busy"),
            }
        };
        stream::once(read).boxed()
    }));
    let planned = sql("select sum(n) as s from numbers", &numbers(&["a", "b"]), &variant);
    let answering = async move {
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let_go.send(()).unwrap();
        }
    };
    let answering = io_runtime().unwrap().spawn(answering);
    let run = driver.run(&planned).await.unwrap();
    answering.await.unwrap();
    assert_eq!(texts(&run.batches), ["90"]);
}
