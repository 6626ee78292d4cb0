//! Operators and predicates, as functions named by their symbols.
use super::expression::{function, start, value_literal};
use super::{Builder, literal, tokens};
use crate::error::{QueryError, Result};
use crate::tree::{Expression, Position, SubqueryKind};
use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, ValueWithSpan};

/// `NOT` of a subquery predicate is part of it.
pub(super) fn not(expression: Expression, at: Option<Position>) -> Expression {
    match expression {
        Expression::Subquery { kind: kind @ (SubqueryKind::Exists | SubqueryKind::In), plan, values, negated, position } => {
            Expression::Subquery { kind, plan, values, negated: !negated, position }
        }
        other => function("not", vec![other], at),
    }
}

fn negate(expression: Expression, negated: bool, at: Option<Position>) -> Expression {
    if negated { not(expression, at) } else { expression }
}

impl Builder {
    pub(super) fn operator(&mut self, expr: Expr, at: Option<Position>) -> Result<Expression> {
        match &expr {
            Expr::IsTrue(left)
            | Expr::IsNotTrue(left)
            | Expr::IsFalse(left)
            | Expr::IsNotFalse(left)
            | Expr::IsNull(left)
            | Expr::IsNotNull(left)
            | Expr::IsUnknown(left)
            | Expr::IsNotUnknown(left)
            | Expr::InList { expr: left, .. } => operand(left)?,
            Expr::Like { expr: left, pattern, .. } | Expr::ILike { expr: left, pattern, .. } | Expr::RLike { expr: left, pattern, .. } => {
                operand(left)?;
                operand(pattern)?;
            }
            Expr::Between { expr, low, high, .. } => {
                operand(expr)?;
                operand(low)?;
                operand(high)?;
            }
            _ => {}
        }
        match expr {
            Expr::BinaryOp { left, op, right } => self.chain(*left, op, *right),
            Expr::UnaryOp { op, expr } => {
                if !matches!(op, UnaryOperator::Not | UnaryOperator::BangNot) {
                    operand(&expr)?;
                }
                let child = self.expression(*expr)?;
                match op {
                    UnaryOperator::Not | UnaryOperator::BangNot => Ok(not(child, at)),
                    UnaryOperator::Minus => Ok(function("-", vec![child], at)),
                    UnaryOperator::Plus => Ok(function("positive", vec![child], at)),
                    UnaryOperator::BitwiseNot => Ok(function("~", vec![child], at)),
                    other => Err(QueryError::unsupported(format!("The operator {other}")).at(at)),
                }
            }
            Expr::IsTrue(expr) => self.is_boolean(*expr, true, false, at),
            Expr::IsNotTrue(expr) => self.is_boolean(*expr, true, true, at),
            Expr::IsFalse(expr) => self.is_boolean(*expr, false, false, at),
            Expr::IsNotFalse(expr) => self.is_boolean(*expr, false, true, at),
            Expr::IsNull(expr) | Expr::IsUnknown(expr) => Ok(function("isnull", vec![self.expression(*expr)?], at)),
            Expr::IsNotNull(expr) | Expr::IsNotUnknown(expr) => Ok(function("isnotnull", vec![self.expression(*expr)?], at)),
            Expr::InList { expr, list, negated } => {
                let mut arguments = vec![self.expression(*expr)?];
                arguments.extend(self.expressions(list)?);
                Ok(negate(function("in", arguments, at), negated, at))
            }
            Expr::Between { expr, negated, low, high } => {
                let arguments = vec![self.expression(*expr)?, self.expression(*low)?, self.expression(*high)?];
                Ok(negate(function("between", arguments, at), negated, at))
            }
            Expr::Like { negated, any, expr, pattern, escape_char } => self.like("like", (*expr, *pattern), escape_char, any, negated, at),
            Expr::ILike { negated, any, expr, pattern, escape_char } => {
                self.like("ilike", (*expr, *pattern), escape_char, any, negated, at)
            }
            Expr::RLike { negated, expr, pattern, regexp: _ } => self.like("rlike", (*expr, *pattern), None, false, negated, at),
            _ => Err(QueryError::unsupported("This operator").at(at)),
        }
    }

    fn is_boolean(&mut self, expr: Expr, value: bool, negated: bool, at: Option<Position>) -> Result<Expression> {
        let arguments = vec![self.expression(expr)?, literal::boolean(value)];
        Ok(negate(function("<=>", arguments, at), negated, at))
    }

    fn like(
        &mut self,
        name: &str,
        (expr, pattern): (Expr, Expr),
        escape: Option<ValueWithSpan>,
        any: bool,
        negated: bool,
        at: Option<Position>,
    ) -> Result<Expression> {
        if any {
            return Err(QueryError::unsupported("LIKE ANY").at(at).hint("Combine several LIKE with OR"));
        }
        let mut arguments = vec![self.expression(expr)?, self.expression(pattern)?];
        if let Some(ValueWithSpan { value, span }) = escape {
            let escape = value_literal(value, span)?;
            match &escape {
                Expression::Literal { value: Some(text), .. } if text.chars().count() == 1 => {}
                _ => {
                    let message = "The escape string must contain only one character";
                    return Err(QueryError::new("INVALID_ESC", message).at(at));
                }
            }
            arguments.push(escape);
        }
        Ok(negate(function(name, arguments, at), negated, at))
    }

    /// Takes a left-deep chain apart without recursion; a run of AND or OR becomes a balanced tree, as in Spark, so
    /// that long filters do not become deep.
    fn chain(&mut self, left: Expr, op: BinaryOperator, right: Expr) -> Result<Expression> {
        let mut rest = vec![(op, right)];
        let mut first = left;
        while let Expr::BinaryOp { left, op, right } = first {
            rest.push((op, *right));
            first = *left;
        }
        rest.reverse();
        let at = start(&first);
        if rest.first().is_some_and(|(op, _)| !is_logical(op)) {
            operand(&first)?;
        }
        let mut previous = None;
        for (op, right) in &rest {
            if !is_logical(op) {
                operand(right)?;
                if previous.is_some_and(is_predicate_operator) {
                    return Err(needs_parentheses(at));
                }
            }
            previous = Some(op);
        }
        let levels = levels(&rest);
        self.enter(levels)?;
        let mut current = self.expression(first)?;
        let mut rest = rest.into_iter().peekable();
        while let Some((op, right)) = rest.next() {
            let right = self.expression(right)?;
            current = match op {
                BinaryOperator::And | BinaryOperator::Or => {
                    let name = if op == BinaryOperator::And { "and" } else { "or" };
                    let mut operands = vec![current, right];
                    while let Some((_, right)) = rest.next_if(|(next, _)| *next == op) {
                        operands.push(self.expression(right)?);
                    }
                    balanced(name, operands, at)
                }
                op => binary(&op, current, right, at)?,
            };
        }
        self.leave(levels);
        Ok(current)
    }
}

fn is_logical(op: &BinaryOperator) -> bool {
    matches!(op, BinaryOperator::And | BinaryOperator::Or)
}

fn is_predicate_operator(op: &BinaryOperator) -> bool {
    matches!(op, BinaryOperator::Custom(name) if name == tokens::IS_DISTINCT || name == tokens::IS_NOT_DISTINCT)
}

/// Spark's grammar takes predicates (`IN`, `IS NULL`, `LIKE`, ..), NOT, AND and OR as operands only in parentheses.
pub(super) fn operand(expr: &Expr) -> Result<()> {
    let mut inner = expr;
    while let Expr::Prefixed { prefix: _, value } = inner {
        inner = value;
    }
    let is_condition = match inner {
        Expr::UnaryOp { op, expr: _ } => matches!(op, UnaryOperator::Not | UnaryOperator::BangNot),
        Expr::BinaryOp { op, .. } => is_logical(op) || is_predicate_operator(op),
        Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotUnknown(_)
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Between { .. }
        | Expr::Like { .. }
        | Expr::ILike { .. }
        | Expr::RLike { .. }
        | Expr::Exists { .. } => true,
        _ => false,
    };
    if is_condition { Err(needs_parentheses(start(expr))) } else { Ok(()) }
}

fn needs_parentheses(at: Option<Position>) -> QueryError {
    QueryError::new("PARSE_SYNTAX_ERROR", "Syntax error: a condition is used as an operand")
        .at(at)
        .hint("Put the condition that starts here in parentheses")
}

/// How deep the tree for a chain is, given its operators from the left.
fn levels(rest: &[(BinaryOperator, Expr)]) -> usize {
    let mut total = 0;
    let mut run = 0usize;
    for (i, (op, _)) in rest.iter().enumerate() {
        let logical = is_logical(op);
        run = if logical { run + 1 } else { 0 };
        if !logical {
            total += 1;
        } else if rest.get(i + 1).is_none_or(|(next, _)| next != op) {
            total += usize::try_from(run.ilog2()).unwrap_or(0) + 2;
            run = 0;
        }
    }
    total
}

fn balanced(name: &str, mut operands: Vec<Expression>, at: Option<Position>) -> Expression {
    match operands.len() {
        0 => literal::null(),
        1 => operands.swap_remove(0),
        length => {
            let right = operands.split_off(length.div_ceil(2));
            function(name, vec![balanced(name, operands, at), balanced(name, right, at)], at)
        }
    }
}

fn binary(op: &BinaryOperator, left: Expression, right: Expression, at: Option<Position>) -> Result<Expression> {
    let name = match op {
        BinaryOperator::Plus => "+",
        BinaryOperator::Minus => "-",
        BinaryOperator::Multiply => "*",
        BinaryOperator::Divide => "/",
        BinaryOperator::Modulo => "%",
        BinaryOperator::StringConcat => "concat",
        BinaryOperator::Gt => ">",
        BinaryOperator::Lt => "<",
        BinaryOperator::GtEq => ">=",
        BinaryOperator::LtEq => "<=",
        BinaryOperator::Spaceship => "<=>",
        BinaryOperator::Eq => "=",
        BinaryOperator::NotEq => "!=",
        BinaryOperator::And => "and",
        BinaryOperator::Or => "or",
        BinaryOperator::BitwiseOr => "|",
        BinaryOperator::BitwiseAnd => "&",
        BinaryOperator::BitwiseXor => "^",
        BinaryOperator::PGBitwiseShiftLeft => "<<",
        BinaryOperator::PGBitwiseShiftRight => ">>",
        BinaryOperator::Custom(name) => match name.as_str() {
            tokens::DIV => "div",
            tokens::SHIFT_RIGHT_UNSIGNED => ">>>",
            tokens::IS_NOT_DISTINCT => "<=>",
            tokens::IS_DISTINCT => return Ok(not(function("<=>", vec![left, right], at), at)),
            other => return Err(QueryError::unsupported(format!("The operator {other}")).at(at)),
        },
        other => return Err(QueryError::unsupported(format!("The operator {other}")).at(at)),
    };
    Ok(function(name, vec![left, right], at))
}
