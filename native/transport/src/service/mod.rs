//! The external shuffle service: one process per host that serves the files of executors
//! that are gone. Each application's peers prove to have its secret, which its executors
//! hand over, sealed, when they register; what is registered is on disk, so that a restart
//! of the service is a broken connection to readers, and no more.

mod files;
mod registry;

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use kiln_shuffle::Result as ShuffleResult;
use kiln_shuffle::dirs::is_of_dead_process;
use kiln_shuffle::file::id_of_name;
use kiln_shuffle::store::EncodedStream;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use tokio::time::{interval, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::Secret;
use crate::client::Client;
use crate::config::{TlsConfig, TransportConfig};
use crate::error::{Result, TransportError};
use crate::frame::Kind;
use crate::link::Traffic;
use crate::message::Register;
use crate::serve::{Blocks, Host, Registration};
use crate::server::Server;
use crate::tls::Tls;
use crate::transport::{LogFn, bind, host_and_port, serving_slots};
use files::ExecutorFiles;
use registry::Registry;

/// As which executors introduce themselves when they register.
const REGISTRAR: &str = "kiln shuffle service";

/// Settings of a shuffle service.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShuffleServiceConfig {
    /// Address to bind to.
    pub host: String,
    /// 0: any free port.
    pub port: u16,
    /// The host by which others reach it; empty: `host`.
    pub advertised_host: String,
    /// Base64 of the secret of those who may register.
    pub secret: String,
    pub tls: Option<TlsConfig>,
    /// Directory of its registry.
    pub directory: String,
    /// An application without a living executor here that is not heard of for so long has ended.
    pub application_timeout_millis: u64,
    pub max_frame_bytes: u64,
    pub idle_timeout_millis: u64,
    pub connect_timeout_millis: u64,
}

/// Numbers of a shuffle service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShuffleServiceUsage {
    pub applications: u64,
    pub connections: u64,
    pub bytes_sent: u64,
    /// Peers turned away since the start.
    pub refused: u64,
}

/// Serves the files of executors that are gone. Cheap to clone.
#[derive(Clone)]
pub struct ShuffleService {
    inner: Arc<Inner>,
}

struct Inner {
    address: String,
    served: Arc<Served>,
    traffic: Arc<Traffic>,
    token: CancellationToken,
    tasks: TaskTracker,
}

struct Served {
    secret: Secret,
    registry: Mutex<Registry>,
    /// By application and executor.
    files: Mutex<HashMap<(String, String), Arc<ExecutorFiles>>>,
    log: Mutex<Option<LogFn>>,
}

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShuffleService").field("registry", &self.registry.lock()).finish_non_exhaustive()
    }
}

impl fmt::Debug for ShuffleService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShuffleService").field("address", &self.inner.address).field("usage", &self.usage()).finish()
    }
}

impl Served {
    fn forget(&self, application: &str) -> Result<(), String> {
        self.files.lock().retain(|(of, _), _| of != application);
        self.registry.lock().remove(application).map_err(|e| e.to_string())
    }
}

impl Host for Arc<Served> {
    fn secret(&self, application: &str) -> Option<Secret> {
        if application == REGISTRAR {
            return Some(self.secret.clone());
        }
        self.registry.lock().secret(application)
    }

    fn blocks(&self, application: &str) -> Option<Arc<dyn Blocks>> {
        let mut registry = self.registry.lock();
        registry.secret(application)?;
        registry.touch(application);
        Some(Arc::new(ApplicationBlocks { served: Arc::clone(self), application: application.to_owned() }))
    }

    fn blob(&self, _application: &str, _id: &str) -> Option<Bytes> {
        None
    }

    fn register(&self, caller: &str, registration: Registration) -> Result<(), String> {
        if caller != REGISTRAR {
            return Err("only those with the service's own secret may register".to_owned());
        }
        self.registry.lock().register(&registration)?;
        // It may be an executor that registers again, with other directories.
        self.files.lock().remove(&(registration.application, registration.executor));
        Ok(())
    }

    fn end_application(&self, caller: &str) -> Result<(), String> {
        self.forget(caller)
    }

    fn remove_shuffle(&self, caller: &str, shuffle: u64) -> Result<(), String> {
        // Those who live remove their own.
        let directories = self.registry.lock().all_directories(caller);
        for directory in directories.into_iter().filter(|dir| is_of_dead_process(dir)) {
            for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
                if entry.file_name().to_str().and_then(id_of_name).is_some_and(|id| id.shuffle == shuffle) {
                    // What stays goes with its application.
                    let _ = fs::remove_file(entry.path());
                }
            }
        }
        Ok(())
    }

    fn log(&self, message: &str) {
        let log = self.log.lock().clone();
        if let Some(log) = log {
            log(message);
        }
    }
}

/// The blocks of one application.
#[derive(Debug)]
struct ApplicationBlocks {
    served: Arc<Served>,
    application: String,
}

impl Blocks for ApplicationBlocks {
    fn open(&self, executor: &str, shuffle: u64, map: u32, partitions: Range<u32>) -> ShuffleResult<EncodedStream> {
        let directories = self.served.registry.lock().directories(&self.application, executor);
        let key = (self.application.clone(), executor.to_owned());
        let files = Arc::clone(self.served.files.lock().entry(key).or_default());
        files.open(&directories, shuffle, map, partitions)
    }
}

impl ShuffleService {
    /// Reads the registry, binds the port and begins to serve, on the current runtime.
    ///
    /// # Errors
    /// `Invalid` for settings that cannot be used, `Local` for a registry that cannot.
    pub async fn open(config: &ShuffleServiceConfig) -> Result<Self> {
        let ShuffleServiceConfig { max_frame_bytes, idle_timeout_millis, connect_timeout_millis, .. } = *config;
        // Of a transport's limits a server knows these.
        let limits = TransportConfig {
            host: config.host.clone(),
            port: config.port,
            advertised_host: config.advertised_host.clone(),
            application_id: REGISTRAR.to_owned(),
            secret: config.secret.clone(),
            tls: None,
            max_frame_bytes,
            idle_timeout_millis,
            connect_timeout_millis,
            max_size_in_flight: 1,
            max_bytes_in_flight: 1,
            max_reqs_in_flight: 1,
            max_retries: 0,
            retry_wait_millis: 0,
            max_block_to_memory: 0,
        }
        .limits()?;
        let (secret, tls) = (Secret::from_base64(&config.secret)?, Tls::new(config.tls.as_ref())?);
        let directory = PathBuf::from(&config.directory);
        let registry = tokio::task::spawn_blocking(move || Registry::open(&directory)).await;
        let registry = registry.unwrap_or_else(|e| Err(TransportError::Invalid(e.to_string())))?;
        let served = Arc::new(Served { secret, registry: Mutex::new(registry), files: Mutex::default(), log: Mutex::default() });
        let (listener, bound) = bind(&config.host, config.port).await?;
        let (token, tasks, traffic) = (CancellationToken::new(), TaskTracker::new(), Arc::new(Traffic::default()));
        let server = Arc::new(Server {
            host: Arc::new(Arc::clone(&served)),
            tls,
            limits,
            traffic: Arc::clone(&traffic),
            token: token.clone(),
            tasks: tasks.clone(),
            slots: serving_slots(),
        });
        tasks.spawn(server.accept_loop(listener));
        tasks.spawn(clean(Arc::clone(&served), token.clone(), config.application_timeout_millis.div_ceil(1000)));
        let advertised = if config.advertised_host.is_empty() { &config.host } else { &config.advertised_host };
        let address = host_and_port(advertised, bound.port());
        Ok(Self { inner: Arc::new(Inner { address, served, traffic, token, tasks }) })
    }

    /// `host:port` by which others reach it.
    pub fn address(&self) -> &str {
        &self.inner.address
    }

    /// Gets messages about peers that were turned away.
    pub fn set_log(&self, log: Option<LogFn>) {
        *self.inner.served.log.lock() = log;
    }

    pub fn usage(&self) -> ShuffleServiceUsage {
        let traffic = &self.inner.traffic;
        ShuffleServiceUsage {
            applications: self.inner.served.registry.lock().applications().len() as u64,
            connections: traffic.connections_in.load(Ordering::Relaxed),
            bytes_sent: traffic.sent.load(Ordering::Relaxed),
            refused: traffic.refused.load(Ordering::Relaxed),
        }
    }

    /// Ends all connections and stops listening; files and registry stay.
    pub async fn close(&self) {
        self.inner.token.cancel();
        self.inner.tasks.close();
        let _ = timeout(Duration::from_secs(5), self.inner.tasks.wait()).await;
        *self.inner.served.log.lock() = None;
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.token.cancel();
    }
}

/// Removes applications whose end nobody told of.
async fn clean(served: Arc<Served>, token: CancellationToken, seconds: u64) {
    let mut tick = interval(Duration::from_secs((seconds / 10).clamp(1, 600)));
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = token.cancelled() => return,
        }
        let served = Arc::clone(&served);
        let cleaned = tokio::task::spawn_blocking(move || {
            let idle = served.registry.lock().idle(seconds);
            for application in idle {
                served.log(&format!("application {application:?} was not heard of for {seconds} s: its files are removed"));
                if let Err(error) = served.forget(&application) {
                    served.log(&format!("application {application:?}: {error}"));
                }
            }
        });
        // A panic leaves it for the next time.
        let _ = cleaned.await;
    }
}

/// What an executor tells a service.
#[derive(Debug)]
pub(crate) struct NewExecutor<'a> {
    pub application: &'a str,
    pub secret: &'a Secret,
    pub executor: &'a str,
    pub directories: Vec<String>,
}

/// Registers an executor, over a connection of its own.
///
/// # Errors
/// `Refused`, `Network`, `Remote` with the service's words.
pub(crate) async fn register(like: &Client, address: &str, service: Secret, new: &NewExecutor<'_>) -> Result<()> {
    let (token, tasks) = (like.token.child_token(), TaskTracker::new());
    let (traffic, runtime) = (Arc::clone(&like.traffic), Handle::clone(&like.runtime));
    let client = Client::new(REGISTRAR.to_owned(), service, like.tls.clone(), like.limits, traffic, token.clone(), tasks.clone(), runtime);
    let mut failures = 0;
    let registered = loop {
        match tell(&client, address, new).await {
            Err(error) if error.is_transient() && failures < like.limits.retries => failures += 1,
            ended => break ended,
        }
        tokio::time::sleep(like.limits.retry_wait).await;
    };
    token.cancel();
    tasks.close();
    tasks.wait().await;
    registered
}

async fn tell(client: &Arc<Client>, address: &str, new: &NewExecutor<'_>) -> Result<()> {
    let peer = client.peer(address).await?;
    let message = Register {
        application: new.application.to_owned(),
        executor: new.executor.to_owned(),
        directories: new.directories.clone(),
        sealed_secret: peer.secret.seal(&peer.transcript, new.secret)?,
    };
    peer.ask(Kind::Register, &message).await.map(drop)
}
