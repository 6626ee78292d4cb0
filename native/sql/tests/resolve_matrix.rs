//! Casts, common types and `= + -` over every pair of types, as real Spark 4.3 types them (`resolve_spark/matrix.json`).
mod resolve_support;

use kiln_sql::tree::StructField;
use resolve_support::Catalog;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The result type of row type and column type; `!CLASS` for an error.
#[derive(Deserialize)]
struct Matrix {
    types: Vec<String>,
    cast: Vec<Vec<String>>,
    coalesce: Vec<Vec<String>>,
    eq: Vec<Vec<String>>,
    plus: Vec<Vec<String>>,
    minus: Vec<Vec<String>>,
}

#[test]
fn resolve_types_pairs_as_spark() -> Result<(), Box<dyn std::error::Error>> {
    let matrix: Matrix = serde_json::from_str(include_str!("resolve_spark/matrix.json"))?;
    let empty = Catalog::new(&BTreeMap::new());
    let mut fields = Vec::new();
    for (index, name) in matrix.types.iter().enumerate() {
        let sql = if name == "void" { "select null".to_owned() } else { format!("select cast(null as {name})") };
        let data_type = empty.sql(&sql)?.output.remove(0).data_type;
        fields.push(StructField { name: format!("c{index}"), data_type, nullable: true });
    }
    let catalog = Catalog::new(&BTreeMap::from([("m".to_owned(), fields)]));
    let mut failures = Vec::new();
    let mut compare = |expression: String, expected: &str| {
        let actual = match catalog.sql(&format!("select {expression} x from m")) {
            Ok(resolved) => resolved.output.first().map_or_else(String::new, |column| column.data_type.to_string()),
            Err(error) => format!("!{}", error.class),
        };
        if actual != *expected && !refused_both(&actual, expected) {
            failures.push(format!("{expression}: Spark {expected}, Kiln {actual}"));
        }
    };
    for (i, own) in matrix.types.iter().enumerate() {
        for (j, other) in matrix.types.iter().enumerate() {
            if other != "void" {
                compare(format!("cast(c{i} /*{own}*/ as {other})"), &matrix.cast[i][j]);
            }
            compare(format!("coalesce(c{i} /*{own}*/, c{j} /*{other}*/)"), &matrix.coalesce[i][j]);
            compare(format!("c{i} /*{own}*/ = c{j} /*{other}*/"), &matrix.eq[i][j]);
            compare(format!("c{i} /*{own}*/ + c{j} /*{other}*/"), &matrix.plus[i][j]);
            compare(format!("c{i} /*{own}*/ - c{j} /*{other}*/"), &matrix.minus[i][j]);
        }
    }
    assert!(failures.is_empty(), "{} differ\n{}", failures.len(), failures.join("\n"));
    Ok(())
}

/// Two operands that are both wrong may be refused under another class.
fn refused_both(actual: &str, expected: &str) -> bool {
    let refused = |text: &str| text.starts_with("!DATATYPE_MISMATCH");
    refused(actual) && refused(expected)
}
