//! Java's and Spark's random numbers, so that `rand(seed)` and `sample` give Spark's rows.

/// Spark's `XORShiftRandom`.
#[derive(Debug, Clone)]
pub struct XorShift {
    state: i64,
    next_normal: Option<f64>,
}

impl XorShift {
    pub fn new(seed: i64) -> Self {
        let bytes = seed.to_be_bytes();
        let low = murmur3(&bytes, 0x3c07_4a61);
        let high = murmur3(&bytes, low);
        Self { state: (i64::from(high as i32) << 32) | i64::from(low), next_normal: None }
    }

    fn next(&mut self, bits: u32) -> i32 {
        let mut next = self.state ^ (self.state << 21);
        next ^= ((next as u64) >> 35) as i64;
        next ^= next << 4;
        self.state = next;
        (next & ((1i64 << bits) - 1)) as i32
    }

    pub fn next_double(&mut self) -> f64 {
        let high = i64::from(self.next(26)) << 27;
        let low = i64::from(self.next(27));
        (high + low) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Marsaglia's polar method, as `java.util.Random` has it.
    pub fn next_normal(&mut self) -> f64 {
        if let Some(kept) = self.next_normal.take() {
            return kept;
        }
        loop {
            let (a, b) = (2.0 * self.next_double() - 1.0, 2.0 * self.next_double() - 1.0);
            let s = a * a + b * b;
            if s < 1.0 && s != 0.0 {
                let factor = (-2.0 * s.ln() / s).sqrt();
                self.next_normal = Some(b * factor);
                return a * factor;
            }
        }
    }
}

/// Scala's `MurmurHash3.bytesHash`.
fn murmur3(bytes: &[u8], seed: u32) -> u32 {
    let mix = |k: u32| k.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
    let mut hash = seed;
    for chunk in bytes.chunks_exact(4) {
        let k = u32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]);
        hash = (hash ^ mix(k)).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    hash ^= bytes.len() as u32;
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_sparks() {
        // spark.range(3).select(rand(42), randn(42)), one partition.
        let mut random = XorShift::new(42);
        assert_eq!(random.next_double(), 0.619189370225301);
        assert_eq!(random.next_double(), 0.5096018842446481);
        assert_eq!(random.next_double(), 0.8325259388871524);
    }
}
