//! Block stores that are written in JavaScript.

use crate::cross;
use kiln_query::run::{BlockKey, ExternalBlocks};
use napi::Status;
use napi::bindgen_prelude::{Buffer, FnArgs, Function, Result};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use parking_lot::Mutex;
use serde_json::json;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::oneshot;

type Arguments = FnArgs<(String, Option<Buffer>)>;
type Callback = ThreadsafeFunction<Arguments, (), Arguments, Status, false, true>;
type Answer = std::result::Result<Option<Vec<u8>>, String>;
type Asked<T> = Pin<Box<dyn Future<Output = std::result::Result<T, String>> + Send>>;

/// Asks JavaScript for blocks; it does not keep the thread of JavaScript alive.
pub struct JsBlocks {
    calls: Arc<Calls>,
}

struct Calls {
    callback: Callback,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Answer>>>,
    next: AtomicU64,
}

impl fmt::Debug for JsBlocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsBlocks").finish_non_exhaustive()
    }
}

impl JsBlocks {
    pub fn new(ask: &Function<'_, Arguments, ()>) -> Result<Self> {
        let callback = ask.build_threadsafe_function::<Arguments>().callee_handled::<false>().weak::<true>().build()?;
        Ok(Self { calls: Arc::new(Calls { callback, waiting: Mutex::default(), next: AtomicU64::new(1) }) })
    }

    pub fn answer(&self, call: u64, block: Option<Vec<u8>>, error: Option<String>) {
        if let Some(waiting) = self.calls.waiting.lock().remove(&call) {
            let answer = match error {
                Some(message) => Err(message),
                None => Ok(block),
            };
            // A task that was cancelled does not wait any more.
            drop(waiting.send(answer));
        }
    }
}

impl Calls {
    async fn ask(&self, kind: &str, key: BlockKey, block: Option<Vec<u8>>) -> Answer {
        let call = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = oneshot::channel();
        self.waiting.lock().insert(call, sender);
        let _waiting = Waiting { calls: self, call };
        let request = json!({ "call": call, "type": kind, "key": key }).to_string();
        cross();
        let arguments = FnArgs::from((request, block.map(Buffer::from)));
        if self.callback.call(arguments, ThreadsafeFunctionCallMode::NonBlocking) != Status::Ok {
            return Err("the thread of the block store has ended".to_owned());
        }
        receiver.await.unwrap_or_else(|_| Err("the block store was closed".to_owned()))
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

impl ExternalBlocks for JsBlocks {
    fn put(&self, key: BlockKey, block: Vec<u8>) -> Asked<()> {
        let calls = Arc::clone(&self.calls);
        Box::pin(async move { calls.ask("put", key, Some(block)).await.map(|_| ()) })
    }

    fn get(&self, key: BlockKey) -> Asked<Option<Vec<u8>>> {
        let calls = Arc::clone(&self.calls);
        Box::pin(async move { calls.ask("get", key, None).await })
    }
}
