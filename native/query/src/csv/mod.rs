//! The text of CSV files, taken apart as Spark's parser (univocity, with Spark's settings) does.

mod fields;
mod record;
mod records;
mod writer;

pub use fields::Fields;
pub use records::Records;
pub use writer::Writer;

use crate::boundary::ScanFormat;
use crate::functions::SparkError;
use datafusion::common::{DataFusionError, Result, plan_err};
use flate2::read::MultiGzDecoder;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read};

/// How records and fields are told apart. Characters are single bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dialect {
    pub delimiter: u8,
    pub quote: Option<u8>,
    /// Before a quote inside quotes. Spark's default is the backslash; the quote itself gives `""` its usual meaning.
    pub escape: Option<u8>,
    /// Lines that begin with it are no records.
    pub comment: Option<u8>,
    /// Values in quotes may hold ends of lines.
    pub multi_line: bool,
}

impl Dialect {
    /// # Errors
    /// When a character is not one byte.
    pub fn of(scan: &ScanFormat) -> Result<Self> {
        let ScanFormat::Csv { delimiter, quote, escape, comment, multi_line, .. } = scan else {
            return plan_err!("CSV options are needed");
        };
        let byte = |option: &str, text: &str| match text.as_bytes() {
            [byte] => Ok(*byte),
            _ => plan_err!("CSV option '{option}' is '{text}', but must be one ASCII character"),
        };
        Ok(Self {
            delimiter: byte("sep", delimiter)?,
            quote: if quote.is_empty() { None } else { Some(byte("quote", quote)?) },
            escape: escape.as_deref().map(|e| byte("escape", e)).transpose()?,
            comment: comment.as_deref().map(|c| byte("comment", c)).transpose()?,
            multi_line: *multi_line,
        })
    }

    fn is_quote(self, byte: u8) -> bool {
        self.quote == Some(byte)
    }

    fn is_escape(self, byte: u8) -> bool {
        self.escape == Some(byte)
    }

    /// Escapes the escape before a quote: itself, unless quotes are doubled.
    fn is_escape_escape(self, byte: u8) -> bool {
        self.is_escape(byte) && self.escape != self.quote
    }
}

/// Compressions of whole files, by the ends of their names: such files cannot be cut. Only gzip can be read.
const COMPRESSED: [&str; 6] = [".gz", ".bz2", ".zst", ".xz", ".lz4", ".snappy"];

pub fn is_compressed(path: &str) -> bool {
    COMPRESSED.iter().any(|end| path.ends_with(end))
}

/// The text of a file (or of a part of it, which `file` is cut to), decompressed by its name.
///
/// # Errors
/// For compressions that cannot be read.
pub fn open_text(path: &str, file: io::Take<File>) -> Result<Box<dyn Read + Send>> {
    match COMPRESSED.iter().find(|end| path.ends_with(**end)) {
        None => Ok(Box::new(file)),
        Some(&".gz") => Ok(Box::new(MultiGzDecoder::new(file))),
        Some(other) => {
            let error = SparkError::new("UNSUPPORTED", format!("CSV files in '{other}' cannot be read, only in '.gz'."));
            Err(DataFusionError::External(Box::new(error)))
        }
    }
}
