//! Local directories.

use std::path::PathBuf;
use std::sync::Arc;

use crate::error::Result;

/// The process's own sub-directories (`kiln-<pid>-<random>`) of the configured local
/// directories. Removed on drop.
#[derive(Debug)]
pub struct LocalDirs {
    _private: (),
}

impl LocalDirs {
    /// Creates a sub-directory in each; those that cannot be used are left out.
    ///
    /// # Errors
    /// `NoLocalDir` when none can be used.
    pub fn new(roots: &[PathBuf]) -> Result<Arc<Self>> {
        let _ = roots;
        todo!()
    }
}

/// Removes what dead processes left in `roots`; returns how many directories it removed.
pub fn sweep_stale(roots: &[PathBuf]) -> usize {
    let _ = roots;
    todo!()
}
