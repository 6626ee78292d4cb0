//! Escapes inside string literals, as Spark's `SparkParserUtils.unescapeSQLString`.

/// `body` is what stands between the quotes.
pub(super) fn unescape(body: &str, quote: char) -> String {
    let mut out = String::with_capacity(body.len());
    let mut rest = body.chars();
    while let Some(c) = rest.next() {
        if c == quote {
            // The lexer let a quote in only as a pair.
            rest.next();
            out.push(quote);
            continue;
        }
        if c != '\\' {
            out.push(c);
            continue;
        }
        let after = rest.as_str();
        if let Some((character, length)) = code_point(after) {
            out.push(character);
            rest = after.get(length..).unwrap_or_default().chars();
            continue;
        }
        match rest.next() {
            None => out.push('\\'),
            Some('0') => out.push('\0'),
            Some('b') => out.push('\u{8}'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('Z') => out.push('\u{1a}'),
            // Kept for LIKE.
            Some('%') => out.push_str("\\%"),
            Some('_') => out.push_str("\\_"),
            Some(other) => out.push(other),
        }
    }
    out
}

/// `uXXXX`, `UXXXXXXXX` and three octal digits: the character and the bytes it took after the backslash.
fn code_point(text: &str) -> Option<(char, usize)> {
    let number = |from: usize, to: usize, radix: u32| {
        let digits = text.get(from..to)?;
        if !digits.chars().all(|c| c.is_digit(radix)) {
            return None;
        }
        Some((char::from_u32(u32::from_str_radix(digits, radix).ok()?)?, to))
    };
    match text.chars().next()? {
        'u' => number(1, 5, 16),
        'U' => number(1, 9, 16),
        '0' | '1' => number(0, 3, 8),
        _ => None,
    }
}
