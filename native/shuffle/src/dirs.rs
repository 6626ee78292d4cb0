//! Local directories: the process's own sub-directories, files with temporary names, and
//! what a crashed process left behind.

use std::collections::hash_map::RandomState;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::ops::Not;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use parking_lot::Mutex;

use crate::error::{Result, ShuffleError};

const PREFIX: &str = "kiln-";
const LOCK: &str = "lock";

/// In a directory whose files outlive their process: a shuffle service serves them and
/// removes them. It holds the id of the system's run, after which nobody serves them.
const SERVED: &str = "served";

/// The process's own sub-directories (`kiln-<pid>-<random>`) of the configured local
/// directories (`spark.local.dir`). A directory that fails is excluded from then on.
/// The sub-directories and all that is in them are removed on drop.
#[derive(Debug)]
pub struct LocalDirs {
    dirs: Vec<LocalDir>,
    next: AtomicUsize,
    served: AtomicBool,
    /// The process ends, and leaves its complete files to a shuffle service.
    left: Arc<AtomicBool>,
}

#[derive(Debug)]
struct LocalDir {
    path: PathBuf,
    /// Locked as long as the process lives: what [`sweep_stale`] goes by.
    _lock: File,
    excluded: Mutex<Option<String>>,
}

impl LocalDirs {
    /// Creates a sub-directory in each of `roots` (which are created too); those that
    /// cannot be used are excluded.
    ///
    /// # Errors
    /// `NoLocalDir` when none can be used.
    pub fn new(roots: &[PathBuf]) -> Result<Arc<Self>> {
        let mut dirs = Vec::new();
        let mut tried = Vec::new();
        for root in roots {
            match create_own(root) {
                Ok((path, lock)) => dirs.push(LocalDir { path, _lock: lock, excluded: Mutex::new(None) }),
                Err(e) => tried.push(format!("{} ({e})", root.display())),
            }
        }
        if dirs.is_empty() {
            return Err(ShuffleError::NoLocalDir { tried: tried.join(", ") });
        }
        Ok(Arc::new(Self { dirs, next: AtomicUsize::new(0), served: AtomicBool::new(false), left: Arc::default() }))
    }

    /// From now on the directories and the complete files in them outlive this process,
    /// for a shuffle service: see [`LocalDirs::leave`].
    ///
    /// # Errors
    /// `Io` when one cannot be marked.
    pub fn set_served(&self) -> Result<()> {
        for dir in &self.dirs {
            let path = dir.path.join(SERVED);
            fs::write(&path, boot_id()).map_err(ShuffleError::io("write", &path))?;
        }
        self.served.store(true, Ordering::Release);
        Ok(())
    }

    /// The process ends: outputs that are dropped from now on leave their files behind, if
    /// a shuffle service serves them.
    pub fn leave(&self) {
        self.left.store(self.served.load(Ordering::Acquire), Ordering::Release);
    }

    /// The sub-directories, excluded ones too.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.dirs.iter().map(|d| d.path.clone()).collect()
    }

    /// Directories that failed, each with the reason.
    pub fn excluded(&self) -> Vec<(PathBuf, String)> {
        self.dirs.iter().filter_map(|d| Some((d.path.clone(), d.excluded.lock().clone()?))).collect()
    }

    /// Creates a file called `name` plus a suffix and lets `write` fill it. When that
    /// fails with an I/O error of this very file its directory is excluded (a full disk:
    /// for this file only) and `write` is called again for another one.
    ///
    /// # Errors
    /// `NoLocalDir` when every directory failed; any other error of `write` as it is.
    pub(crate) fn write_file<T>(&self, name: &str, mut write: impl FnMut(&mut File, &Path) -> Result<T>) -> Result<(TempFile, T)> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let mut tried = Vec::new();
        for turn in 0..self.dirs.len() {
            let dir = &self.dirs[(first.wrapping_add(turn)) % self.dirs.len()];
            if let Some(reason) = dir.excluded.lock().as_ref() {
                tried.push(format!("{} ({reason})", dir.path.display()));
                continue;
            }
            let path = dir.path.join(format!("{name}.{:016x}.tmp", random()));
            let temp = TempFile { path, left: Arc::clone(&self.left), complete: false };
            let opened =
                OpenOptions::new().read(true).write(true).create_new(true).open(&temp.path).map_err(ShuffleError::io("create", &temp.path));
            match opened.and_then(|mut file| write(&mut file, &temp.path)) {
                Ok(value) => return Ok((temp, value)),
                Err(ShuffleError::Io { path, source, .. }) if path == temp.path => {
                    tried.push(format!("{} ({source})", dir.path.display()));
                    let full = matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
                    if !full {
                        *dir.excluded.lock() = Some(source.to_string());
                    }
                }
                Err(other) => return Err(other),
            }
        }
        Err(ShuffleError::NoLocalDir { tried: tried.join(", ") })
    }
}

impl Drop for LocalDirs {
    fn drop(&mut self) {
        if self.served.load(Ordering::Acquire) {
            return;
        }
        for dir in &self.dirs {
            // Nobody is there to be told; a next process sweeps it.
            let _ = fs::remove_dir_all(&dir.path);
        }
    }
}

/// A file that is removed on drop.
#[derive(Debug)]
pub(crate) struct TempFile {
    path: PathBuf,
    /// Complete files stay when it is set.
    left: Arc<AtomicBool>,
    complete: bool,
}

impl TempFile {
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file a name of its own that starts with `name`, in its directory, under
    /// which it is still removed on drop.
    pub fn rename(mut self, name: &str) -> Result<Self> {
        let name = format!("{name}.{:016x}.kshf", random());
        let to = self.path.with_file_name(name);
        fs::rename(&self.path, &to).map_err(ShuffleError::io("rename", &self.path))?;
        self.path = to;
        self.complete = true;
        Ok(self)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        if self.complete && self.left.load(Ordering::Acquire) {
            return;
        }
        let _ = fs::remove_file(&self.path);
    }
}

/// Removes the sub-directories of processes that are gone from `roots`; returns how many.
///
/// A living process holds a lock on a file in its directory, which no other process can
/// hold, be it in another container or have the same pid. Where there is no lock (a file
/// system without locks, a crash at the very start) the pid in the name decides, on
/// systems with `/proc`; elsewhere the directory stays.
pub fn sweep_stale(roots: &[PathBuf]) -> usize {
    let mut removed = 0;
    for root in roots {
        let Ok(entries) = fs::read_dir(root) else {
            continue;
        };
        for entry in entries.flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(pid_of) else {
                continue;
            };
            let path = entry.path();
            let is_dir = entry.file_type().is_ok_and(|t| t.is_dir());
            if is_dir && is_stale(&path, pid) && fs::remove_dir_all(&path).is_ok() {
                removed += 1;
            }
        }
    }
    removed
}

/// The pid in the name of a process's directory.
fn pid_of(name: &str) -> Option<u32> {
    let (pid, random) = name.strip_prefix(PREFIX)?.split_once('-')?;
    let is_random = random.len() == 16 && random.bytes().all(|b| b.is_ascii_hexdigit());
    pid.parse().ok().filter(|_| is_random)
}

fn is_stale(dir: &Path, pid: u32) -> bool {
    is_abandoned(dir, pid) && fs::read(dir.join(SERVED)).is_ok_and(|served| served == boot_id()).not()
}

/// Whether it is the directory of a process, going by its name.
pub fn is_process_dir(dir: &Path) -> bool {
    dir.file_name().and_then(|name| name.to_str()).and_then(pid_of).is_some()
}

/// Whether it is the directory of a process that has ended.
pub fn is_of_dead_process(dir: &Path) -> bool {
    dir.file_name().and_then(|name| name.to_str()).and_then(pid_of).is_some_and(|pid| is_abandoned(dir, pid))
}

/// The system's run: another one after each start of it. Empty where there is none.
pub fn boot_id() -> Vec<u8> {
    fs::read("/proc/sys/kernel/random/boot_id").unwrap_or_default()
}

fn is_abandoned(dir: &Path, pid: u32) -> bool {
    match File::open(dir.join(LOCK)).map(|f| (f.try_lock(), f)) {
        Ok((Ok(()), _lock)) => true,
        Ok((Err(TryLockError::WouldBlock), _)) => false,
        Ok((Err(TryLockError::Error(_)), _)) | Err(_) => Path::new("/proc/self").exists() && !Path::new(&format!("/proc/{pid}")).exists(),
    }
}

/// Creates a directory of our own in `root`, and locks it.
fn create_own(root: &Path) -> io::Result<(PathBuf, File)> {
    fs::create_dir_all(root)?;
    // Another process may sweep the directory before it is locked: then try once more.
    for _ in 0..8 {
        let path = root.join(format!("{PREFIX}{}-{:016x}", std::process::id(), random()));
        fs::create_dir(&path)?;
        let lock_path = path.join(LOCK);
        let lock = File::create(&lock_path)?;
        match lock.try_lock() {
            Ok(()) | Err(TryLockError::Error(_)) if lock_path.exists() => return Ok((path, lock)),
            _ => {}
        }
    }
    Err(io::Error::other("its new sub-directories vanish"))
}

/// A number that no other call in no other process returns.
fn random() -> u64 {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_usize(CALLS.fetch_add(1, Ordering::Relaxed));
    hasher.write_u32(std::process::id());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn files(dir: &Path) -> usize {
        fs::read_dir(dir).unwrap().count()
    }

    #[test]
    fn sweeps_the_dead_only() {
        let root = tempfile::tempdir().unwrap();
        let roots = [root.path().to_path_buf()];
        let living = LocalDirs::new(&roots).unwrap();
        let dead = root.path().join("kiln-999999999-0123456789abcdef");
        fs::create_dir(&dead).unwrap();
        fs::write(dead.join("1_2_3.kshf"), b"x").unwrap();
        let released = root.path().join(format!("kiln-{}-00000000000000ff", std::process::id()));
        fs::create_dir(&released).unwrap();
        fs::write(released.join(LOCK), b"").unwrap();
        for other in ["kiln-x-0123456789abcdef", "kiln-1-2", "data"] {
            fs::create_dir(root.path().join(other)).unwrap();
        }
        assert_eq!(sweep_stale(&roots), 2);
        assert!(!dead.exists() && !released.exists());
        assert!(living.paths()[0].exists());
        assert_eq!(files(root.path()), 4);
        drop(living);
        assert_eq!(files(root.path()), 3);
        assert_eq!(sweep_stale(&[root.path().join("nothing here")]), 0);
    }

    #[test]
    fn another_directory_takes_over() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("a file");
        fs::write(&file, b"").unwrap();
        let dirs = LocalDirs::new(&[file.join("below"), root.path().join("one"), root.path().join("two")]).unwrap();
        assert_eq!(dirs.paths().len(), 2);
        let broken = dirs.paths()[0].clone();
        fs::remove_dir_all(&broken).unwrap();
        for _ in 0..4 {
            let (temp, ()) =
                dirs.write_file("spill", |file, path| file.write_all(b"abc").map_err(ShuffleError::io("write", path))).unwrap();
            assert!(temp.path().starts_with(&dirs.paths()[1]));
            let temp = temp.rename("final").unwrap();
            assert!(temp.path().extension().unwrap() == "kshf" && temp.path().exists());
        }
        assert_eq!(dirs.excluded().len(), 1);
        assert_eq!(files(&dirs.paths()[1]), 1, "only the lock is left");
        fs::remove_dir_all(&dirs.paths()[1]).unwrap();
        let error = dirs.write_file("spill", |_, _| Ok(())).unwrap_err();
        assert!(matches!(error, ShuffleError::NoLocalDir { .. }), "{error}");
    }

    #[test]
    fn a_full_disk_is_not_excluded() {
        let root = tempfile::tempdir().unwrap();
        let dirs = LocalDirs::new(&[root.path().join("one"), root.path().join("two")]).unwrap();
        let mut calls = 0;
        let (_, calls) = dirs
            .write_file("x", |_, path| {
                calls += 1;
                if calls == 1 {
                    let full = io::Error::from(io::ErrorKind::StorageFull);
                    return Err(ShuffleError::io("write", path)(full));
                }
                Ok(calls)
            })
            .unwrap();
        assert_eq!(calls, 2);
        assert!(dirs.excluded().is_empty());
    }

    #[test]
    fn a_served_directory_outlives_its_process() {
        let root = tempfile::tempdir().unwrap();
        let roots = [root.path().to_path_buf()];
        let write = |dirs: &LocalDirs| dirs.write_file("x", |_, _| Ok(())).unwrap().0;
        let dirs = LocalDirs::new(&roots).unwrap();
        dirs.set_served().unwrap();
        let path = dirs.paths()[0].clone();
        let (removed, kept, unfinished) = (write(&dirs).rename("a").unwrap(), write(&dirs).rename("b").unwrap(), write(&dirs));
        drop(removed);
        dirs.leave();
        drop((kept, unfinished, dirs));
        assert_eq!(files(&path), 3, "the lock, the mark, a file");
        assert_eq!(sweep_stale(&roots), 0);
        assert!(is_process_dir(&path) && is_of_dead_process(&path) && !is_process_dir(root.path()));
        // After the system's next start nobody knows of it.
        fs::write(path.join(SERVED), b"another run").unwrap();
        assert_eq!(sweep_stale(&roots), 1);
        // One that is not served leaves nothing.
        let dirs = LocalDirs::new(&roots).unwrap();
        let file = write(&dirs).rename("c").unwrap();
        dirs.leave();
        drop((file, dirs));
        assert_eq!(files(root.path()), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_read_only_directory_is_excluded_at_the_start_or_later() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let read_only = root.path().join("read-only");
        fs::create_dir(&read_only).unwrap();
        fs::set_permissions(&read_only, fs::Permissions::from_mode(0o555)).unwrap();
        if File::create(read_only.join("probe")).is_ok() {
            // Root may write everywhere: nothing to see.
            return;
        }
        let dirs = LocalDirs::new(&[read_only.clone(), root.path().join("good"), root.path().join("soon")]).unwrap();
        assert_eq!(dirs.paths().len(), 2);
        let soon = dirs.paths()[1].clone();
        fs::set_permissions(&soon, fs::Permissions::from_mode(0o555)).unwrap();
        for _ in 0..4 {
            let (temp, ()) = dirs.write_file("x", |_, _| Ok(())).unwrap();
            assert!(temp.path().starts_with(&dirs.paths()[0]));
        }
        assert_eq!(dirs.excluded().len(), 1);
        fs::set_permissions(&soon, fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(&read_only, fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn no_directory_is_an_error() {
        assert!(LocalDirs::new(&[]).is_err());
    }
}
