//! SQL text to the unresolved tree, as Spark's parser would read it.
//!
//! The stages: [`lexer`] cuts the text by Spark's rules, [`tokens`] rewrites what sqlparser reads differently and bounds
//! the nesting, sqlparser parses with [`dialect`] (which takes over every expression prefix), and the [`Builder`] turns
//! its syntax tree into ours. Every field of sqlparser's structs is named when they are taken apart, so that nothing it
//! accepts can be lost without an error.

mod dialect;
mod escape;
mod expression;
mod function;
mod grouping;
mod hint;
mod interval;
mod lexer;
mod literal;
mod operator;
mod prefix;
mod query;
mod rows;
mod sample;
mod select;
mod special;
mod syntax;
mod table;
#[cfg(test)]
mod tests;
mod tokens;
mod types;
mod window;

use crate::error::{QueryError, Result};
use crate::tree::{Expression, Relation};
use dialect::SparkDialect;
use sqlparser::ast::WindowSpec;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};
use std::thread;

/// No path in the tree we return is longer, so that whoever walks it may recurse.
pub const MAX_DEPTH: usize = 500;

/// One query (`SELECT`, `VALUES`, `WITH`, ...).
pub fn parse_query(text: &str) -> Result<Relation> {
    let tokens = tokens::rewrite(lexer::lex(text)?)?;
    if let Some(statement) = syntax::statement(&tokens) {
        return Err(statement);
    }
    parse(tokens, |parser, builder| Ok(builder.query(*parser.parse_query()?)))
}

/// One expression, as in `df.selectExpr` or `expr()`: an alias may follow, and it may be a star.
pub fn parse_expression(text: &str) -> Result<Expression> {
    let tokens = tokens::rewrite(lexer::lex(text)?)?;
    parse(tokens, |parser, builder| Ok(builder.select_item(parser.parse_select_item()?)))
}

/// sqlparser's failure, or else ours or the tree.
type Step<T> = std::result::Result<Result<T>, ParserError>;

/// Parses in a thread whose stack is as large as the text can need: sqlparser's tree may be as deep as the text is long
/// (and is dropped recursively). The tree that comes back is at most [`MAX_DEPTH`] deep.
fn parse<T: Send>(tokens: Vec<TokenWithSpan>, step: fn(&mut Parser<'_>, &mut Builder) -> Step<T>) -> Result<T> {
    let mut tokens = tokens;
    let Some(unclosed) = tokens::close(&mut tokens) else { return parse_closed(tokens, step) };
    let place = |error: &QueryError| error.position.map(|position| (position.line, position.column));
    match parse_closed(tokens, step) {
        Err(earlier) if place(&earlier).is_some_and(|at| Some(at) < place(&unclosed)) => {
            Err(QueryError { hint: earlier.hint.or(unclosed.hint), ..earlier })
        }
        _ => Err(unclosed),
    }
}

fn parse_closed<T: Send>(tokens: Vec<TokenWithSpan>, step: fn(&mut Parser<'_>, &mut Builder) -> Step<T>) -> Result<T> {
    const BASE: usize = 4 << 20;
    const PER_LEVEL: usize = 12 << 10;
    if tokens.is_empty() {
        return Err(QueryError::new("PARSE_EMPTY_STATEMENT", "Syntax error, unexpected empty statement"));
    }
    let shape = tokens::shape(&tokens)?;
    let stack = BASE + shape.depth * PER_LEVEL;
    let internal = || QueryError::new("INTERNAL_ERROR", "The SQL parser failed");
    let run = move || {
        let dialect = SparkDialect::new(shape);
        let mut parser = Parser::new(&dialect).with_recursion_limit(MAX_DEPTH).with_tokens_with_locations(tokens.clone());
        let parsed = step(&mut parser, &mut Builder::default());
        if let Some(failure) = dialect.take_failure() {
            return Err(failure);
        }
        let tree = parsed.map_err(|error| syntax::error(error, &tokens, parser.index(), dialect.furthest()))?;
        while parser.consume_token(&Token::SemiColon) {}
        // Text left over explains a mistake better than what the tree before it says.
        if parser.peek_token_ref().token != Token::EOF {
            return Err(syntax::near(&tokens, Some(parser.index().max(dialect.furthest())), None));
        }
        tree.map_err(|error| syntax::locate(error, &tokens))
    };
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("kiln-sql-parser".to_owned()).stack_size(stack);
        match thread.spawn_scoped(scope, run) {
            Ok(handle) => handle.join().unwrap_or_else(|_| Err(internal())),
            Err(error) => Err(internal().hint(error.to_string())),
        }
    })
}

/// sqlparser's tree to ours.
#[derive(Default)]
struct Builder {
    depth: usize,
    /// The named windows of the SELECTs around, innermost last.
    windows: Vec<Vec<(String, WindowSpec)>>,
    /// Bytes of what was written once and stands in the tree more than once.
    copies: usize,
    /// The window functions so far.
    window_calls: usize,
}

impl Builder {
    /// Accounts for `levels` more levels of the tree; `leave` when they are done.
    fn enter(&mut self, levels: usize) -> Result<()> {
        self.depth += levels;
        if self.depth > MAX_DEPTH {
            return Err(tokens::too_deep());
        }
        Ok(())
    }

    /// Accounts for copies, which could grow without bound where copies hold copies.
    fn copy(&mut self, bytes: usize) -> Result<()> {
        const MAX_COPIES: usize = 16 << 20;
        self.copies = self.copies.saturating_add(bytes);
        if self.copies > MAX_COPIES {
            return Err(tokens::too_deep());
        }
        Ok(())
    }

    fn leave(&mut self, levels: usize) {
        self.depth -= levels;
    }
}
