//! What an expression can start with (Spark's `primaryExpression` and unary operators).
//!
//! All of it is decided by looking ahead, never by trying: sqlparser's own fallbacks are not reached.
use super::dialect::{NOT, SparkDialect, TIMES};
use super::lexer::position;
use super::{special, tokens};
use crate::error::QueryError;
use sqlparser::ast::{
    CastKind, DataType, Expr, FunctionArguments, Ident, ObjectName, TimezoneInfo, TypedString, UnaryOperator, Value, ValueWithSpan,
};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Span, Token, TokenWithSpan, Word};

pub(super) type Parsed<T> = Result<T, ParserError>;

pub(super) fn prefix(dialect: &SparkDialect, parser: &mut Parser) -> Parsed<Expr> {
    dialect.step()?;
    let token = parser.peek_token();
    let span = token.span;
    match token.token {
        Token::Word(word) => self::word(dialect, parser, &word, span),
        Token::Number(..) | Token::SingleQuotedString(_) | Token::HexStringLiteral(_) => Ok(Expr::Value(parser.parse_value()?)),
        Token::Minus => {
            parser.next_token();
            // The sign is part of the literal, so that the smallest value of a type can be written.
            if let Token::Number(number, _) = &parser.peek_token_ref().token {
                let value = Value::Number(format!("-{number}"), false).with_span(span);
                parser.next_token();
                return Ok(Expr::Value(value));
            }
            unary(parser, UnaryOperator::Minus, TIMES, span)
        }
        Token::Plus => {
            parser.next_token();
            unary(parser, UnaryOperator::Plus, TIMES, span)
        }
        Token::Tilde => {
            parser.next_token();
            unary(parser, UnaryOperator::BitwiseNot, TIMES, span)
        }
        Token::LParen => parenthesis(dialect, parser, span),
        Token::Colon | Token::Question => dialect.fail(QueryError::unsupported("A parameter marker"), position(span.start)),
        _ => expected("an expression", parser),
    }
}

fn expected<T>(what: &str, parser: &Parser) -> Parsed<T> {
    parser.expected_ref(what, parser.peek_token_ref())
}

fn unary(parser: &mut Parser, op: UnaryOperator, strength: u8, span: Span) -> Parsed<Expr> {
    let expr = Box::new(parser.parse_subexpr(strength)?);
    Ok(at(span, Expr::UnaryOp { op, expr }))
}

/// Gives `value` a place in the text: sqlparser keeps none for most nodes. `Prefixed` has no other use in Spark.
pub(super) fn at(span: Span, value: Expr) -> Expr {
    Expr::Prefixed { prefix: Ident { value: String::new(), quote_style: None, span }, value: Box::new(value) }
}

fn word(dialect: &SparkDialect, parser: &mut Parser, word: &Word, span: Span) -> Parsed<Expr> {
    let next = parser.peek_nth_token_ref(1).clone();
    if word.quote_style.is_some() {
        return name(dialect, parser);
    }
    let calls = next.token == Token::LParen;
    match word.keyword {
        Keyword::TRUE | Keyword::FALSE | Keyword::NULL => return Ok(Expr::Value(parser.parse_value()?)),
        Keyword::CASE => {
            parser.next_token();
            return parser.parse_case_expr();
        }
        Keyword::NOT => {
            parser.next_token();
            return unary(parser, UnaryOperator::Not, NOT, span);
        }
        Keyword::CAST | Keyword::TRY_CAST if calls => {
            let kind = if word.keyword == Keyword::CAST { CastKind::Cast } else { CastKind::TryCast };
            parser.next_token();
            return Ok(at(span, parser.parse_cast_expr(kind)?));
        }
        Keyword::EXISTS if calls && is_query(dialect, parser, parser.index() + 1) => {
            parser.next_token();
            return Ok(at(span, parser.parse_exists_expr(false)?));
        }
        // Elsewhere `any` and `some` are functions.
        Keyword::ALL | Keyword::SOME if calls && follows_like(parser) => {
            let what = format!("LIKE {}", word.value.to_ascii_uppercase());
            return dialect.fail(QueryError::unsupported(what), position(span.start));
        }
        Keyword::INTERVAL => {
            if let Some(interval) = super::interval::parse(parser)? {
                return Ok(interval);
            }
        }
        _ => {}
    }
    if calls && let Some(call) = special::call(dialect, parser, word, span)? {
        return Ok(call);
    }
    if let Token::SingleQuotedString(_) = next.token {
        return typed_literal(dialect, parser, word, span);
    }
    if !calls && next.token != Token::Period && is_niladic(&word.value) {
        parser.next_token();
        return parser.parse_time_functions(ObjectName::from(vec![word.to_ident(span)]));
    }
    let is_function = calls && matches!(word.keyword, Keyword::LIKE | Keyword::ILIKE | Keyword::RLIKE);
    if !is_function && is_reserved(word.keyword, &next) {
        return expected("an expression", parser);
    }
    name(dialect, parser)
}

fn follows_like(parser: &Parser) -> bool {
    let previous = parser.index().checked_sub(1).map(|before| parser.token_at(before));
    matches!(tokens::keyword(previous), Keyword::LIKE | Keyword::ILIKE)
}

/// `a`, `a.b.c`, `f(..)`, `a.f(..)`.
fn name(dialect: &SparkDialect, parser: &mut Parser) -> Parsed<Expr> {
    let mut parts = vec![parser.parse_identifier()?];
    loop {
        match &parser.peek_token_ref().token {
            Token::LParen => return parser.parse_function(ObjectName::from(parts)),
            Token::Period if matches!(parser.peek_nth_token_ref(1).token, Token::Word(_)) => {
                parser.next_token();
                parts.push(parser.parse_identifier()?);
            }
            Token::Arrow => {
                let span = parser.peek_token_ref().span;
                return dialect.fail(QueryError::unsupported("A lambda function"), position(span.start));
            }
            _ => break,
        }
    }
    match parts.pop() {
        Some(only) if parts.is_empty() => Ok(Expr::Identifier(only)),
        Some(last) => {
            parts.push(last);
            Ok(Expr::CompoundIdentifier(parts))
        }
        None => expected("an expression", parser),
    }
}

/// `DATE '..'` and its like.
fn typed_literal(dialect: &SparkDialect, parser: &mut Parser, word: &Word, span: Span) -> Parsed<Expr> {
    let kind = word.value.to_ascii_uppercase();
    let data_type = match kind.as_str() {
        "DATE" => DataType::Date,
        "TIMESTAMP" => DataType::Timestamp(None, TimezoneInfo::None),
        "TIMESTAMP_LTZ" => DataType::Timestamp(None, TimezoneInfo::WithTimeZone),
        "TIMESTAMP_NTZ" => DataType::TimestampNtz(None),
        "TIME" => return dialect.fail(QueryError::unsupported("The type TIME"), position(span.start)),
        _ => {
            let error = QueryError::new("UNSUPPORTED_TYPED_LITERAL", format!("Literals of the type \"{kind}\" are not supported"))
                .hint("Supported types are \"DATE\", \"TIMESTAMP_NTZ\", \"TIMESTAMP_LTZ\", \"TIMESTAMP\", \"INTERVAL\" and \"X\"");
            return dialect.fail(error, position(span.start));
        }
    };
    parser.next_token();
    let ValueWithSpan { value, span: _ } = parser.parse_value()?;
    Ok(Expr::TypedString(TypedString { data_type, value: value.with_span(span), uses_odbc_syntax: false }))
}

/// Functions Spark calls without parentheses (where no column has that name).
fn is_niladic(word: &str) -> bool {
    const NAMES: &[&str] = &[
        "current_catalog",
        "current_database",
        "current_date",
        "current_schema",
        "current_time",
        "current_timestamp",
        "current_user",
        "localtimestamp",
        "session_user",
    ];
    NAMES.iter().any(|name| word.eq_ignore_ascii_case(name))
}

/// Words that are never a column in practice, although Spark's grammar would let them: an expression is missing before
/// them.
fn is_reserved(word: Keyword, next: &TokenWithSpan) -> bool {
    match word {
        Keyword::GROUP | Keyword::ORDER | Keyword::SORT | Keyword::CLUSTER | Keyword::DISTRIBUTE | Keyword::PARTITION => {
            tokens::keyword(Some(next)) == Keyword::BY
        }
        Keyword::LIMIT | Keyword::OFFSET => matches!(next.token, Token::Number(..)),
        Keyword::AND
        | Keyword::AS
        | Keyword::BETWEEN
        | Keyword::BY
        | Keyword::ELSE
        | Keyword::END
        | Keyword::EXCEPT
        | Keyword::FROM
        | Keyword::HAVING
        | Keyword::ILIKE
        | Keyword::IN
        | Keyword::INTERSECT
        | Keyword::IS
        | Keyword::JOIN
        | Keyword::LIKE
        | Keyword::ON
        | Keyword::OR
        | Keyword::RLIKE
        | Keyword::SELECT
        | Keyword::THEN
        | Keyword::UNION
        | Keyword::USING
        | Keyword::WHEN
        | Keyword::WHERE => true,
        _ => false,
    }
}

fn parenthesis(dialect: &SparkDialect, parser: &mut Parser, span: Span) -> Parsed<Expr> {
    let open = parser.index();
    if let Some(close) = dialect.partner(open)
        && parser.token_at(close + 1).token == Token::Arrow
    {
        return dialect.fail(QueryError::unsupported("A lambda function"), position(span.start));
    }
    let query = is_query(dialect, parser, open);
    parser.expect_token(&Token::LParen)?;
    if query {
        let query = parser.parse_query()?;
        parser.expect_token(&Token::RParen)?;
        return Ok(at(span, Expr::Subquery(query)));
    }
    let mut parts = parser.parse_comma_separated(Parser::parse_expr)?;
    parser.expect_token(&Token::RParen)?;
    match parts.pop() {
        Some(only) if parts.is_empty() => Ok(Expr::Nested(Box::new(only))),
        Some(last) => {
            parts.push(last);
            Ok(at(span, Expr::Tuple(parts)))
        }
        None => expected("an expression", parser),
    }
}

/// Whether the parenthesis at `open` holds a query: `(SELECT ..)`, `((SELECT ..) UNION ..)`, but not `((SELECT ..) + 1)`.
fn is_query(dialect: &SparkDialect, parser: &Parser, open: usize) -> bool {
    let mut inner = open;
    while parser.token_at(inner + 1).token == Token::LParen {
        inner += 1;
    }
    let first = parser.token_at(inner + 1);
    let second = parser.token_at(inner + 2);
    let begins = match tokens::keyword(Some(first)) {
        Keyword::SELECT | Keyword::WITH => true,
        Keyword::FROM => matches!(second.token, Token::Word(_) | Token::LParen),
        Keyword::VALUES => second.token == Token::LParen,
        _ => false,
    };
    if !begins {
        return false;
    }
    // Outwards: a level is a query if nothing but query clauses follows the one inside.
    while inner > open {
        let Some(close) = dialect.partner(inner) else { return false };
        let after = parser.token_at(close + 1);
        let continues = after.token == Token::RParen
            || matches!(
                tokens::keyword(Some(after)),
                Keyword::UNION
                    | Keyword::EXCEPT
                    | Keyword::INTERSECT
                    | Keyword::MINUS
                    | Keyword::ORDER
                    | Keyword::SORT
                    | Keyword::LIMIT
                    | Keyword::OFFSET
            );
        if !continues {
            return false;
        }
        inner -= 1;
    }
    true
}

/// A call as sqlparser has it, for forms that Spark writes with keywords.
pub(super) fn plain_call(function: &str, span: Span, arguments: Vec<Expr>) -> Expr {
    use sqlparser::ast::{Function, FunctionArg, FunctionArgExpr, FunctionArgumentList};
    let name = Ident { value: function.to_owned(), quote_style: None, span };
    Expr::Function(Function {
        name: ObjectName::from(vec![name]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: arguments.into_iter().map(|a| FunctionArg::Unnamed(FunctionArgExpr::Expr(a))).collect(),
            clauses: vec![],
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: vec![],
    })
}

/// The part of a list of tokens between `open` and its partner, nested parentheses left out.
pub(super) fn has_at_top(dialect: &SparkDialect, parser: &Parser, open: usize, wanted: &[Keyword]) -> bool {
    let Some(close) = dialect.partner(open) else { return false };
    let mut at = open + 1;
    while at < close {
        if wanted.contains(&tokens::keyword(Some(parser.token_at(at)))) {
            return true;
        }
        at = match parser.token_at(at).token {
            Token::LParen | Token::LBracket => dialect.partner(at).map_or(close, |partner| partner + 1),
            _ => at + 1,
        };
    }
    false
}
