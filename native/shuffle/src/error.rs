//! Typed errors of the shuffle: corruption, I/O and misuse are told apart because the
//! scheduler treats them differently (re-run the map, retry elsewhere, fail the job).

use std::io;
use std::path::{Path, PathBuf};

use arrow::error::ArrowError;

/// Result of this crate.
pub type Result<T, E = ShuffleError> = std::result::Result<T, E>;

/// Why an operation failed.
#[derive(Debug, thiserror::Error)]
pub enum ShuffleError {
    /// Bytes are not what was written: the map output must be computed again.
    #[error("corrupt shuffle data in {}{}: {what}", .file.display(), partition_text(.partition))]
    Corrupt {
        /// File, or `<memory>` / `<network>` for bytes that are in no file.
        file: PathBuf,
        /// Reduce partition, when it is known.
        partition: Option<u32>,
        /// What was wrong.
        what: String,
    },
    /// The operating system refused.
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        /// What was tried: `read`, `write`, `create`, `rename`, `open`.
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// Its answer.
        source: io::Error,
    },
    /// Every local directory is missing, read-only or full.
    #[error("no usable local directory among {tried}")]
    NoLocalDir {
        /// Directories with the reason why each was excluded.
        tried: String,
    },
    /// No committed output of this map is in the store.
    #[error("no output of map {map} of shuffle {shuffle} in this store")]
    NotFound {
        /// Shuffle id.
        shuffle: u64,
        /// Map index.
        map: u32,
    },
    /// A caller's mistake: types that cannot be hashed, lengths that differ.
    #[error("{0}")]
    Invalid(String),
    /// Arrow refused (types that cannot be encoded, a dictionary that overflows).
    #[error(transparent)]
    Arrow(#[from] ArrowError),
}

impl ShuffleError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }

    pub(crate) fn corrupt(file: &Path, partition: Option<u32>, what: impl Into<String>) -> Self {
        Self::Corrupt { file: file.to_path_buf(), partition, what: what.into() }
    }

    /// Whether the data itself is damaged (and not the way to it).
    pub fn is_corrupt(&self) -> bool {
        matches!(self, Self::Corrupt { .. })
    }
}

fn partition_text(partition: &Option<u32>) -> String {
    partition.map_or_else(String::new, |p| format!(", partition {p}"))
}
