//! SQL text to the unresolved tree.
use crate::error::Result;
use crate::tree::{Expression, Relation};

/// One query (`SELECT`, `VALUES`, `WITH`, ...).
pub fn parse_query(text: &str) -> Result<Relation> {
    let _ = text;
    Err(crate::error::QueryError::unsupported("SQL"))
}

/// One expression, as in `df.selectExpr` or `expr()`.
pub fn parse_expression(text: &str) -> Result<Expression> {
    let _ = text;
    Err(crate::error::QueryError::unsupported("SQL"))
}
