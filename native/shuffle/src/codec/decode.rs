//! Block to record batch. The bytes are not trusted: a CRC finds accidents, and what it
//! lets pass is checked again before Arrow sees it.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::buffer::{Buffer, MutableBuffer};
use arrow::datatypes::SchemaRef;
use arrow::ipc::convert::try_schema_from_ipc_buffer;
use arrow::ipc::reader::{RecordBatchDecoder, read_dictionary};
use arrow::ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteOptions, write_message};
use arrow::ipc::{Message, MetadataVersion, root_as_message};

use super::compress::Decompressor;
use super::encode::has_dictionary;
use super::header::{BlockHeader, HEADER_LEN};
use crate::error::Result;

const CONTINUATION: [u8; 4] = [0xff; 4];

/// A message from outside may have so many values that it has no bytes for.
const ROWS_WITHOUT_BYTES: usize = 1 << 20;

/// The end of an IPC stream.
const END: [u8; 8] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];

/// Decodes blocks of one schema.
pub struct BlockDecoder {
    schema: SchemaRef,
    /// The schema with the numbers of its dictionaries.
    numbered: SchemaRef,
    decompressor: Decompressor,
}

impl fmt::Debug for BlockDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockDecoder").field("schema", &self.schema).finish()
    }
}

impl BlockDecoder {
    /// A decoder for blocks that were encoded with the same schema.
    ///
    /// # Errors
    /// `Arrow` for types that IPC does not have.
    pub fn new(schema: SchemaRef) -> Result<Self> {
        let numbered = if schema.fields().iter().any(|f| has_dictionary(f.data_type())) {
            let options = IpcWriteOptions::default();
            let message =
                IpcDataGenerator::default().schema_to_bytes_with_dictionary_tracker(&schema, &mut DictionaryTracker::new(false), &options);
            let mut bytes = Vec::new();
            write_message(&mut bytes, message, &options)?;
            Arc::new(try_schema_from_ipc_buffer(&bytes)?)
        } else {
            SchemaRef::clone(&schema)
        };
        Ok(Self { schema, numbered, decompressor: Decompressor::default() })
    }

    /// The schema of its batches.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Decodes the block at the start of `bytes`; returns the batch and the block's
    /// length. What is allocated is bounded by what the block's bytes can stand for.
    ///
    /// # Errors
    /// Says what is wrong with the bytes: the caller knows where they come from.
    pub fn decode(&mut self, bytes: &[u8]) -> Result<(RecordBatch, usize), String> {
        let header = BlockHeader::parse(bytes)?;
        let Some(block) = bytes.get(..header.block_len()) else {
            return Err(format!("a block of {} bytes is cut off after {}", header.block_len(), bytes.len()));
        };
        header.verify(block)?;
        let stored = &block[HEADER_LEN..];
        let raw_len = header.raw_len as usize;
        Decompressor::check_claim(header.codec, stored, raw_len)?;
        let mut raw = MutableBuffer::from_len_zeroed(raw_len);
        self.decompressor.fill(header.codec, stored, &mut raw)?;
        let raw: Buffer = raw.into();

        // Arrow asserts here and there: a panic on bytes that pass the CRC and the
        // checks below is an error like any other.
        let batch = catch_unwind(AssertUnwindSafe(|| self.decode_messages(&raw)))
            .unwrap_or_else(|_| Err("Arrow could not decode a block".to_owned()))?;
        if batch.num_rows() != header.rows as usize {
            return Err(format!("a block of {} rows decoded to {}", header.rows, batch.num_rows()));
        }
        Ok((batch, header.block_len()))
    }

    fn decode_messages(&self, raw: &Buffer) -> Result<RecordBatch, String> {
        let mut dictionaries = HashMap::new();
        let mut at = 0;
        while at < raw.len() {
            let (message, body) = split_message(raw, &mut at)?;
            let body = raw.slice_with_length(body.start, body.len());
            if let Some(dictionary) = message.header_as_dictionary_batch() {
                let data = dictionary.data().ok_or("a dictionary without data")?;
                check_batch(&data, body.len())?;
                read_dictionary(&body, dictionary, &self.numbered, &mut dictionaries, &MetadataVersion::V5).map_err(|e| e.to_string())?;
            } else if let Some(batch) = message.header_as_record_batch() {
                check_batch(&batch, body.len())?;
                if at != raw.len() {
                    return Err("a block goes on after its batch".to_owned());
                }
                let rows = batch.length() as usize;
                let batch =
                    RecordBatchDecoder::try_new(&body, batch, SchemaRef::clone(&self.numbered), &dictionaries, &MetadataVersion::V5)
                        .and_then(|d| d.with_require_alignment(false).read_record_batch())
                        .map_err(|e| e.to_string())?;
                let options = RecordBatchOptions::new().with_row_count(Some(rows));
                return RecordBatch::try_new_with_options(SchemaRef::clone(&self.schema), batch.columns().to_vec(), &options)
                    .map_err(|e| e.to_string());
            } else {
                return Err("a block has a message of another kind".to_owned());
            }
        }
        Err("a block without a batch".to_owned())
    }
}

/// Checks an Arrow IPC stream that comes from outside: all that its messages claim is there, so that
/// reading it allocates no more than it has.
///
/// # Errors
/// Says what is wrong with the bytes.
pub fn check_stream(bytes: &[u8]) -> Result<(), String> {
    let mut at = 0;
    // An end without a mark is one too.
    while at < bytes.len() && !bytes[at..].starts_with(&END) {
        let (message, body) = split_message(bytes, &mut at)?;
        let dictionary = message.header_as_dictionary_batch().and_then(|d| d.data());
        if let Some(batch) = message.header_as_record_batch().or(dictionary) {
            check_batch(&batch, body.len())?;
            // An array of nulls has no bytes, but what it is cast to has.
            let most = (8 * body.len() + ROWS_WITHOUT_BYTES) as i64;
            if let Some(node) = batch.nodes().into_iter().flatten().find(|node| node.length() > most) {
                return Err(format!("an array of {} values in a message of {} bytes", node.length(), body.len()));
            }
        }
    }
    Ok(())
}

/// The message at `at` and where its body is; `at` moves behind them.
fn split_message<'a>(raw: &'a [u8], at: &mut usize) -> Result<(Message<'a>, Range<usize>), String> {
    let cut_off = || "an IPC message is cut off".to_owned();
    let rest = &raw[*at..];
    let (head, rest) = rest.split_first_chunk::<8>().ok_or_else(cut_off)?;
    if head[..4] != CONTINUATION {
        return Err("no IPC message where one should start".to_owned());
    }
    let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
    let metadata = rest.get(..length).ok_or_else(cut_off)?;
    let message = root_as_message(metadata).map_err(|e| format!("no IPC message: {e}"))?;
    let body_len = usize::try_from(message.bodyLength()).map_err(|_| cut_off())?;
    if body_len > rest.len() - length {
        return Err(cut_off());
    }
    let body = *at + 8 + length..*at + 8 + length + body_len;
    *at = body.end;
    Ok((message, body))
}

/// Every buffer lies in the body, and no count is negative or absurd.
fn check_batch(batch: &arrow::ipc::RecordBatch<'_>, body_len: usize) -> Result<(), String> {
    if batch.compression().is_some() {
        return Err("a block's buffers are not compressed one by one".to_owned());
    }
    if u32::try_from(batch.length()).is_err() {
        return Err(format!("a batch of {} rows", batch.length()));
    }
    for buffer in batch.buffers().into_iter().flatten() {
        let end = buffer.offset().checked_add(buffer.length());
        let inside = buffer.offset() >= 0 && buffer.length() >= 0 && end.is_some_and(|end| end as u64 <= body_len as u64);
        if !inside {
            return Err("a buffer lies outside its message".to_owned());
        }
    }
    for node in batch.nodes().into_iter().flatten() {
        // Lengths are checked against buffers by Arrow; types without buffers have none.
        let possible = (0..=i64::from(u32::MAX)).contains(&node.length()) && (0..=node.length()).contains(&node.null_count());
        if !possible {
            return Err("an array of impossible length".to_owned());
        }
    }
    let buffers = batch.buffers().map_or(0, |b| b.len());
    for count in batch.variadicBufferCounts().into_iter().flatten() {
        if usize::try_from(count).is_ok_and(|c| c <= buffers) {
            continue;
        }
        return Err("an impossible number of variadic buffers".to_owned());
    }
    Ok(())
}
