//! Spark's functions where DataFusion's differ, and the one mapping of types.
//!
//! Plans are serialized with functions by name: [`kiln_functions`] is the registry that finds them again.
pub mod aggregates;
pub mod arithmetic;
pub mod cast;
pub mod collections;
pub mod datetime;
pub mod error;
pub mod hash;
pub mod logic;
pub mod strings;
pub mod subquery;
pub mod types;
pub mod udf;
pub mod windows;

pub use cast::spark_string;
pub use error::SparkError;
pub use subquery::{replace_scalar_subqueries, scalar_subqueries};

use datafusion::logical_expr::{AggregateUDF, Expr, ScalarUDF};
use kiln_sql::error::{QueryError, Result};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

static SCALARS: LazyLock<HashMap<&'static str, Arc<ScalarUDF>>> = LazyLock::new(|| {
    let families = [
        arithmetic::FUNCTIONS,
        cast::FUNCTIONS,
        collections::FUNCTIONS,
        datetime::FUNCTIONS,
        hash::FUNCTIONS,
        logic::FUNCTIONS,
        strings::FUNCTIONS,
        subquery::FUNCTIONS,
    ];
    families.into_iter().flatten().map(|d| (d.name, Arc::new(udf::Function::udf(d)))).collect()
});

/// Every function of Kiln, to be registered with a session or asked by a codec.
pub fn kiln_functions() -> (Vec<Arc<ScalarUDF>>, Vec<Arc<AggregateUDF>>) {
    let mut scalars: Vec<_> = SCALARS.values().cloned().collect();
    scalars.sort_by(|a, b| a.name().cmp(b.name()));
    (scalars, aggregates::all())
}

/// A call of one of Kiln's scalar functions.
pub fn call(name: &str, arguments: Vec<Expr>) -> Result<Expr> {
    match SCALARS.get(name) {
        Some(function) => Ok(function.call(arguments)),
        None => Err(QueryError::unsupported(format!("the function {name}"))),
    }
}
