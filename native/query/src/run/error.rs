//! Errors of tasks, typed until they reach the boundary.

use crate::boundary::{FailureKind, FetchFailure, TaskFailure};
use crate::functions::SparkError;
use datafusion::common::DataFusionError;
use kiln_shuffle::ShuffleError;
use kiln_transport::TransportError;
use std::error::Error;

/// An error that caused another one.
pub type Cause = Box<dyn Error + Send + Sync>;

/// An error of Kiln's own operators: it travels as `DataFusionError::External`.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    #[error("map output {} of shuffle {} of executor {} cannot be read: {message}", .fetch.map, .fetch.shuffle_id, .fetch.executor_id)]
    Fetch { fetch: FetchFailure, message: String, source: Option<Cause> },
    /// The way to other processes, for no fault of theirs.
    #[error(transparent)]
    Transport(#[from] TransportError),
    #[error("{message}")]
    BlockStore { message: String },
    #[error("{message}")]
    Limit { class: &'static str, message: String },
}

impl TaskError {
    pub fn into_datafusion(self) -> DataFusionError {
        DataFusionError::External(Box::new(self))
    }
}

/// What the schedulers are told of an error.
pub fn failure_of(error: &DataFusionError) -> TaskFailure {
    let root = error.find_root();
    let (kind, mut class, fetch) = classify(root);
    let mut causes = Vec::new();
    let mut message = message_of(root);
    if let (FailureKind::Io, Some(reading)) = (kind, reading(error)) {
        class = "FAILED_READ_FILE".to_owned();
        message = format!("Encountered error while {reading}: {message}");
    }
    let mut source: Option<&(dyn Error + 'static)> = match root {
        DataFusionError::External(inner) => inner.source(),
        other => other.source(),
    };
    while let Some(cause) = source {
        let text = cause.to_string();
        if text != message && causes.last() != Some(&text) {
            causes.push(text);
        }
        source = cause.source();
    }
    TaskFailure { kind, class, message, causes, fetch }
}

/// What a source says that it was reading: `reading FILE`, as the context of its error.
fn reading(error: &DataFusionError) -> Option<&str> {
    match error {
        DataFusionError::Context(what, _) if what.starts_with("reading ") => Some(what),
        DataFusionError::Context(_, inner) => reading(inner),
        DataFusionError::Shared(inner) => reading(inner),
        _ => None,
    }
}

/// The message without DataFusion's prefix ("Execution error: ").
fn message_of(error: &DataFusionError) -> String {
    match error {
        DataFusionError::External(inner) => match inner.downcast_ref::<SparkError>() {
            Some(spark) => spark.message.clone(),
            None => inner.to_string(),
        },
        DataFusionError::Execution(text) | DataFusionError::Plan(text) | DataFusionError::ResourcesExhausted(text) => text.clone(),
        DataFusionError::ArrowError(inner, _) => inner.to_string(),
        DataFusionError::IoError(inner) => inner.to_string(),
        DataFusionError::ObjectStore(inner) => inner.to_string(),
        DataFusionError::ParquetError(inner) => inner.to_string(),
        other => other.strip_backtrace(),
    }
}

fn classify(root: &DataFusionError) -> (FailureKind, String, Option<FetchFailure>) {
    let class = |kind, class: &str| (kind, class.to_owned(), None);
    match root {
        DataFusionError::External(inner) => {
            if let Some(spark) = inner.downcast_ref::<SparkError>() {
                return (FailureKind::User, spark.class.clone(), None);
            }
            match inner.downcast_ref::<TaskError>() {
                Some(TaskError::Fetch { fetch, .. }) => return (FailureKind::FetchFailed, "FETCH_FAILED".to_owned(), Some(fetch.clone())),
                Some(TaskError::Transport(TransportError::Local { .. })) => return (FailureKind::Io, "SHUFFLE_IO".to_owned(), None),
                Some(TaskError::Transport(error)) => return (FailureKind::Internal, error.code().to_owned(), None),
                Some(TaskError::BlockStore { .. }) => return (FailureKind::Io, "BLOCK_STORE".to_owned(), None),
                Some(TaskError::Limit { class, .. }) => return (FailureKind::User, (*class).to_owned(), None),
                None => {}
            }
            match inner.downcast_ref::<ShuffleError>() {
                Some(ShuffleError::Io { .. } | ShuffleError::NoLocalDir { .. }) => class(FailureKind::Io, "SHUFFLE_IO"),
                Some(ShuffleError::Corrupt { .. }) => class(FailureKind::Io, "SHUFFLE_CORRUPT"),
                Some(_) => class(FailureKind::Internal, "SHUFFLE"),
                None if inner.is::<std::io::Error>() => class(FailureKind::Io, "IO"),
                None => class(FailureKind::Internal, "INTERNAL_ERROR"),
            }
        }
        DataFusionError::ResourcesExhausted(_) => class(FailureKind::OutOfMemory, "OUT_OF_MEMORY"),
        DataFusionError::IoError(_) | DataFusionError::ObjectStore(_) => class(FailureKind::Io, "IO"),
        DataFusionError::ParquetError(_) => class(FailureKind::Io, "FAILED_READ_FILE"),
        DataFusionError::ArrowError(inner, _) => arrow_class(inner),
        DataFusionError::Execution(_) => class(FailureKind::User, "EXECUTION_ERROR"),
        DataFusionError::Plan(_)
        | DataFusionError::SchemaError(..)
        | DataFusionError::NotImplemented(_)
        | DataFusionError::Configuration(_) => class(FailureKind::User, "ANALYSIS_ERROR"),
        _ => class(FailureKind::Internal, "INTERNAL_ERROR"),
    }
}

fn arrow_class(error: &arrow::error::ArrowError) -> (FailureKind, String, Option<FetchFailure>) {
    use arrow::error::ArrowError;
    let (kind, class) = match error {
        ArrowError::DivideByZero => (FailureKind::User, "DIVIDE_BY_ZERO"),
        ArrowError::ArithmeticOverflow(_) => (FailureKind::User, "ARITHMETIC_OVERFLOW"),
        ArrowError::CastError(_) | ArrowError::ParseError(_) => (FailureKind::User, "CAST_INVALID_INPUT"),
        ArrowError::CsvError(_) => (FailureKind::User, "MALFORMED_RECORD_IN_PARSING"),
        ArrowError::IoError(..) => (FailureKind::Io, "IO"),
        ArrowError::ParquetError(_) => (FailureKind::Io, "FAILED_READ_FILE"),
        ArrowError::ComputeError(_) | ArrowError::InvalidArgumentError(_) => (FailureKind::User, "EXECUTION_ERROR"),
        _ => (FailureKind::Internal, "INTERNAL_ERROR"),
    };
    (kind, class.to_owned(), None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boundary::FetchCause;
    use std::sync::Arc;

    #[test]
    fn the_root_decides_however_it_is_wrapped() {
        let fetch = FetchFailure { shuffle_id: 3, map: 1, reduce: 2, executor_id: "e1".into(), cause: FetchCause::Disk };
        let cause = std::io::Error::other("no such file");
        let error = TaskError::Fetch { fetch, message: "gone".into(), source: Some(Box::new(cause)) }.into_datafusion();
        let wrapped = DataFusionError::Context("while joining".into(), Box::new(DataFusionError::Shared(Arc::new(error))));
        let failure = failure_of(&wrapped);
        assert_eq!(failure.kind, FailureKind::FetchFailed);
        assert_eq!(failure.fetch.map(|f| (f.shuffle_id, f.map, f.cause)), Some((3, 1, FetchCause::Disk)));
        assert_eq!(failure.causes, ["no such file"]);

        let gone = DataFusionError::IoError(std::io::Error::other("gone")).context("reading /t/a.csv").context("while joining");
        let failure = failure_of(&gone);
        assert_eq!((failure.kind, failure.class.as_str()), (FailureKind::Io, "FAILED_READ_FILE"));
        assert_eq!(failure.message, "Encountered error while reading /t/a.csv: gone");

        let spark = DataFusionError::External(Box::new(SparkError::divide_by_zero()));
        let failure = failure_of(&DataFusionError::Context("x".into(), Box::new(spark)));
        assert_eq!((failure.kind, failure.class.as_str()), (FailureKind::User, "DIVIDE_BY_ZERO"));
        assert!(failure.message.starts_with("Division by zero."), "{}", failure.message);
    }
}
