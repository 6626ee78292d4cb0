//! Data sources whose readers are in JavaScript.

use crate::cross;
use arrow::datatypes::SchemaRef;
use kiln_query::boundary::Split;
use kiln_query::nodes::{BatchStream, ExternalReader};
use kiln_query::{ExternalAnswer, external_stream};
use napi::Status;
use napi::bindgen_prelude::{Function, Result};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use parking_lot::Mutex;
use serde_json::json;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::oneshot;

type Callback = ThreadsafeFunction<String, (), String, Status, false, true>;

/// Asks JavaScript for batches; it does not keep the thread of JavaScript alive.
pub struct JsReader {
    calls: Arc<Calls>,
}

struct Calls {
    callback: Callback,
    waiting: Mutex<HashMap<u64, oneshot::Sender<ExternalAnswer>>>,
    next: AtomicU64,
}

impl fmt::Debug for JsReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsReader").finish_non_exhaustive()
    }
}

impl JsReader {
    pub fn new(read: &Function<'_, String, ()>) -> Result<Self> {
        let callback = read.build_threadsafe_function::<String>().callee_handled::<false>().weak::<true>().build()?;
        Ok(Self { calls: Arc::new(Calls { callback, waiting: Mutex::default(), next: AtomicU64::new(1) }) })
    }

    pub fn answer(&self, call: u64, data: Option<Vec<u8>>, error: Option<String>) {
        if let Some(waiting) = self.calls.waiting.lock().remove(&call) {
            let answer = match error {
                Some(message) => Err(message),
                None => Ok(data),
            };
            // A task that was cancelled does not wait any more.
            drop(waiting.send(answer));
        }
    }
}

impl Calls {
    fn send(&self, request: &serde_json::Value) -> bool {
        cross();
        self.callback.call(request.to_string(), ThreadsafeFunctionCallMode::NonBlocking) == Status::Ok
    }

    async fn ask(&self, request: &mut serde_json::Value) -> ExternalAnswer {
        let call = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = oneshot::channel();
        self.waiting.lock().insert(call, sender);
        let waiting = Waiting { calls: self, call };
        request["call"] = json!(call);
        if !self.send(request) {
            return Err("the thread of the data source has ended".to_owned());
        }
        let answer = receiver.await.unwrap_or_else(|_| Err("the data source was closed".to_owned()));
        drop(waiting);
        answer
    }
}

/// A call that nobody waits for any more is forgotten.
struct Waiting<'a> {
    calls: &'a Calls,
    call: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.calls.waiting.lock().remove(&self.call);
    }
}

/// Tells JavaScript when a stream is no longer read.
struct Stream {
    calls: Arc<Calls>,
    id: u64,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.calls.send(&json!({ "type": "close", "stream": self.id }));
    }
}

impl ExternalReader for JsReader {
    fn read(&self, source: &str, payload: &str, split: &Split, schema: SchemaRef, columns: Option<Vec<String>>) -> BatchStream {
        let calls = Arc::clone(&self.calls);
        let id = calls.next.fetch_add(1, Ordering::Relaxed);
        let open = json!({ "type": "open", "stream": id, "source": source, "payload": payload, "split": split, "columns": columns });
        let stream = Stream { calls, id };
        let mut request = Some(open);
        external_stream(source.to_owned(), schema, move || {
            let mut request = request.take().unwrap_or_else(|| json!({ "type": "next", "stream": stream.id }));
            let calls = Arc::clone(&stream.calls);
            Box::pin(async move { calls.ask(&mut request).await })
        })
    }
}
