use crate::Failure;
use parquet::basic::{Compression, ZstdLevel};
use std::path::PathBuf;

/// Rows of a row group: about 128 MB of lineitem in memory.
const ROW_GROUP_ROWS: usize = 1 << 20;

pub const USAGE: &str = "usage: kiln-tpch --scale FACTOR --output DIR [--parts N] [--compression snappy|zstd|none] [--row-group-rows N]";

/// What is written, and where.
pub struct Options {
    pub scale: f64,
    pub output: PathBuf,
    pub parts: i32,
    pub compression: Compression,
    pub row_group_rows: usize,
}

impl Options {
    /// # Errors
    /// Says which argument is wrong.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let (mut scale, mut output, mut parts, mut compression, mut row_group_rows) = (None, None, 1, Compression::SNAPPY, ROW_GROUP_ROWS);
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--scale" => scale = Some(value.parse::<f64>().map_err(|_| format!("--scale is '{value}', but must be a number"))?),
                "--output" => output = Some(PathBuf::from(value)),
                "--parts" => parts = value.parse::<i32>().map_err(|_| format!("--parts is '{value}', but must be a whole number"))?.max(1),
                "--row-group-rows" => {
                    row_group_rows =
                        value.parse::<usize>().map_err(|_| format!("--row-group-rows is '{value}', but must be a whole number"))?.max(1);
                }
                "--compression" => {
                    compression = match value.as_str() {
                        "snappy" => Compression::SNAPPY,
                        "zstd" => Compression::ZSTD(ZstdLevel::try_new(3)?),
                        "none" => Compression::UNCOMPRESSED,
                        other => return Err(format!("--compression is '{other}'").into()),
                    }
                }
                other => return Err(format!("{other} is no option").into()),
            }
        }
        Ok(Self {
            scale: scale.ok_or("--scale is missing")?,
            output: output.ok_or("--output is missing")?,
            parts,
            compression,
            row_group_rows,
        })
    }
}
