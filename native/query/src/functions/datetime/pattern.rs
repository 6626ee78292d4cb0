//! Spark's datetime patterns (`yyyy-MM-dd HH:mm:ss`).
use crate::functions::error::SparkError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    Text(String),
    /// A letter and how often it is repeated.
    Field(char, usize),
    /// What follows may be missing: `[` and `]`.
    Open,
    Close,
}

/// Letters that have a meaning here.
const LETTERS: &str = "GyuMLdDQqEFahHkKmsSVzOXxZ";

pub fn compile(pattern: &str) -> Result<Vec<Item>, SparkError> {
    let bad = |reason: &str| {
        SparkError::new("INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER", format!("Unrecognized datetime pattern: {pattern}. {reason}"))
    };
    let mut items: Vec<Item> = Vec::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                let mut text = String::new();
                if chars.peek() == Some(&'\'') {
                    chars.next();
                    text.push('\'');
                } else {
                    loop {
                        match chars.next() {
                            Some('\'') if chars.peek() == Some(&'\'') => {
                                chars.next();
                                text.push('\'');
                            }
                            Some('\'') => break,
                            Some(other) => text.push(other),
                            None => return Err(bad("A quoted text does not end.")),
                        }
                    }
                }
                push_text(&mut items, &text);
            }
            '[' => items.push(Item::Open),
            ']' => items.push(Item::Close),
            c if c.is_ascii_alphabetic() => {
                let mut count = 1;
                while chars.next_if_eq(&c).is_some() {
                    count += 1;
                }
                if !LETTERS.contains(c) {
                    return Err(bad(&format!("Illegal pattern character: {c}.")));
                }
                items.push(Item::Field(c, count));
            }
            other => push_text(&mut items, &other.to_string()),
        }
    }
    Ok(items)
}

fn push_text(items: &mut Vec<Item>, text: &str) {
    match items.last_mut() {
        Some(Item::Text(last)) => last.push_str(text),
        _ => items.push(Item::Text(text.to_owned())),
    }
}

pub const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
pub const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let items = compile("yyyy'T'HH''[ss]").unwrap();
        let expected = [
            Item::Field('y', 4),
            Item::Text("T".into()),
            Item::Field('H', 2),
            Item::Text("'".into()),
            Item::Open,
            Item::Field('s', 2),
            Item::Close,
        ];
        assert_eq!(items, expected);
        assert!(compile("bbb").is_err());
        assert!(compile("'x").is_err());
    }
}
