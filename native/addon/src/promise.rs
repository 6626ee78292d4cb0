//! Promises that are settled from Kiln's own runtime.

use crate::error::{guarded, internal_error};
use kiln_query::run::io_runtime;
use napi::bindgen_prelude::{Env, Object, Result, ToNapiValue};
use std::future::Future;

/// A Promise of what `work` gives.
pub fn promise<'env, T>(env: &'env Env, work: impl Future<Output = Result<T>> + Send + 'static) -> Result<Object<'env>>
where
    T: ToNapiValue + Send + 'static,
{
    let runtime = io_runtime().map_err(|e| internal_error(e.to_string()))?;
    let (deferred, promise) = env.create_deferred()?;
    let handle = runtime.spawn(work);
    // Ends when the work does: it only turns its end, or its panic, into the Promise's.
    runtime.spawn(async move {
        let result = match handle.await {
            Ok(result) => result,
            Err(error) => guarded(|| match error.try_into_panic() {
                Ok(payload) => std::panic::resume_unwind(payload),
                Err(error) => Err(internal_error(error.to_string())),
            }),
        };
        deferred.resolve(move |_| result);
    });
    Ok(promise)
}

/// A Promise of what `work` gives, on a thread that may be busy for long.
pub fn blocking_promise<'env, T>(env: &'env Env, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<Object<'env>>
where
    T: ToNapiValue + Send + 'static,
{
    let runtime = io_runtime().map_err(|e| internal_error(e.to_string()))?;
    let (deferred, promise) = env.create_deferred()?;
    runtime.spawn_blocking(move || {
        let result = guarded(work);
        deferred.resolve(move |_| result);
    });
    Ok(promise)
}
