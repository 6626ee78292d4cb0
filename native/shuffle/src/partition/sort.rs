//! Counting sort of a batch's rows by partition.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::buffer::ScalarBuffer;
use arrow::compute::take;
use arrow::datatypes::{DataType, SchemaRef};

use super::assemble::row_bytes;
use super::views::{compact_nested, gather_views};
use crate::error::{Result, ShuffleError};

/// Rows sorted by partition, in buffers of their own.
#[derive(Debug)]
pub(crate) struct Run {
    pub batch: RecordBatch,
    /// Bytes of a row on average.
    pub row_bytes: usize,
    /// First row of each partition, and the number of rows at the end.
    starts: Vec<u32>,
}

impl Run {
    /// The rows of a partition.
    pub fn rows(&self, partition: u32) -> Range<usize> {
        let partition = partition as usize;
        self.starts[partition] as usize..self.starts[partition + 1] as usize
    }
}

/// Sorts batches; its scratch memory is reused.
#[derive(Debug)]
pub(crate) struct Sorter {
    schema: SchemaRef,
    partitions: usize,
    next: Vec<u32>,
    order: Vec<u32>,
}

impl Sorter {
    pub fn new(schema: SchemaRef, partitions: u32) -> Self {
        Self { schema, partitions: partitions as usize, next: Vec::new(), order: Vec::new() }
    }

    /// Sorts the rows of a batch by `ids`, rows of one partition staying in order.
    ///
    /// # Errors
    /// `Invalid` when lengths differ or an id is no partition; `Arrow`.
    pub fn sort(&mut self, batch: &RecordBatch, ids: &[u32]) -> Result<Run> {
        let starts = self.order_rows(batch.num_rows(), ids)?;
        let order = UInt32Array::new(ScalarBuffer::from(std::mem::take(&mut self.order)), None);
        let columns = batch.columns().iter().map(|column| take_column(column, &order)).collect::<Result<Vec<_>>>();
        // Nobody else refers to the row ids now: their memory is used again.
        let (_, order, _) = order.into_parts();
        self.order = order.into_inner().into_vec().unwrap_or_default();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let schema = SchemaRef::clone(&self.schema);
        let batch = RecordBatch::try_new_with_options(schema, columns?, &options)?;
        Ok(Run { row_bytes: row_bytes(&batch), batch, starts })
    }

    /// Fills `order` with the row ids in order of partition.
    fn order_rows(&mut self, rows: usize, ids: &[u32]) -> Result<Vec<u32>> {
        if ids.len() != rows || u32::try_from(rows).is_err() {
            return Err(ShuffleError::Invalid(format!("{} partition ids for {rows} rows", ids.len())));
        }
        let mut starts = vec![0u32; self.partitions + 1];
        for id in ids {
            match starts[1..].get_mut(*id as usize) {
                Some(count) => *count += 1,
                None => {
                    return Err(ShuffleError::Invalid(format!("partition {id} of a shuffle of {}", self.partitions)));
                }
            }
        }
        for partition in 1..starts.len() {
            starts[partition] += starts[partition - 1];
        }
        self.next.clear();
        self.next.extend_from_slice(&starts);
        self.order.clear();
        self.order.resize(rows, 0);
        for (row, id) in (0u32..).zip(ids) {
            let next = &mut self.next[*id as usize];
            self.order[*next as usize] = row;
            *next += 1;
        }
        Ok(starts)
    }
}

fn take_column(column: &ArrayRef, order: &UInt32Array) -> Result<ArrayRef> {
    let rows = || order.values().iter().map(|row| *row as usize);
    Ok(match column.data_type() {
        DataType::Utf8View => {
            let array = column.as_string_view();
            Arc::new(gather_views(&[array], || rows().map(|row| (0, row))))
        }
        DataType::BinaryView => {
            let array = column.as_binary_view();
            Arc::new(gather_views(&[array], || rows().map(|row| (0, row))))
        }
        _ => compact_nested(take(column.as_ref(), order, None)?)?,
    })
}
