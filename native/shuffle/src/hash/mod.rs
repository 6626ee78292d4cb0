//! Spark's hash over Arrow arrays: Murmur3 x86_32 with seed 42, each column's hash being
//! the seed of the next (`org.apache.spark.sql.catalyst.expressions.Murmur3Hash`, which
//! `HashPartitioning` uses). `tests/golden/spark_hash.json` has what real Spark answers.
//!
//! Types that Spark lacks are hashed as the Spark type that holds their values: unsigned
//! integers as the next larger signed type, timestamps of other units as microseconds.

mod algorithm;
mod columns;
mod rows;
pub mod scalar;

use arrow::array::{Array, ArrayRef};

pub use rows::RowChecksum;
pub use scalar::{SPARK_SEED, partition_of};

use crate::error::{Result, ShuffleError};
use algorithm::Murmur3;
use columns::column_hasher;

/// Spark's `hash(columns...)` of each row into `hashes`, whose former content is lost
/// and whose allocation is reused. Without columns every hash is 42, as in Spark.
///
/// # Errors
/// [`ShuffleError::Invalid`] for types without a hash (maps, unions, month intervals of
/// Arrow) and for columns of another length than `rows`.
pub fn hash_columns(columns: &[ArrayRef], rows: usize, hashes: &mut Vec<i32>) -> Result<()> {
    hashes.clear();
    hashes.resize(rows, SPARK_SEED);
    for (index, column) in columns.iter().enumerate() {
        if column.len() != rows {
            return Err(ShuffleError::Invalid(format!("key column {index} has {} rows, but the batch has {rows}", column.len())));
        }
        let seed = (index == 0).then_some(SPARK_SEED);
        column_hasher::<Murmur3>(column.as_ref())?.chain(hashes, seed);
    }
    Ok(())
}

/// Partition of each hash, Spark's `pmod(hash, partitions)`, into `ids`, whose former
/// content is lost and whose allocation is reused.
///
/// # Errors
/// [`ShuffleError::Invalid`] when `partitions` is 0 or over `i32::MAX`.
pub fn partition_ids(hashes: &[i32], partitions: u32, ids: &mut Vec<u32>) -> Result<()> {
    check_partitions(partitions)?;
    ids.clear();
    if partitions.is_power_of_two() {
        let mask = partitions - 1;
        ids.extend(hashes.iter().map(|h| (*h as u32) & mask));
        return Ok(());
    }
    // Lemire's fastmod: h mod n for unsigned h, by two multiplications. As a signed
    // number a hash with the top bit set is smaller by 2^32, hence the correction.
    let n = u64::from(partitions);
    let magic = u64::MAX / n + 1;
    let correction = partitions - ((1u64 << 32) % n) as u32;
    ids.extend(hashes.iter().map(|h| {
        let low = magic.wrapping_mul(u64::from(*h as u32));
        let rest = ((u128::from(low) * u128::from(n)) >> 64) as u32;
        let shifted = rest + if *h < 0 { correction } else { 0 };
        if shifted >= partitions { shifted - partitions } else { shifted }
    }));
    Ok(())
}

/// Refuses numbers of partitions that Spark's `pmod` cannot have.
pub(crate) fn check_partitions(partitions: u32) -> Result<()> {
    if partitions == 0 || i32::try_from(partitions).is_err() {
        return Err(ShuffleError::Invalid(format!("a shuffle has 1 to {} partitions, not {partitions}", i32::MAX)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn partition_is_pmod(hashes in proptest::collection::vec(any::<i32>(), 0..200),
                             n in prop_oneof![1u32..300, 1u32..=i32::MAX as u32]) {
            let mut ids = vec![7];
            partition_ids(&hashes, n, &mut ids).unwrap();
            let expected: Vec<u32> = hashes.iter()
                .map(|h| i64::from(*h).rem_euclid(i64::from(n)) as u32).collect();
            prop_assert_eq!(&ids, &expected);
            for (h, p) in hashes.iter().zip(expected) {
                prop_assert_eq!(partition_of(*h, n), p);
            }
        }
    }

    #[test]
    fn extreme_hashes() {
        for n in [1, 2, 3, 7, 200, 1 << 30, i32::MAX as u32] {
            let hashes = [i32::MIN, i32::MIN + 1, -1, 0, 1, i32::MAX];
            let mut ids = Vec::new();
            partition_ids(&hashes, n, &mut ids).unwrap();
            for (h, id) in hashes.iter().zip(ids) {
                assert_eq!(id, partition_of(*h, n), "{h} mod {n}");
            }
        }
    }

    #[test]
    fn refuses_no_partitions() {
        assert!(partition_ids(&[1], 0, &mut Vec::new()).is_err());
        assert!(partition_ids(&[1], 1 << 31, &mut Vec::new()).is_err());
    }
}
