//! Whatever the text, the parser answers: no panic, no stack overflow, no endless search.
use super::super::{MAX_DEPTH, parse_expression, parse_query};
use super::{files, statements, tpch};
use proptest::prelude::*;
use std::time::{Duration, Instant};

/// Parses on a thread as small as a worker may be, walks the result, and is quick about it.
fn survives(text: &str) {
    let before = Instant::now();
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .stack_size(1 << 20)
            .spawn_scoped(scope, || {
                let query = parse_query(text);
                let expression = parse_expression(text);
                if let Ok(tree) = &query {
                    assert!(serde_json::to_string(tree).is_ok());
                }
                if let Ok(tree) = &expression {
                    assert!(serde_json::to_string(tree).is_ok());
                }
                for error in [query.err(), expression.err()].into_iter().flatten() {
                    assert_ne!(error.class, "INTERNAL_ERROR", "{text:.200}");
                }
            })
            .unwrap()
            .join()
            .unwrap();
    });
    assert!(before.elapsed() < Duration::from_secs(20), "{:?} for {text:.200}", before.elapsed());
}

fn repeated(before: &str, part: &str, middle: &str, after: &str, times: usize) -> String {
    format!("{before}{}{middle}{}", part.repeat(times), after.repeat(times))
}

#[test]
fn deep_nesting() {
    for times in [10, 100, 1_000, 10_000, 100_000] {
        for text in [
            repeated("SELECT ", "(", "1", ")", times),
            repeated("SELECT ", "(", "", "", times),
            repeated("SELECT * FROM ", "(", "t", ")", times),
            repeated("SELECT * FROM ", "(", "SELECT 1", ")", times),
            repeated("", "(", "SELECT 1", ")", times),
            repeated("SELECT ", "- ", "1", "", times),
            repeated("SELECT ", "NOT ", "a", "", times),
            repeated("SELECT ", "f(", "a", ")", times),
            repeated("SELECT ", "a[", "1", "]", times),
            repeated("SELECT ", "CASE WHEN ", "a", " THEN 1 END", times),
            repeated("SELECT ", "CASE ", "a", " WHEN 1 THEN 2 WHEN 3 THEN 4 END", times),
            repeated("SELECT ", "CAST(", "a", " AS INT)", times),
            repeated("SELECT CAST(a AS ", "ARRAY<", "INT", ">", times),
            repeated("SELECT CAST(a AS ", "STRUCT<a: ", "INT", ">", times),
            repeated("SELECT ", "a IN (", "1", ")", times),
            repeated("", "SELECT * FROM (", "SELECT 1", ")", times),
            repeated("", "SELECT * FROM ((", "SELECT 1 +", ") UNION (SELECT 1))", times),
            repeated("", "SELECT * FROM ((", "SELECT 1", ") t JOIN u)", times),
            repeated("", "SELECT 1 WHERE a IN ((", "SELECT +", ") UNION (SELECT 1))", times),
            repeated("", "WITH a AS (", "SELECT 1", ") SELECT 1", times),
            repeated("", "WITH a (", "SELECT +", ") SELECT 1", times),
            repeated("SELECT ", "x -> ", "1", "", times),
            repeated("SELECT ", "interval ", "1", "", times),
            repeated("SELECT ", "/*", "", "*/", times),
            repeated("SELECT /*+ f(", "(", "a", ")", times) + ") */ 1",
            repeated("SELECT ", "EXISTS (SELECT ", "1", ")", times),
            repeated("SELECT ", "f(a => ", "+", ")", times),
        ] {
            survives(&text);
        }
    }
}

#[test]
fn long_chains() {
    for times in [100, 2_000, 20_000] {
        for text in [
            repeated("SELECT a", " + a", "", "", times),
            repeated("SELECT a", " OR a", "", "", times),
            repeated("SELECT a", " AND a = 1 OR b", "", "", times),
            repeated("SELECT a", " || a", " +", "", times),
            repeated("SELECT a", ".a", "", "", times),
            repeated("SELECT a", ".a", ".", "", times),
            repeated("SELECT a", "[0]", "", "", times),
            repeated("SELECT a", "::INT", "", "", times),
            repeated("SELECT a", " IS NULL", "", "", times),
            repeated("SELECT a", " div a", "", "", times),
            repeated("SELECT a", " IS DISTINCT FROM a", "", "", times),
            repeated("SELECT a", ", a", "", "", times),
            repeated("SELECT a IN (1", ", 1", ")", "", times),
            repeated("VALUES (1)", ", (1)", "", "", times),
            repeated("SELECT * FROM a", ", a", "", "", times),
            repeated("SELECT * FROM a", " JOIN a", "", "", times),
            repeated("SELECT 1", " UNION ALL SELECT 1, 2", "", "", times),
            repeated("SELECT 1", " UNION ALL SELECT 1, 2", " UNION", "", times),
            repeated("SELECT 'a'", " 'a'", "", "", times),
            repeated("SELECT a FROM t GROUP BY ROLLUP(a", ", a", ")", "", times),
            repeated("SELECT a FROM t GROUP BY CUBE(a, (a", ", a", "))", "", times),
            repeated("SELECT a FROM t GROUP BY CUBE(a, b)", ", CUBE(a, b)", "", "", times),
            repeated("SELECT /*+ a", ", a", "*/ 1", "", times),
        ] {
            survives(&text);
        }
    }
}

#[test]
fn copies_are_bounded() {
    let windows: String = (1..40).map(|i| format!(", w{i} AS (ORDER BY f() OVER w{0}, f() OVER w{0})", i - 1)).collect();
    survives(&format!("SELECT f() OVER w39 FROM t WINDOW w0 AS (ORDER BY a){windows}"));
    survives("SELECT f() OVER w FROM t WINDOW w AS (w)");
    let branches = " WHEN 1 THEN 2".repeat(1000);
    survives(&format!("SELECT {}a{}", "CASE ".repeat(5), format!("{branches} END").repeat(5)));
}

/// AND and OR become balanced trees, so a long filter is no deep one.
#[test]
fn long_filters_are_accepted() {
    let text = repeated("SELECT * FROM t WHERE a = 0", " OR a = 1 AND b = 2", "", "", 5_000);
    assert!(parse_query(&text).is_ok());
    let text = repeated("SELECT a", " + a", "", "", MAX_DEPTH - 20);
    assert!(parse_query(&text).is_ok());
}

const WORDS: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP",
    "BY",
    "ORDER",
    "HAVING",
    "LIMIT",
    "OFFSET",
    "UNION",
    "ALL",
    "INTERSECT",
    "EXCEPT",
    "JOIN",
    "LEFT",
    "CROSS",
    "ON",
    "USING",
    "NATURAL",
    "LATERAL",
    "WITH",
    "AS",
    "VALUES",
    "(",
    ")",
    ",",
    ".",
    "*",
    "+",
    "-",
    "=",
    "<=>",
    "||",
    "[",
    "]",
    ":",
    "::",
    "->",
    "=>",
    "?",
    ";",
    "|>",
    "<",
    ">",
    ">>",
    "!",
    "a",
    "b",
    "t",
    "1",
    "2.5",
    "1e9",
    "'s'",
    "r'\\'",
    "\"q\"",
    "`i`",
    "X'0'",
    "NOT",
    "AND",
    "OR",
    "IN",
    "BETWEEN",
    "LIKE",
    "IS",
    "NULL",
    "TRUE",
    "DISTINCT",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "CAST",
    "INT",
    "ARRAY",
    "STRUCT",
    "MAP",
    "EXISTS",
    "INTERVAL",
    "DAY",
    "TO",
    "MONTH",
    "DATE",
    "TIMESTAMP",
    "EXTRACT",
    "TRIM",
    "SUBSTRING",
    "OVERLAY",
    "POSITION",
    "FOR",
    "OVER",
    "PARTITION",
    "ROWS",
    "RANGE",
    "PRECEDING",
    "FOLLOWING",
    "CURRENT",
    "ROW",
    "WINDOW",
    "FILTER",
    "ROLLUP",
    "CUBE",
    "GROUPING",
    "SETS",
    "TABLE",
    "TABLESAMPLE",
    "PERCENT",
    "BUCKET",
    "OUT",
    "OF",
    "PIVOT",
    "SORT",
    "CLUSTER",
    "QUALIFY",
    "FETCH",
    "TOP",
    "DIV",
    "ANY",
    "/*+",
    "*/",
    "/*",
    "--",
    "\n",
    "ESCAPE",
    "COLLATE",
    "IGNORE",
    "NULLS",
    "WITHIN",
    "RECURSIVE",
    "INSERT",
    "UPDATE",
    "DELETE",
    "MERGE",
    "SET",
    "VIEW",
    "UNNEST",
    "VALUE",
    "AT",
    "ZONE",
    "{",
    "}",
    "@",
    "#",
    "$$",
    "\\",
    "é",
    "\u{0}",
];

fn corpus() -> Vec<String> {
    let mut all: Vec<String> = tpch().into_iter().map(|(_, text)| text).collect();
    for (_, text) in files("parse") {
        all.extend(statements(&text).map(str::to_owned));
    }
    all
}

/// Pieces a mutation may move: words, numbers and single other characters.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut in_word = false;
    for c in text.chars() {
        let is_word = c.is_alphanumeric() || c == '_';
        match pieces.last_mut() {
            Some(last) if is_word && in_word => last.push(c),
            _ => pieces.push(c.to_string()),
        }
        in_word = is_word;
    }
    pieces
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn token_soup(words in prop::collection::vec(prop::sample::select(WORDS), 0..60), glue in any::<bool>()) {
        survives(&words.join(if glue { " " } else { "" }));
        survives(&format!("SELECT {}", words.join(" ")));
        survives(&format!("SELECT * FROM {}", words.join(" ")));
    }

    #[test]
    fn any_characters(text in "\\PC{0,80}") {
        survives(&text);
    }

    #[test]
    fn mutated_queries(
        query in prop::sample::select(corpus()),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..4u8, prop::sample::select(WORDS)), 1..6),
    ) {
        let mut pieces = pieces(&query);
        for (index, edit, word) in edits {
            if pieces.is_empty() {
                break;
            }
            let at = index.index(pieces.len());
            match edit {
                0 => drop(pieces.remove(at)),
                1 => pieces.insert(at, format!(" {word} ")),
                2 => pieces[at] = word.to_owned(),
                _ => {
                    let piece = pieces[at].clone();
                    pieces.insert(at, piece);
                }
            }
        }
        survives(&pieces.concat());
    }
}
