//! What batches weigh: the rows alone (statistics), and the buffers behind them, each
//! once (memory).

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use arrow::array::{Array, ArrayData, AsArray, OffsetSizeTrait, RecordBatch};
use arrow::buffer::Buffer;
use arrow::datatypes::{ByteViewType, DataType};

/// Addresses need no more than a multiplication.
#[derive(Debug, Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|b| self.write_usize(*b as usize));
    }

    fn write_usize(&mut self, address: usize) {
        let mixed = (self.0 ^ address as u64 >> 3).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ mixed >> 32;
    }
}

/// Backing buffers by address, so that slices of one buffer are charged once: adding up
/// `get_array_memory_size` charges it for each slice. The addresses are those of live
/// buffers as long as the batches that were added are.
#[derive(Debug, Default)]
pub(crate) struct BufferSet {
    seen: HashSet<usize, BuildHasherDefault<AddressHasher>>,
    bytes: usize,
}

impl BufferSet {
    /// Adds a batch's buffers; returns the bytes of those that are new, and of what
    /// describes the columns (which is most of a batch of a few rows).
    pub fn add(&mut self, batch: &RecordBatch) -> usize {
        let before = self.bytes;
        self.bytes += described_bytes(batch);
        for column in batch.columns() {
            each_buffer(&column.to_data(), &mut |buffer| self.add_buffer(buffer));
        }
        self.bytes - before
    }

    /// Adds a batch whose buffers no other batch has, without looking at each.
    pub fn add_owned(&mut self, batch: &RecordBatch) {
        self.bytes += batch.get_array_memory_size();
    }

    /// What [`BufferSet::add`] would return.
    pub fn new_bytes(&self, batch: &RecordBatch) -> usize {
        let mut new = Self::default();
        let add = |buffer: &Buffer, new: &mut Self| {
            if !self.seen.contains(&address(buffer)) {
                new.add_buffer(buffer);
            }
        };
        for column in batch.columns() {
            each_buffer(&column.to_data(), &mut |buffer| add(buffer, &mut new));
        }
        new.bytes + described_bytes(batch)
    }

    /// Bytes of all buffers.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn add_buffer(&mut self, buffer: &Buffer) {
        let capacity = buffer.capacity();
        if capacity > 0 && self.seen.insert(address(buffer)) {
            self.bytes += capacity;
        }
    }
}

fn address(buffer: &Buffer) -> usize {
    buffer.data_ptr().as_ptr() as usize
}

fn each_buffer(data: &ArrayData, visit: &mut dyn FnMut(&Buffer)) {
    data.buffers().iter().for_each(&mut *visit);
    if let Some(nulls) = data.nulls() {
        visit(nulls.buffer());
    }
    for child in data.child_data() {
        each_buffer(child, visit);
    }
}

fn described_bytes(batch: &RecordBatch) -> usize {
    let columns = batch.columns().iter();
    columns.map(|c| c.get_array_memory_size().saturating_sub(c.get_buffer_memory_size())).sum()
}

/// Bytes of a batch's buffers, each once.
pub(crate) fn buffer_bytes(batch: &RecordBatch) -> usize {
    BufferSet::default().add(batch)
}

/// Bytes that the rows of a batch take, whatever else is in the buffers that they are in:
/// the in-memory size that statistics tell.
pub(crate) fn slice_bytes(batch: &RecordBatch) -> u64 {
    let bytes: usize = batch.columns().iter().map(|c| array_bytes(c)).sum();
    bytes as u64
}

fn array_bytes(array: &dyn Array) -> usize {
    let nulls = array.nulls().map_or(0, |_| array.len().div_ceil(8));
    if let Some(width) = array.data_type().primitive_width() {
        return nulls + width * array.len();
    }
    nulls
        + match array.data_type() {
            DataType::Utf8 => text_bytes(array.as_string::<i32>().value_offsets()),
            DataType::LargeUtf8 => text_bytes(array.as_string::<i64>().value_offsets()),
            DataType::Utf8View => view_bytes(array.as_string_view()),
            DataType::BinaryView => view_bytes(array.as_binary_view()),
            DataType::Struct(_) => {
                let columns = array.as_struct().columns();
                columns.iter().map(|c| array_bytes(c)).sum()
            }
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                list_bytes(list.value_offsets(), list.values())
            }
            DataType::LargeList(_) => {
                let list = array.as_list::<i64>();
                list_bytes(list.value_offsets(), list.values())
            }
            DataType::Map(_, _) => {
                let map = array.as_map();
                list_bytes(map.value_offsets(), map.entries())
            }
            DataType::Dictionary(_, _) => {
                let dictionary = array.as_any_dictionary();
                array_bytes(dictionary.keys()) - nulls + array_bytes(dictionary.values())
            }
            _ => {
                let data = array.to_data();
                data.get_slice_memory_size().unwrap_or_else(|_| data.get_buffer_memory_size()).saturating_sub(nulls)
            }
        }
}

fn view_bytes<T: ByteViewType + ?Sized>(array: &arrow::array::GenericByteViewArray<T>) -> usize {
    array.len() * size_of::<u128>() + array.total_buffer_bytes_used()
}

fn text_bytes<O: OffsetSizeTrait>(offsets: &[O]) -> usize {
    let start = offsets.first().map_or(0, |o| o.as_usize());
    let end = offsets.last().map_or(0, |o| o.as_usize());
    size_of_val(offsets) + end - start
}

fn list_bytes<O: OffsetSizeTrait>(offsets: &[O], values: &dyn Array) -> usize {
    let start = offsets.first().map_or(0, |o| o.as_usize());
    let end = offsets.last().map_or(0, |o| o.as_usize());
    size_of_val(offsets) + array_bytes(&values.slice(start, end - start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int64Array, ListArray, StringArray, StringViewArray};
    use arrow::datatypes::Int32Type;
    use std::sync::Arc;

    fn batch(column: ArrayRef) -> RecordBatch {
        RecordBatch::try_from_iter([("c", column)]).unwrap()
    }

    #[test]
    fn a_shared_buffer_is_charged_once() {
        let whole = batch(Arc::new(Int64Array::from(vec![1; 1000])));
        let mut set = BufferSet::default();
        assert!((8000..8200).contains(&set.new_bytes(&whole)));
        assert!((8000..8200).contains(&set.add(&whole.slice(0, 10))));
        assert!(set.add(&whole.slice(500, 500)) < 200);
        assert!(set.new_bytes(&whole) < 200);
        assert!((8000..8400).contains(&set.bytes()));
    }

    #[test]
    fn rows_weigh_what_they_need() {
        let ints = batch(Arc::new(Int64Array::from(vec![1; 1000])));
        assert_eq!(slice_bytes(&ints.slice(3, 10)), 80);
        let nulls = batch(Arc::new(Int64Array::from(vec![Some(1), None, Some(2)])));
        assert_eq!(slice_bytes(&nulls), 25);
        let text = StringViewArray::from(vec!["short", "a text of 21 byte s.."]);
        let views = batch(Arc::new(text));
        assert_eq!(slice_bytes(&views.slice(0, 1)), 16);
        assert_eq!(slice_bytes(&views), 32 + 21);
        let strings = batch(Arc::new(StringArray::from(vec!["abc", "de", "f"])));
        assert_eq!(slice_bytes(&strings.slice(1, 2)), 12 + 3);
        let lists = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), Some(2)]), Some(vec![Some(3)])]);
        let lists = batch(Arc::new(lists));
        assert_eq!(slice_bytes(&lists.slice(1, 1)), 8 + 4);
    }
}
