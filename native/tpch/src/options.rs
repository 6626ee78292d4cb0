use crate::Failure;
use parquet::basic::{Compression, ZstdLevel};
use std::path::PathBuf;

pub const USAGE: &str = "usage: kiln-tpch --scale FACTOR --output DIR [--parts N] [--compression snappy|zstd|none]";

/// What is written, and where.
pub struct Options {
    pub scale: f64,
    pub output: PathBuf,
    pub parts: i32,
    pub compression: Compression,
}

impl Options {
    /// # Errors
    /// Says which argument is wrong.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let (mut scale, mut output, mut parts, mut compression) = (None, None, 1, Compression::SNAPPY);
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--scale" => scale = Some(value.parse::<f64>().map_err(|_| format!("--scale is '{value}', but must be a number"))?),
                "--output" => output = Some(PathBuf::from(value)),
                "--parts" => parts = value.parse::<i32>().map_err(|_| format!("--parts is '{value}', but must be a whole number"))?.max(1),
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
        Ok(Self { scale: scale.ok_or("--scale is missing")?, output: output.ok_or("--output is missing")?, parts, compression })
    }
}
