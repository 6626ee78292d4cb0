//! Batches of data sources outside of Rust, as Arrow IPC streams.

use crate::ipc::read_stream;
use crate::nodes::BatchStream;
use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::SchemaRef;
use datafusion::common::{DataFusionError, Result, exec_datafusion_err, exec_err};
use futures::future::BoxFuture;
use futures::{StreamExt, stream};
use std::sync::Arc;

/// An Arrow IPC stream, the end, or what went wrong.
pub type ExternalAnswer = std::result::Result<Option<Vec<u8>>, String>;

/// The batches of a reader that is asked again and again until it says that there are no more.
pub fn external_stream(
    source: String,
    schema: SchemaRef,
    ask: impl FnMut() -> BoxFuture<'static, ExternalAnswer> + Send + 'static,
) -> BatchStream {
    let state = (ask, source, schema);
    stream::unfold(Some(state), |state| async move {
        let (mut ask, source, schema) = state?;
        match ask().await {
            Ok(None) => None,
            Ok(Some(bytes)) => {
                let batches = decode(&bytes, &schema).map_err(|e| e.context(format!("batches of data source {source}")));
                Some((batches, Some((ask, source, schema))))
            }
            Err(message) => Some((exec_err!("data source {source}: {message}"), None)),
        }
    })
    .flat_map(|batches: Result<Vec<RecordBatch>>| match batches {
        Ok(batches) => stream::iter(batches.into_iter().map(Ok)).boxed(),
        Err(error) => stream::once(async { Err(error) }).boxed(),
    })
    .boxed()
}

/// Batches with the planned columns, found by name.
fn decode(bytes: &[u8], schema: &SchemaRef) -> Result<Vec<RecordBatch>> {
    read_stream(bytes)?
        .1
        .into_iter()
        .map(|batch| {
            let columns = schema
                .fields()
                .iter()
                .map(|field| {
                    let column =
                        batch.column_by_name(field.name()).ok_or_else(|| exec_datafusion_err!("column {} is missing", field.name()))?;
                    Ok(if column.data_type() == field.data_type() { Arc::clone(column) } else { cast(column, field.data_type())? })
                })
                .collect::<Result<Vec<_>>>()?;
            let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options).map_err(DataFusionError::from)
        })
        .collect()
}
