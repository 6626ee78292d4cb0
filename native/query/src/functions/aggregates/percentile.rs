//! `percentile` and `median`: exact, interpolated between the two values around the place.
use super::sum::first_as;
use crate::functions::arithmetic::float::canonical;
use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, Signature, Volatility};
use std::mem::{size_of_val, take};
use std::sync::Arc;

#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Percentile {
    signature: Signature,
}

impl Percentile {
    pub fn new() -> Self {
        Self { signature: Signature::exact(vec![DataType::Float64, DataType::Float64], Volatility::Immutable) }
    }
}

impl AggregateUDFImpl for Percentile {
    fn name(&self) -> &str {
        "kiln_percentile"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(PercentileAccumulator { values: Vec::new(), fraction: None, distinct: args.is_distinct }))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let item = Field::new_list_field(DataType::Float64, true);
        Ok(vec![
            Arc::new(Field::new_list(format_state_name(args.name, "values"), item, false)),
            Arc::new(Field::new(format_state_name(args.name, "fraction"), DataType::Float64, true)),
        ])
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

#[derive(Debug)]
struct PercentileAccumulator {
    values: Vec<f64>,
    fraction: Option<f64>,
    distinct: bool,
}

impl PercentileAccumulator {
    fn keep_fraction(&mut self, fractions: &ArrayRef) -> Result<()> {
        let fractions = first_as::<Float64Type>(std::slice::from_ref(fractions))?;
        self.fraction = self.fraction.or_else(|| fractions.iter().flatten().next());
        Ok(())
    }
}

impl Accumulator for PercentileAccumulator {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [_, fractions] = values else { return exec_err!("percentile takes two arguments") };
        self.keep_fraction(fractions)?;
        self.values.extend(first_as::<Float64Type>(values)?.iter().flatten().map(canonical));
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [lists, fractions] = states else { return exec_err!("two states are needed") };
        self.keep_fraction(fractions)?;
        let Some(lists) = lists.as_list_opt::<i32>() else { return exec_err!("a list is needed") };
        for list in lists.iter().flatten() {
            self.values.extend(first_as::<Float64Type>(&[list])?.iter().flatten());
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.values.sort_unstable_by(f64::total_cmp);
        if self.distinct {
            self.values.dedup_by_key(|v| v.to_bits());
        }
        let fraction = self.fraction.unwrap_or(0.5);
        Ok(ScalarValue::Float64(interpolate(&self.values, fraction)))
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let values: Vec<ScalarValue> = take(&mut self.values).into_iter().map(|v| ScalarValue::Float64(Some(v))).collect();
        let list = ScalarValue::new_list_nullable(&values, &DataType::Float64);
        Ok(vec![ScalarValue::List(list), ScalarValue::Float64(self.fraction)])
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.values.capacity() * 8
    }
}

fn interpolate(sorted: &[f64], fraction: f64) -> Option<f64> {
    let position = sorted.len().checked_sub(1)? as f64 * fraction;
    let (low, high) = (position.floor(), position.ceil());
    let (below, above) = (*sorted.get(low as usize)?, *sorted.get(high as usize)?);
    if low == high || below == above {
        return Some(below);
    }
    Some((high - position) * below + (position - low) * above)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpolates() {
        assert_eq!(interpolate(&[], 0.5), None);
        assert_eq!(interpolate(&[1.0, 2.0, 4.0], 0.5), Some(2.0));
        assert_eq!(interpolate(&[1.0, 2.0], 0.5), Some(1.5));
        assert_eq!(interpolate(&[0.0, 10.0], 0.3), Some(3.0));
    }
}
