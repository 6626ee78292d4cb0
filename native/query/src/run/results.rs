//! Rows for the driver: an Arrow IPC stream that JavaScript reads.

use super::error::TaskError;
use crate::functions::types::arrow_type;
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use arrow::ipc::writer::StreamWriter;
use datafusion::common::{Result, internal_err};
use kiln_sql::tree::StructField;
use std::sync::Arc;

/// The type that readers in JavaScript know: no views.
fn plain(data_type: &DataType) -> DataType {
    let child = |field: &Arc<Field>| Arc::new(field.as_ref().clone().with_data_type(plain(field.data_type())));
    match data_type {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        DataType::List(field) => DataType::List(child(field)),
        DataType::Map(field, sorted) => DataType::Map(child(field), *sorted),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(child).collect::<Fields>()),
        other => other.clone(),
    }
}

/// The schema of a result: the user's names, plain types.
pub fn result_schema(fields: &[StructField]) -> SchemaRef {
    let fields: Vec<Field> = fields.iter().map(|f| Field::new(&f.name, plain(&arrow_type(&f.data_type)), true)).collect();
    Arc::new(Schema::new(fields))
}

/// The batch under another schema, by position.
pub fn conform(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    if batch.num_columns() != schema.fields().len() {
        return internal_err!("{} columns where {} were planned", batch.num_columns(), schema.fields().len());
    }
    let columns = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(
            |(column, field)| {
                if column.data_type() == field.data_type() { Ok(Arc::clone(column)) } else { cast(column, field.data_type()) }
            },
        )
        .collect::<Result<Vec<ArrayRef>, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?)
}

/// Collects the rows of one task.
pub struct ResultWriter {
    schema: SchemaRef,
    writer: StreamWriter<Vec<u8>>,
    max_bytes: u64,
    pub rows: u64,
}

impl ResultWriter {
    /// `max_bytes` 0: no limit.
    pub fn try_new(schema: SchemaRef, max_bytes: u64) -> Result<Self> {
        let writer = StreamWriter::try_new(Vec::new(), &schema)?;
        Ok(Self { schema, writer, max_bytes, rows: 0 })
    }

    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        self.writer.write(&conform(batch, &self.schema)?)?;
        self.rows += batch.num_rows() as u64;
        let bytes = self.writer.get_ref().len() as u64;
        if self.max_bytes > 0 && bytes > self.max_bytes {
            let message = format!(
                "a task's result of {bytes} bytes is larger than spark.driver.maxResultSize ({} bytes). \
                 Collect fewer rows, write them to files, or raise the setting.",
                self.max_bytes
            );
            return Err(TaskError::Limit { class: "RESULT_TOO_LARGE", message }.into_datafusion());
        }
        Ok(())
    }

    pub fn finish(mut self) -> Result<(u64, Vec<u8>)> {
        self.writer.finish()?;
        Ok((self.rows, self.writer.into_inner()?))
    }
}
