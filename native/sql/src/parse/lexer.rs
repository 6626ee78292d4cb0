//! SQL text to sqlparser's tokens, by Spark's lexical rules (`SqlBaseLexer.g4`) rather than sqlparser's:
//! number suffixes, backslash escapes, raw strings, identifiers that start with a digit, hint comments.
use super::escape;
use crate::error::{QueryError, Result};
use crate::tree::Position;
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Whitespace};

/// Tokens without whitespace and comments; a hint (`/*+ .. */`) stays, as the comment sqlparser expects.
pub(super) fn lex(text: &str) -> Result<Vec<TokenWithSpan>> {
    let mut lexer = Lexer { text, offset: 0, line: 1, column: 1, tokens: Vec::new() };
    while let Some(c) = lexer.peek() {
        lexer.token(c)?;
    }
    Ok(lexer.tokens)
}

struct Lexer<'a> {
    text: &'a str,
    offset: usize,
    line: u64,
    column: u64,
    tokens: Vec<TokenWithSpan>,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.offset..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn peek_at(&self, n: usize) -> Option<char> {
        self.rest().chars().nth(n)
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.offset += c.len_utf8();
        if c == '\n' {
            self.line += 1;
            self.column = 1;
        } else {
            self.column += 1;
        }
        Some(c)
    }

    fn bump_n(&mut self, n: usize) {
        for _ in 0..n {
            self.bump();
        }
    }

    fn here(&self) -> Location {
        Location::new(self.line, self.column)
    }

    fn push(&mut self, token: Token, start: Location) {
        let end = self.here();
        self.tokens.push(TokenWithSpan::new(token, Span::new(start, end)));
    }

    fn token(&mut self, c: char) -> Result<()> {
        match c {
            c if c.is_whitespace() => {
                self.bump();
                Ok(())
            }
            '-' if self.rest().starts_with("--") => {
                self.line_comment();
                Ok(())
            }
            '/' if self.rest().starts_with("/*") => self.block_comment(),
            '\'' | '"' => self.string(false),
            'r' | 'R' if matches!(self.peek_at(1), Some('\'' | '"')) => self.string(true),
            '`' => self.quoted_identifier(),
            '0'..='9' => {
                self.number();
                Ok(())
            }
            '.' if self.fraction_without_digits() => {
                self.number();
                Ok(())
            }
            c if c == '_' || c.is_alphabetic() => self.word(),
            _ => self.operator(c),
        }
    }

    fn line_comment(&mut self) {
        let mut previous = '-';
        while let Some(c) = self.bump() {
            // A backslash before the line's end continues the comment.
            if c == '\n' && previous != '\\' {
                break;
            }
            previous = c;
        }
    }

    fn block_comment(&mut self) -> Result<()> {
        let start = self.here();
        let from = self.offset;
        let is_hint = self.rest().starts_with("/*+");
        let mut depth = 0usize;
        loop {
            if self.rest().starts_with("/*") {
                self.bump_n(2);
                depth += 1;
            } else if self.rest().starts_with("*/") {
                self.bump_n(2);
                depth -= 1;
                if depth == 0 {
                    break;
                }
            } else if self.bump().is_none() {
                return Err(QueryError::new("UNCLOSED_BRACKETED_COMMENT", "Found an unclosed bracketed comment")
                    .at(position(start))
                    .hint("Append */ at the end of the comment"));
            }
        }
        if !is_hint {
            return Ok(());
        }
        let body = self.text.get(from + 2..self.offset - 2).unwrap_or_default().to_owned();
        let previous = self.tokens.iter().rev().find(|token| !matches!(token.token, Token::Whitespace(_)));
        let after_select = matches!(previous, Some(TokenWithSpan { token: Token::Word(word), .. })
            if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("select"));
        if !after_select {
            return Err(syntax_at("/*+", start).hint("A hint must directly follow SELECT"));
        }
        self.push(Token::Whitespace(Whitespace::MultiLineComment(body)), start);
        Ok(())
    }

    fn string(&mut self, raw: bool) -> Result<()> {
        let start = self.here();
        if raw {
            self.bump();
        }
        let Some(quote) = self.bump() else { return Ok(()) };
        let from = self.offset;
        loop {
            match self.bump() {
                None => {
                    let shown: String = self.text.get(from..).unwrap_or_default().chars().take(20).collect();
                    return Err(
                        syntax_at(&format!("{quote}{shown}"), start).hint(format!("The string that starts here has no closing {quote}"))
                    );
                }
                Some('\\') if !raw => {
                    self.bump();
                }
                // Two quotes are one quote inside the string; a raw string ends at the first.
                Some(c) if c == quote => {
                    if raw || self.peek() != Some(quote) {
                        break;
                    }
                    self.bump();
                }
                Some(_) => {}
            }
        }
        let body = self.text.get(from..self.offset - 1).unwrap_or_default();
        let value = if raw { body.to_owned() } else { escape::unescape(body, quote) };
        self.push(Token::SingleQuotedString(value), start);
        Ok(())
    }

    fn quoted_identifier(&mut self) -> Result<()> {
        let start = self.here();
        self.bump();
        let mut name = String::new();
        loop {
            match self.bump() {
                None => {
                    return Err(syntax_at("`", start).hint("The name that starts here has no closing `"));
                }
                Some('`') if self.peek() == Some('`') => {
                    self.bump();
                    name.push('`');
                }
                Some('`') => break,
                Some(c) => name.push(c),
            }
        }
        self.push(Token::make_word(&name, Some('`')), start);
        Ok(())
    }

    fn word(&mut self) -> Result<()> {
        let start = self.here();
        let from = self.offset;
        while self.peek().is_some_and(is_word_part) {
            self.bump();
        }
        let word = self.text.get(from..self.offset).unwrap_or_default().to_owned();
        if !word.is_ascii() {
            return Err(QueryError::new(
                "INVALID_IDENTIFIER",
                format!("The unquoted identifier {word} is invalid and must be back quoted as: `{word}`"),
            )
            .at(position(start)));
        }
        self.push(Token::make_word(&word, None), start);
        Ok(())
    }

    /// `.5`, but not the `.5b` of a name.
    fn fraction_without_digits(&self) -> bool {
        self.peek_at(1).is_some_and(|c| c.is_ascii_digit()) && number_length(self.rest()).is_some()
    }

    fn number(&mut self) {
        let start = self.here();
        let from = self.offset;
        if let Some(length) = number_length(self.rest()) {
            self.bump_n(length);
            let number = self.text.get(from..self.offset).unwrap_or_default().to_owned();
            self.push(Token::Number(number, false), start);
            return;
        }
        // `1a` is a name; in `1.a` the number ends before the point.
        while self.peek().is_some_and(|c| c == '_' || c.is_ascii_alphanumeric()) {
            self.bump();
        }
        let word = self.text.get(from..self.offset).unwrap_or_default().to_owned();
        let token = if word.chars().all(|c| c.is_ascii_digit()) { Token::Number(word, false) } else { Token::make_word(&word, None) };
        self.push(token, start);
    }

    fn operator(&mut self, c: char) -> Result<()> {
        const OPERATORS: &[(&str, Token)] = &[
            ("<=>", Token::Spaceship),
            ("::", Token::DoubleColon),
            ("->", Token::Arrow),
            ("||", Token::StringConcat),
            ("|>", Token::VerticalBarRightAngleBracket),
            ("<=", Token::LtEq),
            ("!>", Token::LtEq),
            ("<>", Token::Neq),
            ("!=", Token::Neq),
            ("<<", Token::ShiftLeft),
            (">=", Token::GtEq),
            ("!<", Token::GtEq),
            ("==", Token::Eq),
            ("=>", Token::RArrow),
            ("=", Token::Eq),
            ("<", Token::Lt),
            (">", Token::Gt),
            ("(", Token::LParen),
            (")", Token::RParen),
            ("[", Token::LBracket),
            ("]", Token::RBracket),
            ("{", Token::LBrace),
            ("}", Token::RBrace),
            (",", Token::Comma),
            (".", Token::Period),
            (";", Token::SemiColon),
            (":", Token::Colon),
            ("+", Token::Plus),
            ("-", Token::Minus),
            ("*", Token::Mul),
            ("/", Token::Div),
            ("%", Token::Mod),
            ("~", Token::Tilde),
            ("&", Token::Ampersand),
            ("|", Token::Pipe),
            ("^", Token::Caret),
            ("?", Token::Question),
        ];
        let start = self.here();
        if let Some((symbol, token)) = OPERATORS.iter().find(|(symbol, _)| self.rest().starts_with(symbol)) {
            self.bump_n(symbol.len());
            self.push(token.clone(), start);
            return Ok(());
        }
        if c == '!' {
            self.bump();
            self.push(Token::make_word("NOT", None), start);
            return Ok(());
        }
        Err(syntax_at(&c.to_string(), start))
    }
}

fn is_word_part(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// Length in characters of the numeric literal `text` starts with, suffix included; none where what looks like one runs
/// on as a name.
fn number_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes.iter().skip(from).take_while(|b| b.is_ascii_digit()).count();
    let mut at = digits(0);
    let mut is_integer = true;
    if bytes.get(at) == Some(&b'.') {
        is_integer = false;
        at += 1 + digits(at + 1);
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at + 1 + sign);
        if exponent > 0 {
            is_integer = false;
            at += 1 + sign + exponent;
        }
    }
    at += match (bytes.get(at), bytes.get(at + 1)) {
        (Some(b'b' | b'B'), Some(b'd' | b'D')) => 2,
        (Some(b'f' | b'F' | b'd' | b'D'), _) => 1,
        (Some(b'l' | b'L' | b's' | b'S' | b'y' | b'Y'), _) if is_integer => 1,
        _ => 0,
    };
    match text.get(at..).and_then(|rest| rest.chars().next()) {
        Some(c) if is_word_part(c) => None,
        _ => Some(at),
    }
}

pub(super) fn position(location: Location) -> Option<Position> {
    if location.line == 0 {
        return None;
    }
    Some(Position { line: u32::try_from(location.line).ok()?, column: u32::try_from(location.column).ok()? })
}

pub(super) fn syntax_at(near: &str, location: Location) -> QueryError {
    QueryError::new("PARSE_SYNTAX_ERROR", format!("Syntax error at or near '{near}'")).at(position(location))
}
