//! Record batch to block.

use std::fmt;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteContext, IpcWriteOptions, StreamEncoder, write_message};

use super::Codec;
use super::compress::Compressor;
use super::header::{BlockHeader, HEADER_LEN, MAX_RAW_LEN};
use crate::error::{Result, ShuffleError};

/// Encodes batches of one schema; its buffers are reused from block to block.
pub struct BlockEncoder {
    schema: SchemaRef,
    messages: Messages,
    compressor: Compressor,
    raw: Vec<u8>,
}

/// How IPC messages are made.
enum Messages {
    /// Without dictionaries buffers are referenced, not copied into a message of their own.
    Plain(Box<StreamEncoder>),
    /// With dictionaries each block has its own copy of them.
    Dictionaries,
}

impl fmt::Debug for BlockEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockEncoder").field("schema", &self.schema).field("compressor", &self.compressor).finish()
    }
}

impl BlockEncoder {
    /// An encoder for batches of `schema`.
    ///
    /// # Errors
    /// `Arrow` for types that IPC does not have (a dictionary of dictionaries).
    pub fn new(schema: SchemaRef, codec: Codec) -> Result<Self> {
        let messages = if schema.fields().iter().any(|f| has_dictionary(f.data_type())) {
            Messages::Dictionaries
        } else {
            let mut encoder = StreamEncoder::try_new(&schema)?;
            // The first call yields the schema too: blocks have none.
            encoder.encode(&RecordBatch::new_empty(SchemaRef::clone(&schema)))?;
            Messages::Plain(Box::new(encoder))
        };
        Ok(Self { schema, messages, compressor: Compressor::new(codec)?, raw: Vec::new() })
    }

    /// The schema of its batches.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Appends the batch to `out`: as one block, or as several when its payload would
    /// have more than [`MAX_RAW_LEN`] bytes.
    ///
    /// # Errors
    /// `Invalid` for one row beyond that limit or a batch of other types; `out` is as it
    /// was then.
    pub fn encode(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<()> {
        let start = out.len();
        let result = self.encode_or_cut(batch, out);
        if result.is_err() {
            out.truncate(start);
        }
        result
    }

    fn encode_or_cut(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<()> {
        self.check_types(batch)?;
        self.raw.clear();
        self.raw_messages(batch)?;
        if self.raw.len() <= MAX_RAW_LEN && u32::try_from(batch.num_rows()).is_ok() {
            return self.append_block(batch.num_rows() as u32, out);
        }
        self.raw = Vec::new();
        let rows = batch.num_rows();
        if rows <= 1 {
            return Err(ShuffleError::Invalid(format!("a row of more than {MAX_RAW_LEN} bytes cannot be shuffled")));
        }
        self.encode_or_cut(&batch.slice(0, rows / 2), out)?;
        self.encode_or_cut(&batch.slice(rows / 2, rows - rows / 2), out)
    }

    fn append_block(&mut self, rows: u32, out: &mut Vec<u8>) -> Result<()> {
        let start = out.len();
        out.extend_from_slice(&[0; HEADER_LEN]);
        let codec = self.compressor.append(&self.raw, out)?;
        let (head, stored) = out[start..].split_at_mut(HEADER_LEN);
        let header = BlockHeader { codec, raw_len: self.raw.len() as u32, stored_len: stored.len() as u32, rows, crc: 0 };
        head.copy_from_slice(&header.to_bytes(stored));
        Ok(())
    }

    fn raw_messages(&mut self, batch: &RecordBatch) -> Result<()> {
        match &mut self.messages {
            Messages::Plain(encoder) => {
                for buffer in encoder.encode(batch)? {
                    self.raw.extend_from_slice(&buffer);
                }
            }
            Messages::Dictionaries => {
                let options = IpcWriteOptions::default();
                let generator = IpcDataGenerator::default();
                let mut tracker = DictionaryTracker::new(false);
                // Numbers the dictionaries in the order in which a decoder numbers them.
                generator.schema_to_bytes_with_dictionary_tracker(&self.schema, &mut tracker, &options);
                let (dictionaries, message) = generator.encode(batch, &mut tracker, &options, &mut IpcWriteContext::default())?;
                for dictionary in dictionaries {
                    write_message(&mut self.raw, dictionary, &options)?;
                }
                write_message(&mut self.raw, message, &options)?;
            }
        }
        Ok(())
    }

    fn check_types(&self, batch: &RecordBatch) -> Result<()> {
        let same = batch.num_columns() == self.schema.fields().len()
            && batch.columns().iter().zip(self.schema.fields()).all(|(column, field)| column.data_type() == field.data_type());
        if same {
            Ok(())
        } else {
            Err(ShuffleError::Invalid(format!(
                "a batch of {} cannot be written to a shuffle of {}",
                names(&batch.schema()),
                names(&self.schema)
            )))
        }
    }
}

fn names(schema: &Schema) -> String {
    let fields: Vec<_> = schema.fields().iter().map(|f| format!("{} {}", f.name(), f.data_type())).collect();
    format!("({})", fields.join(", "))
}

/// Whether there is a dictionary in the type.
pub(crate) fn has_dictionary(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, _) => true,
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::ListView(field)
        | DataType::LargeListView(field)
        | DataType::FixedSizeList(field, _)
        | DataType::Map(field, _) => has_dictionary(field.data_type()),
        DataType::Struct(fields) => fields.iter().any(|f| has_dictionary(f.data_type())),
        DataType::Union(fields, _) => fields.iter().any(|(_, f)| has_dictionary(f.data_type())),
        DataType::RunEndEncoded(_, values) => has_dictionary(values.data_type()),
        _ => false,
    }
}
