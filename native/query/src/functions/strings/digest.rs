//! `md5`, `sha1`, `sha2` of bytes, in hexadecimal. Checksums only: nothing here guards a secret.
use super::rows::{Rows, write_rows};
use arrow::array::{Array, AsArray};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

pub fn md5(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    digest(args, |bytes, _| Some(hex::encode(md5_of(bytes))))
}

pub fn sha1(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    digest(args, |bytes, _| Some(hex::encode(sha1_of(bytes))))
}

/// 0 is 256; other lengths than 224, 256, 384 and 512 give NULL.
pub fn sha2(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    digest(args, |bytes, bits| {
        let digest = match bits? {
            224 => sha256(bytes, SHA224)[..28].to_vec(),
            0 | 256 => sha256(bytes, SHA256).to_vec(),
            384 => sha512(bytes, SHA384)[..48].to_vec(),
            512 => sha512(bytes, SHA512).to_vec(),
            _ => return None,
        };
        Some(hex::encode(digest))
    })
}

fn digest(args: &ScalarFunctionArgs, f: impl Fn(&[u8], Option<i64>) -> Option<String>) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let Some(array) = rows.arrays().first().and_then(|a| a.as_binary_opt::<i32>()) else { return exec_err!("expected binary") };
    let bits = if args.args.len() > 1 { Some(rows.integer(1)?) } else { None };
    let constant = array.len() == 1;
    write_rows(args, rows.count(), |row, out| {
        let at = if constant { 0 } else { row };
        if array.is_null(at) {
            return Ok(None);
        }
        Ok(f(array.value(at), bits.as_ref().and_then(|b| b.get(row))).map(|text| out.push_str(&text)))
    })
}

/// The message with its padding: 0x80, zeros, and the length in bits.
fn padded(bytes: &[u8], block: usize, big_endian: bool) -> Vec<u8> {
    let length_bytes = block / 8;
    let mut message = bytes.to_vec();
    message.push(0x80);
    while message.len() % block != block - length_bytes {
        message.push(0);
    }
    let bits = (bytes.len() as u128) * 8;
    if big_endian {
        message.extend_from_slice(&bits.to_be_bytes()[16 - length_bytes..]);
    } else {
        message.extend_from_slice(&bits.to_le_bytes()[..length_bytes]);
    }
    message
}

/// The fraction bits of the roots and sines that the algorithms are made of are computed, not listed.
fn md5_of(bytes: &[u8]) -> [u8; 16] {
    const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
    let mut state: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for chunk in padded(bytes, 64, false).chunks_exact(64) {
        let words: Vec<u32> = chunk.chunks_exact(4).map(|w| u32::from_le_bytes([w[0], w[1], w[2], w[3]])).collect();
        let [mut a, mut b, mut c, mut d] = state;
        for i in 0..64 {
            let (f, g) = match i / 16 {
                0 => ((b & c) | (!b & d), i),
                1 => ((d & b) | (!d & c), (5 * i + 1) % 16),
                2 => (b ^ c ^ d, (3 * i + 5) % 16),
                _ => (c ^ (b | !d), (7 * i) % 16),
            };
            let sine = (((i + 1) as f64).sin().abs() * 4_294_967_296.0) as u32;
            let sum = f.wrapping_add(a).wrapping_add(sine).wrapping_add(words[g]);
            (a, d, c) = (d, c, b);
            b = b.wrapping_add(sum.rotate_left(SHIFTS[i / 16][i % 4]));
        }
        for (s, v) in state.iter_mut().zip([a, b, c, d]) {
            *s = s.wrapping_add(v);
        }
    }
    let mut out = [0; 16];
    for (o, s) in out.chunks_exact_mut(4).zip(state) {
        o.copy_from_slice(&s.to_le_bytes());
    }
    out
}

fn sha1_of(bytes: &[u8]) -> [u8; 20] {
    let mut state: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    for chunk in padded(bytes, 64, true).chunks_exact(64) {
        let mut words: Vec<u32> = chunk.chunks_exact(4).map(|w| u32::from_be_bytes([w[0], w[1], w[2], w[3]])).collect();
        for i in 16..80 {
            words.push((words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16]).rotate_left(1));
        }
        let [mut a, mut b, mut c, mut d, mut e] = state;
        for (i, word) in words.iter().enumerate() {
            let (f, k) = match i / 20 {
                0 => ((b & c) | (!b & d), 0x5a82_7999),
                1 => (b ^ c ^ d, 0x6ed9_eba1),
                2 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6u32),
            };
            let next = a.rotate_left(5).wrapping_add(f).wrapping_add(e).wrapping_add(k).wrapping_add(*word);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
        }
        for (s, v) in state.iter_mut().zip([a, b, c, d, e]) {
            *s = s.wrapping_add(v);
        }
    }
    let mut out = [0; 20];
    for (o, s) in out.chunks_exact_mut(4).zip(state) {
        o.copy_from_slice(&s.to_be_bytes());
    }
    out
}

const SHA224: [u32; 8] = [0xc105_9ed8, 0x367c_d507, 0x3070_dd17, 0xf70e_5939, 0xffc0_0b31, 0x6858_1511, 0x64f9_8fa7, 0xbefa_4fa4];
const SHA256: [u32; 8] = [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];
const SHA384: [u64; 8] = [
    0xcbbb_9d5d_c105_9ed8,
    0x629a_292a_367c_d507,
    0x9159_015a_3070_dd17,
    0x152f_ecd8_f70e_5939,
    0x6733_2667_ffc0_0b31,
    0x8eb4_4a87_6858_1511,
    0xdb0c_2e0d_64f9_8fa7,
    0x47b5_481d_befa_4fa4,
];
const SHA512: [u64; 8] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];

/// The first 64 bits of the fractions of the cube roots of the first primes: SHA-2's round constants.
fn round_constants() -> [u64; 80] {
    let mut out = [0; 80];
    let primes = (2u32..).filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0));
    for (slot, prime) in out.iter_mut().zip(primes) {
        *slot = cube_root_fraction(prime);
    }
    out
}

/// floor(cbrt(n) * 2^64) mod 2^64, by bisection over cubes of 192 bits.
fn cube_root_fraction(n: u32) -> u64 {
    use arrow::datatypes::i256;
    let target = i256::from_i128(i128::from(n)).wrapping_mul(i256::from_i128(1 << 96)).wrapping_mul(i256::from_i128(1 << 96));
    let (mut low, mut high) = (0i128, 8i128 << 64);
    while high - low > 1 {
        let middle = (low + high) / 2;
        let root = i256::from_i128(middle);
        if root.wrapping_mul(root).wrapping_mul(root) <= target {
            low = middle;
        } else {
            high = middle;
        }
    }
    low as u64
}

static CONSTANTS: std::sync::LazyLock<[u64; 80]> = std::sync::LazyLock::new(round_constants);

fn sha256(bytes: &[u8], mut state: [u32; 8]) -> [u8; 32] {
    for chunk in padded(bytes, 64, true).chunks_exact(64) {
        let mut words: Vec<u32> = chunk.chunks_exact(4).map(|w| u32::from_be_bytes([w[0], w[1], w[2], w[3]])).collect();
        for i in 16..64 {
            let (x, y) = (words[i - 15], words[i - 2]);
            let s0 = x.rotate_right(7) ^ x.rotate_right(18) ^ (x >> 3);
            let s1 = y.rotate_right(17) ^ y.rotate_right(19) ^ (y >> 10);
            words.push(words[i - 16].wrapping_add(s0).wrapping_add(words[i - 7]).wrapping_add(s1));
        }
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = state;
        for (word, constant) in words.iter().zip(CONSTANTS.iter()) {
            let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
            let t1 = h.wrapping_add(s1).wrapping_add((e & f) ^ (!e & g)).wrapping_add((constant >> 32) as u32).wrapping_add(*word);
            let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
            let t2 = s0.wrapping_add((a & b) ^ (a & c) ^ (b & c));
            (h, g, f, e, d, c, b, a) = (g, f, e, d.wrapping_add(t1), c, b, a, t1.wrapping_add(t2));
        }
        for (s, v) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
            *s = s.wrapping_add(v);
        }
    }
    let mut out = [0; 32];
    for (o, s) in out.chunks_exact_mut(4).zip(state) {
        o.copy_from_slice(&s.to_be_bytes());
    }
    out
}

fn sha512(bytes: &[u8], mut state: [u64; 8]) -> [u8; 64] {
    for chunk in padded(bytes, 128, true).chunks_exact(128) {
        let word = |w: &[u8]| w.iter().fold(0u64, |v, b| (v << 8) | u64::from(*b));
        let mut words: Vec<u64> = chunk.chunks_exact(8).map(word).collect();
        for i in 16..80 {
            let (x, y) = (words[i - 15], words[i - 2]);
            let s0 = x.rotate_right(1) ^ x.rotate_right(8) ^ (x >> 7);
            let s1 = y.rotate_right(19) ^ y.rotate_right(61) ^ (y >> 6);
            words.push(words[i - 16].wrapping_add(s0).wrapping_add(words[i - 7]).wrapping_add(s1));
        }
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = state;
        for (word, constant) in words.iter().zip(CONSTANTS.iter()) {
            let s1 = e.rotate_right(14) ^ e.rotate_right(18) ^ e.rotate_right(41);
            let t1 = h.wrapping_add(s1).wrapping_add((e & f) ^ (!e & g)).wrapping_add(*constant).wrapping_add(*word);
            let s0 = a.rotate_right(28) ^ a.rotate_right(34) ^ a.rotate_right(39);
            let t2 = s0.wrapping_add((a & b) ^ (a & c) ^ (b & c));
            (h, g, f, e, d, c, b, a) = (g, f, e, d.wrapping_add(t1), c, b, a, t1.wrapping_add(t2));
        }
        for (s, v) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
            *s = s.wrapping_add(v);
        }
    }
    let mut out = [0; 64];
    for (o, s) in out.chunks_exact_mut(8).zip(state) {
        o.copy_from_slice(&s.to_be_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_spark() {
        assert_eq!(hex::encode(md5_of(b"Spark")), "8cde774d6f7333752ed72cacddb05126");
        assert_eq!(hex::encode(sha1_of(b"Spark")), "85f5955f4b27a9a4c2aab6ffe5d7189fc298b92c");
        assert_eq!(hex::encode(sha256(b"Spark", SHA256)), "529bc3b07127ecb7e53a4dcf1991d9152c24537d919178022b2c42657f79a26b");
        let long = hex::encode(sha512(b"", SHA512));
        assert!(long.starts_with("cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"), "{long}");
    }
}
