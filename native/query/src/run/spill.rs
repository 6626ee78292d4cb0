//! Spill files of one task: a directory of its own, made when it spills, gone when it ends.

use datafusion::common::{DataFusionError, Result, resources_datafusion_err};
use datafusion::execution::disk_manager::{DiskManager, DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::{SpillFile, TempFileFactory};
use kiln_transport::fetch::SpoolFiles;
use parking_lot::Mutex;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Spill directories of one task attempt.
#[derive(Debug)]
pub struct TaskSpill {
    /// Directories of this process, one per local disk.
    roots: Vec<PathBuf>,
    name: String,
    opened: Mutex<Opened>,
}

#[derive(Debug, Default)]
struct Opened {
    manager: Option<Arc<DiskManager>>,
    dirs: Vec<PathBuf>,
    /// Files made for fetched blocks.
    files: usize,
    ended: bool,
}

impl TaskSpill {
    pub fn new(roots: Vec<PathBuf>, name: String) -> Self {
        Self { roots, name, opened: Mutex::new(Opened::default()) }
    }

    /// Bytes on disk now.
    pub fn used_bytes(&self) -> u64 {
        self.opened.lock().manager.as_ref().map_or(0, |m| m.used_disk_space())
    }

    /// Removes the directories, whatever is in them.
    pub fn end(&self) {
        let mut opened = self.opened.lock();
        opened.ended = true;
        opened.manager = None;
        for dir in opened.dirs.drain(..) {
            // Gone already or on a bad disk: nothing more can be done for this task.
            drop(std::fs::remove_dir_all(dir));
        }
    }

    fn manager(&self) -> Result<Arc<DiskManager>> {
        let mut opened = self.opened.lock();
        if opened.ended {
            return Err(resources_datafusion_err!("task {} asked for a spill file after it had ended", self.name));
        }
        if let Some(manager) = &opened.manager {
            return Ok(Arc::clone(manager));
        }
        let mut failure = None;
        for root in &self.roots {
            let dir = root.join(&self.name);
            match std::fs::create_dir_all(&dir) {
                Ok(()) => opened.dirs.push(dir),
                Err(error) => failure = Some(error),
            }
        }
        if opened.dirs.is_empty() {
            let error = failure.unwrap_or_else(|| std::io::Error::other("no local directory to spill to"));
            return Err(DataFusionError::IoError(error));
        }
        let manager = DiskManagerBuilder::default()
            .with_mode(DiskManagerMode::Directories(opened.dirs.clone()))
            .with_max_temp_directory_size(u64::MAX)
            .build()?;
        let manager = Arc::new(manager);
        opened.manager = Some(Arc::clone(&manager));
        Ok(manager)
    }
}

impl SpoolFiles for TaskSpill {
    fn create(&self) -> io::Result<(File, PathBuf)> {
        self.manager().map_err(io::Error::other)?;
        let mut opened = self.opened.lock();
        opened.files += 1;
        let mut failure = io::Error::other("no local directory to spill to");
        for turn in 0..opened.dirs.len() {
            let path = opened.dirs[(opened.files + turn) % opened.dirs.len()].join(format!("fetch-{}", opened.files));
            match File::options().read(true).write(true).create_new(true).open(&path) {
                Ok(file) => return Ok((file, path)),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }
}

impl Drop for TaskSpill {
    fn drop(&mut self) {
        self.end();
    }
}

/// Gives DataFusion files of a task.
pub struct SpillFactory(pub Arc<TaskSpill>);

impl TempFileFactory for SpillFactory {
    fn create_temp_file(&self, description: &str) -> Result<Arc<dyn SpillFile>> {
        self.0.manager()?.create_tmp_file(description)
    }
}
