//! Spark's Murmur3 of single values: the reference of the vectorised code, and of the
//! twin in TypeScript, which is checked with the same golden file.

/// Spark's seed of `hash()` and of hash partitioning.
pub const SPARK_SEED: i32 = 42;

const C1: u32 = 0xcc9e_2d51;
const C2: u32 = 0x1b87_3593;

#[inline(always)]
fn mix_k1(k1: u32) -> u32 {
    k1.wrapping_mul(C1).rotate_left(15).wrapping_mul(C2)
}

#[inline(always)]
fn mix_h1(h1: u32, k1: u32) -> u32 {
    (h1 ^ k1).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64)
}

#[inline(always)]
fn finish(h1: u32, length: u32) -> i32 {
    let mut h = h1 ^ length;
    h ^= h >> 16;
    h = h.wrapping_mul(0x85eb_ca6b);
    h ^= h >> 13;
    h = h.wrapping_mul(0xc2b2_ae35);
    h ^= h >> 16;
    h as i32
}

/// `Murmur3_x86_32.hashInt`: byte, short, int and date.
#[inline(always)]
pub fn hash_int(value: i32, seed: i32) -> i32 {
    finish(mix_h1(seed as u32, mix_k1(value as u32)), 4)
}

/// `Murmur3_x86_32.hashLong`: long, timestamp (microseconds), short decimals.
#[inline(always)]
pub fn hash_long(value: i64, seed: i32) -> i32 {
    let h1 = mix_h1(seed as u32, mix_k1(value as u32));
    finish(mix_h1(h1, mix_k1((value >> 32) as u32)), 8)
}

/// A boolean is hashed as the int 1 or 0.
#[inline(always)]
pub fn hash_bool(value: bool, seed: i32) -> i32 {
    hash_int(i32::from(value), seed)
}

/// Bits of a float: -0.0 as 0.0, every NaN as Java's.
#[inline(always)]
pub fn float_bits(value: f32) -> i32 {
    if value.is_nan() {
        0x7fc0_0000
    } else if value == 0.0 {
        0
    } else {
        value.to_bits() as i32
    }
}

/// Bits of a double: -0.0 as 0.0, every NaN as Java's.
#[inline(always)]
pub fn double_bits(value: f64) -> i64 {
    if value.is_nan() {
        0x7ff8_0000_0000_0000
    } else if value == 0.0 {
        0
    } else {
        value.to_bits() as i64
    }
}

/// A float is hashed as the int of its canonical bits.
#[inline(always)]
pub fn hash_float(value: f32, seed: i32) -> i32 {
    hash_int(float_bits(value), seed)
}

/// A double is hashed as the long of its canonical bits.
#[inline(always)]
pub fn hash_double(value: f64, seed: i32) -> i32 {
    hash_long(double_bits(value), seed)
}

/// `Murmur3_x86_32.hashUnsafeBytes` (not `hashUnsafeBytes2`): words of 4 bytes in little
/// endian, then each remaining byte, signed, as a word of its own. Strings (as UTF-8),
/// binary and long decimals.
#[inline]
pub fn hash_bytes(bytes: &[u8], seed: i32) -> i32 {
    let mut h1 = seed as u32;
    let (words, tail) = bytes.as_chunks::<4>();
    for word in words {
        h1 = mix_h1(h1, mix_k1(u32::from_le_bytes(*word)));
    }
    for byte in tail {
        h1 = mix_h1(h1, mix_k1(*byte as i8 as u32));
    }
    finish(h1, bytes.len() as u32)
}

/// A decimal by its unscaled value: a long up to precision 18, else the bytes of Java's
/// `BigInteger.toByteArray` (big endian, the shortest two's complement).
#[inline]
pub fn hash_decimal(unscaled: i128, precision: u8, seed: i32) -> i32 {
    if precision <= 18 {
        hash_long(unscaled as i64, seed)
    } else {
        let bytes = unscaled.to_be_bytes();
        hash_bytes(shortest_twos_complement(&bytes), seed)
    }
}

/// The shortest suffix of a big-endian two's complement that has the same value.
#[inline]
pub(crate) fn shortest_twos_complement(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while let [first, second, ..] = rest {
        let sign = if *second & 0x80 == 0 { 0 } else { 0xff };
        if *first != sign {
            break;
        }
        rest = &rest[1..];
    }
    rest
}

/// Spark's `pmod(hash, partitions)`. 0 when `partitions` is 0.
#[inline]
pub fn partition_of(hash: i32, partitions: u32) -> u32 {
    i64::from(hash).checked_rem_euclid(i64::from(partitions)).map_or(0, |p| p as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortest_bytes_are_javas() {
        let cases: [(i128, &[u8]); 7] =
            [(0, &[0]), (127, &[0x7f]), (128, &[0, 0x80]), (-128, &[0x80]), (-129, &[0xff, 0x7f]), (-1, &[0xff]), (256, &[1, 0])];
        for (value, bytes) in cases {
            assert_eq!(shortest_twos_complement(&value.to_be_bytes()), bytes);
        }
        assert_eq!(shortest_twos_complement(&i128::MIN.to_be_bytes()).len(), 16);
    }
}
