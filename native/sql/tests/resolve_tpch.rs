//! The 22 TPC-H queries resolve, with Spark's column names, types and nullability; two of the trees in full.
mod resolve_support;

use kiln_sql::resolve::tree_text;
use kiln_sql::tree::StructField;
use resolve_support::{Catalog, broken_promises};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Fixture {
    tables: BTreeMap<String, Vec<StructField>>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    sql: String,
    columns: Vec<(String, String, bool)>,
}

fn fixture() -> Result<Fixture, Box<dyn std::error::Error>> {
    Ok(serde_json::from_str(include_str!("resolve_tpch/cases.json"))?)
}

#[test]
fn resolve_gives_the_columns_of_spark() -> Result<(), Box<dyn std::error::Error>> {
    let fixture = fixture()?;
    let catalog = Catalog::new(&fixture.tables);
    assert_eq!(fixture.cases.len(), 22);
    for case in &fixture.cases {
        let resolved = catalog.sql(&case.sql).map_err(|error| format!("{}: {error}", case.name))?;
        let actual: Vec<(String, String, bool)> =
            resolved.output.iter().map(|column| (column.name.clone(), column.data_type.to_string(), column.nullable)).collect();
        assert_eq!(actual, case.columns, "{}", case.name);
        assert_eq!(broken_promises(&resolved), Vec::<String>::new(), "{}\n{}", case.name, tree_text(&resolved.plan));
    }
    Ok(())
}

/// The trees of some queries, as text: `KILN_UPDATE=1 cargo test` writes them anew.
#[test]
fn resolve_gives_these_trees() -> Result<(), Box<dyn std::error::Error>> {
    let fixture = fixture()?;
    let catalog = Catalog::new(&fixture.tables);
    for case in fixture.cases.iter().filter(|case| ["q1", "q4", "q8", "q13", "q15", "q17", "q18", "q20"].contains(&case.name.as_str())) {
        let resolved = catalog.sql(&case.sql)?;
        resolve_support::golden(&format!("resolve_tpch/{}.txt", case.name), &tree_text(&resolved.plan))?;
    }
    Ok(())
}
