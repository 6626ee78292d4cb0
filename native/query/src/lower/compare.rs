//! Comparisons and logic.
use super::expression::{Site, can_fail, case_of};
use super::relation::Lowerer;
use super::source::cast_to;
use crate::functions::call;
use crate::functions::logic::TRUTH;
use arrow::datatypes::DataType as ArrowType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, lit};
use kiln_sql::error::Result;

pub fn binary(left: Expr, op: Operator, right: Expr) -> Expr {
    Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right)))
}

impl Lowerer<'_> {
    pub fn comparison(&self, left: Expr, op: Operator, right: Expr, site: &Site) -> Result<Expr> {
        if !matches!(site.type_of(&left)?, ArrowType::Float32 | ArrowType::Float64) {
            return Ok(binary(left, op, right));
        }
        // A column against a constant stays as it is, for the sake of file statistics: only zero has two forms.
        if let (Expr::Column(_), Expr::Literal(value, _)) = (&left, &right)
            && let Some(result) = against_constant(&left, op, value)
        {
            return Ok(result);
        }
        if let (Expr::Literal(value, _), Expr::Column(_), Some(swapped)) = (&left, &right, op.swap())
            && let Some(result) = against_constant(&right, swapped, value)
        {
            return Ok(result);
        }
        Ok(binary(self.canonical(left, site)?, op, self.canonical(right, site)?))
    }

    pub fn in_list(&self, arguments: Vec<Expr>, site: &Site) -> Result<Expr> {
        let mut arguments = arguments.into_iter();
        let Some(value) = arguments.next() else { return Ok(lit(false)) };
        // DataFusion takes an item that it can evaluate without rows for a constant, and a CASE is NULL there: only literals go into
        // its list, and numbers whose equal values differ in bits go nowhere near it.
        let is_float = matches!(site.type_of(&value)?, ArrowType::Float32 | ArrowType::Float64);
        let (constants, others): (Vec<_>, Vec<_>) = arguments.partition(|item| !is_float && matches!(item, Expr::Literal(..)));
        let mut any = (!constants.is_empty()).then(|| value.clone().in_list(constants, false));
        for item in others {
            let equal = self.comparison(value.clone(), Operator::Eq, item, site)?;
            any = Some(match any {
                Some(any) => self.or(any, equal)?,
                None => equal,
            });
        }
        Ok(any.unwrap_or_else(|| lit(false)))
    }

    pub fn and(&self, left: Expr, right: Expr) -> Result<Expr> {
        if !can_fail(&right) || has_subquery(&left) || has_subquery(&right) {
            return Ok(left.and(right));
        }
        // The right side only where the left is not false.
        let rest = cast_to(left.clone().and(right), &ArrowType::Int8);
        call(TRUTH, vec![case_of(vec![(left.is_false(), lit(0i8))], Some(rest))])
    }

    pub fn or(&self, left: Expr, right: Expr) -> Result<Expr> {
        if !can_fail(&right) || has_subquery(&left) || has_subquery(&right) {
            return Ok(left.or(right));
        }
        let rest = cast_to(left.clone().or(right), &ArrowType::Int8);
        call(TRUTH, vec![case_of(vec![(left, lit(1i8))], Some(rest))])
    }
}

/// A subquery must stay where DataFusion finds it.
pub fn has_subquery(expr: &Expr) -> bool {
    use datafusion::common::tree_node::TreeNode;
    expr.exists(|e| Ok(matches!(e, Expr::InSubquery(_) | Expr::Exists(_) | Expr::ScalarSubquery(_)))).unwrap_or(true)
}

/// `predicate` of a filter, evaluated only where `guard` is true.
pub fn guarded(guard: Expr, predicate: Expr) -> Result<Expr> {
    call(TRUTH, vec![case_of(vec![(guard, cast_to(predicate, &ArrowType::Int8))], Some(lit(0i8)))])
}

/// A float column compared with a constant in Arrow's total order. NaN is left to the general way.
fn against_constant(column: &Expr, op: Operator, value: &ScalarValue) -> Option<Expr> {
    let (negative, positive, zero, nan) = match value {
        ScalarValue::Float64(Some(v)) => (lit(-0.0f64), lit(0.0f64), *v == 0.0, v.is_nan()),
        ScalarValue::Float32(Some(v)) => (lit(-0.0f32), lit(0.0f32), *v == 0.0, v.is_nan()),
        _ => return None,
    };
    if nan {
        return None;
    }
    let value = || Expr::Literal(value.clone(), None);
    let column = column.clone();
    let comparable = matches!(op, Operator::Eq | Operator::NotEq | Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq);
    Some(match op {
        Operator::Lt | Operator::GtEq if zero => binary(column, op, negative),
        Operator::LtEq | Operator::Gt if zero => binary(column, op, positive),
        Operator::Eq if zero => binary(column.clone(), Operator::GtEq, negative).and(binary(column, Operator::LtEq, positive)),
        Operator::NotEq if zero => binary(column.clone(), Operator::Lt, negative).or(binary(column, Operator::Gt, positive)),
        _ if comparable => binary(column, op, value()),
        _ => return None,
    })
}
