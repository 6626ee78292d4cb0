//! Golden files: every `tests/parse/*.sql` (statements end with `;` at the end of a line; `expression_*.sql` hold
//! expressions) has an approved `.json`. `KILN_UPDATE_GOLDEN=1` writes them anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod hostile;

use super::{parse_expression, parse_query};
use crate::error::Result;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

fn directory(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

pub(super) fn files(name: &str) -> Vec<(PathBuf, String)> {
    let mut files: Vec<PathBuf> = fs::read_dir(directory(name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
        .collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), fs::read_to_string(&path).unwrap())).collect()
}

pub(super) fn tpch() -> Vec<(PathBuf, String)> {
    files("queries/tpch")
}

pub(super) fn statements(text: &str) -> impl Iterator<Item = &str> {
    text.split(";\n").filter(|statement| !statement.trim().is_empty())
}

fn outcome<T: serde::Serialize>(sql: &str, result: Result<T>) -> Value {
    match result {
        Ok(tree) => json!({ "sql": sql, "tree": tree }),
        Err(error) => json!({ "sql": sql, "error": error }),
    }
}

#[test]
fn golden_files() {
    let update = std::env::var_os("KILN_UPDATE_GOLDEN").is_some();
    let mut different = Vec::new();
    for (path, text) in files("parse") {
        let is_expression = path.file_name().unwrap().to_string_lossy().starts_with("expression_");
        let outcomes: Vec<Value> = statements(&text)
            .map(|sql| match is_expression {
                true => outcome(sql, parse_expression(sql)),
                false => outcome(sql, parse_query(sql)),
            })
            .collect();
        let golden = path.with_extension("json");
        let actual = serde_json::to_string_pretty(&outcomes).unwrap() + "\n";
        if update {
            fs::write(&golden, actual).unwrap();
            continue;
        }
        let approved: Vec<Value> = serde_json::from_str(&fs::read_to_string(&golden).unwrap()).unwrap();
        for (i, outcome) in outcomes.iter().enumerate() {
            if approved.get(i) != Some(outcome) {
                different.push(format!("{}: {}", path.display(), outcome["sql"]));
            }
        }
        assert_eq!(approved.len(), outcomes.len(), "{}", golden.display());
    }
    assert!(different.is_empty(), "not as approved (KILN_UPDATE_GOLDEN=1 approves):\n{}", different.join("\n"));
}

#[test]
fn all_tpch_queries_parse() {
    let queries = tpch();
    assert_eq!(queries.len(), 22);
    for (path, text) in queries {
        let tree = parse_query(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let json = serde_json::to_value(&tree).unwrap();
        assert_eq!(serde_json::from_value::<crate::tree::Relation>(json).unwrap(), tree);
    }
}

#[test]
fn positions_count_characters_from_one() {
    let error = parse_query("SELECT 'é',\n  ü FROM t").unwrap_err();
    assert_eq!(error.class, "INVALID_IDENTIFIER");
    let position = error.position.unwrap();
    assert_eq!((position.line, position.column), (2, 3));
}

#[test]
fn empty_text_is_an_error() {
    for text in ["", "  \n", "-- only a comment", ";"] {
        assert!(parse_query(text).is_err(), "{text:?}");
        assert!(parse_expression(text).is_err(), "{text:?}");
    }
}
