//! The place of an uncorrelated scalar subquery in an expression.
//!
//! `kiln_scalar_subquery(id, a value of the result type)` fails when it is evaluated: DataFusion's constant folding
//! keeps an expression that fails, so the call survives until the subquery's stage has run and
//! [`replace_scalar_subqueries`] puts its value there.
use super::error::SparkError;
use super::udf::{Arguments, Definition, Nulls, integer_value, over_first, type_at};
use arrow::array::{Array, AsArray, BooleanArray, StructArray};
use arrow::compute::{not, nullif};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};
use datafusion::physical_expr::ScalarFunctionExpr;
use datafusion::physical_expr::expressions::Literal;
use datafusion::physical_plan::PhysicalExpr;
use std::collections::BTreeMap;
use std::sync::Arc;

pub const NAME: &str = "kiln_scalar_subquery";

/// `(struct of the first value and the number of rows, any column of the outer query)`: the value, where there is one row.
///
/// The column keeps the call where both sides of the join are known: a second row matters only to an outer row.
pub const ONLY_ROW: &str = "kiln_only_row";

pub const FUNCTIONS: &[Definition] = &[
    Definition {
        name: NAME,
        nulls: Nulls::Maybe,
        returns: |args| type_at(args, 1).cloned(),
        invoke: |args: &ScalarFunctionArgs| exec_err!("the value of scalar subquery {:?} is not known yet", args.args.first()),
    },
    Definition { name: ONLY_ROW, nulls: Nulls::Maybe, returns: value_type, invoke: only_row },
];

fn value_type(args: &Arguments) -> Result<DataType> {
    match type_at(args, 0)? {
        DataType::Struct(fields) if fields.len() == 2 => Ok(fields[0].data_type().clone()),
        other => exec_err!("a value and its rows are needed, not {other}"),
    }
}

fn only_row(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    over_first(args, |array| {
        let Some([value, rows]) = array.as_struct_opt().map(StructArray::columns) else {
            return exec_err!("a value and its rows are needed, not {}", array.data_type());
        };
        let rows = rows.as_primitive::<Int64Type>();
        if (0..array.len()).any(|row| array.is_valid(row) && rows.is_valid(row) && rows.value(row) > 1) {
            let message = "More than one row returned by a subquery used as an expression.";
            return Err(SparkError::new("SCALAR_SUBQUERY_TOO_MANY_ROWS", message).into());
        }
        let present = array.nulls().map(|nulls| BooleanArray::new(nulls.inner().clone(), None));
        Ok(match present {
            Some(present) => nullif(value, &not(&present)?)?,
            None => Arc::clone(value),
        })
    })
}

/// The subquery that a physical expression stands for.
pub fn scalar_subquery_id(expr: &Arc<dyn PhysicalExpr>) -> Option<u32> {
    let call = expr.downcast_ref::<ScalarFunctionExpr>().filter(|call| call.fun().name() == NAME)?;
    let id = call.args().first()?.downcast_ref::<Literal>()?;
    u32::try_from(integer_value(id.value()).ok()??).ok()
}

/// The ids of all scalar subqueries under `expr`.
pub fn scalar_subqueries(expr: &Arc<dyn PhysicalExpr>) -> Result<Vec<u32>> {
    let mut ids = Vec::new();
    expr.apply(|e| {
        ids.extend(scalar_subquery_id(e));
        Ok(datafusion::common::tree_node::TreeNodeRecursion::Continue)
    })?;
    Ok(ids)
}

/// Puts the values of scalar subqueries (NULL for no row) in their places. A value that is missing is an error.
pub fn replace_scalar_subqueries(expr: Arc<dyn PhysicalExpr>, values: &BTreeMap<u32, ScalarValue>) -> Result<Arc<dyn PhysicalExpr>> {
    let replaced = expr.transform(|e| {
        let Some(id) = scalar_subquery_id(&e) else { return Ok(Transformed::no(e)) };
        let Some(value) = values.get(&id) else {
            return Err(DataFusionError::Internal(format!("scalar subquery {id} has no value")));
        };
        let Some(call) = e.downcast_ref::<ScalarFunctionExpr>() else { return Ok(Transformed::no(e)) };
        let value = value.cast_to(call.return_type())?;
        Ok(Transformed::yes(Arc::new(Literal::new(value)) as Arc<dyn PhysicalExpr>))
    })?;
    Ok(replaced.data)
}
