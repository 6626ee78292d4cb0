//! Processes in miniature: a store and a transport each, and a road between them that can be damaged.
#![allow(dead_code)]

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use arrow::array::{Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use kiln_memory::{MemoryConfig, MemoryManager, TaskKey};
use kiln_shuffle::codec::Codec;
use kiln_shuffle::dirs::LocalDirs;
use kiln_shuffle::store::{BlockStore, Determinism, MapOutputId, StoreConfig, open_store};
use kiln_shuffle::writer::{ShuffleWriter, WriterOptions};
use kiln_transport::fetch::{FetchCounters, FetchEnv, FetchError, HostRequest, LaneReader, SpoolFiles, Wanted};
use kiln_transport::{Transport, TransportConfig};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Base64 of "a secret".
pub const SECRET: &str = "YSBzZWNyZXQ=";

pub fn config() -> TransportConfig {
    TransportConfig {
        host: "127.0.0.1".to_owned(),
        port: 0,
        advertised_host: String::new(),
        application_id: "app-1".to_owned(),
        secret: SECRET.to_owned(),
        tls: None,
        max_frame_bytes: 16 << 20,
        idle_timeout_millis: 60_000,
        connect_timeout_millis: 20_000,
        max_size_in_flight: 4 << 20,
        max_bytes_in_flight: 64 << 20,
        max_reqs_in_flight: i32::MAX as u32,
        max_retries: 3,
        retry_wait_millis: 10,
        max_block_to_memory: 200 << 20,
    }
}

pub fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new("id", DataType::Int64, false), Field::new("text", DataType::Utf8, true)]))
}

/// Rows `first..first + rows`, some of them long and badly compressed.
pub fn batch(first: i64, rows: usize, width: usize) -> RecordBatch {
    let ids = first..first + rows as i64;
    let text = ids.clone().map(|id| {
        let mut x = (id as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let text: String = (0..width)
            .map(|_| {
                x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                char::from(b'a' + ((x >> 58) % 26) as u8)
            })
            .collect();
        (id % 7 != 0).then_some(text)
    });
    let columns: Vec<arrow::array::ArrayRef> =
        vec![Arc::new(Int64Array::from_iter_values(ids.clone())), Arc::new(text.collect::<StringArray>())];
    RecordBatch::try_new(schema(), columns).unwrap()
}

/// One process.
pub struct Process {
    pub id: String,
    pub memory: Arc<MemoryManager>,
    pub store: Arc<dyn BlockStore>,
    pub transport: Transport,
    pub counters: Arc<FetchCounters>,
    pub dir: TempDir,
    next_task: AtomicU64,
}

impl Process {
    pub async fn start(id: &str, config: &TransportConfig, uri: &str) -> Self {
        Self::with_memory(id, config, uri, 256 << 20).await
    }

    pub async fn with_memory(id: &str, config: &TransportConfig, uri: &str, bytes: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let memory = MemoryManager::new(MemoryConfig::new(bytes)).unwrap();
        let dirs = LocalDirs::new(&[dir.path().join("local")]).unwrap();
        let store = StoreConfig { memory: Arc::clone(&memory), dirs, codec: Codec::Lz4, force_file: false };
        let store = open_store(uri, store).unwrap();
        let transport = Transport::open(config).await.unwrap();
        transport.serve_blocks(Some(Arc::clone(&store)));
        let id = id.to_owned();
        Self { id, memory, store, transport, counters: Arc::default(), dir, next_task: AtomicU64::new(1) }
    }

    /// Writes a map output whose partition p is `partitions[p]`.
    pub fn write(&self, shuffle: u64, map: u32, partitions: &[Vec<RecordBatch>]) {
        let id = MapOutputId { shuffle, map, stage_attempt: 0, attempt: 0 };
        self.write_as(id, partitions);
    }

    pub fn write_as(&self, id: MapOutputId, partitions: &[Vec<RecordBatch>]) {
        self.write_all(id, schema(), partitions);
    }

    pub fn write_schema(&self, shuffle: u64, map: u32, schema: SchemaRef, partitions: &[Vec<RecordBatch>]) {
        self.write_all(MapOutputId { shuffle, map, stage_attempt: 0, attempt: 0 }, schema, partitions);
    }

    fn write_all(&self, id: MapOutputId, schema: SchemaRef, partitions: &[Vec<RecordBatch>]) {
        let task = self.memory.task(TaskKey(1 << 40 | u64::from(id.map)));
        let memory = task.consumer("writer", true);
        let count = partitions.len() as u32;
        let mut writer =
            ShuffleWriter::new(schema, count, id, Determinism::Determinate, Arc::clone(&self.store), memory, WriterOptions::default())
                .unwrap();
        for (partition, batches) in partitions.iter().enumerate() {
            for batch in batches {
                writer.write_single(batch, partition as u32).unwrap();
            }
        }
        writer.finish().unwrap();
    }

    pub fn wanted(&self, map: u32, partitions: Range<u32>) -> Wanted {
        Wanted { executor: self.id.clone(), map, partitions }
    }

    pub fn env(&self) -> FetchEnv {
        let task = self.memory.task(TaskKey(self.next_task.fetch_add(1, Ordering::Relaxed)));
        let spool = self.dir.path().join("spill");
        std::fs::create_dir_all(&spool).unwrap();
        FetchEnv {
            memory: Arc::new(task.consumer("ShuffleFetch", false)),
            spool: Arc::new(Files { dir: spool, next: AtomicU64::new(0) }),
            counters: Arc::clone(&self.counters),
        }
    }

    /// Lanes of one host.
    pub fn fetch(&self, shuffle: u64, address: &str, lanes: Vec<Vec<Wanted>>) -> Vec<LaneReader> {
        self.fetch_schema(shuffle, address, schema(), lanes)
    }

    pub fn fetch_schema(&self, shuffle: u64, address: &str, schema: SchemaRef, lanes: Vec<Vec<Wanted>>) -> Vec<LaneReader> {
        let host = HostRequest { address: address.to_owned(), lanes };
        self.transport.fetch(shuffle, &schema, vec![host], self.env()).unwrap().remove(0)
    }

    pub fn spooled_files(&self) -> usize {
        std::fs::read_dir(self.dir.path().join("spill")).map_or(0, Iterator::count)
    }
}

/// Files for fetched blocks; each its own name.
#[derive(Debug)]
struct Files {
    dir: PathBuf,
    next: AtomicU64,
}

impl SpoolFiles for Files {
    fn create(&self) -> io::Result<(File, PathBuf)> {
        let path = self.dir.join(format!("{:p}-{}", self, self.next.fetch_add(1, Ordering::Relaxed)));
        Ok((File::options().read(true).write(true).create_new(true).open(&path)?, path))
    }
}

/// All rows of a lane's next `blocks` blocks, as ids.
pub async fn ids(reader: &mut LaneReader, blocks: usize) -> Result<Vec<i64>, FetchError> {
    let mut ids = Vec::new();
    for _ in 0..blocks {
        while let Some(batch) = reader.next_batch().await? {
            let column = batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap();
            ids.extend(column.values());
        }
    }
    Ok(ids)
}

/// Waits until something is so; a hang is for the test's runner.
pub async fn until(what: impl Fn() -> bool) {
    while !what() {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}

/// Passes bytes on between one address and whoever connects to it, and harms those that come back.
pub struct Road {
    pub address: String,
    tasks: JoinSet<()>,
    /// Bytes of the answers that pass before the harm; then it is done once, unless `always`.
    pub budget: Arc<AtomicI64>,
    pub connections: Arc<AtomicU64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Harm {
    Cut,
    Flip,
    /// A bit at that place of each connection.
    FlipAlways,
    /// Nothing passes any more, and nobody is told.
    Stall,
}

impl Road {
    pub async fn to(target: &str, harm: Harm, after: i64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (budget, connections) = (Arc::new(AtomicI64::new(after)), Arc::new(AtomicU64::new(0)));
        let mut tasks = JoinSet::new();
        let (left, count, target) = (Arc::clone(&budget), Arc::clone(&connections), target.to_owned());
        tasks.spawn(async move {
            let mut pairs = JoinSet::new();
            loop {
                let (near, _) = listener.accept().await.unwrap();
                count.fetch_add(1, Ordering::Relaxed);
                if harm == Harm::FlipAlways {
                    left.store(after, Ordering::Relaxed);
                }
                let (target, left) = (target.clone(), Arc::clone(&left));
                pairs.spawn(async move {
                    let Ok(far) = TcpStream::connect(&target).await else { return };
                    let (mut near_in, mut near_out) = near.into_split();
                    let (mut far_in, mut far_out) = far.into_split();
                    let forth = async { tokio::io::copy(&mut near_in, &mut far_out).await.map(drop) };
                    let back = async {
                        let mut buffer = vec![0; 16 << 10];
                        loop {
                            let read = far_in.read(&mut buffer).await?;
                            if read == 0 {
                                return Ok::<_, io::Error>(());
                            }
                            let before = left.fetch_sub(read as i64, Ordering::Relaxed);
                            let harmed = before > 0 && before <= read as i64;
                            match harm {
                                Harm::Cut if harmed => {
                                    near_out.write_all(&buffer[..before as usize]).await?;
                                    return Err(io::ErrorKind::ConnectionReset.into());
                                }
                                Harm::Stall if before <= read as i64 => std::future::pending().await,
                                Harm::Flip | Harm::FlipAlways if harmed => buffer[before as usize - 1] ^= 4,
                                _ => {}
                            }
                            near_out.write_all(&buffer[..read]).await?;
                        }
                    };
                    // Either end closes both.
                    tokio::select! { _ = forth => {}, _ = back => {} }
                });
            }
        });
        Self { address, tasks, budget, connections }
    }
}

/// Ends TLS on both sides and passes everything on.
pub async fn tls_relay(target: &str, tls: &kiln_transport::TlsConfig) -> String {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
    use rustls::{ClientConfig, RootCertStore, ServerConfig};

    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(tls.authority.as_bytes()).unwrap()).unwrap();
    let chain = vec![CertificateDer::from_pem_slice(tls.certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(tls.key.as_bytes()).unwrap();
    let versions = [&rustls::version::TLS13];
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(&versions).unwrap();
    let server = server.with_no_client_auth().with_single_cert(chain, key).unwrap();
    let client = ClientConfig::builder_with_provider(provider).with_protocol_versions(&versions).unwrap();
    let client = client.with_root_certificates(roots).with_no_client_auth();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let target = target.to_owned();
    // Ends with the test's runtime.
    tokio::spawn(async move {
        let (near, _) = listener.accept().await.unwrap();
        let mut near = tokio_rustls::TlsAcceptor::from(Arc::new(server)).accept(near).await.unwrap();
        let far = TcpStream::connect(&target).await.unwrap();
        let name = ServerName::try_from("executors.example").unwrap();
        let mut far = tokio_rustls::TlsConnector::from(Arc::new(client)).connect(name, far).await.unwrap();
        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
    });
    address
}
