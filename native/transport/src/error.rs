//! Typed errors: who retries, and what the schedulers are told, depends on them.

use std::io;
use std::sync::Arc;

use kiln_shuffle::ShuffleError;

/// Result of this crate.
pub type Result<T, E = TransportError> = std::result::Result<T, E>;

/// What is to blame for a block that cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchCause {
    /// Its server does not have it.
    Missing,
    /// Its server's bytes are damaged, or its disk fails.
    Disk,
    /// The way to its server: no connection, or bytes that were whole when they left.
    Network,
    /// Damaged, and its server cannot say where.
    Corrupt,
    /// None of these.
    Unknown,
}

impl From<&ShuffleError> for FetchCause {
    fn from(error: &ShuffleError) -> Self {
        match error {
            ShuffleError::NotFound { .. } => Self::Missing,
            ShuffleError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => Self::Missing,
            ShuffleError::Corrupt { .. } | ShuffleError::Io { .. } | ShuffleError::NoLocalDir { .. } => Self::Disk,
            ShuffleError::Invalid(_) | ShuffleError::Arrow(_) => Self::Unknown,
        }
    }
}

impl FetchCause {
    pub(crate) fn code(self) -> u32 {
        match self {
            Self::Unknown => 0,
            Self::Missing => 1,
            Self::Disk => 2,
            Self::Network => 3,
            Self::Corrupt => 4,
        }
    }

    pub(crate) fn from_code(code: u32) -> Self {
        match code {
            1 => Self::Missing,
            2 => Self::Disk,
            3 => Self::Network,
            4 => Self::Corrupt,
            _ => Self::Unknown,
        }
    }
}

/// Why something could not be had from another process, or served to it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TransportError {
    /// No connection, or one that broke: worth another try.
    #[error("{address}: {what}")]
    Network {
        /// The other side.
        address: String,
        /// What was going on.
        what: String,
        /// The system's answer, if it was asked.
        source: Option<Arc<io::Error>>,
    },
    /// The other side does not want us (secret, application, version): not tried again.
    #[error("{address} refused the connection: {reason}")]
    Refused {
        /// The other side.
        address: String,
        /// In its words, or ours about it.
        reason: String,
    },
    /// Its process is known to have ended: not tried again.
    #[error("{address}: its process is gone")]
    Gone {
        /// The other side.
        address: String,
    },
    /// The other side answered that it cannot give what was asked.
    #[error("{address}: {what}")]
    Remote {
        /// The other side.
        address: String,
        /// Its words.
        what: String,
        /// What is to blame.
        cause: FetchCause,
    },
    /// Bytes are not what was sent.
    #[error("{address}: {what}")]
    Corrupt {
        /// The other side.
        address: String,
        /// What is wrong with them.
        what: String,
        /// What is to blame.
        cause: FetchCause,
    },
    /// A file of this process failed: what was fetched could not be kept.
    #[error("cannot {action}: {source}")]
    Local {
        /// What was tried.
        action: String,
        /// The system's answer.
        source: Arc<io::Error>,
    },
    /// A configuration or a call that cannot be right.
    #[error("{0}")]
    Invalid(String),
    /// This process's own transport was closed.
    #[error("the transport of this process is closed")]
    Closed,
}

impl TransportError {
    pub(crate) fn network(address: &str, what: impl Into<String>) -> Self {
        Self::Network { address: address.to_owned(), what: what.into(), source: None }
    }

    pub(crate) fn io(address: &str, what: &str, error: io::Error) -> Self {
        Self::Network { address: address.to_owned(), what: format!("{what}: {error}"), source: Some(Arc::new(error)) }
    }

    pub(crate) fn local(action: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let action = action.into();
        move |error| Self::Local { action, source: Arc::new(error) }
    }

    /// Whether another try may help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Network { .. })
    }

    /// What is to blame.
    pub fn cause(&self) -> FetchCause {
        match self {
            Self::Network { .. } | Self::Refused { .. } | Self::Gone { .. } => FetchCause::Network,
            Self::Remote { cause, .. } | Self::Corrupt { cause, .. } => *cause,
            Self::Local { .. } | Self::Invalid(_) | Self::Closed => FetchCause::Unknown,
        }
    }

    /// The code that callers outside of Rust see.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Network { .. } | Self::Gone { .. } => "KILN_FETCH_NETWORK",
            Self::Refused { .. } => "KILN_FETCH_REFUSED",
            Self::Remote { cause, .. } | Self::Corrupt { cause, .. } => match cause {
                FetchCause::Missing => "KILN_FETCH_MISSING",
                FetchCause::Disk => "KILN_FETCH_DISK",
                FetchCause::Network => "KILN_FETCH_NETWORK",
                FetchCause::Corrupt => "KILN_FETCH_CORRUPT",
                FetchCause::Unknown => "KILN_FETCH_UNKNOWN",
            },
            Self::Local { .. } => "KILN_FETCH_LOCAL",
            Self::Invalid(_) => "KILN_TRANSPORT_INVALID",
            Self::Closed => "KILN_TRANSPORT_CLOSED",
        }
    }
}
