use crate::boundary::RangeRun;
use crate::nodes::sample_row;
use datafusion::common::{Result, exec_datafusion_err};
use std::collections::BTreeMap;

/// [`choose_range_bounds`] of keys in hex, as they cross the boundary.
///
/// # Errors
/// For keys that are no hex.
pub fn choose_bounds(runs: &[RangeRun], partitions: usize) -> Result<Vec<String>> {
    let decode = |key: &String| hex::decode(key).map_err(|e| exec_datafusion_err!("sampled key {key}: {e}"));
    let samples =
        runs.iter().map(|run| Ok((run.keys.iter().map(decode).collect::<Result<Vec<_>>>()?, run.rows))).collect::<Result<Vec<_>>>()?;
    Ok(choose_range_bounds(&samples, partitions).iter().map(hex::encode).collect())
}

/// Bounds that cut the keys into at most `partitions` ranges of about as many rows.
///
/// `samples` are the row-encoded keys of each map output with the rows that it has. There are at most
/// `partitions - 1` bounds, each larger than the one before.
pub fn choose_range_bounds(samples: &[(Vec<Vec<u8>>, u64)], partitions: usize) -> Vec<Vec<u8>> {
    // Twice the rows of each key: half of those up to the next sample, and half of those since the one before.
    let mut weights: BTreeMap<&[u8], u64> = BTreeMap::new();
    for (keys, rows) in samples {
        let row = |i| (sample_row(i) as u64).min(*rows);
        for (i, key) in keys.iter().enumerate() {
            let weight = weights.entry(key).or_default();
            *weight = weight.saturating_add(row(i + 1) - row(i.saturating_sub(1)));
        }
    }
    let mut left: u64 = samples.iter().map(|(_, rows)| rows.saturating_mul(2)).fold(0, u64::saturating_add);
    let mut in_range = 0_u64;
    let mut bounds: Vec<Vec<u8>> = Vec::new();
    for (key, weight) in weights {
        let ranges = partitions.saturating_sub(bounds.len());
        // The share is of what is left: a key with very many rows leaves the others even.
        let share = (left as f64) / ranges.max(1) as f64;
        if ranges > 1 && in_range > 0 && in_range as f64 + weight as f64 / 2.0 >= share {
            bounds.push(key.to_vec());
            left = left.saturating_sub(in_range);
            in_range = 0;
        }
        in_range = in_range.saturating_add(weight);
    }
    bounds
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The samples of a sorted run.
    fn run(keys: &[u32]) -> (Vec<Vec<u8>>, u64) {
        let samples = (0..).map(sample_row).take_while(|row| *row < keys.len());
        (samples.map(|row| keys[row].to_be_bytes().to_vec()).collect(), keys.len() as u64)
    }

    /// Rows in each range.
    fn sizes(runs: &[Vec<u32>], partitions: usize) -> Vec<usize> {
        let samples: Vec<_> = runs.iter().map(|keys| run(keys)).collect();
        let bounds = choose_range_bounds(&samples, partitions);
        let mut sizes = vec![0; bounds.len() + 1];
        for key in runs.iter().flatten() {
            sizes[bounds.partition_point(|bound| bound.as_slice() <= key.to_be_bytes().as_slice())] += 1;
        }
        sizes
    }

    fn even(sizes: &[usize], share: usize) -> bool {
        sizes.iter().all(|size| size.abs_diff(share) <= share / 3)
    }

    #[test]
    fn ranges_have_about_as_many_rows() {
        // Runs that are shorter than the distance of samples in long ones.
        let short: Vec<Vec<u32>> = (0..50).map(|i| (0..400).map(|k| k * 50 + i).collect()).collect();
        assert!(even(&sizes(&short, 8), 2500), "{:?}", sizes(&short, 8));
        // Runs of unlike lengths over unlike keys.
        let unlike = vec![(0..1_000_000).collect(), (500_000..700_000).collect(), vec![7; 3000]];
        let found = sizes(&unlike, 100);
        assert!(found.len() == 100 && even(&found, 12_030), "{found:?}");
    }

    #[test]
    fn a_key_with_very_many_rows_leaves_the_others_even() {
        let keys = (0..10_000).chain(std::iter::repeat_n(10_000, 60_000)).chain(10_001..40_000).collect();
        let found = sizes(&[keys], 4);
        assert_eq!(found.len(), 4);
        assert!(found[1] >= 60_000 && even(&found[2..], 15_000), "{found:?}");
    }

    #[test]
    fn no_range_is_empty() {
        assert!(choose_range_bounds(&[], 4).is_empty());
        assert!(choose_range_bounds(&[run(&[1; 5000])], 4).is_empty());
        assert!(choose_range_bounds(&[run(&[1, 2, 3])], 0).is_empty());
        assert_eq!(sizes(&[vec![1; 1000], vec![2; 1000]], 4), [1000, 1000]);
    }
}
