//! A checksum of rows that does not depend on their order: two attempts of a map whose
//! checksums differ did not produce the same rows.

use arrow::array::RecordBatch;

use super::algorithm::Wide;
use super::columns::column_hasher;

/// Sums 64-bit hashes of whole rows with their partitions, modulo 2^64. Values that
/// compare equal hash equal (0.0 and -0.0, all NaN). Columns of types without a hash
/// (maps, unions) are left out.
#[derive(Debug, Default, Clone)]
pub struct RowChecksum {
    sum: u64,
    hashes: Vec<u64>,
}

impl RowChecksum {
    /// Adds a batch whose row i goes to `partitions[i]`.
    pub fn add(&mut self, batch: &RecordBatch, partitions: &[u32]) {
        self.hash_rows(batch);
        for (hash, partition) in self.hashes.iter().zip(partitions) {
            self.sum = self.sum.wrapping_add(place(*hash, *partition));
        }
    }

    /// Adds a batch that goes to one partition.
    pub fn add_to(&mut self, batch: &RecordBatch, partition: u32) {
        self.hash_rows(batch);
        for hash in &self.hashes {
            self.sum = self.sum.wrapping_add(place(*hash, partition));
        }
    }

    /// The sum.
    pub fn value(&self) -> u64 {
        self.sum
    }

    fn hash_rows(&mut self, batch: &RecordBatch) {
        const SEED: u64 = 0x2545_f491_4f6c_dd1d;
        self.hashes.clear();
        self.hashes.resize(batch.num_rows(), SEED);
        for column in batch.columns() {
            if let Ok(hasher) = column_hasher::<Wide>(column.as_ref()) {
                hasher.chain(&mut self.hashes, None);
            }
        }
    }
}

#[inline(always)]
fn place(hash: u64, partition: u32) -> u64 {
    let mixed = (hash ^ (hash >> 32)).wrapping_add(u64::from(partition));
    let mixed = mixed.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ (mixed >> 29)
}
