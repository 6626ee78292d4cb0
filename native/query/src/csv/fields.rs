use std::borrow::Cow;
use std::ops::Range;

/// The fields of one record.
#[derive(Debug, Default)]
pub struct Fields {
    text: Vec<u8>,
    /// `None`: nothing between two delimiters, which is NULL. Nothing between quotes is an empty text.
    ranges: Vec<Option<Range<usize>>>,
}

impl Fields {
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// NULL for a field that is not there. Bytes that are no UTF-8 become U+FFFD.
    pub fn get(&self, index: usize) -> Option<Cow<'_, str>> {
        let range = self.ranges.get(index)?.clone()?;
        self.text.get(range).map(String::from_utf8_lossy)
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ranges.clear();
    }

    pub(super) fn null(&mut self) {
        self.ranges.push(None);
    }

    /// Where a field that is being put together begins.
    pub(super) fn start(&self) -> usize {
        self.text.len()
    }

    pub(super) fn push(&mut self, byte: u8) {
        self.text.push(byte);
    }

    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.text.extend_from_slice(bytes);
    }

    pub(super) fn insert(&mut self, at: usize, byte: u8) {
        self.text.insert(at, byte);
    }

    /// What was put together since `start` is a field.
    pub(super) fn end(&mut self, start: usize) {
        self.ranges.push(Some(start..self.text.len()));
    }
}
