//! Calls that Spark writes with keywords: `SUBSTRING(x FROM 1 FOR 2)`, `TRIM(BOTH ' ' FROM x)` and so on become plain
//! calls of the functions they stand for, with the arguments in the order these functions have in Spark.
use super::dialect::{PREDICATE, SparkDialect};
use super::prefix::{Parsed, at, has_at_top, plain_call};
use sqlparser::ast::{Expr, Value};
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Span, Token, Word};

/// None if `word (` is a call like any other.
pub(super) fn call(dialect: &SparkDialect, parser: &mut Parser, word: &Word, span: Span) -> Parsed<Option<Expr>> {
    let open = parser.index() + 1;
    let has = |parser: &Parser, keywords: &[Keyword]| has_at_top(dialect, parser, open, keywords);
    let call = match word.keyword {
        Keyword::STRUCT => structure(parser, span)?,
        Keyword::EXTRACT if has(parser, &[Keyword::FROM]) => extract(parser, span)?,
        Keyword::POSITION if has(parser, &[Keyword::IN]) => position(parser, span)?,
        Keyword::SUBSTRING | Keyword::SUBSTR if has(parser, &[Keyword::FROM]) => substring(parser, span)?,
        Keyword::TRIM if has(parser, &[Keyword::FROM]) => trim(parser, span)?,
        Keyword::OVERLAY if has(parser, &[Keyword::PLACING]) => overlay(parser, span)?,
        _ => return Ok(None),
    };
    Ok(Some(call))
}

fn open(parser: &mut Parser) -> Parsed<()> {
    parser.next_token();
    parser.expect_token(&Token::LParen)?;
    Ok(())
}

fn close(parser: &mut Parser, function: &str, span: Span, arguments: Vec<Expr>) -> Parsed<Expr> {
    parser.expect_token(&Token::RParen)?;
    Ok(plain_call(function, span, arguments))
}

/// `struct(a, b AS c)`.
fn structure(parser: &mut Parser, span: Span) -> Parsed<Expr> {
    open(parser)?;
    let mut values = Vec::new();
    if parser.consume_token(&Token::RParen) {
        return Ok(plain_call("struct", span, values));
    }
    loop {
        let expr = parser.parse_wildcard_expr()?;
        values.push(if parser.parse_keyword(Keyword::AS) {
            Expr::Named { expr: Box::new(expr), name: parser.parse_identifier()? }
        } else {
            expr
        });
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    parser.expect_token(&Token::RParen)?;
    Ok(at(span, Expr::Struct { values, fields: vec![] }))
}

fn extract(parser: &mut Parser, span: Span) -> Parsed<Expr> {
    open(parser)?;
    let field = parser.next_token();
    let text = match &field.token {
        Token::Word(word) => word.value.clone(),
        _ => return parser.expected("a field such as YEAR", field),
    };
    parser.expect_keyword_is(Keyword::FROM)?;
    let source = parser.parse_expr()?;
    let field = Expr::Value(Value::SingleQuotedString(text).with_span(field.span));
    close(parser, "extract", span, vec![field, source])
}

fn position(parser: &mut Parser, span: Span) -> Parsed<Expr> {
    open(parser)?;
    let wanted = parser.parse_subexpr(PREDICATE)?;
    parser.expect_keyword_is(Keyword::IN)?;
    let text = parser.parse_expr()?;
    close(parser, "locate", span, vec![wanted, text])
}

fn substring(parser: &mut Parser, span: Span) -> Parsed<Expr> {
    open(parser)?;
    let mut arguments = vec![parser.parse_expr()?];
    parser.expect_keyword_is(Keyword::FROM)?;
    arguments.push(parser.parse_expr()?);
    if parser.parse_keyword(Keyword::FOR) {
        arguments.push(parser.parse_expr()?);
    }
    close(parser, "substring", span, arguments)
}

/// `trim(characters, text)`, `ltrim(characters, text)`, `rtrim(characters, text)`: Spark's order.
fn trim(parser: &mut Parser, span: Span) -> Parsed<Expr> {
    open(parser)?;
    let side = match parser.parse_one_of_keywords(&[Keyword::BOTH, Keyword::LEADING, Keyword::TRAILING]) {
        Some(Keyword::LEADING) => "ltrim",
        Some(Keyword::TRAILING) => "rtrim",
        _ => "trim",
    };
    let characters = if parser.peek_keyword(Keyword::FROM) { None } else { Some(parser.parse_expr()?) };
    parser.expect_keyword_is(Keyword::FROM)?;
    let text = parser.parse_expr()?;
    close(parser, side, span, characters.into_iter().chain([text]).collect())
}

fn overlay(parser: &mut Parser, span: Span) -> Parsed<Expr> {
    open(parser)?;
    let mut arguments = vec![parser.parse_expr()?];
    parser.expect_keyword_is(Keyword::PLACING)?;
    arguments.push(parser.parse_expr()?);
    parser.expect_keyword_is(Keyword::FROM)?;
    arguments.push(parser.parse_expr()?);
    if parser.parse_keyword(Keyword::FOR) {
        arguments.push(parser.parse_expr()?);
    }
    close(parser, "overlay", span, arguments)
}
