//! The two hashes of a row: Spark's, and a wide one for checksums.

use super::scalar;

/// How single values change a row's hash. Arrays are walked by [`super::columns`].
pub(super) trait Algorithm: 'static {
    /// A row's hash so far.
    type Hash: Copy + PartialEq;

    fn int(value: i32, seed: Self::Hash) -> Self::Hash;
    fn long(value: i64, seed: Self::Hash) -> Self::Hash;
    fn bytes(bytes: &[u8], seed: Self::Hash) -> Self::Hash;
    fn null(seed: Self::Hash) -> Self::Hash;
    /// Called with the number of elements before those of a list.
    fn list(len: usize, seed: Self::Hash) -> Self::Hash;

    #[inline(always)]
    fn wide_decimal(big_endian: &[u8], seed: Self::Hash) -> Self::Hash {
        Self::bytes(scalar::shortest_twos_complement(big_endian), seed)
    }
}

/// Spark's: a null and the length of a list leave no trace.
pub(super) struct Murmur3;

impl Algorithm for Murmur3 {
    type Hash = i32;

    #[inline(always)]
    fn int(value: i32, seed: i32) -> i32 {
        scalar::hash_int(value, seed)
    }

    #[inline(always)]
    fn long(value: i64, seed: i32) -> i32 {
        scalar::hash_long(value, seed)
    }

    #[inline(always)]
    fn bytes(bytes: &[u8], seed: i32) -> i32 {
        scalar::hash_bytes(bytes, seed)
    }

    #[inline(always)]
    fn null(seed: i32) -> i32 {
        seed
    }

    #[inline(always)]
    fn list(_len: usize, seed: i32) -> i32 {
        seed
    }
}

/// 64 bits by folded multiplications: every column's place, null and length counts.
pub(super) struct Wide;

const K0: u64 = 0x9e37_79b9_7f4a_7c15;
const K1: u64 = 0xd6e8_feb8_6659_fd93;

#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

impl Algorithm for Wide {
    type Hash = u64;

    #[inline(always)]
    fn int(value: i32, seed: u64) -> u64 {
        Self::long(i64::from(value), seed)
    }

    #[inline(always)]
    fn long(value: i64, seed: u64) -> u64 {
        fold(seed.rotate_left(23) ^ value as u64 ^ K1, K0).wrapping_add(seed)
    }

    #[inline(always)]
    fn bytes(bytes: &[u8], seed: u64) -> u64 {
        let len = bytes.len() as u64;
        let mut h = seed.rotate_left(29) ^ len.wrapping_mul(K1);
        // Reads overlap at the end, so that no copy of a tail is made.
        let last = match (bytes.last_chunk::<8>(), bytes.last_chunk::<4>(), bytes) {
            (Some(last), _, _) => {
                let (words, tail) = bytes.as_chunks::<8>();
                let words = if tail.is_empty() { &words[..words.len() - 1] } else { words };
                for word in words {
                    h = fold(h ^ u64::from_le_bytes(*word), K0).wrapping_add(h);
                }
                u64::from_le_bytes(*last)
            }
            (None, Some(last), [a, b, c, d, ..]) => {
                u64::from(u32::from_le_bytes([*a, *b, *c, *d])) << 32 | u64::from(u32::from_le_bytes(*last))
            }
            (_, _, [first, .., last]) => u64::from(*first) | u64::from(bytes[bytes.len() / 2]) << 8 | u64::from(*last) << 16,
            (_, _, [byte]) => u64::from(*byte),
            _ => 0,
        };
        fold(h ^ last, K0).wrapping_add(h)
    }

    #[inline(always)]
    fn null(seed: u64) -> u64 {
        seed.rotate_left(17).wrapping_add(K1)
    }

    #[inline(always)]
    fn list(len: usize, seed: u64) -> u64 {
        seed.rotate_left(11) ^ (len as u64).wrapping_mul(K0)
    }
}
