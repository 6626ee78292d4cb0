//! What Spark 4.3.0 answered (`fixtures/generate.py`), asked of Kiln.
use super::harness::Engine;
use kiln_sql::error::QueryError;
use kiln_sql::tree::DataType;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Case {
    sql: String,
    zone: String,
    types: Option<Vec<String>>,
    rows: Option<Vec<Vec<Option<String>>>>,
    error: Option<String>,
    message: Option<String>,
}

/// Queries that Spark parses and Kiln does not yet, or that it answers in another way on purpose: each with the reason.
const KNOWN: &[(&str, &str)] = &[
    ("select x from values (1), (2), (null) t(x) where (x in (select y from values (1), (null) u(y))) is null", IN_AS_VALUE),
    ("select x, x in (select y from values (1), (null) u(y)) from values (1), (2), (null) t(x)", IN_AS_VALUE),
    ("select x, x not in (select y from values (1) u(y)) from values (1), (2), (null) t(x)", IN_AS_VALUE),
];

const IN_AS_VALUE: &str = "NULL as in standard SQL; Spark answers false where IN is selected as a value";

async fn check(engine: &Engine, case: &Case) -> Result<(), String> {
    let answer = engine.sql(&case.sql, &case.zone).await;
    match (answer, &case.error) {
        (Err(error), Some(class)) => same_error(&error, class, case.message.as_deref().unwrap_or_default()),
        (Err(error), None) => Err(format!("failed: {error}")),
        (Ok(answer), Some(class)) => Err(format!("gave {:?}, not {class}", answer.rows(&case.zone))),
        (Ok(answer), None) => {
            let types: Vec<String> = answer.columns.iter().map(|c| c.data_type.to_string()).collect();
            let wanted = case.types.clone().unwrap_or_default();
            if types != wanted {
                return Err(format!("types {types:?}, not {wanted:?}"));
            }
            let kinds: Vec<&DataType> = answer.columns.iter().map(|c| &c.data_type).collect();
            let (mut found, mut rows) = (answer.rows(&case.zone), case.rows.clone().unwrap_or_default());
            if !case.sql.contains("order by") || case.sql.contains("over (") {
                found.sort();
                rows.sort();
            }
            let same = found.len() == rows.len()
                && found.iter().zip(&rows).all(|(f, r)| f.iter().zip(r).zip(&kinds).all(|((f, r), kind)| same_value(f, r, kind)));
            if same { Ok(()) } else { Err(format!("gave {found:?}\n     not {rows:?}")) }
        }
    }
}

fn same_error(error: &QueryError, class: &str, message: &str) -> Result<(), String> {
    if error.class != class {
        return Err(format!("error {error}, not {class}"));
    }
    // Errors of the resolver are the resolver's to word.
    if error.position.is_none() && error.message.trim() != message.trim() {
        return Err(format!("message {:?}, not {message:?}", error.message));
    }
    Ok(())
}

/// Doubles may differ in the last bits: mathematical libraries do.
fn same_value(found: &Option<String>, wanted: &Option<String>, kind: &DataType) -> bool {
    match (found, wanted, kind) {
        (Some(f), Some(w), DataType::Double | DataType::Float) if f != w => {
            let tolerance = if *kind == DataType::Double { 1e-14 } else { 1e-6 };
            match (f.parse::<f64>(), w.parse::<f64>()) {
                (Ok(f), Ok(w)) => (f - w).abs() <= tolerance * w.abs().max(f.abs()),
                _ => false,
            }
        }
        _ => found == wanted,
    }
}

fn run(fixture: &str) {
    let cases: Vec<Case> = serde_json::from_str(fixture).unwrap();
    let only = std::env::var("KILN_ONLY").ok();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut failures = Vec::new();
    for partitions in [1, 3] {
        let engine = Engine::new(partitions);
        for case in &cases {
            if KNOWN.iter().any(|(sql, _)| *sql == case.sql) || only.as_ref().is_some_and(|o| !case.sql.contains(o.as_str())) {
                continue;
            }
            let outcome = runtime.block_on(check(&engine, case));
            if let Err(failure) = outcome {
                failures.push(format!("{}\n  -> {failure}", case.sql));
            }
        }
        if !failures.is_empty() {
            break;
        }
    }
    assert!(failures.is_empty(), "{} of {} queries differ from Spark:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

#[test]
fn arithmetic() {
    run(include_str!("fixtures/arithmetic.json"));
}

#[test]
fn cast() {
    run(include_str!("fixtures/cast.json"));
}

#[test]
fn strings() {
    run(include_str!("fixtures/strings.json"));
}

#[test]
fn datetime() {
    run(include_str!("fixtures/datetime.json"));
}

#[test]
fn aggregates() {
    run(include_str!("fixtures/aggregates.json"));
}

#[test]
fn relations() {
    run(include_str!("fixtures/relations.json"));
}
