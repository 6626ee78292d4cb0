//! Stretches of rows put together into batches with buffers of their own.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, MutableArrayData, RecordBatch, RecordBatchOptions, make_array};
use arrow::compute::concat;
use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;

use super::stretches::copy_stretches;
use super::views::{compact_nested, gather_views};
use crate::charge::slice_bytes;
use crate::error::{Result, ShuffleError};

/// A batch has about so many bytes at most (strings of one array: 2 GiB).
const MAX_BATCH_BYTES: usize = 16 << 20;

/// Some consecutive rows of a batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piece<'a> {
    pub batch: &'a RecordBatch,
    pub start: usize,
    pub len: usize,
    /// Bytes of a row of the batch on average.
    pub row_bytes: usize,
}

impl<'a> Piece<'a> {
    pub fn whole(batch: &'a RecordBatch) -> Self {
        Self { batch, start: 0, len: batch.num_rows(), row_bytes: row_bytes(batch) }
    }

    fn is_whole(&self) -> bool {
        self.len == self.batch.num_rows()
    }
}

/// Copies pieces into one batch that shares no buffer with them (dictionaries do).
///
/// # Errors
/// `Arrow`, for example when the dictionaries together have too many values for their keys.
pub(crate) fn assemble(schema: &SchemaRef, pieces: &[Piece]) -> Result<RecordBatch> {
    let rows = pieces.iter().map(|p| p.len).sum();
    let columns = (0..schema.fields().len()).map(|column| assemble_column(column, pieces, rows)).collect::<Result<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(SchemaRef::clone(schema), columns, &options)?)
}

fn assemble_column(column: usize, pieces: &[Piece], rows: usize) -> Result<ArrayRef> {
    let Some(first) = pieces.first() else {
        return Err(ShuffleError::Invalid("a batch of no pieces".to_owned()));
    };
    macro_rules! views {
        ($as_view:ident) => {{
            let sources: Vec<_> = pieces.iter().map(|p| p.batch.column(column).$as_view()).collect();
            Arc::new(gather_views(&sources, || {
                pieces.iter().enumerate().flat_map(|(source, p)| (p.start..p.start + p.len).map(move |r| (source, r)))
            }))
        }};
    }
    if let Some(copied) = copy_stretches(column, pieces, rows)? {
        return Ok(copied);
    }
    Ok(match first.batch.column(column).data_type() {
        DataType::Utf8View => views!(as_string_view),
        DataType::BinaryView => views!(as_binary_view),
        // Arrow's concat of one array is that array.
        _ if pieces.len() == 1 => {
            let data = first.batch.column(column).to_data();
            let mut copy = MutableArrayData::new(vec![&data], false, rows);
            copy.try_extend(0, first.start, first.start + first.len)?;
            compact_nested(make_array(copy.freeze()))?
        }
        _ => {
            let slices: Vec<_> = pieces.iter().map(|p| p.batch.column(column).slice(p.start, p.len)).collect();
            let slices: Vec<&dyn Array> = slices.iter().map(|s| s.as_ref()).collect();
            compact_nested(concat(&slices)?)?
        }
    })
}

/// Turns pieces into batches of about `target` rows, in order. A piece that is a whole
/// batch of at least `keep` rows is passed on as it is.
///
/// # Errors
/// Those of [`assemble`] and of `emit`.
pub(crate) fn blocks(
    schema: &SchemaRef,
    pieces: &[Piece],
    target: usize,
    keep: usize,
    emit: &mut dyn FnMut(RecordBatch) -> Result<()>,
) -> Result<()> {
    let mut start = 0;
    for (index, piece) in pieces.iter().enumerate() {
        if piece.is_whole() && piece.len >= keep {
            even_blocks(schema, &pieces[start..index], target, emit)?;
            emit(piece.batch.clone())?;
            start = index + 1;
        }
    }
    even_blocks(schema, &pieces[start..], target, emit)
}

/// Cuts all rows of `pieces` into batches of equal size, `target` to twice that.
fn even_blocks(schema: &SchemaRef, pieces: &[Piece], target: usize, emit: &mut dyn FnMut(RecordBatch) -> Result<()>) -> Result<()> {
    let rows: usize = pieces.iter().map(|p| p.len).sum();
    if rows == 0 {
        return Ok(());
    }
    let bytes: usize = pieces.iter().map(|p| p.len * p.row_bytes).sum();
    let wide = (rows * MAX_BATCH_BYTES).checked_div(bytes).unwrap_or(rows);
    let target = target.min(wide).max(1);
    let size = rows.div_ceil((rows / target).max(1));
    let mut group: Vec<Piece> = Vec::new();
    let mut grouped = 0;
    for piece in pieces {
        let mut rest = *piece;
        while rest.len > 0 {
            let len = rest.len.min(size - grouped);
            group.push(Piece { len, ..rest });
            grouped += len;
            rest.start += len;
            rest.len -= len;
            if grouped == size {
                emit_group(schema, &group, emit)?;
                group.clear();
                grouped = 0;
            }
        }
    }
    if group.is_empty() {
        return Ok(());
    }
    emit_group(schema, &group, emit)
}

fn emit_group(schema: &SchemaRef, group: &[Piece], emit: &mut dyn FnMut(RecordBatch) -> Result<()>) -> Result<()> {
    if let [piece] = group
        && piece.is_whole()
    {
        return emit(piece.batch.clone());
    }
    match assemble(schema, group) {
        // Dictionaries that do not fit one array stay apart.
        Err(ShuffleError::Arrow(ArrowError::DictionaryKeyOverflowError)) if group.len() > 1 => {
            for piece in group {
                emit(assemble(schema, &[*piece])?)?;
            }
            Ok(())
        }
        batch => emit(batch?),
    }
}

/// Bytes of a row on average.
pub(crate) fn row_bytes(batch: &RecordBatch) -> usize {
    (slice_bytes(batch) as usize).checked_div(batch.num_rows()).unwrap_or(0)
}
