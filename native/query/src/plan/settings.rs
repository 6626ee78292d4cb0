//! The session's settings that planning and execution look at.

use datafusion::common::config::SpillCompression;
use datafusion::common::{Result, plan_err};
use datafusion::prelude::SessionConfig;
use std::collections::BTreeMap;

/// Spark and Kiln settings with Spark's defaults.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `spark.sql.shuffle.partitions`, when the user set it.
    pub shuffle_partitions: Option<usize>,
    /// `spark.sql.files.maxPartitionBytes`.
    pub max_partition_bytes: u64,
    /// `spark.sql.files.openCostInBytes`.
    pub open_cost_bytes: u64,
    /// `spark.sql.files.minPartitionNum`, else the default parallelism.
    pub min_partition_num: Option<usize>,
    /// `spark.sql.autoBroadcastJoinThreshold`; `None`: never broadcast by size.
    pub broadcast_threshold: Option<usize>,
    /// `spark.sql.session.timeZone`.
    pub time_zone: String,
    /// `kiln.sql.batchSize`: rows of a batch.
    pub batch_size: usize,
    /// `kiln.sql.parquet.lateMaterialization`: filters decide which values are decoded.
    pub late_materialization: bool,
    /// `kiln.sql.shuffle.targetBytes`: input bytes of a shuffle partition when their number is not set.
    pub shuffle_target_bytes: u64,
    /// `kiln.sql.sort.singleMergeBytes`: a global sort of less is merged by one task.
    pub single_merge_bytes: u64,
    /// `spark.driver.maxResultSize`; 0: no limit.
    pub max_result_bytes: u64,
}

const MB: u64 = 1 << 20;

impl Settings {
    /// # Errors
    /// Names the setting whose value cannot be read.
    pub fn from_conf(conf: &BTreeMap<String, String>) -> Result<Self> {
        let broadcast = match conf.get("spark.sql.autoBroadcastJoinThreshold").map(|v| v.trim()) {
            Some(value) if value.starts_with('-') => None,
            _ => Some(bytes(conf, "spark.sql.autoBroadcastJoinThreshold", 10 * MB)? as usize),
        };
        Ok(Self {
            shuffle_partitions: number(conf, "spark.sql.shuffle.partitions")?.map(|n| n.max(1)),
            max_partition_bytes: bytes(conf, "spark.sql.files.maxPartitionBytes", 128 * MB)?.max(1),
            open_cost_bytes: bytes(conf, "spark.sql.files.openCostInBytes", 4 * MB)?,
            min_partition_num: number(conf, "spark.sql.files.minPartitionNum")?,
            broadcast_threshold: broadcast.filter(|bytes| *bytes > 0),
            time_zone: conf.get("spark.sql.session.timeZone").cloned().unwrap_or_else(|| "UTC".to_owned()),
            batch_size: number(conf, "kiln.sql.batchSize")?.unwrap_or(8192).max(1),
            late_materialization: flag(conf, "kiln.sql.parquet.lateMaterialization", false)?,
            shuffle_target_bytes: bytes(conf, "kiln.sql.shuffle.targetBytes", 32 * MB)?.max(1),
            single_merge_bytes: bytes(conf, "kiln.sql.sort.singleMergeBytes", 32 * MB)?,
            max_result_bytes: bytes(conf, "spark.driver.maxResultSize", 1024 * MB)?,
        })
    }

    /// DataFusion's configuration for planning and for tasks. Each line answers a trap: see
    /// `docs/decisions` and the tests of this module.
    pub fn session_config(&self, target_partitions: usize) -> SessionConfig {
        let mut config = SessionConfig::new()
            .with_target_partitions(target_partitions)
            .with_batch_size(self.batch_size)
            .with_information_schema(false)
            .with_create_default_catalog_and_schema(false)
            // Splits are ours: a scan must not cut or regroup files, nor steal those of other tasks.
            .with_repartition_file_scans(false)
            .with_round_robin_repartition(false)
            .with_collect_statistics(false)
            .with_spill_compression(SpillCompression::Lz4Frame)
            .with_sort_spill_reservation_bytes(10 << 20)
            .with_enable_sort_pushdown(false);
        let options = config.options_mut();
        let execution = &mut options.execution;
        execution.enable_file_stream_work_stealing = false;
        execution.sort_pushdown_buffer_capacity = 8 << 20;
        execution.hash_join_buffering_capacity = 0;
        execution.time_zone = Some(self.time_zone.clone());
        execution.parquet.pushdown_filters = self.late_materialization;
        execution.parquet.reorder_filters = self.late_materialization;
        execution.parquet.coerce_int96 = Some("us".to_owned());
        execution.parquet.coerce_int96_tz = Some("UTC".to_owned());
        execution.parquet.schema_force_view_types = true;
        let optimizer = &mut options.optimizer;
        // Filled at run time by all partitions of a join, of which a task has one.
        optimizer.enable_dynamic_filter_pushdown = false;
        optimizer.enable_join_dynamic_filter_pushdown = false;
        optimizer.enable_topk_dynamic_filter_pushdown = false;
        optimizer.enable_aggregate_dynamic_filter_pushdown = false;
        // Scalar subqueries are stages; the lowering has put placeholders for them.
        optimizer.enable_physical_uncorrelated_scalar_subquery = false;
        optimizer.prefer_hash_join = true;
        optimizer.enable_piecewise_merge_join = false;
        let threshold = self.broadcast_threshold.unwrap_or(0);
        optimizer.hash_join_single_partition_threshold = threshold;
        optimizer.hash_join_single_partition_threshold_rows = threshold / 100;
        config
    }
}

fn number(conf: &BTreeMap<String, String>, key: &str) -> Result<Option<usize>> {
    match conf.get(key).map(|v| v.trim()) {
        None | Some("") => Ok(None),
        Some(text) => match text.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => plan_err!("{key} is '{text}', but must be a whole number"),
        },
    }
}

fn flag(conf: &BTreeMap<String, String>, key: &str, default: bool) -> Result<bool> {
    match conf.get(key).map(|v| v.trim().to_ascii_lowercase()).as_deref() {
        None | Some("") => Ok(default),
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(text) => plan_err!("{key} is '{text}', but must be true or false"),
    }
}

/// Spark's byte strings: `134217728`, `128m`, `128MB`, `1g`; a bare number is bytes.
fn bytes(conf: &BTreeMap<String, String>, key: &str, default: u64) -> Result<u64> {
    let Some(text) = conf.get(key).map(|v| v.trim().to_ascii_lowercase()).filter(|v| !v.is_empty()) else {
        return Ok(default);
    };
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        "p" | "pb" | "pib" => 50,
        _ => return plan_err!("{key} is '{text}', but must be a size as '128m'"),
    };
    match digits.trim().parse::<u64>() {
        Ok(number) => Ok(number << unit),
        Err(_) => plan_err!("{key} is '{text}', but must be a size as '128m'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conf(key: &str, value: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(key.to_owned(), value.to_owned())])
    }

    #[test]
    fn sizes_are_read_as_spark_reads_them() {
        for (text, wanted) in [("134217728", 134_217_728), ("128MB", 128 << 20), ("128m", 128 << 20), ("1g", 1 << 30), ("16b", 16)] {
            let settings = Settings::from_conf(&conf("spark.sql.files.maxPartitionBytes", text)).unwrap();
            assert_eq!(settings.max_partition_bytes, wanted, "{text}");
        }
        assert!(Settings::from_conf(&conf("spark.sql.files.maxPartitionBytes", "lots")).is_err());
    }

    #[test]
    fn a_negative_broadcast_threshold_is_off() {
        let settings = Settings::from_conf(&conf("spark.sql.autoBroadcastJoinThreshold", "-1")).unwrap();
        assert_eq!(settings.broadcast_threshold, None);
        assert_eq!(Settings::from_conf(&BTreeMap::new()).unwrap().broadcast_threshold, Some(10 << 20));
    }

    #[test]
    fn the_traps_are_set() {
        let config = Settings::from_conf(&BTreeMap::new()).unwrap().session_config(7);
        let options = config.options();
        assert!(!options.execution.enable_file_stream_work_stealing);
        assert!(!options.optimizer.enable_dynamic_filter_pushdown);
        assert!(!options.optimizer.enable_round_robin_repartition);
        assert!(!options.optimizer.enable_physical_uncorrelated_scalar_subquery);
        assert!(!options.optimizer.repartition_file_scans);
        assert!(!options.optimizer.enable_sort_pushdown);
        assert_eq!(options.execution.spill_compression, SpillCompression::Lz4Frame);
        assert_eq!(options.execution.target_partitions, 7);
    }
}
