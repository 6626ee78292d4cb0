//! Whole map outputs as files: to be copied to another process, and coming from one.

use std::fmt;
use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::ipc::convert::try_schema_from_ipc_buffer;
use arrow::ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteOptions, write_message};
use bytes::Bytes;

use super::reader::{ShuffleFile, read_at};
use super::writer::StagedFile;
use crate::codec::check_blocks;
use crate::dirs::{LocalDirs, TempFile};
use crate::error::{Result, ShuffleError};
use crate::store::{MapData, MapOutput, MapOutputId};

/// The longest schema that is taken from elsewhere.
const MAX_SCHEMA: usize = 16 << 20;

/// A map output to be copied: the length of its schema as an IPC message, the schema, its file.
pub struct WholeOutput {
    id: MapOutputId,
    head: Bytes,
    file: File,
    source: Source,
    length: u64,
    position: u64,
}

/// Keeps the file as long as it is read.
enum Source {
    Stored(Arc<ShuffleFile>),
    /// Written for this copy.
    Staged(StagedFile),
}

impl Source {
    fn path(&self) -> &std::path::Path {
        match self {
            Self::Stored(file) => file.path(),
            Self::Staged(staged) => staged.temp.path(),
        }
    }
}

impl fmt::Debug for WholeOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WholeOutput").field("id", &self.id).field("length", &self.length).finish()
    }
}

impl WholeOutput {
    pub(crate) fn stored(id: MapOutputId, schema: &SchemaRef, file: Arc<ShuffleFile>) -> Result<Self> {
        let length = file.len();
        Self::open(id, schema, Source::Stored(file), length)
    }

    pub(crate) fn staged(id: MapOutputId, schema: &SchemaRef, file: StagedFile) -> Result<Self> {
        let length = file.len;
        Self::open(id, schema, Source::Staged(file), length)
    }

    fn open(id: MapOutputId, schema: &SchemaRef, source: Source, length: u64) -> Result<Self> {
        let file = File::open(source.path()).map_err(ShuffleError::io("open", source.path()))?;
        let options = IpcWriteOptions::default();
        let message =
            IpcDataGenerator::default().schema_to_bytes_with_dictionary_tracker(schema, &mut DictionaryTracker::new(false), &options);
        let mut bytes = Vec::new();
        write_message(&mut bytes, message, &options)?;
        let head = [&(bytes.len() as u32).to_le_bytes()[..], &bytes].concat().into();
        Ok(Self { id, head, file, source, length, position: 0 })
    }

    /// The attempt whose output it is.
    pub fn id(&self) -> MapOutputId {
        self.id
    }

    /// Bytes that are left.
    pub fn remaining(&self) -> u64 {
        self.head.len() as u64 + self.length - self.position
    }

    /// The next bytes, at most `most` of them; none at the end.
    ///
    /// # Errors
    /// `Io`.
    pub fn next_bytes(&mut self, most: usize) -> Result<Bytes> {
        if !self.head.is_empty() {
            return Ok(self.head.split_to(most.min(self.head.len())));
        }
        let mut bytes = vec![0; usize::try_from(self.length - self.position).unwrap_or(usize::MAX).min(most)];
        read_at(&self.file, &mut bytes, self.position).map_err(ShuffleError::io("read", self.source.path()))?;
        self.position += bytes.len() as u64;
        Ok(bytes.into())
    }
}

/// A map output that comes from another process, into a file with a temporary name.
#[derive(Debug)]
pub struct IncomingOutput {
    head: Vec<u8>,
    temp: TempFile,
    file: File,
}

impl IncomingOutput {
    /// # Errors
    /// `NoLocalDir`.
    pub fn create(dirs: &LocalDirs) -> Result<Self> {
        let (temp, file) = dirs.write_file("incoming", |file, path| file.try_clone().map_err(ShuffleError::io("create", path)))?;
        Ok(Self { head: Vec::new(), temp, file })
    }

    /// Takes the next bytes of a [`WholeOutput`].
    ///
    /// # Errors
    /// `Io`; `Corrupt` for a schema of absurd length.
    pub fn append(&mut self, mut bytes: &[u8]) -> Result<()> {
        while let Some(missing) = self.missing_head()?
            && !bytes.is_empty()
        {
            let (head, rest) = bytes.split_at(missing.min(bytes.len()));
            self.head.extend_from_slice(head);
            bytes = rest;
        }
        self.file.write_all(bytes).map_err(ShuffleError::io("write", self.temp.path()))
    }

    /// Bytes that the head lacks.
    fn missing_head(&self) -> Result<Option<usize>> {
        let Some((length, schema)) = self.head.split_first_chunk::<4>() else {
            return Ok(Some(4 - self.head.len()));
        };
        let length = u32::from_le_bytes(*length) as usize;
        if length > MAX_SCHEMA {
            return Err(ShuffleError::corrupt(self.temp.path(), None, format!("a schema of {length} bytes")));
        }
        Ok(Some(length - schema.len()).filter(|missing| *missing > 0))
    }

    /// Checks all of it; what is returned can be put into a store.
    ///
    /// # Errors
    /// `Corrupt`, `Io`.
    pub fn finish(self) -> Result<MapOutput> {
        let corrupt = |what: String| ShuffleError::corrupt(self.temp.path(), None, what);
        let schema = self.head.get(4..).unwrap_or_default();
        let schema = std::panic::catch_unwind(|| try_schema_from_ipc_buffer(schema))
            .map_err(|_| corrupt("Arrow could not read its schema".to_owned()))?
            .map_err(|e| corrupt(e.to_string()))?;
        let schema = Arc::new(schema);
        let file = ShuffleFile::open(self.temp.path(), Arc::clone(&schema))?;
        let mut blocks = file.blocks(0..file.index().partitions.len() as u32)?;
        while let Some(block) = blocks.next_encoded() {
            let block = block?;
            check_blocks(&block.bytes).map_err(|what| ShuffleError::corrupt(self.temp.path(), Some(block.partition), what))?;
        }
        let (index, len) = (file.index().clone(), file.len());
        let stats = index.stats();
        let staged = StagedFile { temp: self.temp, schema: Arc::clone(&schema), index, len };
        Ok(MapOutput { schema, stats, data: MapData::File(staged) })
    }
}
