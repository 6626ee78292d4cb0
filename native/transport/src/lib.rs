//! Blocks and blobs between processes (design.md section 5): framed TCP, authenticated
//! by a challenge, multiplexed, with credit for each lane.
//!
//! * [`Transport`]: one per process, serves its blocks and blobs and fetches those of others.
//! * [`service`]: serves the files of executors that are gone.
//! * [`fetch`]: what a shuffle reader of a task does with blocks of other processes.
//!
//! Connections live on the runtime that a transport was opened on, reading and encoding
//! blocks on its threads that may block; received blocks are decoded by whoever polls a reader.

mod auth;
mod blobs;
mod client;
mod config;
mod copy;
mod credit;
mod error;
pub mod fetch;
mod frame;
mod handshake;
mod link;
mod message;
mod serve;
mod server;
pub mod service;
mod tls;
mod transport;

pub use auth::Secret;
pub use config::{TlsConfig, TransportConfig};
pub use error::{FetchCause, Result, TransportError};
pub use serve::{Blocks, StoreBlocks};
pub use transport::{LogFn, Transport, TransportUsage};

/// Of the protocol: both sides must speak the same.
pub const VERSION: u32 = 1;
