//! Compression of whole payloads, with contexts that are reused.

use std::fmt;

use lz4_flex::block::CompressTable;
use zstd::bulk::{Compressor as ZstdCompressor, Decompressor as ZstdDecompressor};

use super::Codec;
use crate::error::{Result, ShuffleError};

const ZSTD_LEVEL: i32 = 1;

/// Compresses payloads; tables and contexts are created once.
pub(super) struct Compressor {
    codec: Codec,
    lz4: Option<CompressTable>,
    zstd: Option<ZstdCompressor<'static>>,
}

impl fmt::Debug for Compressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compressor").field("codec", &self.codec).finish()
    }
}

impl Compressor {
    pub fn new(codec: Codec) -> Result<Self> {
        let zstd = match codec {
            Codec::Zstd => Some(ZstdCompressor::new(ZSTD_LEVEL).map_err(invalid)?),
            _ => None,
        };
        Ok(Self { codec, lz4: (codec == Codec::Lz4).then(CompressTable::large), zstd })
    }

    /// Appends `raw` to `out`, compressed, or as it is when that is not larger; returns
    /// the codec of what it appended.
    pub fn append(&mut self, raw: &[u8], out: &mut Vec<u8>) -> Result<Codec> {
        let start = out.len();
        let compressed = match (&mut self.lz4, &mut self.zstd) {
            (Some(table), _) => {
                out.resize(start + lz4_flex::block::get_maximum_output_size(raw.len()), 0);
                lz4_flex::block::compress_into_with_table(raw, &mut out[start..], table).map_err(invalid)?
            }
            (_, Some(zstd)) => {
                out.resize(start + zstd::zstd_safe::compress_bound(raw.len()), 0);
                zstd.compress_to_buffer(raw, &mut out[start..]).map_err(invalid)?
            }
            _ => raw.len(),
        };
        if compressed < raw.len() {
            out.truncate(start + compressed);
            Ok(self.codec)
        } else {
            out.truncate(start);
            out.extend_from_slice(raw);
            Ok(Codec::None)
        }
    }
}

/// Decompresses payloads of every codec.
#[derive(Default)]
pub(super) struct Decompressor {
    zstd: Option<ZstdDecompressor<'static>>,
}

impl fmt::Debug for Decompressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decompressor").finish()
    }
}

impl Decompressor {
    /// Whether the payload itself agrees with the length that its header claims: asked
    /// before memory is allocated for it.
    pub fn check_claim(codec: Codec, stored: &[u8], raw_len: usize) -> Result<(), String> {
        if codec != Codec::Zstd {
            return Ok(());
        }
        match zstd::zstd_safe::get_frame_content_size(stored) {
            Ok(Some(size)) if size == raw_len as u64 => Ok(()),
            _ => Err(format!("no zstd frame of {raw_len} bytes")),
        }
    }

    /// Fills `raw` exactly.
    pub fn fill(&mut self, codec: Codec, stored: &[u8], raw: &mut [u8]) -> Result<(), String> {
        let filled = match codec {
            Codec::None if stored.len() == raw.len() => {
                raw.copy_from_slice(stored);
                raw.len()
            }
            Codec::None => stored.len(),
            Codec::Lz4 => lz4_flex::block::decompress_into(stored, raw).map_err(|e| e.to_string())?,
            Codec::Zstd => {
                let zstd = match &mut self.zstd {
                    Some(zstd) => zstd,
                    none => none.insert(ZstdDecompressor::new().map_err(|e| e.to_string())?),
                };
                zstd.decompress_to_buffer(stored, raw).map_err(|e| e.to_string())?
            }
        };
        if filled != raw.len() {
            return Err(format!("a payload of {} bytes decompressed to {filled}", raw.len()));
        }
        Ok(())
    }
}

fn invalid(error: impl fmt::Display) -> ShuffleError {
    ShuffleError::Invalid(format!("cannot compress a block: {error}"))
}
