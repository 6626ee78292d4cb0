//! One process's transport.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use kiln_shuffle::store::BlockStore;
use parking_lot::{Mutex, RwLock};
use serde::Serialize;
use tokio::net::{TcpListener, lookup_host};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::Secret;
use crate::blobs::fetch_blob;
use crate::client::Client;
use crate::config::TransportConfig;
use crate::copy::copy_output;
use crate::credit::InFlight;
use crate::error::{Result, TransportError};
use crate::fetch::{self, FetchEnv, HostRequest, LaneReader};
use crate::frame::Kind;
use crate::link::Traffic;
use crate::message::RemoveShuffle;
use crate::serve::{Blocks, Host, Registration, StoreBlocks};
use crate::server::Server;
use crate::service::{self, NewExecutor};
use crate::tls::Tls;

/// What ends with a transport ends in this time.
const CLOSE: Duration = Duration::from_secs(5);

/// Called with what a person should know of: peers that were turned away.
pub type LogFn = Arc<dyn Fn(&str) + Send + Sync>;

/// Serves this process's blocks and blobs, and fetches those of others. Cheap to clone.
#[derive(Clone)]
pub struct Transport {
    inner: Arc<Inner>,
}

struct Inner {
    address: String,
    served: Arc<Served>,
    client: Arc<Client>,
    in_flight: Arc<InFlight>,
    traffic: Arc<Traffic>,
    token: CancellationToken,
    tasks: TaskTracker,
}

/// What the peers of this process's application get.
pub(crate) struct Served {
    application: String,
    secret: Secret,
    blocks: RwLock<Option<Arc<dyn Blocks>>>,
    blobs: RwLock<HashMap<String, Bytes>>,
    log: Mutex<Option<LogFn>>,
}

/// Numbers of a transport, for tests and the UI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransportUsage {
    pub blobs: u64,
    /// Bytes of the blobs.
    pub blob_bytes: u64,
    pub connections_in: u64,
    pub connections_out: u64,
    /// Connections made to others since the start.
    pub connected: u64,
    /// Requests sent since the start.
    pub requests: u64,
    pub bytes_sent: u64,
    pub bytes_received: u64,
    /// Credit that readers hold now.
    pub bytes_in_flight: u64,
    /// Peers turned away since the start.
    pub refused: u64,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("address", &self.inner.address).field("usage", &self.usage()).finish()
    }
}

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Served").field("application", &self.application).finish_non_exhaustive()
    }
}

impl Host for Served {
    fn secret(&self, application: &str) -> Option<Secret> {
        (application == self.application).then(|| self.secret.clone())
    }

    fn blocks(&self, _application: &str) -> Option<Arc<dyn Blocks>> {
        self.blocks.read().clone()
    }

    fn blob(&self, _application: &str, id: &str) -> Option<Bytes> {
        self.blobs.read().get(id).cloned()
    }

    fn register(&self, _caller: &str, _registration: Registration) -> Result<(), String> {
        Err("this is an executor or a driver, not a shuffle service".to_owned())
    }

    fn end_application(&self, _caller: &str) -> Result<(), String> {
        Err("this is an executor or a driver, not a shuffle service".to_owned())
    }

    fn remove_shuffle(&self, _caller: &str, _shuffle: u64) -> Result<(), String> {
        Err("this is an executor or a driver, not a shuffle service".to_owned())
    }

    fn log(&self, message: &str) {
        let log = self.log.lock().clone();
        if let Some(log) = log {
            log(message);
        }
    }
}

/// Binds the port of a configuration.
pub(crate) async fn bind(host: &str, port: u16) -> Result<(TcpListener, SocketAddr)> {
    let failed = |error: std::io::Error| TransportError::Invalid(format!("cannot listen on {host}:{port}: {error}"));
    let addresses: Vec<SocketAddr> = lookup_host((host, port)).await.map_err(failed)?.collect();
    let listener = TcpListener::bind(&addresses[..]).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

/// Threads that read and encode for others at the same time.
pub(crate) fn serving_slots() -> Arc<Semaphore> {
    let cores = std::thread::available_parallelism().map_or(2, NonZero::get);
    Arc::new(Semaphore::new(cores.max(2)))
}

impl Transport {
    /// Binds the port and begins to serve, on the current runtime.
    ///
    /// # Errors
    /// `Invalid` for settings that cannot be used, or a port that cannot be had.
    pub async fn open(config: &TransportConfig) -> Result<Self> {
        let (limits, secret, tls) = (config.limits()?, config.secret()?, Tls::new(config.tls.as_ref())?);
        let (listener, bound) = bind(&config.host, config.port).await?;
        let advertised = if config.advertised_host.is_empty() { &config.host } else { &config.advertised_host };
        let (token, tasks, traffic) = (CancellationToken::new(), TaskTracker::new(), Arc::new(Traffic::default()));
        let served = Arc::new(Served {
            application: config.application_id.clone(),
            secret: secret.clone(),
            blocks: RwLock::default(),
            blobs: RwLock::default(),
            log: Mutex::default(),
        });
        let server = Arc::new(Server {
            host: Arc::clone(&served) as _,
            tls: tls.clone(),
            limits,
            traffic: Arc::clone(&traffic),
            token: token.clone(),
            tasks: tasks.clone(),
            slots: serving_slots(),
        });
        tasks.spawn(server.accept_loop(listener));
        let client = Client::new(
            config.application_id.clone(),
            secret,
            tls,
            limits,
            Arc::clone(&traffic),
            token.clone(),
            tasks.clone(),
            Handle::current(),
        );
        Ok(Self {
            inner: Arc::new(Inner {
                address: host_and_port(advertised, bound.port()),
                served,
                client,
                in_flight: Arc::new(InFlight::new(config.max_bytes_in_flight)),
                traffic,
                token,
                tasks,
            }),
        })
    }

    /// `host:port` by which others reach it.
    pub fn address(&self) -> &str {
        &self.inner.address
    }

    /// Serves the blocks of a store; `None`: no more.
    pub fn serve_blocks(&self, store: Option<Arc<dyn BlockStore>>) {
        *self.inner.served.blocks.write() = store.map(|store| Arc::new(StoreBlocks(store)) as _);
    }

    /// Serves blocks from anywhere.
    pub fn serve(&self, blocks: Arc<dyn Blocks>) {
        *self.inner.served.blocks.write() = Some(blocks);
    }

    /// Serves a blob under an id; one that was there is replaced.
    pub fn put_blob(&self, id: &str, bytes: Bytes) {
        self.inner.served.blobs.write().insert(id.to_owned(), bytes);
    }

    /// Who fetches it now still gets it whole.
    pub fn remove_blob(&self, id: &str) {
        self.inner.served.blobs.write().remove(id);
    }

    /// A blob of another process, or of this one.
    ///
    /// # Errors
    /// `Remote` when its server does not have it; `Network`, `Refused`, `Corrupt`.
    pub async fn fetch_blob(&self, address: &str, id: &str) -> Result<Vec<u8>> {
        fetch_blob(&self.inner.client, address, id).await
    }

    /// Readers of blocks of one shuffle on other hosts, host by host and lane by lane.
    ///
    /// # Errors
    /// `Invalid` for types that blocks cannot have.
    pub fn fetch(&self, shuffle: u64, schema: &SchemaRef, hosts: Vec<HostRequest>, env: FetchEnv) -> Result<Vec<Vec<LaneReader>>> {
        fetch::fetch(&self.inner.client, &self.inner.in_flight, shuffle, schema, hosts, env)
    }

    /// Copies a whole map output of another process, which leaves, into a store of this one.
    ///
    /// # Errors
    /// `Network`, `Remote`, `Corrupt`; `Local` when the store cannot take it.
    pub async fn copy_output(&self, address: &str, shuffle: u64, map: u32, store: &Arc<dyn BlockStore>) -> Result<()> {
        copy_output(&self.inner.client, address, shuffle, map, store).await
    }

    /// Hands an executor's files to a shuffle service: it serves them to this application when the executor is gone.
    ///
    /// # Errors
    /// `Refused`, `Network`; `Remote` with the service's words.
    pub async fn register_with_service(&self, address: &str, secret: &Secret, executor: &str, directories: Vec<String>) -> Result<()> {
        let client = &self.inner.client;
        let new = NewExecutor { application: &client.application, secret: &client.secret, executor, directories };
        service::register(client, address, secret.clone(), &new).await
    }

    /// Tells a shuffle service that this application has ended: its files go.
    ///
    /// # Errors
    /// As [`Transport::register_with_service`].
    pub async fn end_application(&self, address: &str) -> Result<()> {
        self.inner.client.peer(address).await?.ask(Kind::EndApplication, &()).await.map(drop)
    }

    /// Tells a shuffle service that nobody reads a shuffle any more.
    ///
    /// # Errors
    /// As [`Transport::register_with_service`].
    pub async fn remove_shuffle(&self, address: &str, shuffle: u64) -> Result<()> {
        self.inner.client.peer(address).await?.ask(Kind::RemoveShuffle, &RemoveShuffle { shuffle }).await.map(drop)
    }

    /// The process at an address has ended for good: what waits for it fails at once, without further tries.
    pub fn peer_gone(&self, address: &str) {
        self.inner.client.forget(address);
    }

    /// Gets messages about peers that were turned away.
    pub fn set_log(&self, log: Option<LogFn>) {
        *self.inner.served.log.lock() = log;
    }

    pub fn usage(&self) -> TransportUsage {
        let (traffic, blobs) = (&self.inner.traffic, self.inner.served.blobs.read());
        TransportUsage {
            blobs: blobs.len() as u64,
            blob_bytes: blobs.values().map(|b| b.len() as u64).sum(),
            connections_in: traffic.connections_in.load(Ordering::Relaxed),
            connections_out: traffic.connections_out.load(Ordering::Relaxed),
            connected: traffic.connected.load(Ordering::Relaxed),
            requests: traffic.requests.load(Ordering::Relaxed),
            bytes_sent: traffic.sent.load(Ordering::Relaxed),
            bytes_received: traffic.received.load(Ordering::Relaxed),
            bytes_in_flight: self.inner.in_flight.used(),
            refused: traffic.refused.load(Ordering::Relaxed),
        }
    }

    /// Ends all connections and stops listening.
    pub async fn close(&self) {
        let inner = &self.inner;
        inner.token.cancel();
        inner.tasks.close();
        // What hangs in the kernel for longer ends with the process.
        let _ = timeout(CLOSE, inner.tasks.wait()).await;
        inner.served.blobs.write().clear();
        *inner.served.blocks.write() = None;
        *inner.served.log.lock() = None;
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.token.cancel();
    }
}

/// IPv6 addresses in brackets.
pub(crate) fn host_and_port(host: &str, port: u16) -> String {
    if host.contains(':') && !host.starts_with('[') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}
