//! What a shuffle service knows, and keeps on disk: applications, their secrets, and the
//! directories of their executors.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kiln_shuffle::dirs::{boot_id, is_of_dead_process, is_process_dir};
use serde::{Deserialize, Serialize};

use crate::auth::Secret;
use crate::error::{Result, TransportError};
use crate::serve::Registration;

const FILE: &str = "shuffle-service.json";
const VERSION: u32 = 1;

/// Saved whole, under another name first, after each change.
#[derive(Debug)]
pub(super) struct Registry {
    path: PathBuf,
    content: Content,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    version: u32,
    /// The system's run: what was registered in another one is void.
    boot: String,
    applications: BTreeMap<String, Application>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Application {
    secret: String,
    /// When it was heard of last, in seconds; exact to a minute.
    seen: u64,
    executors: BTreeMap<String, Vec<PathBuf>>,
}

impl std::fmt::Debug for Application {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Without the secret.
        f.debug_struct("Application").field("executors", &self.executors).finish_non_exhaustive()
    }
}

impl Registry {
    /// Opens the registry in a directory, which is made for the owner only. Files of a former
    /// run of the system are removed.
    ///
    /// # Errors
    /// `Local`; `Invalid` for a registry of another version.
    pub fn open(dir: &Path) -> Result<Self> {
        create_private(dir).map_err(TransportError::local(format!("create {}", dir.display())))?;
        let path = dir.join(FILE);
        let boot = String::from_utf8_lossy(&boot_id()).trim().to_owned();
        let empty = Content { version: VERSION, boot: boot.clone(), applications: BTreeMap::new() };
        let content = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice::<Content>(&bytes)
                .map_err(|e| TransportError::Invalid(format!("{} is no registry of a shuffle service: {e}", path.display())))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => empty,
            Err(error) => return Err(TransportError::local(format!("read {}", path.display()))(error)),
        };
        if content.version != VERSION {
            let what = format!("{} is of version {}, this program reads {VERSION}", path.display(), content.version);
            return Err(TransportError::Invalid(what));
        }
        let mut registry = Self { path, content };
        if registry.content.boot != boot {
            for application in registry.applications() {
                registry.remove(&application)?;
            }
            registry.content.boot = boot;
        }
        registry.save()?;
        Ok(registry)
    }

    pub fn applications(&self) -> Vec<String> {
        self.content.applications.keys().cloned().collect()
    }

    pub fn secret(&self, application: &str) -> Option<Secret> {
        Secret::from_base64(&self.content.applications.get(application)?.secret).ok()
    }

    pub fn directories(&self, application: &str, executor: &str) -> Vec<PathBuf> {
        let application = self.content.applications.get(application);
        application.and_then(|a| a.executors.get(executor)).cloned().unwrap_or_default()
    }

    /// Directories of all executors of an application.
    pub fn all_directories(&self, application: &str) -> Vec<PathBuf> {
        let application = self.content.applications.get(application);
        application.into_iter().flat_map(|a| a.executors.values().flatten().cloned()).collect()
    }

    /// # Errors
    /// Says why not: a directory that is none of an executor's, an application of another secret.
    pub fn register(&mut self, registration: &Registration) -> Result<(), String> {
        let Registration { application, secret, executor, directories } = registration;
        if let Some(wrong) = directories.iter().find(|dir| !dir.is_absolute() || !is_process_dir(dir) || !dir.is_dir()) {
            return Err(format!("{} is no directory of an executor on this host", wrong.display()));
        }
        let encoded = STANDARD.encode(secret.bytes());
        let new = || Application { secret: encoded.clone(), seen: now(), executors: BTreeMap::new() };
        let known = self.content.applications.entry(application.clone()).or_insert_with(new);
        if known.secret != encoded {
            return Err(format!("application {application:?} is registered with another secret"));
        }
        known.seen = now();
        known.executors.insert(executor.clone(), directories.clone());
        self.save().map_err(|e| e.to_string())
    }

    /// An application was heard of.
    pub fn touch(&mut self, application: &str) {
        if let Some(application) = self.content.applications.get_mut(application)
            && now() >= application.seen + 60
        {
            application.seen = now();
            // Only how long it is kept depends on it.
            let _ = self.save();
        }
    }

    /// Applications without a living executor here that were not heard of for so many seconds.
    pub fn idle(&self, seconds: u64) -> Vec<String> {
        let idle = |application: &Application| {
            application.seen + seconds < now()
                && application.executors.values().flatten().all(|dir| !dir.exists() || is_of_dead_process(dir))
        };
        let applications = self.content.applications.iter();
        applications.filter(|(_, application)| idle(application)).map(|(id, _)| id.clone()).collect()
    }

    /// Forgets an application, and removes its files.
    pub fn remove(&mut self, application: &str) -> Result<()> {
        let directories = self.all_directories(application);
        self.content.applications.remove(application);
        self.save()?;
        for directory in directories.iter().filter(|dir| is_process_dir(dir)) {
            // What cannot be removed is swept after the system's next start.
            let _ = fs::remove_dir_all(directory);
        }
        Ok(())
    }

    fn save(&self) -> Result<()> {
        let temporary = self.path.with_extension("tmp");
        let write = || {
            let mut file = private_file(&temporary)?;
            file.write_all(&serde_json::to_vec_pretty(&self.content).map_err(io::Error::other)?)?;
            file.sync_all()?;
            fs::rename(&temporary, &self.path)
        };
        write().map_err(TransportError::local(format!("write {}", self.path.display())))
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(unix)]
fn create_private(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

#[cfg(not(unix))]
fn create_private(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)
}

#[cfg(unix)]
fn private_file(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    File::options().write(true).create(true).truncate(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private_file(path: &Path) -> io::Result<File> {
    File::create(path)
}
