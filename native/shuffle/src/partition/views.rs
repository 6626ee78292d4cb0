//! View arrays copied into buffers of their own: a view array that was gathered or sliced
//! keeps every buffer that it ever referred to.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, GenericByteViewArray, GenericListArray, NullBufferBuilder, OffsetSizeTrait, StructArray};
use arrow::buffer::{Buffer, ScalarBuffer};
use arrow::datatypes::{ByteViewType, DataType};

use crate::error::Result;

/// Longest value that is in the view itself.
const INLINE: u32 = 12;

/// A view holds a 32-bit offset, which Arrow takes as signed.
const MAX_BUFFER: usize = i32::MAX as usize;

/// The rows `(source, row)`, in order, with their bytes in new buffers.
pub(super) fn gather_views<T: ByteViewType + ?Sized, R>(
    sources: &[&GenericByteViewArray<T>],
    rows: impl Fn() -> R,
) -> GenericByteViewArray<T>
where
    R: Iterator<Item = (usize, usize)>,
{
    let views: Vec<&[u128]> = sources.iter().map(|s| s.views().as_ref()).collect();
    let nullable = sources.iter().any(|s| s.null_count() > 0);
    let is_null = |source: usize, row: usize| nullable && sources[source].is_null(row);

    let mut count = 0;
    let mut long_bytes = 0usize;
    for (source, row) in rows() {
        let len = views[source][row] as u32;
        count += 1;
        if len > INLINE && !is_null(source, row) {
            long_bytes += len as usize;
        }
    }

    let mut gathered: Vec<u128> = Vec::with_capacity(count);
    let mut bytes: Vec<u8> = Vec::with_capacity(long_bytes.min(MAX_BUFFER));
    let mut full: Vec<Buffer> = Vec::new();
    let mut nulls = NullBufferBuilder::new(count);
    for (source, row) in rows() {
        if is_null(source, row) {
            gathered.push(0);
            nulls.append_null();
            continue;
        }
        if nullable {
            nulls.append_non_null();
        }
        let view = views[source][row];
        let len = view as u32;
        if len <= INLINE {
            gathered.push(view);
            continue;
        }
        if bytes.len() + len as usize > MAX_BUFFER {
            let left = long_bytes - bytes.len();
            let next = Vec::with_capacity(left.min(MAX_BUFFER));
            long_bytes = left;
            full.push(Buffer::from_vec(std::mem::replace(&mut bytes, next)));
        }
        // A view: length, 4 bytes of prefix, number of the buffer, offset.
        let buffer = &sources[source].data_buffers()[(view >> 64) as u32 as usize];
        let at = (view >> 96) as usize;
        let place = (full.len() as u128) << 64 | (bytes.len() as u128) << 96;
        bytes.extend_from_slice(&buffer[at..at + len as usize]);
        gathered.push(view & u128::from(u64::MAX) | place);
    }
    if !bytes.is_empty() {
        full.push(Buffer::from_vec(bytes));
    }
    let nulls = if nullable { nulls.finish() } else { None };
    // SAFETY: every view is that of a value of a valid array of the same type: an inline
    // one is unchanged, a long one keeps length and prefix and refers to a copy of the
    // same bytes, whose place was computed from the buffer's length before the copy.
    // Nulls have the same length as the views, since each row appended one of both.
    unsafe { GenericByteViewArray::new_unchecked(ScalarBuffer::from(gathered), full, nulls) }
}

/// Does the same for view arrays inside structs and lists, which Arrow's kernels leave
/// with all their buffers.
pub(super) fn compact_nested(array: ArrayRef) -> Result<ArrayRef> {
    if !has_views(array.data_type()) {
        return Ok(array);
    }
    Ok(match array.data_type() {
        DataType::Utf8View => Arc::new(array.as_string_view().gc()),
        DataType::BinaryView => Arc::new(array.as_binary_view().gc()),
        DataType::Struct(_) => {
            let (fields, columns, nulls) = array.as_struct().clone().into_parts();
            let columns = columns.into_iter().map(compact_nested).collect::<Result<_>>()?;
            Arc::new(StructArray::try_new(fields, columns, nulls)?)
        }
        DataType::List(_) => compact_list(array.as_list::<i32>())?,
        DataType::LargeList(_) => compact_list(array.as_list::<i64>())?,
        _ => array,
    })
}

fn compact_list<O: OffsetSizeTrait>(list: &GenericListArray<O>) -> Result<ArrayRef> {
    let (field, offsets, values, nulls) = list.clone().into_parts();
    let values = compact_nested(values)?;
    Ok(Arc::new(GenericListArray::try_new(field, offsets, values, nulls)?))
}

fn has_views(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8View | DataType::BinaryView => true,
        DataType::Struct(fields) => fields.iter().any(|f| has_views(f.data_type())),
        DataType::List(field) | DataType::LargeList(field) => has_views(field.data_type()),
        _ => false,
    }
}
