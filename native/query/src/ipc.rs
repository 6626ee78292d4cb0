//! Arrow IPC streams that come from outside.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::reader::StreamReader;
use datafusion::common::{Result, exec_datafusion_err, exec_err};
use kiln_shuffle::codec::check_stream;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// All batches of a stream. Bytes that are none, or not all of one, are an error, and take no memory.
pub fn read_stream(bytes: &[u8]) -> Result<(SchemaRef, Vec<RecordBatch>)> {
    check_stream(bytes).map_err(|e| exec_datafusion_err!("this is no Arrow IPC stream: {e}"))?;
    // Arrow asserts here and there.
    catch_unwind(AssertUnwindSafe(|| {
        let reader = StreamReader::try_new(Cursor::new(bytes), None)?;
        let schema = reader.schema();
        Ok((schema, reader.collect::<std::result::Result<_, _>>()?))
    }))
    .unwrap_or_else(|_| exec_err!("Arrow could not read an IPC stream"))
}
