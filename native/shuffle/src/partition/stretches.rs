//! Copies stretches of plain columns into one array. Arrow's `concat` does it too, but
//! wants each stretch as an array of its own, which costs more than to copy a short one.

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, BooleanBufferBuilder, GenericByteArray, NullBufferBuilder, PrimitiveArray,
    downcast_primitive_array,
};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{ArrowNativeType, BinaryType, ByteArrayType, DataType, LargeBinaryType, LargeUtf8Type, Utf8Type};
use arrow::error::ArrowError;
use std::sync::Arc;

use super::assemble::Piece;
use crate::error::Result;

/// The column's rows of all pieces, `rows` together; `None` for types without a kernel
/// here. All pieces have the same types.
pub(super) fn copy_stretches(column: usize, pieces: &[Piece], rows: usize) -> Result<Option<ArrayRef>> {
    let Some(first) = pieces.first() else {
        return Ok(None);
    };
    let stretches = Stretches { column, pieces, rows };
    let first: &dyn Array = first.batch.column(column).as_ref();
    let copied = downcast_primitive_array!(
        first => stretches.primitives(first)?,
        DataType::Boolean => stretches.booleans(),
        DataType::Utf8 => stretches.bytes::<Utf8Type>()?,
        DataType::LargeUtf8 => stretches.bytes::<LargeUtf8Type>()?,
        DataType::Binary => stretches.bytes::<BinaryType>()?,
        DataType::LargeBinary => stretches.bytes::<LargeBinaryType>()?,
        _ => return Ok(None),
    );
    Ok(Some(copied))
}

struct Stretches<'a> {
    column: usize,
    pieces: &'a [Piece<'a>],
    rows: usize,
}

impl<'a> Stretches<'a> {
    /// Each piece's array, first row and number of rows.
    fn arrays(&self) -> impl Iterator<Item = (&'a dyn Array, usize, usize)> {
        let column = self.column;
        self.pieces.iter().map(move |p| (p.batch.column(column).as_ref(), p.start, p.len))
    }

    fn nulls(&self) -> Option<NullBuffer> {
        if self.arrays().all(|(array, _, _)| array.null_count() == 0) {
            return None;
        }
        let mut nulls = NullBufferBuilder::new(self.rows);
        for (array, start, len) in self.arrays() {
            match array.nulls() {
                Some(source) => nulls.append_buffer(&source.slice(start, len)),
                None => nulls.append_n_non_nulls(len),
            }
        }
        nulls.finish()
    }

    fn primitives<T: ArrowPrimitiveType>(&self, first: &PrimitiveArray<T>) -> Result<ArrayRef> {
        let mut values: Vec<T::Native> = Vec::with_capacity(self.rows);
        for (array, start, len) in self.arrays() {
            values.extend_from_slice(&array.as_primitive::<T>().values()[start..start + len]);
        }
        let array = PrimitiveArray::<T>::try_new(ScalarBuffer::from(values), self.nulls())?;
        Ok(Arc::new(array.with_data_type(first.data_type().clone())))
    }

    fn booleans(&self) -> ArrayRef {
        let mut values = BooleanBufferBuilder::new(self.rows);
        for (array, start, len) in self.arrays() {
            let source = array.as_boolean().values().slice(start, len);
            values.append_buffer(&source);
        }
        Arc::new(BooleanArray::new(values.finish(), self.nulls()))
    }

    fn bytes<T: ByteArrayType>(&self) -> Result<ArrayRef> {
        let range = |array: &'a dyn Array, start: usize, len: usize| {
            let array = array.as_bytes::<T>();
            let offsets = &array.value_offsets()[start..=start + len];
            let bytes = offsets[0].as_usize()..offsets[len].as_usize();
            (offsets, &array.value_data()[bytes])
        };
        let total = self.arrays().map(|(array, start, len)| range(array, start, len).1.len()).sum();
        if T::Offset::from_usize(total).is_none() {
            return Err(ArrowError::OffsetOverflowError(total).into());
        }
        let mut values: Vec<u8> = Vec::with_capacity(total);
        let mut offsets: Vec<T::Offset> = Vec::with_capacity(self.rows + 1);
        offsets.push(T::Offset::default());
        for (array, start, len) in self.arrays() {
            let (source, bytes) = range(array, start, len);
            let base = T::Offset::usize_as(values.len());
            let first = source[0];
            offsets.extend(source[1..].iter().map(|o| *o - first + base));
            values.extend_from_slice(bytes);
        }
        let offsets = ScalarBuffer::from(offsets);
        // SAFETY: the offsets start at 0 and do not decrease, since each stretch's did not
        // and starts where the one before ends; the last is the length of the values,
        // which was checked to fit the type above.
        let offsets = unsafe { OffsetBuffer::new_unchecked(offsets) };
        // SAFETY: every value is a whole value of a valid array of the same type, so it is
        // valid UTF-8 where that is asked for; offsets fit the values (see above), and
        // nulls have one bit per row of the same stretches.
        let array = unsafe { GenericByteArray::<T>::new_unchecked(offsets, Buffer::from_vec(values), self.nulls()) };
        Ok(Arc::new(array))
    }
}
