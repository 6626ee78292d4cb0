//! Map outputs whose blocks live outside of Rust, in a plugin's block store.
//!
//! A map task writes into the executor's own store first (accounted memory, files under pressure); when its output is
//! complete its partitions are given away one by one, and the local copy goes. A reader asks for the partitions it needs.

use super::error::TaskError;
use super::shuffle::fetch_failure;
use crate::boundary::{FetchCause, MapOutputLocation};
use crate::nodes::BatchStream;
use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::ipc::convert::try_schema_from_ipc_buffer;
use arrow::ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteOptions, write_message};
use datafusion::common::{DataFusionError, Result};
use futures::future::BoxFuture;
use futures::{StreamExt, stream};
use kiln_shuffle::ShuffleError;
use kiln_shuffle::codec::BlockDecoder;
use kiln_shuffle::store::{BlockStore, MapOutputId};
use serde::Serialize;
use std::fmt;
use std::ops::Range;
use std::panic::catch_unwind;
use std::sync::Arc;

/// One block: a reduce partition of a map output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockKey {
    pub shuffle_id: u64,
    pub map: u32,
    /// Unique among the attempts at this map output.
    pub attempt: u64,
    pub reduce: u32,
}

/// A block store that is written outside of Rust.
pub trait ExternalBlocks: Send + Sync + fmt::Debug {
    fn put(&self, key: BlockKey, block: Vec<u8>) -> BoxFuture<'static, Result<(), String>>;
    /// `None`: it is lost.
    fn get(&self, key: BlockKey) -> BoxFuture<'static, Result<Option<Vec<u8>>, String>>;
}

/// Where the outputs of an executor go: to such a store under a URI scheme.
#[derive(Debug, Clone)]
pub struct BlocksElsewhere {
    pub scheme: String,
    pub store: Arc<dyn ExternalBlocks>,
}

/// An attempt's output in the executor's own store; gone when this is dropped.
pub struct Staged {
    store: Arc<dyn BlockStore>,
    pub id: MapOutputId,
}

impl Staged {
    /// Under an id of its own: two attempts at one map output may run side by side.
    pub fn new(store: Arc<dyn BlockStore>, task_id: u64) -> Self {
        Self { store, id: MapOutputId { shuffle: (1 << 63) | task_id, map: 0, stage_attempt: 0, attempt: 0 } }
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        self.store.remove_map(self.id.shuffle, self.id.map);
    }
}

/// Gives all partitions away that have rows; returns the URI of the output.
pub async fn give_away(elsewhere: &BlocksElsewhere, staged: Staged, schema: &SchemaRef, key: BlockKey, rows: &[u64]) -> Result<String> {
    let prefix = schema_prefix(schema)?;
    for (reduce, _) in (0_u32..).zip(rows).filter(|(_, rows)| **rows > 0) {
        let mut block = prefix.clone();
        let encoded = staged.store.read_encoded(staged.id.shuffle, staged.id.map, reduce..reduce + 1).map_err(shuffle_error)?;
        for part in encoded {
            block.extend_from_slice(&part.map_err(shuffle_error)?.bytes);
        }
        let key = BlockKey { reduce, ..key };
        elsewhere.store.put(key, block).await.map_err(|message| put_failure(&elsewhere.scheme, key, &message))?;
    }
    Ok(Location { attempt: key.attempt, has_rows: rows.iter().map(|rows| *rows > 0).collect() }.uri(&elsewhere.scheme))
}

/// The batches of some partitions of an output that is elsewhere.
pub fn fetch(store: &Arc<dyn ExternalBlocks>, shuffle_id: u64, output: &MapOutputLocation, partitions: Range<u32>) -> Result<BatchStream> {
    let location = Location::parse(&output.uri).ok_or_else(|| {
        let message = format!("{:?} is no place of a block", output.uri);
        fetch_failure(shuffle_id, output, partitions.start, FetchCause::Unknown, message, None)
    })?;
    let attempt = location.attempt;
    let wanted = partitions.filter(move |p| location.has_rows.get(*p as usize).copied().unwrap_or(false));
    let (store, output) = (Arc::clone(store), output.clone());
    let blocks = stream::iter(wanted).then(move |reduce| {
        let got = store.get(BlockKey { shuffle_id, map: output.map, attempt, reduce });
        let output = output.clone();
        async move {
            let failure = |cause, message| fetch_failure(shuffle_id, &output, reduce, cause, message, None);
            let bytes = got.await.map_err(|e| failure(FetchCause::Unknown, e))?;
            let bytes = bytes.ok_or_else(|| failure(FetchCause::Missing, "its block store has lost it".to_owned()))?;
            decode(&bytes).map_err(|e| failure(FetchCause::Corrupt, e))
        }
    });
    let batches = blocks.flat_map(|block: Result<Vec<RecordBatch>>| match block {
        Ok(batches) => stream::iter(batches.into_iter().map(Ok)).boxed(),
        Err(error) => stream::once(async { Err(error) }).boxed(),
    });
    Ok(batches.boxed())
}

/// Attempt and partitions that have rows, in a URI: `redis:17/e3`.
#[derive(Debug, PartialEq, Eq)]
struct Location {
    attempt: u64,
    has_rows: Vec<bool>,
}

impl Location {
    fn uri(&self, scheme: &str) -> String {
        let bits: Vec<u8> = self.has_rows.chunks(8).map(|bits| bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit))).collect();
        format!("{scheme}:{}/{}", self.attempt, hex::encode(bits))
    }

    fn parse(uri: &str) -> Option<Self> {
        let (attempt, bits) = uri.split_once(':')?.1.split_once('/')?;
        let bits = hex::decode(bits).ok()?;
        let has_rows = bits.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1)).collect();
        Some(Self { attempt: attempt.parse().ok()?, has_rows })
    }
}

/// Blocks have no schema, but these travel: its length and the schema come before them.
fn schema_prefix(schema: &Schema) -> Result<Vec<u8>> {
    let options = IpcWriteOptions::default();
    let data = IpcDataGenerator::default().schema_to_bytes_with_dictionary_tracker(schema, &mut DictionaryTracker::new(false), &options);
    let mut message = Vec::new();
    write_message(&mut message, data, &options)?;
    let length = u32::try_from(message.len()).map_err(|e| DataFusionError::External(Box::new(e)))?;
    Ok([&length.to_le_bytes()[..], &message].concat())
}

fn decode(bytes: &[u8]) -> Result<Vec<RecordBatch>, String> {
    // Arrow asserts here and there.
    catch_unwind(|| {
        let (length, rest) = bytes.split_first_chunk::<4>().ok_or("the block is cut short")?;
        let (schema, mut blocks) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or("the block is cut short")?;
        let schema = try_schema_from_ipc_buffer(schema).map_err(|e| e.to_string())?;
        let mut decoder = BlockDecoder::new(Arc::new(schema)).map_err(|e| e.to_string())?;
        let mut batches = Vec::new();
        while !blocks.is_empty() {
            let (batch, length) = decoder.decode(blocks)?;
            batches.push(batch);
            blocks = blocks.get(length..).unwrap_or_default();
        }
        Ok(batches)
    })
    .unwrap_or_else(|_| Err("Arrow could not read its schema".to_owned()))
}

fn put_failure(scheme: &str, key: BlockKey, message: &str) -> DataFusionError {
    let BlockKey { shuffle_id, map, reduce, .. } = key;
    TaskError::BlockStore { message: format!("block {reduce} of map {map} of shuffle {shuffle_id} was refused by {scheme}: {message}") }
        .into_datafusion()
}

fn shuffle_error(error: ShuffleError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int64Array, StringViewArray};
    use arrow::datatypes::{DataType, Field};
    use kiln_shuffle::codec::{BlockEncoder, Codec};
    use proptest::prelude::*;
    use proptest::sample::Index;

    #[test]
    fn a_location_keeps_which_partitions_have_rows() {
        for count in [0, 1, 7, 8, 9, 200] {
            let has_rows: Vec<bool> = (0..count).map(|p| p % 3 == 0).collect();
            let uri = Location { attempt: 17, has_rows: has_rows.clone() }.uri("redis");
            let parsed = Location::parse(&uri).expect(&uri);
            assert_eq!(parsed.attempt, 17);
            assert_eq!(parsed.has_rows[..count], has_rows);
            assert!(parsed.has_rows[count..].iter().all(|rest| !rest));
        }
        assert_eq!(Location::parse("memory:"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn other_places_are_refused_or_read(uri in "[a-z]{0,3}:?[0-9]{0,25}/?[0-9a-g]{0,9}") {
            if let Some(location) = Location::parse(&uri) {
                prop_assert!(location.has_rows.len() <= 4 * uri.len());
            }
        }

        #[test]
        fn a_damaged_block_is_refused(at in any::<Index>(), flip in 1_u8..=255) {
            let schema = Arc::new(Schema::new(vec![Field::new("a", DataType::Int64, true), Field::new("b", DataType::Utf8View, true)]));
            let columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(vec![1, 2])), Arc::new(StringViewArray::from(vec!["x", "a longer text of b"]))];
            let batch = RecordBatch::try_new(Arc::clone(&schema), columns).unwrap();
            let mut block = schema_prefix(&schema).unwrap();
            BlockEncoder::new(schema, Codec::Lz4).unwrap().encode(&batch, &mut block).unwrap();
            prop_assert_eq!(decode(&block).unwrap(), vec![batch.clone()]);
            let at = at.index(block.len());
            block[at] ^= flip;
            // Names of columns are not guarded.
            if let Ok(batches) = catch_unwind(|| decode(&block)).map_err(|_| TestCaseError::fail("it panicked"))? {
                prop_assert_eq!(batches[0].columns(), batch.columns());
            }
        }
    }

    #[test]
    fn a_block_that_is_cut_short_is_refused() {
        let schema = Schema::new(vec![Field::new("a", DataType::Int64, true)]);
        let prefix = schema_prefix(&schema).unwrap();
        assert_eq!(decode(&prefix).unwrap(), Vec::new());
        for end in 0..prefix.len() {
            assert!(decode(&prefix[..end]).is_err(), "{end}");
        }
    }
}
