//! Hints: `SELECT /*+ BROADCAST(t), REPARTITION(4, c) */ ..`.
use super::dialect::SparkDialect;
use super::{Builder, lexer, syntax, tokens};
use crate::error::{QueryError, Result};
use crate::tree::{Expression, Position, Relation};
use sqlparser::ast::{Expr, OptimizerHint};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

/// More than any hint needs, and little enough for the stack at hand.
const MAX_TOKENS: usize = 2000;

type Parsed = Vec<(String, Vec<Expr>)>;

impl Builder {
    /// The first hint ends up outermost, as in Spark.
    pub(super) fn hints(&mut self, relation: Relation, hints: Vec<OptimizerHint>, at: Option<Position>) -> Result<Relation> {
        let mut relation = relation;
        for hint in hints.into_iter().rev() {
            let OptimizerHint { prefix: _, text, style: _ } = hint;
            let parsed = parse(&text).map_err(|mut error| {
                // Places are those of the hint's own text.
                error.position = None;
                error.at(at)
            })?;
            self.enter(parsed.len())?;
            for (name, exprs) in parsed.into_iter().rev() {
                let parameters = exprs.into_iter().map(|expr| self.parameter(expr, at)).collect::<Result<Vec<_>>>()?;
                relation = Relation::Hint { input: Box::new(relation), name, parameters };
            }
        }
        Ok(relation)
    }

    fn parameter(&mut self, expr: Expr, at: Option<Position>) -> Result<Expression> {
        match self.expression(expr)? {
            Expression::UnresolvedAttribute { parts, plan_id, position: _ } => {
                Ok(Expression::UnresolvedAttribute { parts, plan_id, position: None })
            }
            literal @ Expression::Literal { .. } => Ok(literal),
            _ => Err(QueryError::unsupported("A hint parameter that is neither a name nor a literal").at(at)),
        }
    }
}

fn parse(text: &str) -> Result<Parsed> {
    let tokens = tokens::rewrite(lexer::lex(text)?)?;
    if tokens.len() > MAX_TOKENS {
        return Err(tokens::too_deep());
    }
    let dialect = SparkDialect::new(tokens::shape(&tokens)?);
    let mut parser = Parser::new(&dialect).with_tokens_with_locations(tokens.clone());
    let parsed = statements(&mut parser);
    if let Some(failure) = dialect.take_failure() {
        return Err(failure);
    }
    parsed.map_err(|error| syntax::error(error, &tokens, parser.index(), 0))
}

fn statements(parser: &mut Parser) -> std::result::Result<Parsed, ParserError> {
    let mut statements = Vec::new();
    while parser.peek_token_ref().token != Token::EOF {
        let name = parser.parse_identifier()?.value;
        let mut parameters = Vec::new();
        if parser.consume_token(&Token::LParen) && !parser.consume_token(&Token::RParen) {
            parameters = parser.parse_comma_separated(Parser::parse_expr)?;
            parser.expect_token(&Token::RParen)?;
        }
        statements.push((name, parameters));
        let _ = parser.consume_token(&Token::Comma);
    }
    Ok(statements)
}
