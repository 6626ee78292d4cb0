use crate::boundary::{MapOutputs, Split};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::{Result, exec_err, internal_datafusion_err};
use datafusion::execution::TaskContext;
use datafusion::execution::object_store::ObjectStoreUrl;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};
use kiln_transport::fetch::FetchCounters;
use object_store::path::Path;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio_util::sync::CancellationToken;

/// Batches of one input.
pub type BatchStream = BoxStream<'static, Result<RecordBatch>>;

/// Some reduce partitions of a map output: of `MapOutputs.outputs`, the one of this index.
#[derive(Debug, Clone)]
pub struct OutputRead {
    pub output: usize,
    pub partitions: Range<u32>,
}

/// How the streams of a reader relate to its reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadLayout {
    /// One stream, one read after the other.
    Joined,
    /// A stream for each read: they are merged.
    Apart,
    /// Joined, and read for other tasks of the stage too.
    Shared,
}

/// What a reader gets.
pub struct ShuffleStreams {
    pub streams: Vec<BatchStream>,
    /// All of it is in this process or a shared store.
    pub all_local: bool,
}

/// Where shuffle readers get their blocks: the local store, or other executors.
pub trait ShuffleSource: Send + Sync + fmt::Debug {
    /// The map outputs of a shuffle, at the task's epoch or later.
    ///
    /// # Errors
    /// When the executor was not told of them.
    fn outputs(&self, shuffle_id: u64) -> Result<Arc<MapOutputs>>;

    /// The batches of some reads, each in order; those of another host are asked for at once.
    ///
    /// # Errors
    /// When the task cannot read at all; a stream yields a fetch failure that names the map output.
    fn read(&self, outputs: &Arc<MapOutputs>, reads: Vec<OutputRead>, schema: &SchemaRef, layout: ReadLayout) -> Result<ShuffleStreams>;
}

/// Reads the splits of a data source that is written outside of Rust.
pub trait ExternalReader: Send + Sync + fmt::Debug {
    /// Batches of one split, with the given columns of the source's schema (`None`: all).
    fn read(&self, source: &str, payload: &str, split: &Split, schema: SchemaRef, columns: Option<Vec<String>>) -> BatchStream;
}

/// What the leaves of a running task count.
#[derive(Debug, Default)]
pub struct Counters {
    pub input_bytes: AtomicU64,
    pub input_rows: AtomicU64,
    pub shuffle_read_bytes: AtomicU64,
    pub shuffle_read_rows: AtomicU64,
    pub local_blocks: AtomicU64,
    pub local_bytes: AtomicU64,
    pub fetch: Arc<FetchCounters>,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, amount: u64) {
        counter.fetch_add(amount, Ordering::Relaxed);
    }
}

/// What one task attempt gives to the leaves of its tree: an extension of its `TaskContext`.
#[derive(Debug)]
pub struct TaskInputs {
    /// Splits of each scan node.
    pub splits: BTreeMap<u32, Vec<Split>>,
    pub shuffle: Arc<dyn ShuffleSource>,
    pub external: Option<Arc<dyn ExternalReader>>,
    pub counters: Arc<Counters>,
    pub cancelled: CancellationToken,
}

impl TaskInputs {
    pub(crate) fn of(context: &TaskContext) -> Result<Arc<Self>> {
        context.session_config().get_extension::<Self>().ok_or_else(|| internal_datafusion_err!("a stage's tree was run outside of a task"))
    }

    /// Ends a leaf's stream when the task is cancelled: an operator that works long on a batch may take a hundred
    /// of them before it pauses, and a task ends in a pause.
    pub(crate) fn until_cancelled<S>(&self, batches: S) -> impl Stream<Item = Result<RecordBatch>> + Send + use<S>
    where
        S: Stream<Item = Result<RecordBatch>> + Send,
    {
        let cancelled = self.cancelled.clone();
        batches.map(move |batch| if cancelled.is_cancelled() { exec_err!("the task was cancelled") } else { batch })
    }
}

/// The object store of a split's path, and the path inside it.
pub(crate) fn split_location(path: &str) -> Result<(ObjectStoreUrl, Path)> {
    if path.starts_with('/') {
        return Ok((ObjectStoreUrl::local_filesystem(), Path::from_absolute_path(path)?));
    }
    match path.split_once("://") {
        Some(("file", rest)) => Ok((ObjectStoreUrl::local_filesystem(), Path::from_url_path(rest)?)),
        Some((scheme, rest)) => {
            let (authority, key) = rest.split_once('/').unwrap_or((rest, ""));
            Ok((ObjectStoreUrl::parse(format!("{scheme}://{authority}"))?, Path::from_url_path(key)?))
        }
        None => Err(internal_datafusion_err!("{path} is neither an absolute path nor a URL")),
    }
}
