//! A data source that is written in the test.

use super::tables::{Described, read};
use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use kiln_query::boundary::{ScanFormat, Split, Table, TableFile};
use kiln_query::nodes::{BatchStream, ExternalReader};
use kiln_sql::tree::{DataType, StructField};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

type Read = dyn Fn(&str, SchemaRef) -> BatchStream + Send + Sync;

/// Reads a split by its name.
pub struct Source(Box<Read>);

impl Source {
    pub fn reader(read: impl Fn(&str, SchemaRef) -> BatchStream + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self(Box::new(read)))
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source")
    }
}

impl ExternalReader for Source {
    fn read(&self, source: &str, payload: &str, split: &Split, schema: SchemaRef, columns: Option<Vec<String>>) -> BatchStream {
        assert_eq!((source, payload), ("numbers", "p"));
        assert!(columns.is_some_and(|columns| columns.iter().all(|c| c != "unused")));
        (self.0)(&split.path, schema)
    }
}

/// The numbers from 0.
pub fn numbers_to(end: i64, schema: SchemaRef) -> RecordBatch {
    RecordBatch::try_new(schema, vec![Arc::new(Int64Array::from_iter_values(0..end))]).unwrap()
}

/// A table `numbers` of a column `n` of numbers and one that nobody reads.
pub fn numbers(splits: &[&str]) -> Described {
    table(splits, DataType::Long)
}

pub fn table(splits: &[&str], data_type: DataType) -> Described {
    let file =
        |name: &&str| TableFile { path: (*name).into(), size: 1, modified_millis: 0, rows: None, hosts: Vec::new(), blocks: Vec::new() };
    let table = Table {
        fields: vec![
            StructField { name: "n".into(), data_type, nullable: true },
            StructField { name: "unused".into(), data_type: DataType::String, nullable: true },
        ],
        scan: ScanFormat::External { source: "numbers".into(), payload: "p".into() },
        files: splits.iter().map(file).collect(),
        rows: None,
        columns: Vec::new(),
    };
    BTreeMap::from([("numbers".to_owned(), (read("numbers", "x"), table))])
}
