//! Traps that are designed away: no stage of any query has the operators that fall into them.

use crate::support::cases::cases;
use crate::support::tables::{Described, tpch_dir, tpch_request, tpch_tables};
use crate::support::{Variant, none, sql};
use datafusion::common::JoinType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::FileScanConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_plan::joins::{CrossJoinExec, HashJoinExec, NestedLoopJoinExec, PartitionMode};
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, displayable};
use kiln_query::codec::decode_stage;
use kiln_query::nodes::SplitScanExec;
use std::sync::Arc;

type Tree = Arc<dyn ExecutionPlan>;

fn variants() -> Vec<Variant> {
    let small = || Variant::default().conf("spark.sql.files.maxPartitionBytes", "256k").conf("spark.sql.files.openCostInBytes", "1k");
    let no_broadcast = || small().conf("spark.sql.autoBroadcastJoinThreshold", "-1").conf("kiln.sql.sort.singleMergeBytes", "0");
    vec![
        Variant::default(),
        small().conf("spark.sql.shuffle.partitions", "7"),
        small().conf("spark.sql.shuffle.partitions", "1"),
        no_broadcast().conf("spark.sql.shuffle.partitions", "5"),
        small().conf("spark.sql.autoBroadcastJoinThreshold", "1g").conf("kiln.sql.parquet.lateMaterialization", "true"),
    ]
}

/// Every stage of TPC-H and of `queries/` in every variant, with a name.
fn stages() -> Vec<(String, Tree)> {
    let tables: Described = tpch_tables(tpch_dir());
    let tpch = (1..=22).map(|q| {
        let path = format!("{}/tests/tpch/q{q}.sql", env!("CARGO_MANIFEST_DIR"));
        (format!("q{q}"), std::fs::read_to_string(path).unwrap())
    });
    let queries: Vec<(String, String)> = tpch.chain(cases().into_iter().map(|case| (case.name, case.sql))).collect();
    let mut stages = Vec::new();
    for (v, variant) in variants().iter().enumerate() {
        for (name, text) in &queries {
            let planned = kiln_query::plan::plan(&tpch_request(text, &tables, variant)).unwrap();
            for (i, bytes) in planned.stages.iter().enumerate() {
                stages.push((format!("{name}, variant {v}, stage {i}"), decode_stage(bytes).unwrap().1));
            }
        }
    }
    assert!(stages.len() > 500, "{}", stages.len());
    stages
}

fn each_node(check: impl Fn(&Tree) -> Result<(), String>) {
    for (name, tree) in stages() {
        tree.apply(|node| {
            if let Err(wrong) = check(node) {
                panic!("{name}: {wrong}\n{}", displayable(tree.as_ref()).indent(false));
            }
            Ok(TreeNodeRecursion::Continue)
        })
        .unwrap();
    }
}

/// Rows that are in the query itself.
fn is_values(node: &Tree) -> bool {
    node.downcast_ref::<DataSourceExec>().is_some_and(|source| source.data_source().is::<MemorySourceConfig>())
}

/// Traps 3, 5 and 8: a scalar subquery's value in the process, repartitions with tasks and channels of their
/// own, buffers of 1 GiB.
#[test]
fn no_operator_of_one_process_is_in_a_stage() {
    const FORBIDDEN: [&str; 7] = [
        "RepartitionExec",
        "CoalescePartitionsExec",
        "SortPreservingMergeExec",
        "ScalarSubqueryExec",
        "BufferExec",
        "RecursiveQueryExec",
        "DataSourceExec",
    ];
    each_node(|node| if FORBIDDEN.contains(&node.name()) && !is_values(node) { Err(format!("{} is in it", node.name())) } else { Ok(()) });
}

/// Trap 2: a filter that all partitions of a join fill would be waited for by a task that has one of them.
#[test]
fn no_filter_is_filled_at_run_time() {
    each_node(|node| {
        let line = displayable(node.as_ref()).one_line().to_string();
        let scan = node
            .downcast_ref::<SplitScanExec>()
            .map(|scan| displayable(scan.template().as_ref()).one_line().to_string())
            .unwrap_or_default();
        match [line, scan].iter().find(|line| line.contains("DynamicFilter")) {
            Some(line) => Err(line.clone()),
            None => Ok(()),
        }
    });
}

/// Trap 4: rows of the build side that found no partner are told once, by whoever sees the whole probe side.
#[test]
fn a_build_side_is_shared_by_joins_that_the_probe_side_drives() {
    let probe_driven = |join: JoinType| {
        let is = matches!(join, JoinType::Inner | JoinType::Right | JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark);
        if is { Ok(()) } else { Err(format!("a {join} join with a shared build side")) }
    };
    each_node(|node| {
        let split = |probe: &Tree| probe.output_partitioning().partition_count() > 1;
        if let Some(join) = node.downcast_ref::<HashJoinExec>() {
            if *join.partition_mode() == PartitionMode::CollectLeft && split(join.right()) {
                return probe_driven(*join.join_type());
            }
            if *join.partition_mode() == PartitionMode::Auto {
                return Err("nobody chose the mode of a join".into());
            }
        } else if let Some(join) = node.downcast_ref::<NestedLoopJoinExec>() {
            return if split(join.right()) { probe_driven(*join.join_type()) } else { Ok(()) };
        } else if let Some(join) = node.downcast_ref::<CrossJoinExec>()
            && split(join.left())
        {
            return Err("a cross join with a split build side".into());
        }
        Ok(())
    });
}

/// Traps 1 and 19: a scan whose groups of files are in the program would share them out among the streams of a
/// process, and the program would grow with the files.
#[test]
fn no_files_are_in_a_program() {
    each_node(|node| {
        let Some(scan) = node.downcast_ref::<SplitScanExec>() else { return Ok(()) };
        let source = scan.template().downcast_ref::<DataSourceExec>().unwrap();
        match source.data_source().downcast_ref::<FileScanConfig>().unwrap().file_groups.len() {
            0 => Ok(()),
            groups => Err(format!("{groups} groups of files")),
        }
    });
}

/// Trap 19.
#[test]
fn a_program_does_not_grow_with_files_and_map_outputs() {
    let sizes = |files: usize, map_tasks: usize| {
        let variant = Variant::default().conf("spark.sql.shuffle.partitions", "4").conf("spark.sql.autoBroadcastJoinThreshold", "-1");
        let mut tables = tpch_tables(tpch_dir());
        for (_, table) in tables.values_mut() {
            let file = table.files[0].clone();
            table.files =
                (0..files).map(|i| kiln_query::boundary::TableFile { path: format!("/some/where/part-{i}"), ..file.clone() }).collect();
        }
        let joined = "select count(*) from orders join customer on o_custkey = c_custkey where o_comment like '%x%'";
        let scanned = kiln_query::plan::plan(&tpch_request(joined, &tables, &variant)).unwrap();
        let range = format!("select k, count(*) from (select id % 7 as k from range(0, 1000000, 1, {map_tasks})) group by k");
        let shuffled = sql(&range, &none(), &variant);
        let splits: usize = scanned.plan.stages.iter().flat_map(|s| &s.scans).flat_map(|s| &s.partitions).map(Vec::len).sum();
        assert!(splits >= 2 * files);
        [scanned.stages, vec![shuffled.stages[1].clone()]].concat().iter().map(Vec::len).collect::<Vec<_>>()
    };
    let (few, many) = (sizes(1, 2), sizes(2000, 2000));
    assert_eq!(few.len(), many.len());
    for (few, many) in few.iter().zip(&many) {
        // Numbers of partitions may take a byte or two more.
        assert!(many.abs_diff(*few) < 64, "{few} and {many} bytes");
    }
}
