use crate::cross;
use crate::error::{from_json, guarded, to_json, transport_error};
use crate::promise::promise;
use bytes::Bytes;
use kiln_transport::service::{ShuffleService, ShuffleServiceConfig};
use kiln_transport::{LogFn, Transport, TransportConfig};
use napi::Status;
use napi::bindgen_prelude::{Buffer, Env, Function, Object, Result, Uint8Array};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;
use std::sync::Arc;

/// One per process: serves this process's blocks and blobs, and fetches those of others.
#[napi]
pub struct NativeTransport {
    pub(crate) transport: Transport,
}

#[napi]
impl NativeTransport {
    /// JSON of `TransportConfig`. Binds the port.
    #[napi(ts_return_type = "Promise<NativeTransport>")]
    pub fn open<'env>(env: &'env Env, config: String) -> Result<Object<'env>> {
        cross();
        let config: TransportConfig = from_json("TransportConfig", &config)?;
        promise(env, async move {
            let transport = Transport::open(&config).await.map_err(|e| transport_error(&e))?;
            Ok(Self { transport })
        })
    }

    /// `host:port` by which others reach it.
    #[napi(getter)]
    pub fn address(&self) -> String {
        self.transport.address().to_owned()
    }

    /// Serves bytes under an id: programs, large results, plugin tarballs, map-output tables.
    #[napi]
    pub fn put_blob(&self, id: String, bytes: Uint8Array) {
        cross();
        self.transport.put_blob(&id, Bytes::copy_from_slice(&bytes));
    }

    #[napi]
    pub fn remove_blob(&self, id: String) {
        cross();
        self.transport.remove_blob(&id);
    }

    /// Bytes that another process serves; codes of errors are `KILN_FETCH_*`.
    #[napi(ts_return_type = "Promise<Buffer>")]
    pub fn fetch_blob<'env>(&self, env: &'env Env, address: String, id: String) -> Result<Object<'env>> {
        cross();
        let transport = self.transport.clone();
        promise(env, async move {
            let blob = transport.fetch_blob(&address, &id).await.map_err(|e| transport_error(&e))?;
            Ok(Buffer::from(blob))
        })
    }

    /// The process at an address has ended for good: what waits for it fails at once, without further tries.
    #[napi]
    pub fn peer_gone(&self, address: String) {
        cross();
        self.transport.peer_gone(&address);
    }

    /// Tells a shuffle service that this application has ended: its files go.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn end_application<'env>(&self, env: &'env Env, address: String) -> Result<Object<'env>> {
        cross();
        let transport = self.transport.clone();
        promise(env, async move { transport.end_application(&address).await.map_err(|e| transport_error(&e)) })
    }

    /// Tells a shuffle service that nobody reads a shuffle any more.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn remove_shuffle<'env>(&self, env: &'env Env, address: String, shuffle_id: f64) -> Result<Object<'env>> {
        cross();
        let transport = self.transport.clone();
        promise(env, async move { transport.remove_shuffle(&address, shuffle_id as u64).await.map_err(|e| transport_error(&e)) })
    }

    /// `log` gets messages about peers that were turned away (a wrong secret, garbage).
    #[napi(ts_args_type = "log: (message: string) => void")]
    pub fn on_log(&self, log: Function<'_, String, ()>) -> Result<()> {
        cross();
        self.transport.set_log(Some(log_function(&log)?));
        Ok(())
    }

    /// JSON of `TransportUsage`.
    #[napi]
    pub fn usage(&self) -> Result<String> {
        cross();
        guarded(|| to_json("usage", &self.transport.usage()))
    }

    /// Ends all connections and stops listening.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn close<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        cross();
        let transport = self.transport.clone();
        promise(env, async move {
            transport.close().await;
            Ok(())
        })
    }
}

/// It does not keep the thread of JavaScript alive.
fn log_function(log: &Function<'_, String, ()>) -> Result<LogFn> {
    let callback: ThreadsafeFunction<String, (), String, Status, false, true> =
        log.build_threadsafe_function::<String>().callee_handled::<false>().weak::<true>().build()?;
    Ok(Arc::new(move |message: &str| {
        cross();
        callback.call(message.to_owned(), ThreadsafeFunctionCallMode::NonBlocking);
    }))
}

/// Serves the map outputs of executors that are gone, in a process of its own.
#[napi]
pub struct NativeShuffleService {
    service: ShuffleService,
}

#[napi]
impl NativeShuffleService {
    /// JSON of `ShuffleServiceConfig`. Reads the registry and binds the port.
    #[napi(ts_return_type = "Promise<NativeShuffleService>")]
    pub fn open<'env>(env: &'env Env, config: String) -> Result<Object<'env>> {
        cross();
        let config: ShuffleServiceConfig = from_json("ShuffleServiceConfig", &config)?;
        promise(env, async move {
            let service = ShuffleService::open(&config).await.map_err(|e| transport_error(&e))?;
            Ok(Self { service })
        })
    }

    /// `host:port` by which others reach it.
    #[napi(getter)]
    pub fn address(&self) -> String {
        self.service.address().to_owned()
    }

    /// `log` gets messages about peers that were turned away, and applications that nobody ended.
    #[napi(ts_args_type = "log: (message: string) => void")]
    pub fn on_log(&self, log: Function<'_, String, ()>) -> Result<()> {
        cross();
        self.service.set_log(Some(log_function(&log)?));
        Ok(())
    }

    /// JSON of `ShuffleServiceUsage`.
    #[napi]
    pub fn usage(&self) -> Result<String> {
        cross();
        guarded(|| to_json("usage", &self.service.usage()))
    }

    /// Ends all connections and stops listening; files and registry stay.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn close<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        cross();
        let service = self.service.clone();
        promise(env, async move {
            service.close().await;
            Ok(())
        })
    }
}
