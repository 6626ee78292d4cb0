//! Finding the files of executors.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use arrow::datatypes::Schema;
use kiln_shuffle::file::{ShuffleFile, id_of_name};
use kiln_shuffle::store::{EncodedStream, MapOutputId};
use kiln_shuffle::{Result, ShuffleError};
use parking_lot::Mutex;

/// Indices of files are kept up to so many partitions in all.
const CACHED_PARTITIONS: usize = 1 << 20;

/// The files of one executor.
#[derive(Debug, Default)]
pub(super) struct ExecutorFiles {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Directories and when they had changed last as they were listed.
    listed: Vec<(PathBuf, Option<SystemTime>)>,
    outputs: HashMap<(u64, u32), (MapOutputId, PathBuf)>,
    open: HashMap<PathBuf, Arc<ShuffleFile>>,
    open_partitions: usize,
}

impl ExecutorFiles {
    /// Opens some partitions of a map output.
    ///
    /// # Errors
    /// `NotFound`; `Corrupt`, `Io` of the file; `Invalid` for partitions that it does not have.
    pub fn open(&self, directories: &[PathBuf], shuffle: u64, map: u32, partitions: Range<u32>) -> Result<EncodedStream> {
        // A second time after a new listing: a later attempt may have taken the place of a file.
        for fresh in [false, true] {
            if let Some((id, file)) = self.find(directories, shuffle, map, fresh)? {
                match EncodedStream::of_file(id, &file, partitions.clone()) {
                    Err(ShuffleError::Io { source, path, .. }) if source.kind() == io::ErrorKind::NotFound => {
                        self.state.lock().open.remove(&path);
                    }
                    opened => return opened,
                }
            }
        }
        Err(ShuffleError::NotFound { shuffle, map })
    }

    fn find(&self, directories: &[PathBuf], shuffle: u64, map: u32, fresh: bool) -> Result<Option<(MapOutputId, Arc<ShuffleFile>)>> {
        let mut state = self.state.lock();
        if fresh || state.listed.is_empty() {
            state.list(directories);
        }
        let Some((id, path)) = state.outputs.get(&(shuffle, map)).cloned() else {
            return Ok(None);
        };
        if let Some(file) = state.open.get(&path) {
            return Ok(Some((id, Arc::clone(file))));
        }
        // Files have no schema, and need none to be passed on.
        let file = match ShuffleFile::open(&path, Arc::new(Schema::empty())) {
            Err(ShuffleError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => Arc::new(opened?),
        };
        state.keep(path, &file);
        Ok(Some((id, file)))
    }
}

impl State {
    /// Lists directories that have changed.
    fn list(&mut self, directories: &[PathBuf]) {
        let listed: Vec<_> = directories.iter().map(|dir| (dir.clone(), changed(dir))).collect();
        if listed == self.listed {
            return;
        }
        self.outputs.clear();
        for entry in directories.iter().filter_map(|dir| fs::read_dir(dir).ok()).flatten().flatten() {
            let Some(id) = entry.file_name().to_str().and_then(id_of_name) else {
                continue;
            };
            let newer = |known: &MapOutputId| {
                (known.stage_attempt, std::cmp::Reverse(known.attempt)) < (id.stage_attempt, std::cmp::Reverse(id.attempt))
            };
            if self.outputs.get(&(id.shuffle, id.map)).is_none_or(|(known, _)| newer(known)) {
                self.outputs.insert((id.shuffle, id.map), (id, entry.path()));
            }
        }
        self.listed = listed;
    }

    fn keep(&mut self, path: PathBuf, file: &Arc<ShuffleFile>) {
        let partitions = file.index().partitions.len();
        if self.open_partitions + partitions > CACHED_PARTITIONS {
            self.open.clear();
            self.open_partitions = 0;
        }
        self.open_partitions += partitions;
        self.open.insert(path, Arc::clone(file));
    }
}

/// Nanoseconds matter: a directory that changes right after it was listed is listed again.
fn changed(dir: &Path) -> Option<SystemTime> {
    fs::metadata(dir).and_then(|metadata| metadata.modified()).ok()
}
