//! One block as bytes.

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
