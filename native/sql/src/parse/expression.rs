//! Expressions: names, literals and everything that is no operator ([`operator`](super::operator)) and no function
//! ([`function`](super::function)).
use super::lexer::position;
use super::operator::operand;
use super::{Builder, interval, literal};
use crate::error::{QueryError, Result};
use crate::tree::{Expression, Position, SubqueryKind, WhenBranch};
use sqlparser::ast::{self, AccessExpr, Expr, Ident, Interval, ObjectName, ObjectNamePart, Subscript, TypedString, Value};
use sqlparser::tokenizer::{Span, TokenWithSpan};

pub(super) fn function(name: &str, arguments: Vec<Expression>, position: Option<Position>) -> Expression {
    Expression::UnresolvedFunction { name: name.to_owned(), arguments, is_distinct: false, filter: None, position }
}

impl Builder {
    pub(super) fn expression(&mut self, expr: Expr) -> Result<Expression> {
        self.expression_at(expr, None)
    }

    pub(super) fn expressions(&mut self, exprs: Vec<Expr>) -> Result<Vec<Expression>> {
        exprs.into_iter().map(|expr| self.expression(expr)).collect()
    }

    /// `at`: the place of the node, where its wrapper told.
    pub(super) fn expression_at(&mut self, expr: Expr, at: Option<Position>) -> Result<Expression> {
        match expr {
            Expr::Prefixed { prefix, value } => self.expression_at(*value, position(prefix.span.start)),
            Expr::Nested(inner) => self.expression(*inner),
            expr => {
                self.enter(1)?;
                let expression = self.node(expr, at)?;
                self.leave(1);
                Ok(expression)
            }
        }
    }

    fn node(&mut self, expr: Expr, at: Option<Position>) -> Result<Expression> {
        let at = at.or_else(|| start(&expr));
        match expr {
            Expr::Prefixed { prefix: _, value } | Expr::Nested(value) => self.expression(*value),
            Expr::Identifier(ident) => attribute(vec![ident]),
            Expr::CompoundIdentifier(parts) => attribute(parts),
            Expr::CompoundFieldAccess { root, access_chain } => self.access(*root, access_chain),
            Expr::Value(value) => {
                let ast::ValueWithSpan { value, span } = value;
                value_literal(value, span)
            }
            Expr::TypedString(typed) => typed_string(typed, at),
            Expr::Interval(interval) => interval_literal(interval, at),
            Expr::Wildcard(token) => Ok(star(None, &token.0)),
            Expr::QualifiedWildcard(name, token) => Ok(star(Some(object_name(name)?.0), &token.0)),
            Expr::Function(call) => self.call(call),
            Expr::Struct { values, fields } => {
                if !fields.is_empty() {
                    return Err(QueryError::unsupported("A STRUCT constructor with a type").at(at));
                }
                Ok(function("struct", self.expressions(values)?, at))
            }
            Expr::Tuple(values) => Ok(function("struct", self.expressions(values)?, at)),
            Expr::Named { expr, name } => {
                let expression = Box::new(self.expression(*expr)?);
                Ok(Expression::Alias { expression, names: vec![ident(name)?.0] })
            }
            Expr::Cast { kind, expr, data_type, array, format } => {
                if array || format.is_some() {
                    return Err(QueryError::unsupported("CAST with ARRAY or FORMAT").at(at));
                }
                let is_try = match kind {
                    ast::CastKind::Cast => false,
                    ast::CastKind::DoubleColon => {
                        operand(&expr)?;
                        false
                    }
                    ast::CastKind::TryCast => true,
                    ast::CastKind::SafeCast => return Err(QueryError::unsupported("SAFE_CAST").at(at)),
                };
                let data_type = self.data_type(data_type, at)?;
                Ok(Expression::Cast { expression: Box::new(self.expression(*expr)?), data_type, is_try, position: at })
            }
            Expr::Case { case_token: _, end_token: _, operand, conditions, else_result } => self.case(operand, conditions, else_result, at),
            Expr::Subquery(query) => self.subquery(SubqueryKind::Scalar, *query, vec![], false, at),
            Expr::Exists { subquery, negated } => self.subquery(SubqueryKind::Exists, *subquery, vec![], negated, at),
            Expr::InSubquery { expr, subquery, negated } => {
                operand(&expr)?;
                let values = match unwrap(*expr) {
                    Expr::Tuple(values) => self.expressions(values)?,
                    other => vec![self.expression(other)?],
                };
                self.subquery(SubqueryKind::In, *subquery, values, negated, at)
            }
            operator @ (Expr::BinaryOp { .. }
            | Expr::UnaryOp { .. }
            | Expr::IsFalse(_)
            | Expr::IsNotFalse(_)
            | Expr::IsTrue(_)
            | Expr::IsNotTrue(_)
            | Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::IsUnknown(_)
            | Expr::IsNotUnknown(_)
            | Expr::InList { .. }
            | Expr::Between { .. }
            | Expr::Like { .. }
            | Expr::ILike { .. }
            | Expr::RLike { .. }) => self.operator(operator, at),
            Expr::AnyOp { .. } | Expr::AllOp { .. } => Err(QueryError::unsupported("A comparison with ANY, SOME or ALL").at(at)),
            Expr::Collate { .. } => Err(QueryError::unsupported("COLLATE").at(at)),
            Expr::Lambda(_) => Err(QueryError::unsupported("A lambda function").at(at)),
            Expr::GroupingSets(_) | Expr::Cube(_) | Expr::Rollup(_) => {
                Err(QueryError::unsupported("GROUPING SETS, CUBE or ROLLUP outside GROUP BY").at(at))
            }
            Expr::JsonAccess { .. }
            | Expr::IsDistinctFrom(..)
            | Expr::IsNotDistinctFrom(..)
            | Expr::IsNormalized { .. }
            | Expr::InUnnest { .. }
            | Expr::SimilarTo { .. }
            | Expr::Convert { .. }
            | Expr::AtTimeZone { .. }
            | Expr::Extract { .. }
            | Expr::Ceil { .. }
            | Expr::Floor { .. }
            | Expr::Position { .. }
            | Expr::Substring { .. }
            | Expr::Trim { .. }
            | Expr::Overlay { .. }
            | Expr::Dictionary(_)
            | Expr::Map(_)
            | Expr::Array(_)
            | Expr::MatchAgainst { .. }
            | Expr::OuterJoin(_)
            | Expr::Prior(_)
            | Expr::MemberOf(_) => Err(QueryError::unsupported("This kind of expression").at(at)),
        }
    }

    fn subquery(
        &mut self,
        kind: SubqueryKind,
        query: ast::Query,
        values: Vec<Expression>,
        negated: bool,
        position: Option<Position>,
    ) -> Result<Expression> {
        let plan = Box::new(self.query(query)?);
        Ok(Expression::Subquery { kind, plan, values, negated, position })
    }

    /// `[]` is the operator for a field (by name), an element or a map's value, as Spark's `UnresolvedExtractValue`.
    fn access(&mut self, root: Expr, chain: Vec<AccessExpr>) -> Result<Expression> {
        let at = start(&root);
        let levels = chain.len();
        self.enter(levels)?;
        let mut chain = chain.into_iter().peekable();
        let (names, other) = match root {
            Expr::Identifier(ident) => (vec![ident], None),
            Expr::CompoundIdentifier(parts) => (parts, None),
            other => (vec![], Some(other)),
        };
        let mut current = match other {
            Some(root) => self.expression(root)?,
            None => {
                let mut names = names;
                while let Some(AccessExpr::Dot(Expr::Identifier(ident))) =
                    chain.next_if(|access| matches!(access, AccessExpr::Dot(Expr::Identifier(_))))
                {
                    names.push(ident);
                }
                attribute(names)?
            }
        };
        for access in chain {
            let extraction = match access {
                AccessExpr::Dot(Expr::Identifier(name)) => literal::string(ident(name)?.0),
                AccessExpr::Dot(_) => {
                    return Err(QueryError::new("PARSE_SYNTAX_ERROR", "A field name must follow the point").at(at));
                }
                AccessExpr::Subscript(Subscript::Index { index }) => self.expression(index)?,
                AccessExpr::Subscript(Subscript::Slice { lower_bound: _, upper_bound: _, stride: _ }) => {
                    return Err(QueryError::unsupported("An array slice").at(at).hint("Use slice(array, start, length)"));
                }
            };
            current = function("[]", vec![current, extraction], at);
        }
        self.leave(levels);
        Ok(current)
    }

    fn case(
        &mut self,
        operand: Option<Box<Expr>>,
        conditions: Vec<ast::CaseWhen>,
        else_result: Option<Box<Expr>>,
        at: Option<Position>,
    ) -> Result<Expression> {
        let operand = match operand {
            Some(operand) => Some(self.expression(*operand)?),
            None => None,
        };
        if let Some(operand) = &operand {
            let size = serde_json::to_vec(operand).map_or(usize::MAX, |json| json.len());
            self.copy(size.saturating_mul(conditions.len())).map_err(|error| error.at(at))?;
        }
        let mut branches = Vec::with_capacity(conditions.len());
        for when in conditions {
            let ast::CaseWhen { condition, result } = when;
            let condition_at = start(&condition);
            let mut condition = self.expression(condition)?;
            if let Some(operand) = &operand {
                condition = function("=", vec![operand.clone(), condition], condition_at);
            }
            branches.push(WhenBranch { condition, value: self.expression(result)? });
        }
        let otherwise = match else_result {
            Some(value) => Some(Box::new(self.expression(*value)?)),
            None => None,
        };
        Ok(Expression::Case { branches, otherwise })
    }
}

/// The expression inside wrappers that only carry a place or parentheses.
pub(super) fn unwrap(mut expr: Expr) -> Expr {
    loop {
        expr = match expr {
            Expr::Prefixed { prefix: _, value } => *value,
            Expr::Nested(inner) => *inner,
            other => return other,
        };
    }
}

/// Where an expression begins, as far as sqlparser kept it.
pub(super) fn start(expr: &Expr) -> Option<Position> {
    let mut expr = expr;
    loop {
        expr = match expr {
            Expr::Prefixed { prefix, value: _ } => return position(prefix.span.start),
            Expr::Identifier(ident) => return position(ident.span.start),
            Expr::CompoundIdentifier(parts) => return position(parts.first()?.span.start),
            Expr::Value(value) => return position(value.span.start),
            Expr::TypedString(typed) => return position(typed.value.span.start),
            Expr::Function(call) => return position(call.name.0.first()?.as_ident()?.span.start),
            Expr::Wildcard(token) => return position(token.0.span.start),
            Expr::Case { case_token, .. } => return position(case_token.0.span.start),
            Expr::Interval(interval) => &interval.value,
            Expr::CompoundFieldAccess { root: first, .. }
            | Expr::Nested(first)
            | Expr::BinaryOp { left: first, .. }
            | Expr::AnyOp { left: first, .. }
            | Expr::AllOp { left: first, .. }
            | Expr::IsFalse(first)
            | Expr::IsNotFalse(first)
            | Expr::IsTrue(first)
            | Expr::IsNotTrue(first)
            | Expr::IsNull(first)
            | Expr::IsNotNull(first)
            | Expr::IsUnknown(first)
            | Expr::IsNotUnknown(first)
            | Expr::InList { expr: first, .. }
            | Expr::InSubquery { expr: first, .. }
            | Expr::Between { expr: first, .. }
            | Expr::Like { expr: first, .. }
            | Expr::ILike { expr: first, .. }
            | Expr::RLike { expr: first, .. }
            | Expr::Cast { expr: first, .. }
            | Expr::Collate { expr: first, .. } => first,
            _ => return None,
        };
    }
}

/// A name and its place. sqlparser takes strings for names in places; Spark does not.
pub(super) fn ident(ident: Ident) -> Result<(String, Option<Position>)> {
    let Ident { value, quote_style, span } = ident;
    let at = position(span.start);
    match quote_style {
        None | Some('`') => Ok((value, at)),
        Some(_) => Err(QueryError::new("PARSE_SYNTAX_ERROR", format!("Syntax error at or near '{value}'"))
            .at(at)
            .hint(format!("Quote a name with back-quotes: `{value}`"))),
    }
}

pub(super) fn names(idents: Vec<Ident>) -> Result<Vec<String>> {
    idents.into_iter().map(|name| Ok(ident(name)?.0)).collect()
}

pub(super) fn object_name(name: ObjectName) -> Result<(Vec<String>, Option<Position>)> {
    let mut parts = Vec::with_capacity(name.0.len());
    let mut at = None;
    for part in name.0 {
        match part {
            ObjectNamePart::Identifier(part) => {
                let (name, place) = ident(part)?;
                at = at.or(place);
                parts.push(name);
            }
            ObjectNamePart::Function(part) => {
                let place = position(part.name.span.start);
                return Err(QueryError::unsupported("A name made by a function").at(place));
            }
        }
    }
    Ok((parts, at))
}

fn attribute(parts: Vec<Ident>) -> Result<Expression> {
    let (parts, position) = object_name(ObjectName::from(parts))?;
    Ok(Expression::UnresolvedAttribute { parts, plan_id: None, position })
}

pub(super) fn star(target: Option<Vec<String>>, token: &TokenWithSpan) -> Expression {
    Expression::UnresolvedStar { target, except: vec![], position: position(token.span.start) }
}

pub(super) fn value_literal(value: Value, span: Span) -> Result<Expression> {
    let at = position(span.start);
    match value {
        Value::Number(text, _) => literal::number(&text, at),
        Value::SingleQuotedString(text) => Ok(literal::string(text)),
        Value::HexStringLiteral(text) => literal::binary(&text, at),
        Value::Boolean(value) => Ok(literal::boolean(value)),
        Value::Null => Ok(literal::null()),
        other => Err(QueryError::unsupported(format!("The literal {other}")).at(at)),
    }
}

fn typed_string(typed: TypedString, at: Option<Position>) -> Result<Expression> {
    use crate::tree::DataType;
    use ast::{DataType as Sql, TimezoneInfo};
    let TypedString { data_type, value, uses_odbc_syntax: _ } = typed;
    let text = match value.value {
        Value::SingleQuotedString(text) => text,
        other => return Err(QueryError::unsupported(format!("The literal {data_type} {other}")).at(at)),
    };
    match data_type {
        Sql::Date => literal::date(&text, at),
        Sql::Timestamp(None, TimezoneInfo::None) => literal::timestamp(&text, "TIMESTAMP", DataType::Timestamp, at),
        Sql::Timestamp(None, TimezoneInfo::WithTimeZone) => literal::timestamp(&text, "TIMESTAMP_LTZ", DataType::Timestamp, at),
        Sql::TimestampNtz(None) => literal::timestamp(&text, "TIMESTAMP_NTZ", DataType::TimestampNtz, at),
        other => Err(QueryError::unsupported(format!("A literal of type {other}")).at(at)),
    }
}

fn interval_literal(interval: Interval, at: Option<Position>) -> Result<Expression> {
    let Interval { value, leading_field, leading_precision, last_field, fractional_seconds_precision } = interval;
    let field = |field: Option<ast::DateTimeField>| match field {
        Some(ast::DateTimeField::Custom(name)) => Some(name.value),
        _ => None,
    };
    match (*value, leading_precision, fractional_seconds_precision) {
        (Expr::Value(ast::ValueWithSpan { value: Value::SingleQuotedString(text), span: _ }), None, None) => {
            interval::literal(&text, field(leading_field).as_deref(), field(last_field).as_deref(), at)
        }
        _ => Err(QueryError::unsupported("An interval of this form").at(at)),
    }
}
