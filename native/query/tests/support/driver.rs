use arrow::array::RecordBatch;
use arrow::ipc::reader::StreamReader;
use base64::Engine;
use kiln_query::boundary::{
    ExecutorConfig, FailureKind, MapOutputLocation, MapOutputs, MapStatus, PartitionRead, Partitioning, StageDecisions, StageInput,
    StageOutput, StagePlan, TaskFailure, TaskOutput, TaskSpec, TaskStatus,
};
use kiln_query::plan::Planned;
use kiln_query::run::{Executor, io_runtime};
use kiln_query::stage::{choose_range_bounds, refine};
use kiln_transport::{Transport, TransportConfig};
use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How a test wants the engine.
#[derive(Debug, Clone)]
pub struct Variant {
    /// Executors: tasks are dealt to them in turn, and they read each other's map outputs by their transports.
    pub executors: u32,
    pub slots: u32,
    pub memory_bytes: u64,
    pub block_store: &'static str,
    pub conf: BTreeMap<String, String>,
    pub max_hash_build_bytes: u64,
    pub avoid_hash_join: bool,
    /// Join reduce partitions smaller than this (0: leave them).
    pub coalesce_bytes: u64,
}

impl Default for Variant {
    fn default() -> Self {
        Self {
            executors: 1,
            slots: 2,
            memory_bytes: 4 << 30,
            block_store: "memory:",
            conf: BTreeMap::new(),
            max_hash_build_bytes: 256 << 20,
            avoid_hash_join: false,
            coalesce_bytes: 0,
        }
    }
}

impl Variant {
    pub fn conf(mut self, key: &str, value: &str) -> Self {
        self.conf.insert(key.to_owned(), value.to_owned());
        self
    }
}

/// What a query did.
#[derive(Debug, Default)]
pub struct QueryRun {
    pub batches: Vec<RecordBatch>,
    pub tasks: u64,
    pub retries: u64,
    pub spilled_bytes: u64,
    /// Blocks that came from another executor.
    pub remote_blocks: u64,
    pub stage_times: Vec<Duration>,
    /// Rows of each task of the last stage.
    pub result_rows: Vec<u64>,
}

pub struct MiniDriver {
    /// The first executor, which is the only one but for tests of several.
    pub executor: Executor,
    pub executors: Vec<Executor>,
    pub transports: Vec<Transport>,
    pub variant: Variant,
    next_task: AtomicU64,
    dir: tempfile::TempDir,
}

fn executor_id(index: usize) -> String {
    if index == 0 { "test".to_owned() } else { format!("test-{index}") }
}

/// On the runtime that it belongs to, whatever the test runs on.
fn open_transport() -> Transport {
    let config = TransportConfig {
        host: "127.0.0.1".to_owned(),
        port: 0,
        advertised_host: String::new(),
        application_id: "test".to_owned(),
        secret: "YSBzZWNyZXQ=".to_owned(),
        tls: None,
        max_frame_bytes: 16 << 20,
        idle_timeout_millis: 120_000,
        connect_timeout_millis: 60_000,
        max_size_in_flight: 48 << 20,
        max_bytes_in_flight: 96 << 20,
        max_reqs_in_flight: i32::MAX as u32,
        max_retries: 3,
        retry_wait_millis: 10,
        max_block_to_memory: 200 << 20,
    };
    let opened = io_runtime().unwrap().spawn(async move { Transport::open(&config).await.unwrap() });
    futures::executor::block_on(opened).unwrap()
}

impl MiniDriver {
    pub fn new(variant: Variant) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let transports: Vec<Transport> = (0..variant.executors).filter(|_| variant.executors > 1).map(|_| open_transport()).collect();
        let executors: Vec<Executor> = (0..variant.executors as usize)
            .map(|index| {
                let config = ExecutorConfig {
                    executor_id: executor_id(index),
                    slots: variant.slots,
                    memory_bytes: variant.memory_bytes,
                    storage_fraction: 0.5,
                    local_dirs: vec![dir.path().to_str().unwrap().to_owned()],
                    block_store: variant.block_store.into(),
                    compression: "lz4".into(),
                };
                Executor::with_transport(config, transports.get(index).cloned()).unwrap()
            })
            .collect();
        Self { executor: executors[0].clone(), executors, transports, variant, next_task: AtomicU64::new(0), dir }
    }

    /// The executor that runs a task of this partition.
    fn executor_of(&self, partition: u32) -> usize {
        partition as usize % self.executors.len()
    }

    /// What the executor holds or has on its disks though nothing runs.
    pub fn left_behind(&self) -> Option<String> {
        let usages: Vec<_> = self.executors.iter().map(Executor::usage).collect();
        let held = usages.iter().map(|usage| {
            let bytes = usage.reserved_bytes + usage.storage_bytes + usage.disk_bytes + usage.temporary_files;
            bytes + usage.live_tasks + usage.map_outputs + usage.programs + usage.shared_builds
        });
        let in_flight: u64 = self.transports.iter().map(|t| t.usage().bytes_in_flight).sum();
        let files = self.files();
        let clean = held.sum::<u64>() + in_flight == 0 && files.is_empty();
        (!clean).then(|| format!("{usages:?}, {in_flight} bytes in flight, {files:?}"))
    }

    /// The executor's files, without its lock.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut dirs: Vec<PathBuf> = fs::read_dir(self.dir.path()).unwrap().map(|e| e.unwrap().path()).collect();
        dirs.retain(|dir| dir.file_name().unwrap().to_str().unwrap().starts_with("kiln-"));
        while let Some(dir) = dirs.pop() {
            for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
                if entry.file_type().unwrap().is_dir() {
                    dirs.push(entry.path());
                } else if entry.file_name() != "lock" {
                    files.push(entry.path());
                }
            }
        }
        files
    }

    pub fn decisions(&self) -> StageDecisions {
        StageDecisions {
            reads: BTreeMap::new(),
            scalars: BTreeMap::new(),
            input_bytes: BTreeMap::new(),
            range_bounds: BTreeMap::new(),
            max_hash_build_bytes: self.variant.max_hash_build_bytes,
            avoid_hash_join: self.variant.avoid_hash_join,
            conf: BTreeMap::new(),
            now_micros: 0,
        }
    }

    /// Runs every stage; an out-of-memory failure is tried again with sort-merge joins.
    pub async fn run(&self, planned: &Planned) -> Result<QueryRun, TaskFailure> {
        let result = self.run_stages(planned).await;
        for stage in &planned.plan.stages {
            if let StageOutput::Shuffle { shuffle_id, .. } = stage.output {
                self.executors.iter().for_each(|executor| executor.remove_shuffle(shuffle_id));
            }
        }
        result
    }

    async fn run_stages(&self, planned: &Planned) -> Result<QueryRun, TaskFailure> {
        let mut run = QueryRun::default();
        let mut outputs: BTreeMap<u64, Vec<MapStatus>> = BTreeMap::new();
        let mut scalars: BTreeMap<u32, String> = BTreeMap::new();
        for (stage, bytes) in planned.plan.stages.iter().zip(&planned.stages) {
            let started = Instant::now();
            let mut decisions = self.decisions();
            self.decide(planned, stage, &outputs, &mut decisions);
            decisions.scalars = stage
                .inputs
                .iter()
                .filter_map(|i| {
                    if let StageInput::ScalarSubquery { subquery_id, .. } = i {
                        Some((*subquery_id, scalars[subquery_id].clone()))
                    } else {
                        None
                    }
                })
                .collect();
            let mut attempt = 0;
            let results = loop {
                match self.attempt(stage, bytes, &decisions, attempt, &mut run).await {
                    Ok(results) => break results,
                    Err(failure) if failure.kind == FailureKind::OutOfMemory && attempt < 3 => {
                        run.retries += 1;
                        attempt += 1;
                        decisions.avoid_hash_join = true;
                    }
                    Err(failure) => return Err(failure),
                }
            };
            let mut statuses = Vec::new();
            run.result_rows.clear();
            for (output, ipc) in results {
                match (output, &stage.output) {
                    (TaskOutput::MapOutput { status }, _) => statuses.push(status),
                    (TaskOutput::Result { .. }, StageOutput::ScalarSubquery { subquery_id }) => {
                        scalars.insert(*subquery_id, base64::engine::general_purpose::STANDARD.encode(ipc.unwrap()));
                    }
                    (TaskOutput::Result { rows, .. }, _) => {
                        run.result_rows.push(rows);
                        let reader = StreamReader::try_new(Cursor::new(ipc.unwrap()), None).unwrap();
                        run.batches.extend(reader.map(Result::unwrap));
                    }
                    (TaskOutput::Write { .. }, _) => {}
                }
            }
            if let StageOutput::Shuffle { shuffle_id, .. } = stage.output {
                self.announce(shuffle_id, &statuses);
                outputs.insert(shuffle_id, statuses);
            }
            run.stage_times.push(started.elapsed());
        }
        Ok(run)
    }

    /// Tells the executors where the map outputs of a shuffle are: each where its task ran.
    pub fn announce(&self, shuffle_id: u64, statuses: &[MapStatus]) {
        let locations = statuses.iter().enumerate().map(|(map, status)| MapOutputLocation {
            map: map as u32,
            executor_id: executor_id(self.executor_of(map as u32)),
            address: self.transports.get(self.executor_of(map as u32)).map_or_else(String::new, |t| t.address().to_owned()),
            uri: status.uri.clone(),
            keys: status.keys.clone(),
        });
        let outputs = MapOutputs { shuffle_id, epoch: 0, outputs: locations.collect() };
        self.executors.iter().for_each(|executor| executor.set_map_outputs(outputs.clone()));
    }

    fn decide(&self, planned: &Planned, stage: &StagePlan, outputs: &BTreeMap<u64, Vec<MapStatus>>, decisions: &mut StageDecisions) {
        let mut groups: BTreeMap<u32, Vec<(u32, Vec<u64>, bool)>> = BTreeMap::new();
        for input in &stage.inputs {
            let StageInput::Shuffle { reader, shuffle_id, stage: from, num_partitions, coalescible, group, .. } = input else { continue };
            let statuses = &outputs[shuffle_id];
            if let StageOutput::Shuffle { partitioning: Partitioning::Range { .. }, .. } = &planned.plan.stages[*from as usize].output {
                let samples: Vec<_> = statuses
                    .iter()
                    .map(|s| (s.keys.iter().map(|k| hex::decode(k).unwrap()).collect::<Vec<_>>(), s.rows.iter().sum::<u64>()))
                    .collect();
                let bounds = choose_range_bounds(&samples, *num_partitions as usize);
                decisions.range_bounds.insert(*reader, bounds.iter().map(hex::encode).collect());
                continue;
            }
            let bytes = (0..*num_partitions as usize).map(|p| statuses.iter().map(|s| s.bytes[p]).sum()).collect();
            groups.entry(*group).or_default().push((*reader, bytes, *coalescible));
        }
        for readers in groups.into_values() {
            let partitions = readers[0].1.len();
            let total = |p: usize| readers.iter().map(|(_, bytes, _)| bytes[p]).sum::<u64>();
            let mut reads: Vec<PartitionRead> = Vec::new();
            let mut size = 0;
            let joins = self.variant.coalesce_bytes > 0 && readers.iter().all(|r| r.2 && r.1.len() == partitions);
            for p in 0..partitions {
                size += total(p);
                match reads.last_mut() {
                    Some(last) if joins && size <= self.variant.coalesce_bytes => last.end = p as u32 + 1,
                    _ => {
                        reads.push(PartitionRead { start: p as u32, end: p as u32 + 1, map_start: 0, map_end: None });
                        size = total(p);
                    }
                }
            }
            for (reader, bytes, _) in readers {
                let per_read = reads.iter().map(|r| bytes[r.start as usize..r.end as usize].iter().sum()).collect();
                decisions.input_bytes.insert(reader, per_read);
                if joins {
                    decisions.reads.insert(reader, reads.clone());
                }
            }
        }
    }

    async fn attempt(
        &self,
        stage: &StagePlan,
        bytes: &[u8],
        decisions: &StageDecisions,
        attempt: u32,
        run: &mut QueryRun,
    ) -> Result<Vec<(TaskOutput, Option<Vec<u8>>)>, TaskFailure> {
        let refined = refine(bytes, decisions).map_err(|e| kiln_query::run::failure_of(&e))?;
        for executor in &self.executors {
            executor.load_program(&refined.hash, &refined.program).map_err(|e| kiln_query::run::failure_of(&e))?;
        }
        let mut results = Vec::new();
        let mut running = tokio::task::JoinSet::new();
        let mut partition = 0;
        let mut failure = None;
        loop {
            while partition < refined.num_tasks && running.len() < self.variant.slots as usize && failure.is_none() {
                let spec = self.spec(stage, &refined.hash, partition, attempt);
                let executor = self.executors[self.executor_of(partition)].clone();
                running.spawn(async move { (spec.partition, executor.run_task(spec).await) });
                partition += 1;
                run.tasks += 1;
            }
            let Some(done) = running.join_next().await else { break };
            let (partition, (outcome, ipc)) = done.unwrap();
            run.spilled_bytes += outcome.metrics.disk_bytes_spilled;
            run.remote_blocks += outcome.metrics.remote_blocks_fetched;
            match outcome.status {
                TaskStatus::Success { output } => results.push((partition, output, ipc)),
                TaskStatus::Failed { failure: why } => failure = failure.or(Some(why)),
                TaskStatus::Killed { reason } => panic!("killed: {reason}"),
            }
        }
        self.executors.iter().for_each(|executor| executor.unload_program(&refined.hash));
        if let Some(failure) = failure {
            return Err(failure);
        }
        results.sort_by_key(|(partition, ..)| *partition);
        Ok(results.into_iter().map(|(_, output, ipc)| (output, ipc)).collect())
    }

    pub fn spec(&self, stage: &StagePlan, program: &str, partition: u32, attempt: u32) -> TaskSpec {
        let splits = stage
            .scans
            .iter()
            .filter_map(|scan| {
                let index = partition.checked_sub(scan.first_task)? as usize;
                Some((scan.scan, scan.partitions.get(index)?.clone()))
            })
            .collect();
        TaskSpec {
            task_id: self.next_task.fetch_add(1, Ordering::Relaxed),
            job_id: 0,
            stage_id: stage.id.into(),
            stage_attempt: attempt,
            partition,
            attempt,
            program: program.to_owned(),
            splits,
            epoch: 0,
            write_dir: Some(self.dir.path().join("out").to_str().unwrap().to_owned()),
            shares_build: stage.shares_build,
        }
    }
}
