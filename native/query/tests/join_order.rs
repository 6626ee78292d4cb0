//! The order of joins that the optimizer chooses, for TPC-H's tables as large as at scale 10.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::path::Path;
use support::Variant;
use support::tables::{Described, tpch_dir, tpch_request, tpch_tables};

/// The tables of scale 0.01 with the statistics of a thousand times as many rows.
fn large_tables() -> Described {
    let mut tables = tpch_tables(tpch_dir());
    for (name, (_, table)) in &mut tables {
        if name == "nation" || name == "region" {
            continue;
        }
        table.rows = table.rows.map(|rows| rows * 1000);
        for (field, known) in table.fields.iter().zip(&mut table.columns) {
            if field.name.ends_with("key") && !field.name.ends_with("nationkey") {
                known.max = known.max.as_ref().map(|max| format!("{max}000"));
            }
        }
    }
    tables
}

/// The scans of the optimized plan, and its semi and anti joins, from the outside in.
fn outline(q: u32) -> Vec<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/tpch/q{q}.sql"))).unwrap();
    let planned = kiln_query::plan::plan(&tpch_request(&text, &large_tables(), &Variant::default())).unwrap();
    let line = |line: &str| {
        let line = line.trim();
        match line.strip_prefix("TableScan: ") {
            Some(scan) => scan
                .split(['#', ' '])
                .next()
                .and_then(|name| name.rsplit('/').next())
                .map(|name| name.trim_end_matches(".parquet").to_owned()),
            None => ["LeftSemi Join", "LeftAnti Join", "RightSemi Join", "RightAnti Join"]
                .iter()
                .find(|kind| line.starts_with(**kind))
                .map(|k| (*k).to_owned()),
        }
    };
    planned.plan.explain.optimized.lines().filter_map(line).collect()
}

#[test]
fn a_selective_dimension_comes_before_the_facts() {
    // Written: customer, orders, lineitem, supplier, nation, region.
    let order = outline(5);
    let at = |table: &str| order.iter().position(|t| t == table).unwrap();
    assert!(at("region") < at("lineitem") && at("nation") < at("lineitem"), "{order:?}");
    // Written: part, supplier, lineitem, partsupp, orders, nation.
    let order = outline(9);
    let lineitem = order.iter().position(|t| t == "lineitem").unwrap();
    assert_eq!(order[lineitem - 1], "part", "the filtered table meets the largest one first: {order:?}");
}

#[test]
fn a_semi_join_is_done_where_it_has_fewest_rows() {
    // 15 million orders, not the 60 million rows of the join.
    let order = outline(18);
    let semi = order.iter().position(|t| t == "LeftSemi Join").unwrap();
    assert_eq!(order[semi + 1], "orders", "{order:?}");
    // After the joins with one nation's suppliers, not on all of lineitem.
    let order = outline(21);
    assert_eq!(order[..2], ["LeftAnti Join", "LeftSemi Join"].map(str::to_owned), "{order:?}");
}
