//! The header of a block.

use super::Codec;

/// Length of a header in bytes.
pub const HEADER_LEN: usize = 24;

/// A payload before compression has at most so many bytes: an encoder cuts larger
/// batches, a decoder refuses larger claims before it allocates.
pub const MAX_RAW_LEN: usize = 1 << 30;

const MAGIC: [u8; 4] = *b"KBL1";

/// What a header says. [`BlockHeader::parse`] has checked its bounds but not its CRC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockHeader {
    /// Codec of the payload.
    pub codec: Codec,
    /// Payload bytes before compression.
    pub raw_len: u32,
    /// Payload bytes that follow the header.
    pub stored_len: u32,
    /// Rows of the batch.
    pub rows: u32,
    pub(super) crc: u32,
}

impl BlockHeader {
    /// Bytes of header and payload.
    pub fn block_len(&self) -> usize {
        HEADER_LEN + self.stored_len as usize
    }

    /// Reads the header at the start of `bytes`.
    ///
    /// # Errors
    /// Says what is wrong: too short, another magic, a length beyond the limits.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let Some(bytes) = bytes.first_chunk::<HEADER_LEN>() else {
            return Err(format!("a block header has {HEADER_LEN} bytes, but {} are left", bytes.len()));
        };
        let word = |at: usize| {
            let mut word = [0; 4];
            word.copy_from_slice(&bytes[at..at + 4]);
            u32::from_le_bytes(word)
        };
        if bytes[..4] != MAGIC {
            return Err(format!("no block starts with {:02x?}", &bytes[..4]));
        }
        let Some(codec) = Codec::from_byte(bytes[4]) else {
            return Err(format!("unknown block codec {}", bytes[4]));
        };
        let header = Self { codec, raw_len: word(8), stored_len: word(12), rows: word(16), crc: word(20) };
        header.check()?;
        Ok(header)
    }

    /// Refuses lengths that no encoder writes.
    fn check(&self) -> Result<(), String> {
        let (raw, stored) = (self.raw_len as usize, self.stored_len as usize);
        if raw > MAX_RAW_LEN || stored > raw {
            return Err(format!("impossible block lengths: {raw} bytes stored as {stored}"));
        }
        let plausible = match self.codec {
            Codec::None => raw == stored,
            // A byte of LZ4 stands for at most 255.
            Codec::Lz4 => raw / 255 <= stored,
            Codec::Zstd => stored > 0,
        };
        if !plausible {
            return Err(format!("impossible block lengths: {raw} bytes stored as {stored} by {:?}", self.codec));
        }
        Ok(())
    }

    /// The header's bytes, with the CRC of itself and `stored`.
    pub(super) fn to_bytes(mut self, stored: &[u8]) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4] = self.codec as u8;
        bytes[8..12].copy_from_slice(&self.raw_len.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.stored_len.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.rows.to_le_bytes());
        self.crc = crc(&bytes, stored);
        bytes[20..].copy_from_slice(&self.crc.to_le_bytes());
        bytes
    }

    /// Checks the CRC of a whole block, header included.
    pub(super) fn verify(&self, block: &[u8]) -> Result<(), String> {
        let computed = crc(block, &block[HEADER_LEN..]);
        if computed != self.crc {
            return Err(format!("CRC32C of a block is {computed:08x}, but its header says {:08x}", self.crc));
        }
        Ok(())
    }
}

fn crc(header: &[u8], stored: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&header[..20]), stored)
}
