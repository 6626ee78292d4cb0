//! Settings of a transport, and what they become.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::auth::Secret;
use crate::error::{Result, TransportError};

/// Shorter frames would not hold a request.
const MIN_FRAME: u64 = 64 << 10;

/// Lengths of frames are numbers of 32 bits.
const MAX_FRAME: u64 = 1 << 30;

/// Settings of one process's transport; crosses from TypeScript as JSON.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TransportConfig {
    /// Address to bind to.
    pub host: String,
    /// 0: any free port.
    pub port: u16,
    /// The host by which others reach this process.
    pub advertised_host: String,
    /// Peers of another application are refused.
    pub application_id: String,
    /// Base64 of the secret that peers prove to have.
    pub secret: String,
    pub tls: Option<TlsConfig>,
    /// The longest frame that is taken from a peer.
    pub max_frame_bytes: u64,
    /// A peer that says nothing for so long is gone.
    pub idle_timeout_millis: u64,
    /// Limit of connecting and of the handshake.
    pub connect_timeout_millis: u64,
    /// Bytes on their way to one shuffle reader of a task (`spark.reducer.maxSizeInFlight`).
    pub max_size_in_flight: u64,
    /// Bytes on their way to this process.
    pub max_bytes_in_flight: u64,
    /// Requests under way of one shuffle reader (`spark.reducer.maxReqsInFlight`).
    pub max_reqs_in_flight: u32,
    /// Tries after the first one when a connection fails (`spark.shuffle.io.maxRetries`).
    pub max_retries: u32,
    /// Wait before each (`spark.shuffle.io.retryWait`).
    pub retry_wait_millis: u64,
    /// Larger blocks go to a file before they are read (`spark.network.maxRemoteBlockSizeFetchToMem`).
    pub max_block_to_memory: u64,
}

/// Texts in PEM, not files: executors get theirs from the driver.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TlsConfig {
    /// This process's certificate, and those between it and the authority.
    pub certificate: String,
    /// Its private key.
    pub key: String,
    /// Certificates of the authorities that peers' certificates must come from.
    pub authority: String,
}

impl std::fmt::Debug for TransportConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Without the secret.
        f.debug_struct("TransportConfig")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("application_id", &self.application_id)
            .finish_non_exhaustive()
    }
}

/// Limits on what peers may do, and on what is done for them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub max_frame: usize,
    pub idle: Duration,
    pub connect: Duration,
    pub size_in_flight: u64,
    pub reqs_in_flight: u32,
    pub retries: u32,
    pub retry_wait: Duration,
    pub block_to_memory: u64,
}

impl TransportConfig {
    pub(crate) fn limits(&self) -> Result<Limits> {
        let max_frame = self.max_frame_bytes;
        if !(MIN_FRAME..=MAX_FRAME).contains(&max_frame) {
            return Err(TransportError::Invalid(format!("maxFrameBytes is {max_frame}, but must be from {MIN_FRAME} to {MAX_FRAME}")));
        }
        let positive = [
            ("idleTimeoutMillis", self.idle_timeout_millis),
            ("connectTimeoutMillis", self.connect_timeout_millis),
            ("maxSizeInFlight", self.max_size_in_flight),
            ("maxBytesInFlight", self.max_bytes_in_flight),
            ("maxReqsInFlight", u64::from(self.max_reqs_in_flight)),
        ];
        if let Some((name, _)) = positive.iter().find(|(_, value)| *value == 0) {
            return Err(TransportError::Invalid(format!("{name} of a transport must not be 0")));
        }
        Ok(Limits {
            max_frame: max_frame as usize,
            idle: Duration::from_millis(self.idle_timeout_millis),
            connect: Duration::from_millis(self.connect_timeout_millis),
            size_in_flight: self.max_size_in_flight,
            reqs_in_flight: self.max_reqs_in_flight,
            retries: self.max_retries,
            retry_wait: Duration::from_millis(self.retry_wait_millis),
            block_to_memory: self.max_block_to_memory,
        })
    }

    pub(crate) fn secret(&self) -> Result<Secret> {
        Secret::from_base64(&self.secret)
    }
}

impl Secret {
    /// # Errors
    /// `Invalid` for what is not base64, or stands for nothing.
    pub fn from_base64(text: &str) -> Result<Self> {
        let bytes = STANDARD.decode(text).map_err(|e| TransportError::Invalid(format!("a secret must be base64: {e}")))?;
        Self::new(&bytes)
    }
}
