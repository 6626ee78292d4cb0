//! CSV as Spark writes it: quotes only where they are needed, with backslashes before quotes and backslashes inside them.

use crate::functions::arithmetic::operands::OnError;
use crate::functions::cast::cast;
use crate::functions::datetime::zone::Zone;
use crate::functions::types::spark_type;
use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::{Result, exec_datafusion_err};
use kiln_sql::tree::DataType;
use std::fmt::Write as _;
use std::io::Write;

const QUOTE: u8 = b'"';
const ESCAPE: u8 = b'\\';

/// Writes rows; a header first, if asked for.
pub struct Writer<W> {
    output: W,
    delimiter: u8,
    /// What NULL is written as.
    null: String,
    header: bool,
    line: Vec<u8>,
}

impl<W: Write> Writer<W> {
    pub fn new(output: W, delimiter: u8, null: String, header: bool) -> Self {
        Self { output, delimiter, null, header, line: Vec::new() }
    }

    /// # Errors
    /// For types that CSV has no text for, and when the output fails.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        if std::mem::take(&mut self.header) {
            for (column, field) in batch.schema().fields().iter().enumerate() {
                self.separate(column);
                self.text(field.name());
            }
            self.line.push(b'\n');
        }
        let columns = batch.columns().iter().map(worded).collect::<Result<Vec<_>>>()?;
        let options = FormatOptions::default();
        let formatters = columns.iter().map(|c| Ok(ArrayFormatter::try_new(c.as_ref(), &options)?)).collect::<Result<Vec<_>>>()?;
        let mut value = String::new();
        for row in 0..batch.num_rows() {
            for (index, (column, formatter)) in columns.iter().zip(&formatters).enumerate() {
                self.separate(index);
                if column.is_null(row) {
                    self.line.extend_from_slice(self.null.as_bytes());
                    continue;
                }
                value.clear();
                write!(value, "{}", formatter.value(row)).map_err(|e| exec_datafusion_err!("row {row} has no text: {e}"))?;
                self.text(&value);
            }
            self.line.push(b'\n');
            if self.line.len() > 1 << 16 {
                self.flush_line()?;
            }
        }
        self.flush_line()
    }

    pub fn into_inner(self) -> W {
        self.output
    }

    fn flush_line(&mut self) -> Result<()> {
        self.output.write_all(&self.line)?;
        self.line.clear();
        Ok(())
    }

    fn separate(&mut self, column: usize) {
        if column > 0 {
            self.line.push(self.delimiter);
        }
    }

    fn text(&mut self, text: &str) {
        let special = |b: u8| b == self.delimiter || matches!(b, QUOTE | b'\n' | b'\r');
        // Nothing at all would be NULL.
        if !text.is_empty() && !text.bytes().any(special) {
            self.line.extend_from_slice(text.as_bytes());
            return;
        }
        self.line.push(QUOTE);
        for byte in text.bytes() {
            if matches!(byte, QUOTE | ESCAPE) {
                self.line.push(ESCAPE);
            }
            self.line.push(byte);
        }
        self.line.push(QUOTE);
    }
}

/// Numbers with a fraction in Spark's words (`1.0E10`, `-Infinity`); the rest as it is.
fn worded(column: &ArrayRef) -> Result<ArrayRef> {
    if !column.data_type().is_floating() {
        return Ok(ArrayRef::clone(column));
    }
    let from = spark_type(column.data_type()).map_err(|e| exec_datafusion_err!("{e}"))?;
    cast(column, &from, &DataType::String, Zone::UTC, OnError::Fail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Float64Array, Int32Array, StringArray};
    use std::sync::Arc;

    /// As PySpark 4.3 wrote them, but for the blanks around values, which Spark takes away.
    #[test]
    fn quotes_stand_where_they_are_needed() {
        let texts = [Some("say \"hi\""), Some("a\\b"), Some("a\\\"b"), Some(""), None, Some("a,b"), Some("x\ny"), Some("t\\"), Some("#c")];
        let numbers = Float64Array::from(vec![f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e10, -0.0, 1.5, 0.1, 2.0, 3.0]);
        let batch = RecordBatch::try_from_iter([
            ("i", Arc::new(Int32Array::from_iter_values(0..9)) as ArrayRef),
            ("s \"", Arc::new(StringArray::from(texts.to_vec()))),
            ("d", Arc::new(numbers)),
        ]);
        let mut writer = Writer::new(Vec::new(), b',', "NA".to_owned(), true);
        writer.write(&batch.unwrap()).unwrap();
        let written = String::from_utf8(writer.into_inner()).unwrap();
        let expected = r#"i,"s \"",d
0,"say \"hi\"",Infinity
1,a\b,-Infinity
2,"a\\\"b",NaN
3,"",1.0E10
4,NA,-0.0
5,"a,b",1.5
6,"x
y",0.1
7,t\,2.0
8,#c,3.0
"#;
        assert_eq!(written, expected);
    }
}
