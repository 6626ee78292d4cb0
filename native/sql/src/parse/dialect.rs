//! sqlparser's Spark dialect with Spark's own precedences, alias rules and expression prefixes.
//!
//! `SparkSqlDialect` cannot be used as it is: `a DIV b + 1` would parse as `a DIV (b + 1)`, predicates would bind
//! tighter than comparisons, and its fallbacks take exponential time on hostile text.
use super::prefix;
use super::tokens::{self, Shape};
use crate::error::QueryError;
use crate::tree::Position;
use sqlparser::ast::Expr;
use sqlparser::dialect::{Dialect, Precedence};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};
use std::cell::{Cell, RefCell};

#[derive(Debug)]
pub(super) struct SparkDialect {
    pub shape: Shape,
    /// Expression prefixes that may still be tried; a guard against exponential backtracking inside sqlparser.
    steps: Cell<usize>,
    /// An error that must not be lost in sqlparser's attempts.
    failure: RefCell<Option<QueryError>>,
    /// The furthest token any attempt looked at: where a syntax error is, when sqlparser reports the one of a later
    /// attempt that failed sooner.
    furthest: Cell<usize>,
}

impl SparkDialect {
    pub fn new(shape: Shape) -> Self {
        let steps = 10_000 + 50 * shape.partner.len();
        Self { shape, steps: Cell::new(steps), failure: RefCell::new(None), furthest: Cell::new(0) }
    }

    /// Ends the parse with `error`, whatever alternatives sqlparser would still try.
    pub fn fail<T>(&self, error: QueryError, position: Option<Position>) -> Result<T, ParserError> {
        let mut failure = self.failure.borrow_mut();
        if failure.is_none() {
            *failure = Some(error.at(position));
        }
        Err(ParserError::RecursionLimitExceeded)
    }

    pub fn take_failure(&self) -> Option<QueryError> {
        self.failure.borrow_mut().take()
    }

    pub fn note(&self, parser: &Parser) {
        self.furthest.set(self.furthest.get().max(parser.index()));
    }

    /// At a word that may be an alias, already taken: only a plain word surely is one.
    fn note_alias(&self, word: Keyword, parser: &Parser) {
        let at = parser.index() - usize::from(word != Keyword::NoKeyword && parser.index() > 0);
        self.furthest.set(self.furthest.get().max(at));
    }

    pub fn furthest(&self) -> usize {
        self.furthest.get()
    }

    pub fn step(&self) -> Result<(), ParserError> {
        if self.failure.borrow().is_some() {
            return Err(ParserError::RecursionLimitExceeded);
        }
        match self.steps.get().checked_sub(1) {
            Some(left) => {
                self.steps.set(left);
                Ok(())
            }
            None => self.fail(tokens::too_deep(), None),
        }
    }

    pub fn partner(&self, at: usize) -> Option<usize> {
        self.shape.partner.get(at).copied().filter(|partner| *partner != usize::MAX)
    }
}

/// The binding strength of the operator at `token`, 0 for anything else. Spark: unary, `* / % div`, `+ - ||`, shifts,
/// `&`, `^`, `|`, comparisons, predicates (`IN`, `LIKE`, `IS`, ...), `NOT`, `AND`, `OR`.
fn strength(token: &Token, next: &TokenWithSpan) -> u8 {
    match token {
        Token::Word(word) if word.quote_style.is_none() => match word.keyword {
            Keyword::OR => OR,
            Keyword::AND => AND,
            Keyword::NOT => match tokens::keyword(Some(next)) {
                Keyword::IN | Keyword::BETWEEN | Keyword::LIKE | Keyword::ILIKE | Keyword::RLIKE | Keyword::REGEXP => PREDICATE,
                _ => 0,
            },
            Keyword::IS | Keyword::IN | Keyword::BETWEEN | Keyword::LIKE | Keyword::ILIKE | Keyword::RLIKE | Keyword::REGEXP => PREDICATE,
            _ => 0,
        },
        Token::Eq | Token::Spaceship | Token::Neq | Token::Lt | Token::LtEq | Token::Gt | Token::GtEq => COMPARISON,
        Token::Pipe => BIT_OR,
        Token::Caret => BIT_XOR,
        Token::Ampersand => BIT_AND,
        Token::ShiftLeft | Token::ShiftRight => SHIFT,
        Token::Plus | Token::Minus | Token::StringConcat => PLUS,
        Token::Mul | Token::Div | Token::Mod => TIMES,
        Token::CustomBinaryOperator(name) => match name.as_str() {
            tokens::DIV => TIMES,
            tokens::SHIFT_RIGHT_UNSIGNED => SHIFT,
            _ => PREDICATE,
        },
        Token::DoubleColon => CAST,
        Token::Period => 100,
        _ => 0,
    }
}

const OR: u8 = 5;
const AND: u8 = 10;
pub(super) const NOT: u8 = 15;
pub(super) const PREDICATE: u8 = 20;
const COMPARISON: u8 = 24;
const BIT_OR: u8 = 25;
const BIT_XOR: u8 = 26;
const BIT_AND: u8 = 27;
const SHIFT: u8 = 28;
const PLUS: u8 = 30;
pub(super) const TIMES: u8 = 40;
const CAST: u8 = 50;

impl Dialect for SparkDialect {
    fn is_identifier_start(&self, c: char) -> bool {
        c == '_' || c.is_ascii_alphabetic()
    }

    fn is_identifier_part(&self, c: char) -> bool {
        c == '_' || c.is_ascii_alphanumeric()
    }

    fn is_delimited_identifier_start(&self, c: char) -> bool {
        c == '`'
    }

    fn parse_prefix(&self, parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
        self.note(parser);
        Some(prefix::prefix(self, parser))
    }

    fn get_next_precedence(&self, parser: &Parser) -> Option<Result<u8, ParserError>> {
        self.note(parser);
        Some(Ok(strength(&parser.peek_token_ref().token, parser.peek_nth_token_ref(1))))
    }

    fn prec_value(&self, precedence: Precedence) -> u8 {
        match precedence {
            Precedence::Period => 100,
            Precedence::DoubleColon => CAST,
            Precedence::AtTz | Precedence::MulDivModOp => TIMES,
            Precedence::PlusMinus => PLUS,
            Precedence::Caret => BIT_XOR,
            Precedence::Ampersand => BIT_AND,
            Precedence::Pipe | Precedence::Colon => BIT_OR,
            Precedence::Eq => COMPARISON,
            Precedence::Between | Precedence::Like | Precedence::Is | Precedence::PgOther => PREDICATE,
            Precedence::UnaryNot => NOT,
            Precedence::Xor | Precedence::And => AND,
            Precedence::Or => OR,
        }
    }

    fn is_column_alias(&self, keyword: &Keyword, parser: &mut Parser) -> bool {
        !ends_select_item(*keyword, parser.peek_token_ref())
    }

    fn is_select_item_alias(&self, explicit: bool, keyword: &Keyword, parser: &mut Parser) -> bool {
        self.note_alias(*keyword, parser);
        explicit || !ends_select_item(*keyword, parser.peek_token_ref())
    }

    fn is_table_alias(&self, keyword: &Keyword, parser: &mut Parser) -> bool {
        !ends_table(*keyword, parser.peek_token_ref())
    }

    fn is_table_factor_alias(&self, explicit: bool, keyword: &Keyword, parser: &mut Parser) -> bool {
        self.note_alias(*keyword, parser);
        explicit || !ends_table(*keyword, parser.peek_token_ref())
    }

    fn supports_bitwise_shift_operators(&self) -> bool {
        true
    }
    fn supports_comment_optimizer_hint(&self) -> bool {
        true
    }
    fn supports_cte_without_as(&self) -> bool {
        true
    }
    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }
    fn supports_from_first_select(&self) -> bool {
        true
    }
    fn supports_group_by_expr(&self) -> bool {
        true
    }
    fn supports_group_by_with_modifier(&self) -> bool {
        true
    }
    fn supports_interval_options(&self) -> bool {
        true
    }
    fn supports_long_type_as_bigint(&self) -> bool {
        true
    }
    fn supports_map_literal_with_angle_brackets(&self) -> bool {
        true
    }
    fn supports_parens_around_table_factor(&self) -> bool {
        true
    }
    fn supports_pipe_operator(&self) -> bool {
        true
    }
    fn supports_select_item_multi_column_alias(&self) -> bool {
        true
    }
    fn supports_select_wildcard_except(&self) -> bool {
        true
    }
    fn supports_select_wildcard_replace(&self) -> bool {
        true
    }
    fn supports_struct_literal(&self) -> bool {
        true
    }
    fn supports_table_sample_before_alias(&self) -> bool {
        true
    }
    fn supports_values_as_table_factor(&self) -> bool {
        true
    }
    fn supports_window_clause_named_window_reference(&self) -> bool {
        true
    }
    fn supports_window_function_null_treatment_arg(&self) -> bool {
        true
    }
}

/// Spark takes almost any word as an alias; these begin the next clause, some only with what follows them.
fn begins_clause(word: Keyword, next: &TokenWithSpan) -> bool {
    let follower = tokens::keyword(Some(next));
    let value_follows = !matches!(next.token, Token::Comma | Token::RParen | Token::EOF | Token::SemiColon)
        && !matches!(follower, Keyword::FROM | Keyword::AS | Keyword::WHERE | Keyword::ON | Keyword::JOIN);
    match word {
        Keyword::WHERE | Keyword::HAVING | Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::MINUS => true,
        Keyword::GROUP | Keyword::ORDER | Keyword::SORT | Keyword::CLUSTER | Keyword::DISTRIBUTE => follower == Keyword::BY,
        Keyword::LATERAL => follower == Keyword::VIEW,
        Keyword::LIMIT | Keyword::OFFSET | Keyword::WINDOW | Keyword::QUALIFY | Keyword::FETCH | Keyword::FOR | Keyword::INTO => {
            value_follows
        }
        _ => false,
    }
}

fn ends_select_item(word: Keyword, next: &TokenWithSpan) -> bool {
    word == Keyword::FROM || begins_clause(word, next)
}

fn ends_table(word: Keyword, next: &TokenWithSpan) -> bool {
    match word {
        Keyword::ANTI
        | Keyword::CROSS
        | Keyword::FULL
        | Keyword::INNER
        | Keyword::JOIN
        | Keyword::LATERAL
        | Keyword::LEFT
        | Keyword::NATURAL
        | Keyword::ON
        | Keyword::RIGHT
        | Keyword::SELECT
        | Keyword::SEMI
        | Keyword::USING => true,
        Keyword::PIVOT | Keyword::UNPIVOT | Keyword::TABLESAMPLE | Keyword::WITH => next.token == Token::LParen,
        other => begins_clause(other, next),
    }
}
