//! Tasks whose records come from outside: what they shuffle is written, read and lost as that of queries.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use kiln_query::boundary::{Determinism, ExecutorConfig, FailureKind, MapOutputs, MapStatus, TaskOutput, TaskSpec, TaskStatus};
use kiln_query::run::{Executor, RecordsTask, failure_of};
use serde_json::json;
use tempfile::TempDir;

struct Bench {
    executor: Executor,
    next_task: u64,
    _folder: TempDir,
}

impl Bench {
    fn new(memory_bytes: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config: ExecutorConfig = serde_json::from_value(json!({
            "executorId": "e1", "slots": 2, "memoryBytes": memory_bytes, "storageFraction": 0.5,
            "localDirs": [folder.path()], "blockStore": "memory:", "compression": "lz4",
        }))
        .unwrap();
        Self { executor: Executor::new(config).unwrap(), next_task: 0, _folder: folder }
    }

    fn open(&mut self, partition: u32) -> RecordsTask {
        let task_id = self.next_task;
        self.next_task += 1;
        let spec: TaskSpec = serde_json::from_value(json!({
            "taskId": task_id, "jobId": 0, "stageId": 0, "stageAttempt": 0, "partition": partition, "attempt": 0,
            "program": "", "splits": {}, "epoch": 0, "writeDir": null, "sharesBuild": false,
        }))
        .unwrap();
        self.executor.open_records(spec).unwrap()
    }

    /// Tells of the outputs of maps 0 to before `maps` of shuffle 7.
    fn announce(&self, maps: u32) {
        let outputs: Vec<_> =
            (0..maps).map(|map| json!({ "map": map, "executorId": "e1", "uri": "memory:", "keys": [], "address": "" })).collect();
        let outputs: MapOutputs = serde_json::from_value(json!({ "shuffleId": 7, "epoch": 0, "outputs": outputs })).unwrap();
        self.executor.set_map_outputs(outputs);
    }

    fn assert_clean(&self, map_outputs: u64) {
        let usage = self.executor.usage();
        assert_eq!((usage.live_tasks, usage.reserved_bytes, usage.temporary_files, usage.map_outputs), (0, 0, 0, map_outputs));
    }
}

/// Writes `records` texts to partitions in turn: record i to `i % partitions`.
async fn write(task: &RecordsTask, partitions: u32, records: std::ops::Range<u32>, bytes: usize) {
    for first in records.clone().step_by(1000) {
        let texts: Vec<String> = (first..(first + 1000).min(records.end)).map(|i| format!("{i:x<bytes$};")).collect();
        let lengths: Vec<u32> = texts.iter().map(|text| text.len() as u32).collect();
        let targets = (first..).take(texts.len()).map(|i| i % partitions).collect();
        task.write(texts.concat().into_bytes(), &lengths, targets).await.unwrap();
    }
}

async fn finish(task: RecordsTask) -> MapStatus {
    match task.finish().await.unwrap().0 {
        Some(TaskStatus::Success { output: TaskOutput::MapOutput { status } }) => status,
        other => panic!("{other:?}"),
    }
}

async fn read(task: &RecordsTask, partition: u32) -> Vec<u32> {
    task.open_reader(3, 7, partition, partition + 1).unwrap();
    let mut bytes = Vec::new();
    while let Some(block) = task.read(3, 10_000).await.unwrap() {
        bytes.extend(block);
    }
    let text = String::from_utf8(bytes).unwrap();
    text.split_terminator(';').map(|record| record.trim_end_matches('x').parse().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_come_to_their_partitions_in_the_order_of_the_maps() {
    // Too little memory for it all: it spills and is evicted.
    let mut bench = Bench::new(8 << 20);
    for map in 0..3 {
        let task = bench.open(map);
        task.open_writer(7, 4, Determinism::Determinate).unwrap();
        write(&task, 4, map * 100_000..(map + 1) * 100_000, 60).await;
        let status = finish(task).await;
        assert_eq!(status.rows, [25_000; 4]);
        assert_eq!(status.bytes.len(), 4);
    }
    bench.announce(3);
    for partition in 0..4 {
        let task = bench.open(partition);
        let records = read(&task, partition).await;
        assert_eq!(records, (0..300_000).filter(|i| i % 4 == partition).collect::<Vec<u32>>());
        let (status, metrics) = task.finish().await.unwrap();
        assert!(status.is_none(), "{status:?}");
        assert_eq!(metrics.shuffle_read_rows, 75_000);
        assert!(metrics.executor_cpu_nanos > 0);
    }
    bench.assert_clean(3);
    bench.executor.remove_shuffle(7);
    bench.assert_clean(0);
}

#[tokio::test]
async fn a_task_that_is_dropped_or_cancelled_leaves_nothing() {
    let mut bench = Bench::new(64 << 20);
    let task = bench.open(0);
    task.open_writer(7, 2, Determinism::Determinate).unwrap();
    write(&task, 2, 0..5_000, 10).await;
    drop(task);
    bench.assert_clean(0);

    let task = bench.open(0);
    task.open_writer(7, 2, Determinism::Determinate).unwrap();
    write(&task, 2, 0..5_000, 10).await;
    assert!(bench.executor.cancel_task(1, "enough"));
    assert!(task.write(b"a".to_vec(), &[1], vec![0]).await.is_err());
    match task.finish().await.unwrap().0 {
        Some(TaskStatus::Killed { reason }) => assert_eq!(reason, "enough"),
        other => panic!("{other:?}"),
    }
    drop(task);
    bench.assert_clean(0);
}

#[tokio::test]
async fn a_lost_output_is_a_fetch_failure_that_names_it() {
    let mut bench = Bench::new(64 << 20);
    bench.announce(2);
    let task = bench.open(1);
    task.open_reader(0, 7, 1, 2).unwrap();
    let failure = failure_of(&task.read(0, 100).await.unwrap_err());
    assert_eq!(failure.kind, FailureKind::FetchFailed);
    assert_eq!(failure.fetch.map(|fetch| (fetch.shuffle_id, fetch.map, fetch.reduce)), Some((7, 0, 1)));
    assert!(task.open_reader(1, 8, 0, 1).is_err());
    drop(task);
    bench.assert_clean(0);
}

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    let mut bench = Bench::new(64 << 20);
    let task = bench.open(0);
    assert!(task.write(b"ab".to_vec(), &[2], vec![0]).await.is_err());
    task.open_writer(7, 2, Determinism::Determinate).unwrap();
    assert!(task.open_writer(7, 2, Determinism::Determinate).is_err());
    for (lengths, partitions) in
        [(vec![1], vec![0]), (vec![3], vec![0]), (vec![1, 1], vec![0]), (vec![2], vec![2]), (vec![u32::MAX; 2], vec![0, 0])]
    {
        assert!(task.write(b"ab".to_vec(), &lengths, partitions.clone()).await.is_err(), "{lengths:?} {partitions:?}");
    }
    assert!(task.open_reader(0, 9, 0, 1).is_err());
    assert!(task.read(5, 1).await.is_err());
}
