//! Rows of VALUES without parentheses (`VALUES 1, 2`), which sqlparser does not know: they get parentheses here.
use super::tokens::{ends_operand, keyword};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};

pub(super) fn parenthesize(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    if !tokens.iter().any(|token| keyword(Some(token)) == Keyword::VALUES) {
        return tokens;
    }
    let mut out = Vec::with_capacity(tokens.len() + 8);
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        out.push(token.clone());
        at += 1;
        if keyword(Some(token)) != Keyword::VALUES {
            continue;
        }
        while let Some(end) = row(&tokens, at) {
            if let (Some(first), Some(part)) = (tokens.get(at), tokens.get(at..end)) {
                let has_parentheses = first.token == Token::LParen;
                if !has_parentheses {
                    out.push(TokenWithSpan::new(Token::LParen, first.span));
                }
                out.extend_from_slice(part);
                if !has_parentheses {
                    out.push(TokenWithSpan::new(Token::RParen, first.span));
                }
            }
            at = end;
            match tokens.get(at) {
                Some(comma) if comma.token == Token::Comma => {
                    out.push(comma.clone());
                    at += 1;
                }
                _ => break,
            }
        }
    }
    out
}

/// The end of the row that starts at `start`, if one does.
fn row(tokens: &[TokenWithSpan], start: usize) -> Option<usize> {
    let first = tokens.get(start)?;
    let starts = match &first.token {
        Token::Number(..) | Token::SingleQuotedString(_) | Token::Minus | Token::Plus | Token::LParen => true,
        Token::Word(_) => !matches!(keyword(Some(first)), Keyword::FROM | Keyword::AS | Keyword::WHERE | Keyword::SELECT),
        _ => false,
    };
    // A column called `values`: `values, a`, `values = 1`, `values AS v`.
    if !starts || (is_name(first) && !is_value(tokens, start)) {
        return None;
    }
    let mut depth = 0usize;
    let mut at = start;
    while let Some(token) = tokens.get(at) {
        match token.token {
            Token::LParen | Token::LBracket => depth += 1,
            Token::RParen | Token::RBracket if depth == 0 => break,
            Token::RParen | Token::RBracket => depth -= 1,
            Token::Comma | Token::SemiColon if depth == 0 => break,
            // A word after a whole operand is an alias or the next clause.
            Token::Word(_) if depth == 0 && at > start && !continues(tokens, at) => break,
            _ => {}
        }
        at += 1;
    }
    Some(at)
}

fn is_name(token: &TokenWithSpan) -> bool {
    matches!(token.token, Token::Word(_))
}

/// A call, a typed literal or a constant: what a row can start with that is a word.
fn is_value(tokens: &[TokenWithSpan], at: usize) -> bool {
    matches!(keyword(tokens.get(at)), Keyword::TRUE | Keyword::FALSE | Keyword::NULL | Keyword::INTERVAL)
        || matches!(tokens.get(at + 1).map(|t| &t.token), Some(Token::LParen | Token::SingleQuotedString(_)))
}

/// Whether the word at `at` belongs to the expression before it.
fn continues(tokens: &[TokenWithSpan], at: usize) -> bool {
    let previous = at.checked_sub(1).and_then(|before| tokens.get(before));
    let is_operator = |token| matches!(keyword(token), Keyword::AND | Keyword::OR | Keyword::NOT | Keyword::DIV | Keyword::IS);
    let is_unit = |token: Option<&TokenWithSpan>| {
        matches!(
            keyword(token),
            Keyword::YEAR | Keyword::MONTH | Keyword::DAY | Keyword::HOUR | Keyword::MINUTE | Keyword::SECOND | Keyword::TO
        )
    };
    !ends_operand(previous)
        || is_operator(tokens.get(at))
        || is_operator(previous)
        || is_unit(tokens.get(at))
        || keyword(previous) == Keyword::INTERVAL
}
