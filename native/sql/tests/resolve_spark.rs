//! Column names, types, nullability and error classes of real Spark 4.3 (`resolve_spark/`) against the resolver's.
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
    sql: String,
    /// Name, type and nullability of each column.
    columns: Option<Vec<(String, String, bool)>>,
    /// Spark's error class.
    error: Option<String>,
}

#[test]
fn resolve_agrees_with_spark() -> Result<(), Box<dyn std::error::Error>> {
    let fixture: Fixture = serde_json::from_str(include_str!("resolve_spark/cases.json"))?;
    let gaps: BTreeMap<String, String> = serde_json::from_str(include_str!("resolve_spark/gaps.json"))?;
    let catalog = Catalog::new(&fixture.tables);
    let mut failures = Vec::new();
    for case in &fixture.cases {
        let actual = match catalog.sql(&case.sql) {
            Ok(resolved) => {
                let problems = broken_promises(&resolved);
                if !problems.is_empty() {
                    failures.push(format!("{}\n  broken promises: {problems:#?}\n{}", case.sql, tree_text(&resolved.plan)));
                }
                resolved
                    .output
                    .iter()
                    .map(|column| format!("{}: {}{}", column.name, column.data_type, if column.nullable { "" } else { " !" }))
                    .collect::<Vec<_>>()
                    .join("\n    ")
            }
            Err(error) => format!("error {} ({})", error.class, error.message),
        };
        let expected = match (&case.columns, &case.error) {
            (Some(columns), _) => columns
                .iter()
                .map(|(name, data_type, nullable)| format!("{name}: {}{}", data_type, if *nullable { "" } else { " !" }))
                .collect::<Vec<_>>()
                .join("\n    "),
            (None, error) => format!("error {}", error.as_deref().unwrap_or_default()),
        };
        let same = if expected.starts_with("error ") { actual.split(" (").next() == Some(expected.as_str()) } else { actual == expected };
        if same == gaps.contains_key(&case.sql) {
            failures.push(format!("{}\n  expected\n    {expected}\n  actual\n    {actual}", case.sql));
        }
    }
    println!("{} of {} cases differ", failures.len(), fixture.cases.len());
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    Ok(())
}
