//! Regular expressions in Java's syntax, as far as they need no backtracking (no look-around, no back-references).
use super::rows::{Rows, write_rows};
use crate::functions::arithmetic::operands::finish_ref;
use crate::functions::error::SparkError;
use arrow::array::{BooleanArray, ListBuilder, StringViewBuilder};
use arrow::datatypes::{DataType, Field};
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};
use regex::Regex;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

type Fallible<T> = std::result::Result<T, SparkError>;

thread_local! {
    static COMPILED: RefCell<HashMap<String, Regex>> = RefCell::default();
}

fn compiled(pattern: &str) -> Fallible<Regex> {
    COMPILED.with_borrow_mut(|cache| {
        if let Some(regex) = cache.get(pattern) {
            return Ok(regex.clone());
        }
        let regex = Regex::new(&from_java(pattern)).map_err(|e| {
            let reason = e.to_string();
            let reason = reason.lines().last().unwrap_or_default().trim();
            SparkError::invalid_parameter("`regexp`", "regexp functions", format_args!("'{pattern}': {reason}"), "PATTERN")
        })?;
        if cache.len() > 100 {
            cache.clear();
        }
        cache.insert(pattern.to_owned(), regex.clone());
        Ok(regex)
    })
}

/// Java's `\d`, `\w` and `\s` are ASCII; `\Q..\E` quotes; `\Z` is the end.
fn from_java(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut chars = pattern.chars().peekable();
    let mut class = 0;
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let Some(next) = chars.next() else {
                    out.push('\\');
                    break;
                };
                let set = match next {
                    'd' | 'D' => "0-9",
                    'w' | 'W' => "0-9A-Za-z_",
                    's' | 'S' => " \\t\\n\\x0B\\f\\r",
                    'h' | 'H' => " \\t\\xA0",
                    _ => "",
                };
                match next {
                    'd' | 'w' | 's' | 'h' if class > 0 => out.push_str(set),
                    'd' | 'w' | 's' | 'h' => out.extend(["[", set, "]"]),
                    'D' | 'W' | 'S' | 'H' => out.extend(["[^", set, "]"]),
                    'b' if class == 0 => out.push_str("(?-u:\\b)"),
                    'Z' => out.push_str("\\z"),
                    'Q' => {
                        let mut quoted = String::new();
                        for c in chars.by_ref() {
                            quoted.push(c);
                            if quoted.ends_with("\\E") {
                                quoted.truncate(quoted.len() - 2);
                                break;
                            }
                        }
                        out.push_str(&regex::escape(&quoted));
                    }
                    '/' | '"' | '\'' | '!' | '@' | '=' | ':' | ';' | ',' | '%' | '`' | '<' | '>' | '_' | ' ' => out.push(next),
                    other => out.extend(['\\', other]),
                }
            }
            '[' => {
                class += 1;
                out.push('[');
            }
            ']' if class > 0 => {
                class -= 1;
                out.push(']');
            }
            other => out.push(other),
        }
    }
    out
}

pub fn matches(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let (text, pattern) = (rows.text(0)?, rows.text(1)?);
    let matches = |row| -> Fallible<Option<bool>> {
        let (Some(text), Some(pattern)) = (text.get(row), pattern.get(row)) else { return Ok(None) };
        Ok(Some(compiled(pattern)?.is_match(text)))
    };
    let values = (0..rows.count()).map(matches).collect::<Fallible<BooleanArray>>()?;
    finish_ref(args, Arc::new(values))
}

/// A group of the first match; '' when there is none.
pub fn extract(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let (text, pattern, group) = (rows.text(0)?, rows.text(1)?, rows.integer(2)?);
    write_rows(args, rows.count(), |row, out| {
        let (Some(text), Some(pattern), Some(group)) = (text.get(row), pattern.get(row), group.get(row)) else { return Ok(None) };
        let regex = compiled(pattern)?;
        let Some(found) = regex.captures(text) else { return Ok(Some(())) };
        let groups = regex.captures_len() as i64 - 1;
        if !(0..=groups).contains(&group) {
            let detail = format!("Expects group index between 0 and {groups}, but got {group}.");
            return Err(SparkError::invalid_parameter("`idx`", "`regexp_extract`", detail, "REGEX_GROUP_INDEX"));
        }
        if let Some(found) = found.get(group as usize) {
            out.push_str(found.as_str());
        }
        Ok(Some(()))
    })
}

pub fn replace(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let (text, pattern, replacement) = (rows.text(0)?, rows.text(1)?, rows.text(2)?);
    let position = if args.args.len() > 3 { Some(rows.integer(3)?) } else { None };
    write_rows(args, rows.count(), |row, out| {
        let (Some(text), Some(pattern), Some(replacement)) = (text.get(row), pattern.get(row), replacement.get(row)) else {
            return Ok(None);
        };
        let Some(position) = position.as_ref().map_or(Some(1), |p| p.get(row)) else { return Ok(None) };
        let regex = compiled(pattern)?;
        let start = super::rows::char_offset(text, (position - 1).max(0) as usize);
        out.push_str(&text[..start]);
        if start == text.len() && position > 1 {
            return Ok(Some(()));
        }
        let replacement = replacement_from_java(replacement, regex.captures_len());
        out.push_str(&regex.replace_all(&text[start..], replacement.as_str()));
        Ok(Some(()))
    })
}

/// `$n` takes as many digits as make a group; a backslash quotes.
fn replacement_from_java(text: &str, groups: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('$') => out.push_str("$$"),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            '$' if chars.peek() == Some(&'{') => {
                out.push('$');
                for c in chars.by_ref() {
                    out.push(c);
                    if c == '}' {
                        break;
                    }
                }
            }
            '$' => {
                let mut group = 0;
                let mut digits = 0;
                while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
                    let next = group * 10 + digit as usize;
                    if digits > 0 && next >= groups {
                        break;
                    }
                    group = next;
                    digits += 1;
                    chars.next();
                }
                if digits == 0 {
                    out.push_str("$$");
                } else {
                    out.push_str(&format!("${{{group}}}"));
                }
            }
            other => out.push(other),
        }
    }
    out
}

pub fn split(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let (text, pattern, limit) = (rows.text(0)?, rows.text(1)?, rows.integer(2)?);
    let item = Field::new("element", DataType::Utf8View, false);
    let mut builder = ListBuilder::new(StringViewBuilder::new()).with_field(item);
    for row in 0..rows.count() {
        match (text.get(row), pattern.get(row), limit.get(row)) {
            (Some(text), Some(pattern), Some(limit)) => {
                for part in parts(text, pattern, limit)? {
                    builder.values().append_value(part);
                }
                builder.append(true);
            }
            _ => builder.append(false),
        }
    }
    finish_ref(args, Arc::new(builder.finish()))
}

/// Java's `String.split`, empty parts at the end kept.
fn parts<'a>(text: &'a str, pattern: &str, limit: i64) -> Fallible<Vec<&'a str>> {
    let regex = compiled(pattern)?;
    let most = if limit > 0 { limit as usize } else { usize::MAX };
    let mut parts = Vec::new();
    let mut from = 0;
    if pattern.is_empty() {
        // Characters.
        for (at, c) in text.char_indices() {
            if parts.len() + 1 == most {
                parts.push(&text[at..]);
                return Ok(parts);
            }
            parts.push(&text[at..at + c.len_utf8()]);
        }
        return Ok(if parts.is_empty() { vec![""] } else { parts });
    }
    for found in regex.find_iter(text) {
        if found.is_empty() && found.start() == 0 {
            continue;
        }
        if parts.len() + 1 >= most {
            break;
        }
        parts.push(&text[from..found.start()]);
        from = found.end();
    }
    parts.push(&text[from..]);
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syntax_is_javas() {
        assert_eq!(from_java(r"\d+[\d\-x]\D"), r"[0-9]+[0-9\-x][^0-9]");
        assert_eq!(from_java(r"\Qa.b\E."), r"a\.b.");
        assert!(!compiled(r"\d").unwrap().is_match("٣"));
        assert!(compiled(r"(?=x)").is_err());
    }

    #[test]
    fn replacements_are_javas() {
        assert_eq!(replacement_from_java("$1-$2", 3), "${1}-${2}");
        assert_eq!(replacement_from_java("$12", 2), "${1}2");
        assert_eq!(replacement_from_java(r"\$1", 2), "$$1");
    }

    #[test]
    fn splits_like_java() {
        assert_eq!(parts("oneAtwoBthreeC", "[ABC]", -1).unwrap(), ["one", "two", "three", ""]);
        assert_eq!(parts("oneAtwoBthreeC", "[ABC]", 2).unwrap(), ["one", "twoBthreeC"]);
        assert_eq!(parts("abc", "", -1).unwrap(), ["a", "b", "c"]);
        assert_eq!(parts("", ",", -1).unwrap(), [""]);
    }
}
