//! sqlparser's errors in Spark's words: the place, the token near it, and a plain hint where one can be guessed.
use super::lexer::position;
use crate::error::QueryError;
use sqlparser::parser::ParserError;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan};

/// `index` is where the parser stands, for errors that name no place; `furthest` is how far any attempt came.
pub(super) fn error(error: ParserError, tokens: &[TokenWithSpan], index: usize, furthest: usize) -> QueryError {
    let text = match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text,
        ParserError::RecursionLimitExceeded => return super::tokens::too_deep(),
    };
    let at = match location(&text) {
        Some(location) => tokens.iter().position(|token| token.span.start == location),
        None if text.contains("found: EOF") => None,
        None => Some(index),
    };
    match at {
        Some(at) if at < furthest => near(tokens, Some(furthest), None),
        _ => near(tokens, at, expectation(&text)),
    }
}

/// The token at `at` (none: the end of the text) cannot stand there.
pub(super) fn near(tokens: &[TokenWithSpan], at: Option<usize>, expected: Option<&str>) -> QueryError {
    let found = at.and_then(|at| tokens.get(at));
    let (near, place) = match found {
        Some(token) => (format!("'{}'", token.token), token.span.start),
        None => ("end of input".to_owned(), tokens.last().map_or(Location::new(1, 1), |token| token.span.end)),
    };
    let mut message = format!("Syntax error at or near {near}");
    if let Some(expected) = expected {
        message.push_str(&format!(": expected {expected}"));
    }
    let error = QueryError::new("PARSE_SYNTAX_ERROR", message).at(position(place));
    match hint(tokens, at.unwrap_or(tokens.len())) {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// sqlparser ends most messages with ` at Line: 1, Column: 8`.
fn location(text: &str) -> Option<Location> {
    let (_, place) = text.rsplit_once(" at Line: ")?;
    let (line, column) = place.split_once(", Column: ")?;
    Some(Location::new(line.trim().parse().ok()?, column.trim().parse().ok()?))
}

fn expectation(text: &str) -> Option<&str> {
    let (expected, _) = text.strip_prefix("Expected: ")?.split_once(", found: ")?;
    (expected != "end of statement").then_some(expected)
}

fn hint(tokens: &[TokenWithSpan], at: usize) -> Option<String> {
    let previous = at.checked_sub(1).and_then(|i| tokens.get(i)).map(|t| &t.token);
    let found = tokens.get(at).map(|t| &t.token);
    if let (Some(Token::Comma), Some(Token::Word(word))) = (previous, found)
        && CLAUSES.contains(&word.value.to_ascii_uppercase().as_str())
    {
        return Some(format!("Remove the comma before {}", word.value));
    }
    if found == Some(&Token::Comma) && previous == Some(&Token::Comma) {
        return Some("An item is missing between two commas".to_owned());
    }
    misspelled(tokens, at)
}

const CLAUSES: &[&str] = &[
    "BETWEEN",
    "CASE",
    "CROSS",
    "DISTINCT",
    "EXCEPT",
    "EXISTS",
    "FROM",
    "FULL",
    "GROUP",
    "HAVING",
    "INNER",
    "INTERSECT",
    "JOIN",
    "LATERAL",
    "LEFT",
    "LIKE",
    "LIMIT",
    "NATURAL",
    "OFFSET",
    "ORDER",
    "OUTER",
    "OVER",
    "PARTITION",
    "RIGHT",
    "SELECT",
    "THEN",
    "UNION",
    "USING",
    "VALUES",
    "WHEN",
    "WHERE",
    "WINDOW",
    "WITH",
];

/// A misspelled keyword is mostly read as an alias, so that the error comes a token or two later.
fn misspelled(tokens: &[TokenWithSpan], at: usize) -> Option<String> {
    let candidates = (at.saturating_sub(2)..=at).rev().filter_map(|i| tokens.get(i));
    for token in candidates {
        let Token::Word(word) = &token.token else { continue };
        let written = word.value.to_ascii_uppercase();
        if word.quote_style.is_some() || written.len() < 4 || CLAUSES.contains(&written.as_str()) {
            continue;
        }
        let allowed = if written.len() < 6 { 1 } else { 2 };
        let nearest = CLAUSES.iter().map(|clause| (distance(&written, clause), clause)).min();
        if let Some((distance, clause)) = nearest
            && distance <= allowed
        {
            return Some(format!("Did you mean {clause} instead of {}?", word.value));
        }
    }
    None
}

/// Edit distance in which swapping two neighbours counts as one.
pub(super) fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    if left.len().abs_diff(right.len()) > 2 || left.len() > 40 {
        return usize::MAX;
    }
    let cost = |i: usize, j: usize| usize::from(left.get(i) != right.get(j));
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for i in 0..left.len() {
        let mut row = vec![i + 1];
        for j in 0..right.len() {
            let get = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX - 1);
            let mut best = (get(&above, j + 1) + 1).min(get(&row, j) + 1).min(get(&above, j) + cost(i, j));
            if i > 0 && j > 0 && left.get(i) == right.get(j - 1) && left.get(i - 1) == right.get(j) {
                best = best.min(get(&before, j - 1) + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or(usize::MAX)
}

/// Gives an error without a place that of the keyword it names, such as `PIVOT`.
pub(super) fn locate(error: QueryError, tokens: &[TokenWithSpan]) -> QueryError {
    if error.position.is_some() {
        return error;
    }
    let named = |token: &&TokenWithSpan| {
        if let Token::SingleQuotedString(_) = token.token {
            return error.message.ends_with(&token.token.to_string());
        }
        let text = token.token.to_string().to_ascii_uppercase();
        let is_keyword = text.len() > 1 && text.chars().all(|c| c.is_ascii_uppercase() || matches!(c, '|' | '>'));
        is_keyword && error.message.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')')).any(|word| word == text)
    };
    let at = tokens.iter().find(named).and_then(|token| position(token.span.start));
    error.at(at)
}

/// Statements that are no queries, by their first words.
pub(super) fn statement(tokens: &[TokenWithSpan]) -> Option<QueryError> {
    const STATEMENTS: &[&str] = &[
        "ALTER", "ANALYZE", "BEGIN", "CACHE", "CALL", "CLEAR", "CREATE", "DECLARE", "DELETE", "DESC", "DESCRIBE", "DROP", "EXECUTE",
        "EXPLAIN", "GRANT", "INSERT", "LIST", "LOAD", "MERGE", "MSCK", "REFRESH", "REPAIR", "REPLACE", "RESET", "REVOKE", "SET", "SHOW",
        "TRUNCATE", "UNCACHE", "UPDATE", "USE", "ADD",
    ];
    let upper = |at: usize| match tokens.get(at).map(|t| &t.token) {
        Some(Token::Word(word)) if word.quote_style.is_none() => Some(word.value.to_ascii_uppercase()),
        _ => None,
    };
    let first = upper(0)?;
    if !STATEMENTS.contains(&first.as_str()) {
        return None;
    }
    const OBJECTS: &[&str] = &[
        "CATALOG",
        "COLUMNS",
        "DATABASE",
        "DATABASES",
        "FUNCTION",
        "FUNCTIONS",
        "INDEX",
        "INTO",
        "NAMESPACE",
        "OVERWRITE",
        "SCHEMA",
        "TABLE",
        "TABLES",
        "TEMPORARY",
        "VIEW",
        "VIEWS",
    ];
    let what = match upper(1) {
        Some(second) if OBJECTS.contains(&second.as_str()) => format!("{first} {second}"),
        _ => first,
    };
    let at = tokens.first().and_then(|token| position(token.span.start));
    Some(QueryError::unsupported(format!("The statement {what}")).at(at).hint("SQL text must be one query"))
}
