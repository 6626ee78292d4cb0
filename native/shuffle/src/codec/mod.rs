//! One block as bytes: a header of 24 bytes and a payload. A block is self-contained and
//! position-independent, so that files are merged and served by copying bytes.
//!
//! ```text
//!  0  4  magic "KBL1" (the last byte is the version)
//!  4  1  codec of the payload: 0 none, 1 LZ4 block format, 2 zstd
//!  5  3  0
//!  8  4  raw_len     length of the payload before compression
//! 12  4  stored_len  length of the payload as it follows
//! 16  4  rows
//! 20  4  CRC32C of bytes 0 to 19 and of the stored payload
//! 24     payload: Arrow IPC messages without a schema, compressed as a whole
//! ```
//!
//! Numbers are little endian. The messages are the dictionaries of the batch, if any,
//! and one record batch; both sides know the schema.

mod compress;
mod decode;
mod encode;
mod header;

pub use decode::{BlockDecoder, check_stream};
pub use encode::BlockEncoder;
pub(crate) use encode::has_dictionary;
pub use header::{BlockHeader, HEADER_LEN, MAX_RAW_LEN};

use crate::error::{Result, ShuffleError};

/// Checks the CRCs of whole blocks, one behind the other, without decoding them; returns their rows.
///
/// # Errors
/// Says what is wrong.
pub fn check_blocks(mut bytes: &[u8]) -> Result<u64, String> {
    let mut rows = 0;
    while !bytes.is_empty() {
        let header = BlockHeader::parse(bytes)?;
        let Some((block, rest)) = bytes.split_at_checked(header.block_len()) else {
            return Err(format!("a block of {} bytes is cut off after {}", header.block_len(), bytes.len()));
        };
        header.verify(block)?;
        rows += u64::from(header.rows);
        bytes = rest;
    }
    Ok(rows)
}

/// Compression of a whole block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum Codec {
    /// As it is.
    None = 0,
    /// LZ4 block format.
    #[default]
    Lz4 = 1,
    /// Zstandard, level 1.
    Zstd = 2,
}

impl Codec {
    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::None),
            1 => Some(Self::Lz4),
            2 => Some(Self::Zstd),
            _ => None,
        }
    }
}

impl std::str::FromStr for Codec {
    type Err = ShuffleError;

    /// The names of `spark.io.compression.codec` that there are here: `none`, `lz4`, `zstd`.
    fn from_str(name: &str) -> Result<Self> {
        match name {
            "none" => Ok(Self::None),
            "lz4" => Ok(Self::Lz4),
            "zstd" => Ok(Self::Zstd),
            other => Err(ShuffleError::Invalid(format!("no compression codec is called {other:?}: use none, lz4 or zstd"))),
        }
    }
}
