//! Aggregates that DataFusion has not, or that do not notice overflow there.
mod distinct_sum;
mod moments;
mod percentile;
mod sum;
mod sum_groups;

use arrow::datatypes::DataType;
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::AggregateUDF;
use std::sync::{Arc, LazyLock};

static SUM: LazyLock<Arc<AggregateUDF>> = LazyLock::new(|| Arc::new(AggregateUDF::from(sum::KilnSum::new())));
static SKEWNESS: LazyLock<Arc<AggregateUDF>> =
    LazyLock::new(|| Arc::new(AggregateUDF::from(moments::Moments::new("kiln_skewness", moments::skewness))));
static KURTOSIS: LazyLock<Arc<AggregateUDF>> =
    LazyLock::new(|| Arc::new(AggregateUDF::from(moments::Moments::new("kiln_kurtosis", moments::kurtosis))));
static PERCENTILE: LazyLock<Arc<AggregateUDF>> = LazyLock::new(|| Arc::new(AggregateUDF::from(percentile::Percentile::new())));

/// The sum of BIGINTs: an error on overflow.
pub fn long_sum() -> Arc<AggregateUDF> {
    Arc::clone(&SUM)
}

/// The sum of decimals. Ten digits more than the input's cannot overflow; where 38 digits leave less, it is checked.
pub fn decimal_sum(input: &DataType) -> Arc<AggregateUDF> {
    match input {
        DataType::Decimal128(precision, _) if *precision <= 28 => sum_udaf(),
        _ => Arc::clone(&SUM),
    }
}

pub fn skewness() -> Arc<AggregateUDF> {
    Arc::clone(&SKEWNESS)
}

pub fn kurtosis() -> Arc<AggregateUDF> {
    Arc::clone(&KURTOSIS)
}

/// `(value, fraction)`, interpolated.
pub fn percentile() -> Arc<AggregateUDF> {
    Arc::clone(&PERCENTILE)
}

pub fn all() -> Vec<Arc<AggregateUDF>> {
    vec![long_sum(), skewness(), kurtosis(), percentile()]
}
