//! Spark's hash over Arrow arrays.

use arrow::array::ArrayRef;

use crate::error::Result;

/// Spark's seed.
pub const SPARK_SEED: i32 = 42;

/// Spark's `hash(columns...)` of each row into `hashes` (overwritten).
///
/// # Errors
/// `Invalid` for types without a hash or lengths that differ from `rows`.
pub fn hash_columns(columns: &[ArrayRef], rows: usize, hashes: &mut Vec<i32>) -> Result<()> {
    let _ = (columns, rows, hashes);
    todo!()
}

/// Partition of each hash: Spark's `pmod(hash, n)`. `partitions` must not be 0.
pub fn partition_ids(hashes: &[i32], partitions: u32, ids: &mut Vec<u32>) {
    let _ = (hashes, partitions, ids);
    todo!()
}
