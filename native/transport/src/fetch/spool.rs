//! Files that fetched blocks wait in.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::runtime::Handle;

use crate::error::{Result, TransportError};

/// Bytes that are read at once.
const READ_BYTES: u64 = 512 << 10;

/// Gives files of a task, in its spill directory.
pub trait SpoolFiles: Send + Sync + fmt::Debug {
    /// An empty file for reading and writing; it is removed when it is no longer used.
    ///
    /// # Errors
    /// When no directory takes one.
    fn create(&self) -> io::Result<(File, PathBuf)>;
}

/// One file, written from its start to its end.
#[derive(Debug)]
pub(crate) struct Spool {
    inner: Arc<Inner>,
    runtime: Handle,
    pub written: u64,
}

#[derive(Debug)]
struct Inner {
    file: Mutex<File>,
    path: PathBuf,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The task's directory goes too.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Spool {
    pub async fn create(files: Arc<dyn SpoolFiles>, runtime: &Handle) -> Result<Self> {
        let created = runtime.spawn_blocking(move || files.create()).await.map_err(io::Error::other);
        let (file, path) = created.and_then(|created| created).map_err(TransportError::local("create a file for fetched blocks"))?;
        Ok(Self { inner: Arc::new(Inner { file: Mutex::new(file), path }), runtime: runtime.clone(), written: 0 })
    }

    pub async fn append(&mut self, bytes: Bytes) -> Result<()> {
        let (inner, at, length) = (Arc::clone(&self.inner), self.written, bytes.len() as u64);
        let write = self.runtime.spawn_blocking(move || {
            let mut file = inner.file.lock();
            file.seek(SeekFrom::Start(at))?;
            file.write_all(&bytes)
        });
        self.finish("write", write.await)?;
        self.written += length;
        Ok(())
    }

    /// At most [`READ_BYTES`] from `at`, before `end`.
    pub async fn read(&self, at: u64, end: u64) -> Result<Bytes> {
        let inner = Arc::clone(&self.inner);
        let read = self.runtime.spawn_blocking(move || {
            let mut bytes = vec![0; end.saturating_sub(at).min(READ_BYTES) as usize];
            let mut file = inner.file.lock();
            file.seek(SeekFrom::Start(at))?;
            file.read_exact(&mut bytes)?;
            Ok(Bytes::from(bytes))
        });
        self.finish("read", read.await)
    }

    fn finish<T>(&self, action: &str, ended: std::result::Result<io::Result<T>, tokio::task::JoinError>) -> Result<T> {
        let ended = ended.map_err(io::Error::other).and_then(|ended| ended);
        ended.map_err(TransportError::local(format!("{action} {}", self.inner.path.display())))
    }
}
