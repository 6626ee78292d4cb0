//! Slices of sorted runs by key, for a global sort without a second pass over the data.
//!
//! A map task writes its sorted rows in blocks of [`BLOCK_ROWS`] (each a reduce partition of
//! its map output) and reports the row-encoded keys of some rows ([`sample_row`]). The
//! driver chooses bounds from all keys, and a reduce task reads, of each run, only the
//! blocks that may hold keys between its bounds.

use super::inputs::{BatchStream, OutputRead, ReadLayout, ShuffleStreams, TaskInputs};
use crate::boundary::{MapOutputLocation, MapOutputs};
use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::row::{RowConverter, SortField};
use datafusion::common::{Result, internal_datafusion_err};
use datafusion::physical_expr::{LexOrdering, PhysicalExpr};
use futures::{StreamExt, future, stream};
use std::ops::Range;
use std::sync::Arc;

/// Rows between the first samples of a run.
const FIRST_DISTANCE: usize = 16;
/// After so many samples their distance doubles.
const SAMPLES: usize = 256;
/// Rows of a block of a run.
pub(crate) const BLOCK_ROWS: usize = 32_768;
/// A run has at most so many blocks; the last one takes the rest.
pub(crate) const MAX_BLOCKS: u32 = 1024;

/// The row that is the i-th sample of a run: of short runs many rows are sampled, or their bounds would
/// be the smallest keys only; of long ones not too many.
pub(crate) fn sample_row(i: usize) -> usize {
    let doubled = u32::try_from(i / SAMPLES).unwrap_or(u32::MAX);
    let distance = 1_usize.checked_shl(doubled).unwrap_or(usize::MAX).saturating_mul(FIRST_DISTANCE);
    let start = distance.saturating_sub(FIRST_DISTANCE).saturating_mul(SAMPLES);
    start.saturating_add(distance.saturating_mul(i % SAMPLES))
}

/// The block of a row of a run.
pub(crate) fn block_of(row: usize) -> u32 {
    u32::try_from(row / BLOCK_ROWS).unwrap_or(u32::MAX).min(MAX_BLOCKS - 1)
}

/// Row-encoded keys in `[low, high)`.
#[derive(Debug, Clone)]
pub(crate) struct KeyRange {
    pub low: Option<Vec<u8>>,
    pub high: Option<Vec<u8>>,
}

/// Encodes the sort keys of batches so that comparing bytes compares keys.
pub(crate) struct KeyEncoder {
    expressions: Vec<Arc<dyn PhysicalExpr>>,
    converter: RowConverter,
}

impl KeyEncoder {
    pub fn try_new(ordering: &LexOrdering, schema: &Schema) -> Result<Self> {
        let fields =
            ordering.iter().map(|e| Ok(SortField::new_with_options(e.expr.data_type(schema)?, e.options))).collect::<Result<Vec<_>>>()?;
        Ok(Self { expressions: ordering.iter().map(|e| Arc::clone(&e.expr)).collect(), converter: RowConverter::new(fields)? })
    }

    /// The key of one row.
    pub fn key(&self, batch: &RecordBatch, row: usize) -> Result<Vec<u8>> {
        let rows = self.keys(&batch.slice(row, 1))?;
        Ok(rows.row(0).as_ref().to_vec())
    }

    pub fn keys(&self, batch: &RecordBatch) -> Result<arrow::row::Rows> {
        let columns = self.expressions.iter().map(|e| e.evaluate(batch)?.into_array(batch.num_rows())).collect::<Result<Vec<_>>>()?;
        Ok(self.converter.convert_columns(&columns)?)
    }

    /// First row of a sorted batch whose key is not less than `bound`.
    fn lower_bound(&self, batch: &RecordBatch, bound: &[u8]) -> Result<usize> {
        let rows = batch.num_rows();
        if rows == 0 || self.key(batch, rows - 1)?.as_slice() < bound {
            return Ok(rows);
        }
        if self.key(batch, 0)?.as_slice() >= bound {
            return Ok(0);
        }
        let keys = self.keys(batch)?;
        let (mut low, mut high) = (0, rows);
        while low < high {
            let middle = low.midpoint(high);
            if keys.row(middle).as_ref() < bound {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }
}

/// The blocks of a run that may hold keys of the range; empty when none does.
fn blocks(keys: &[Vec<u8>], range: &KeyRange) -> Range<u32> {
    let below = |bound: &[u8]| keys.partition_point(|k| k.as_slice() < bound);
    let start = match &range.low {
        Some(low) => block_of(sample_row(below(low).saturating_sub(1))),
        None => 0,
    };
    // All rows in the range come before the first sample that is not in it.
    let end = match range.high.as_ref().map_or(keys.len(), |high| below(high)) {
        0 => 0,
        samples => block_of(sample_row(samples) - 1) + 1,
    };
    start..end.max(start)
}

/// One sorted stream per run that has keys in the range.
pub(crate) fn slice_runs(
    schema: &SchemaRef,
    ordering: &LexOrdering,
    inputs: &Arc<TaskInputs>,
    outputs: &Arc<MapOutputs>,
    range: &KeyRange,
) -> Result<ShuffleStreams> {
    let mut reads = Vec::new();
    for (index, output) in outputs.outputs.iter().enumerate() {
        let partitions = blocks(&decode_keys(output)?, range);
        if !partitions.is_empty() {
            reads.push(OutputRead { output: index, partitions });
        }
    }
    let ShuffleStreams { streams, all_local } = inputs.shuffle.read(outputs, reads, schema, ReadLayout::Apart)?;
    let slices = streams.into_iter().map(|input| Ok(slice(input, KeyEncoder::try_new(ordering, schema)?, range.clone())));
    Ok(ShuffleStreams { streams: slices.collect::<Result<_>>()?, all_local })
}

fn decode_keys(output: &MapOutputLocation) -> Result<Vec<Vec<u8>>> {
    output
        .keys
        .iter()
        .map(|key| hex::decode(key).map_err(|e| internal_datafusion_err!("sampled key {key} of map {}: {e}", output.map)))
        .collect()
}

/// The rows of a sorted stream whose keys are in the range.
fn slice(input: BatchStream, encoder: KeyEncoder, range: KeyRange) -> BatchStream {
    let encoder = Arc::new(encoder);
    let trimmed = stream::unfold((input, encoder, range, false), |(mut input, encoder, range, started)| async move {
        let batch = match input.next().await? {
            Ok(batch) => batch,
            Err(error) => return Some((Err(error), (input, encoder, range, started))),
        };
        match trim(&encoder, &batch, &range, started) {
            Ok((rows, started, ended)) => {
                let batch = batch.slice(rows.start, rows.len());
                let input = if ended { stream::empty().boxed() } else { input };
                Some((Ok(batch), (input, encoder, range, started)))
            }
            Err(error) => Some((Err(error), (stream::empty().boxed(), encoder, range, started))),
        }
    });
    trimmed.filter(|batch| future::ready(batch.as_ref().map_or(true, |b| b.num_rows() > 0))).boxed()
}

/// The rows of a batch in the range; whether the range has started, whether it has ended.
fn trim(encoder: &KeyEncoder, batch: &RecordBatch, range: &KeyRange, started: bool) -> Result<(Range<usize>, bool, bool)> {
    let start = match &range.low {
        Some(low) if !started => encoder.lower_bound(batch, low)?,
        _ => 0,
    };
    let end = match &range.high {
        Some(high) => encoder.lower_bound(batch, high)?,
        None => batch.num_rows(),
    };
    Ok((start..end.max(start), started || start < batch.num_rows(), end < batch.num_rows()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_get_rarer() {
        assert_eq!([0, 1, 255, 256, 257, 512].map(sample_row), [0, 16, 4080, 4096, 4128, 12_288]);
        assert!((0..100_000).map(sample_row).is_sorted());
        assert_eq!((0..).take_while(|i| sample_row(*i) < 10_000_000).count(), 2866);
    }

    #[test]
    fn only_blocks_that_may_hold_the_range_are_read() {
        // Keys of a run of 98,304 rows, which are three blocks.
        let samples = (0..).take_while(|i| sample_row(*i) < 3 * BLOCK_ROWS);
        let keys: Vec<Vec<u8>> = samples.map(|i| (sample_row(i) as u32).to_be_bytes().to_vec()).collect();
        let bound = |row: Option<u32>| row.map(|r| r.to_be_bytes().to_vec());
        let range = |low: Option<u32>, high: Option<u32>| blocks(&keys, &KeyRange { low: bound(low), high: bound(high) });
        assert_eq!(range(None, None), 0..3);
        assert_eq!(range(None, Some(0)), 0..0);
        assert_eq!(range(None, Some(1)), 0..1);
        assert_eq!(range(Some(20_000), Some(30_000)), 0..1);
        assert_eq!(range(Some(33_000), Some(60_000)), 1..2);
        assert_eq!(range(Some(33_000), Some(70_000)), 1..3);
        assert_eq!(range(Some(1_000_000), None), 2..3);
        assert!(blocks(&[], &KeyRange { low: None, high: None }).is_empty());
    }
}
