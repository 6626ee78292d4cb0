//! Errors as JSON in the message: class, sentence, place, advice, causes. TypeScript makes its own error of it.

use kiln_query::boundary::TaskFailure;
use kiln_query::run::failure_of;
use kiln_sql::error::QueryError;
use kiln_sql::tree::Position;
use kiln_transport::TransportError;
use napi::bindgen_prelude::{Error, Result, Status};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::error::Error as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorData {
    class: String,
    message: String,
    position: Option<Position>,
    hint: Option<String>,
    causes: Vec<String>,
}

fn error(data: &ErrorData) -> Error {
    let text = serde_json::to_string(data).unwrap_or_else(|_| data.message.clone());
    Error::new(Status::GenericFailure, text)
}

pub fn query_error(e: QueryError) -> Error {
    error(&ErrorData { class: e.class, message: e.message, position: e.position, hint: e.hint, causes: Vec::new() })
}

pub fn failure_error(failure: TaskFailure) -> Error {
    error(&ErrorData { class: failure.class, message: failure.message, position: None, hint: None, causes: failure.causes })
}

pub fn datafusion_error(e: &kiln_query::DataFusionError) -> Error {
    failure_error(failure_of(e))
}

/// An error of the transport, with its causes.
pub fn transport_error(e: &TransportError) -> Error {
    let mut causes = Vec::new();
    let mut source = e.source();
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    error(&ErrorData { class: e.code().to_owned(), message: e.to_string(), position: None, hint: None, causes })
}

pub fn internal_error(message: impl Into<String>) -> Error {
    error(&ErrorData { class: "INTERNAL_ERROR".into(), message: message.into(), position: None, hint: None, causes: Vec::new() })
}

/// JSON of a boundary type. Of any depth, as plans are that a program builds in a loop (the
/// resolver has the limit): the stack grows with it.
pub fn from_json<T: DeserializeOwned>(what: &str, json: &str) -> Result<T> {
    let mut json = serde_json::Deserializer::from_str(json);
    json.disable_recursion_limit();
    T::deserialize(serde_stacker::Deserializer::new(&mut json))
        .map_err(|e| internal_error(format!("{what} does not fit the addon of this version: {e}")))
}

pub fn to_json<T: Serialize>(what: &str, value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|e| internal_error(format!("{what} cannot be written as JSON: {e}")))
}

/// Runs `work`; a panic of it becomes an error.
pub fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        let text = match payload.downcast::<String>() {
            Ok(text) => *text,
            Err(payload) => payload.downcast::<&'static str>().map_or_else(|_| "no message".to_owned(), |text| (*text).to_owned()),
        };
        Err(error(&ErrorData {
            class: "NATIVE_PANIC".into(),
            message: format!("the native engine panicked: {text}"),
            position: None,
            hint: None,
            causes: Vec::new(),
        }))
    })
}
