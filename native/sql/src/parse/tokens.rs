//! What happens to the tokens between the lexer and sqlparser: spellings sqlparser reads in another way than Spark are
//! rewritten here, where one pass over a flat list is enough.
use super::lexer::syntax_at;
use crate::error::{QueryError, Result};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan, Word};

/// Operator names carried through sqlparser in `Token::CustomBinaryOperator`.
pub(super) const DIV: &str = "div";
pub(super) const IS_DISTINCT: &str = "is distinct from";
pub(super) const IS_NOT_DISTINCT: &str = "is not distinct from";
pub(super) const SHIFT_RIGHT_UNSIGNED: &str = ">>>";

/// Nested type brackets; sqlparser's own recursion there has no limit.
const MAX_TYPE_DEPTH: usize = 100;

/// Keywords of other dialects: plain names in Spark.
const FOREIGN: &[Keyword] = &[
    Keyword::ABSENT,
    Keyword::APPLY,
    Keyword::ASOF,
    Keyword::FORMAT,
    Keyword::GLOBAL,
    Keyword::JSON_TABLE,
    Keyword::LAMBDA,
    Keyword::MATCH,
    Keyword::MATCH_RECOGNIZE,
    Keyword::MEMBER,
    Keyword::NOTNULL,
    Keyword::OPENJSON,
    Keyword::OPERATOR,
    Keyword::OVERLAPS,
    Keyword::PREWHERE,
    Keyword::PRIOR,
    Keyword::RETURNING,
    Keyword::SAMPLE,
    Keyword::SEMANTIC_VIEW,
    Keyword::SEPARATOR,
    Keyword::SETTINGS,
    Keyword::SIMILAR,
    Keyword::STRAIGHT_JOIN,
    Keyword::TOTALS,
    Keyword::UNNEST,
    Keyword::VALUE,
    Keyword::XMLTABLE,
    Keyword::XOR,
];

pub(super) fn keyword(token: Option<&TokenWithSpan>) -> Keyword {
    match token {
        Some(TokenWithSpan { token: Token::Word(word), .. }) if word.quote_style.is_none() => word.keyword,
        _ => Keyword::NoKeyword,
    }
}

fn is_word(token: Option<&TokenWithSpan>, expected: &str) -> bool {
    matches!(token, Some(TokenWithSpan { token: Token::Word(word), .. })
        if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(expected))
}

fn is(token: Option<&TokenWithSpan>, expected: &Token) -> bool {
    token.is_some_and(|t| t.token == *expected)
}

pub(super) fn rewrite(tokens: Vec<TokenWithSpan>) -> Result<Vec<TokenWithSpan>> {
    let tokens = super::rows::parenthesize(tokens);
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    let mut angles = 0usize;
    let mut at = 0;
    while let Some(current) = tokens.get(at) {
        let next = tokens.get(at + 1);
        let span = current.span;
        let previous = out.last();
        let mut taken = 1;
        let token = match &current.token {
            Token::SingleQuotedString(text) => {
                let mut text = text.clone();
                while let Some(TokenWithSpan { token: Token::SingleQuotedString(more), .. }) = tokens.get(at + taken) {
                    text.push_str(more);
                    taken += 1;
                }
                if matches!(previous.map(|t| &t.token), Some(Token::Number(..) | Token::RParen | Token::RBracket))
                    || keyword(previous) == Keyword::AS
                {
                    // sqlparser would take it for an alias.
                    return Err(syntax_at(&current.token.to_string(), span.start).hint("Quote a name with back-quotes, not as a string"));
                }
                if is_word(previous, "x") {
                    out.pop();
                    Token::HexStringLiteral(text)
                } else {
                    Token::SingleQuotedString(text)
                }
            }
            Token::Lt if matches!(keyword(previous), Keyword::ARRAY | Keyword::MAP | Keyword::STRUCT) => {
                angles += 1;
                if angles > MAX_TYPE_DEPTH {
                    return Err(too_deep().at(super::lexer::position(span.start)));
                }
                Token::Lt
            }
            Token::Gt if angles > 0 => {
                angles -= 1;
                Token::Gt
            }
            Token::Gt => {
                while taken < 3 && touches(&tokens, at + taken) {
                    taken += 1;
                }
                match taken {
                    1 => Token::Gt,
                    2 => Token::ShiftRight,
                    _ => Token::CustomBinaryOperator(SHIFT_RIGHT_UNSIGNED.to_owned()),
                }
            }
            Token::Word(word) if word.quote_style.is_none() => {
                let (token, more) = unquoted(word, previous, &tokens, at);
                taken = more;
                if word.keyword == Keyword::TABLE && starts_query(&out) && is_name(next) && !is(tokens.get(at + 2), &Token::LParen) {
                    // sqlparser loses the tokens after `TABLE t`.
                    out.push(TokenWithSpan::new(Token::make_word("SELECT", None), span));
                    out.push(TokenWithSpan::new(Token::Mul, span));
                    Token::make_word("FROM", None)
                } else {
                    token
                }
            }
            Token::Number(..) | Token::Eq | Token::Plus | Token::Minus | Token::SemiColon => {
                angles = 0;
                current.token.clone()
            }
            other => other.clone(),
        };
        out.push(TokenWithSpan::new(token, span));
        at += taken;
    }
    Ok(out)
}

/// `>` right after `>`: one operator.
fn touches(tokens: &[TokenWithSpan], at: usize) -> bool {
    match (at.checked_sub(1).and_then(|i| tokens.get(i)), tokens.get(at)) {
        (Some(left), Some(right)) => right.token == Token::Gt && left.span.end == right.span.start,
        _ => false,
    }
}

/// The token for an unquoted word, and how many input tokens it stands for.
fn unquoted(word: &Word, previous: Option<&TokenWithSpan>, tokens: &[TokenWithSpan], at: usize) -> (Token, usize) {
    let next = tokens.get(at + 1);
    let plain = || Token::Word(Word { value: word.value.clone(), quote_style: None, keyword: Keyword::NoKeyword });
    let same = || Token::Word(word.clone());
    let before_point = is(next, &Token::Period)
        && !matches!(
            word.keyword,
            Keyword::SELECT | Keyword::FROM | Keyword::WHERE | Keyword::JOIN | Keyword::ON | Keyword::BY | Keyword::AND | Keyword::OR
        );
    if is(previous, &Token::Period) || before_point {
        return (plain(), 1);
    }
    let distinct_from =
        |from: usize| keyword(tokens.get(at + from)) == Keyword::DISTINCT && keyword(tokens.get(at + from + 1)) == Keyword::FROM;
    let keep = match word.keyword {
        Keyword::IS if distinct_from(1) => return (Token::CustomBinaryOperator(IS_DISTINCT.to_owned()), 3),
        Keyword::IS if keyword(next) == Keyword::NOT && distinct_from(2) => {
            return (Token::CustomBinaryOperator(IS_NOT_DISTINCT.to_owned()), 4);
        }
        Keyword::DIV if ends_operand(previous) && starts_operand(next) => {
            return (Token::CustomBinaryOperator(DIV.to_owned()), 1);
        }
        // sqlparser drops a FILTER that is not `FILTER (WHERE`.
        Keyword::FILTER => is(next, &Token::LParen) && keyword(tokens.get(at + 2)) == Keyword::WHERE,
        Keyword::IGNORE | Keyword::RESPECT => keyword(next) == Keyword::NULLS,
        Keyword::TOP => matches!(next, Some(TokenWithSpan { token: Token::Number(..), .. })),
        Keyword::COLLATE => is_name(next),
        other => !FOREIGN.contains(&other),
    };
    (if keep { same() } else { plain() }, 1)
}

fn is_name(token: Option<&TokenWithSpan>) -> bool {
    matches!(token, Some(TokenWithSpan { token: Token::Word(_), .. }))
}

/// Whether a query may begin after these tokens.
fn starts_query(before: &[TokenWithSpan]) -> bool {
    let set_operator = |token| matches!(keyword(token), Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::MINUS);
    let previous = before.last();
    match keyword(previous) {
        Keyword::ALL | Keyword::DISTINCT => set_operator(before.iter().rev().nth(1)),
        _ => previous.is_none() || is(previous, &Token::LParen) || set_operator(previous),
    }
}

pub(super) fn ends_operand(token: Option<&TokenWithSpan>) -> bool {
    match token.map(|t| &t.token) {
        Some(Token::Word(word)) => {
            !matches!(
                word.keyword,
                Keyword::SELECT | Keyword::DISTINCT | Keyword::WHERE | Keyword::AND | Keyword::OR | Keyword::NOT | Keyword::BY
            ) || word.quote_style.is_some()
        }
        Some(Token::Number(..) | Token::SingleQuotedString(_) | Token::RParen | Token::RBracket) => true,
        _ => false,
    }
}

fn starts_operand(token: Option<&TokenWithSpan>) -> bool {
    match token.map(|t| &t.token) {
        Some(Token::Word(word)) => !matches!(word.keyword, Keyword::FROM | Keyword::AS | Keyword::WHERE) || word.quote_style.is_some(),
        Some(Token::Number(..) | Token::SingleQuotedString(_) | Token::LParen | Token::Minus | Token::Plus | Token::Tilde) => true,
        _ => false,
    }
}

pub(super) fn too_deep() -> QueryError {
    QueryError::new("UNSUPPORTED", "The query is nested too deeply")
        .hint("Split it, for instance with temporary views or common table expressions")
}

/// How the parentheses of a token list pair up, and bounds for what parsing it can cost.
#[derive(Debug)]
pub(super) struct Shape {
    /// For the index of a parenthesis, the index of its partner.
    pub partner: Vec<usize>,
    /// No path in the syntax tree is longer.
    pub depth: usize,
}

#[derive(Default)]
struct Group {
    open: usize,
    /// The longest comma-separated piece so far, and the current one.
    longest: usize,
    current: usize,
    nested: usize,
    /// Set operators nest whole SELECTs, commas or not.
    set_operators: usize,
    /// Ways sqlparser may try the enclosing parentheses before it gives up.
    tries: usize,
}

impl Group {
    fn end_piece(&mut self) {
        self.longest = self.longest.max(self.current + self.nested);
        self.current = 0;
        self.nested = 0;
    }

    fn depth(mut self) -> usize {
        self.end_piece();
        self.longest + self.set_operators + 1
    }
}

const MAX_PARENTHESES: usize = 400;
const MAX_DEPTH: usize = 60_000;
const MAX_TRIES: usize = 50_000_000;

/// Closes at the end what the text leaves open, so that the rest can be parsed and its first mistake be found. The error
/// is the one for text without other mistakes.
pub(super) fn close(tokens: &mut Vec<TokenWithSpan>) -> Option<QueryError> {
    let mut open = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.token {
            Token::LParen => open.push((at, Token::RParen)),
            Token::LBracket => open.push((at, Token::RBracket)),
            Token::RParen | Token::RBracket if open.pop().is_none_or(|(_, closer)| closer != token.token) => {
                return None;
            }
            _ => {}
        }
    }
    let end = tokens.last()?.span.end;
    let innermost = tokens.get(open.last()?.0)?;
    let hint =
        format!("The {} at line {}, column {} is never closed", innermost.token, innermost.span.start.line, innermost.span.start.column);
    tokens.extend(open.into_iter().rev().map(|(_, closer)| TokenWithSpan::at(closer, end, end)));
    let error = QueryError::new("PARSE_SYNTAX_ERROR", "Syntax error at or near end of input");
    Some(error.at(super::lexer::position(end)).hint(hint))
}

/// Checks that parentheses and brackets pair up and that the nesting is one we can walk.
pub(super) fn shape(tokens: &[TokenWithSpan]) -> Result<Shape> {
    let mut partner = vec![usize::MAX; tokens.len()];
    let mut groups = vec![Group { tries: 1, ..Group::default() }];
    let too_deep = |at: usize| Err(too_deep().at(tokens.get(at).and_then(|t| super::lexer::position(t.span.start))));
    let mut run = 0usize;
    for (at, token) in tokens.iter().enumerate() {
        let Some(group) = groups.last_mut() else { break };
        group.current += 1;
        match &token.token {
            Token::LParen | Token::LBracket => {
                run += 1;
                let tries = group.tries;
                if groups.len() > MAX_PARENTHESES {
                    return too_deep(at);
                }
                groups.push(Group { open: at, tries, ..Group::default() });
                continue;
            }
            Token::RParen | Token::RBracket => {
                let closes = match tokens.get(group.open).map(|t| &t.token) {
                    Some(Token::LParen) => token.token == Token::RParen,
                    Some(Token::LBracket) => token.token == Token::RBracket,
                    _ => false,
                };
                if groups.len() == 1 || !closes {
                    return Err(syntax_at(&token.to_string(), token.span.start)
                        .hint(format!("Nothing is open that this {} could close", token.token)));
                }
                if let Some(closed) = groups.pop() {
                    if let Some(slot) = partner.get_mut(at) {
                        *slot = closed.open;
                    }
                    if let Some(slot) = partner.get_mut(closed.open) {
                        *slot = at;
                    }
                    let depth = closed.depth();
                    if let Some(outer) = groups.last_mut() {
                        outer.nested = outer.nested.max(depth);
                    }
                }
            }
            Token::Comma => group.end_piece(),
            Token::Word(word) if word.quote_style.is_none() => match word.keyword {
                Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::MINUS => group.set_operators += 1,
                Keyword::SELECT | Keyword::WITH | Keyword::VALUES if run > 1 => {
                    group.tries = group.tries.saturating_mul(run);
                    if group.tries.saturating_mul(tokens.len()) > MAX_TRIES {
                        return too_deep(at);
                    }
                }
                _ => {}
            },
            _ => {}
        }
        run = 0;
    }
    let depth = groups.pop().map_or(0, Group::depth);
    if depth > MAX_DEPTH {
        return too_deep(0);
    }
    Ok(Shape { partner, depth })
}
