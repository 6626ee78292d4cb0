use crate::cross;
use crate::error::{datafusion_error, from_json, guarded, to_json};
use crate::promise::blocking_promise;
use kiln_query::boundary::ScanFormat;
use kiln_query::{show, sources};
use napi::bindgen_prelude::{Env, Object, Result, Uint8Array};
use napi_derive::napi;

/// `string[]` of files or directories -> `Table`.
#[napi(ts_return_type = "Promise<string>")]
pub fn parquet_metadata(env: &Env, paths: String) -> Result<Object<'_>> {
    cross();
    blocking_promise(env, move || {
        let paths: Vec<String> = from_json("paths", &paths)?;
        to_json("a table", &sources::parquet_table(&paths).map_err(|e| datafusion_error(&e))?)
    })
}

/// `string[]` of files and `ScanFormat` csv -> `StructField[]`; `inferTypes` false: all strings.
#[napi(ts_return_type = "Promise<string>")]
pub fn infer_csv_schema(env: &Env, paths: String, scan: String, infer_types: bool) -> Result<Object<'_>> {
    cross();
    blocking_promise(env, move || {
        let paths: Vec<String> = from_json("paths", &paths)?;
        let scan: ScanFormat = from_json("ScanFormat", &scan)?;
        to_json("fields", &sources::infer_csv_schema(&paths, &scan, infer_types).map_err(|e| datafusion_error(&e))?)
    })
}

/// Results (Arrow IPC streams, in order) as Spark's `show()` prints them; `truncate` 0: whole values; `timeZone`: of timestamps (UTC).
#[napi]
pub fn show_string(results: Vec<Uint8Array>, rows: u32, truncate: u32, vertical: bool, time_zone: Option<String>) -> Result<String> {
    cross();
    guarded(|| {
        let results: Vec<&[u8]> = results.iter().map(AsRef::as_ref).collect();
        show::show_string(&results, rows as usize, truncate as usize, vertical, time_zone.as_deref().unwrap_or("UTC"))
            .map_err(|e| datafusion_error(&e))
    })
}
