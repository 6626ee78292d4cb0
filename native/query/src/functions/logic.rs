//! Booleans as small integers: a `CASE` of integers stays a `CASE`, while DataFusion rewrites one of booleans into
//! `AND` and `OR`, which evaluate what the `CASE` guards against (`x <> 0 AND 1 / x > 2`).
use super::udf::{Definition, Nulls, over_first};
use arrow::array::{Array, AsArray, BooleanArray};
use arrow::datatypes::{DataType, Int8Type};
use datafusion::common::exec_err;
use std::sync::Arc;

pub const TRUTH: &str = "kiln_truth";

pub const FUNCTIONS: &[Definition] = &[Definition {
    name: TRUTH,
    nulls: Nulls::Strict,
    returns: |_| Ok(DataType::Boolean),
    invoke: |args| {
        over_first(args, |array| match array.as_primitive_opt::<Int8Type>() {
            Some(array) => Ok(Arc::new(array.iter().map(|v| v.map(|v| v != 0)).collect::<BooleanArray>())),
            None => exec_err!("{TRUTH} of {}", array.data_type()),
        })
    },
}];
