use super::distinct_sum::DistinctSum;
use super::sum_groups::SumGroups;
use crate::functions::arithmetic::wide::LIMIT;
use crate::functions::error::SparkError;
use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::datatypes::{ArrowNativeTypeOp, DataType, Decimal128Type, Field, FieldRef, Int64Type};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, GroupsAccumulator, ReversedUDAF, Signature, Volatility};
use std::hash::Hash;
use std::mem::size_of_val;
use std::sync::Arc;

/// A type that is summed with a check.
pub trait Summed: std::fmt::Debug + ArrowPrimitiveType<Native: ArrowNativeTypeOp + Hash + Eq> {
    fn overflow() -> SparkError;
    /// Whether a finished sum is a value of the type.
    fn fits(value: Self::Native) -> bool;
}

impl Summed for Int64Type {
    fn overflow() -> SparkError {
        SparkError::overflow(" overflow", Some("try_add"))
    }

    fn fits(_: i64) -> bool {
        true
    }
}

impl Summed for Decimal128Type {
    fn overflow() -> SparkError {
        SparkError::overflow("Overflow in sum of decimals", Some("try_sum"))
    }

    fn fits(value: i128) -> bool {
        value < LIMIT && value > -LIMIT
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
pub struct KilnSum {
    signature: Signature,
}

impl KilnSum {
    pub fn new() -> Self {
        Self { signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl AggregateUDFImpl for KilnSum {
    fn name(&self) -> &str {
        "kiln_sum"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types.first() {
            Some(DataType::Int64) => Ok(DataType::Int64),
            Some(DataType::Decimal128(precision, scale)) => Ok(DataType::Decimal128((*precision + 10).min(38), *scale)),
            other => exec_err!("kiln_sum of {other:?}"),
        }
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let result = args.return_field.data_type();
        match (result, args.is_distinct) {
            (DataType::Int64, false) => Ok(Box::new(Sum::<Int64Type>::new(result))),
            (DataType::Int64, true) => Ok(Box::new(DistinctSum::<Int64Type>::new(result))),
            (_, false) => Ok(Box::new(Sum::<Decimal128Type>::new(result))),
            (_, true) => Ok(Box::new(DistinctSum::<Decimal128Type>::new(result))),
        }
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let result = args.return_field.data_type().clone();
        Ok(vec![Arc::new(match args.is_distinct {
            true => Field::new_list(format_state_name(args.name, "values"), Field::new_list_field(result, true), false),
            false => Field::new(format_state_name(args.name, "sum"), result, true),
        })])
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        let result = args.return_field.data_type();
        match result {
            DataType::Int64 => Ok(Box::new(SumGroups::<Int64Type>::new(result))),
            _ => Ok(Box::new(SumGroups::<Decimal128Type>::new(result))),
        }
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

/// One group or one window frame.
#[derive(Debug)]
struct Sum<T: Summed> {
    sum: T::Native,
    /// Values in the sum; without any it is NULL.
    count: u64,
    result: DataType,
}

impl<T: Summed> Sum<T> {
    fn new(result: &DataType) -> Self {
        Self { sum: T::Native::default(), count: 0, result: result.clone() }
    }
}

pub fn first_as<T: ArrowPrimitiveType>(values: &[ArrayRef]) -> Result<&PrimitiveArray<T>> {
    match values.first().and_then(|a| a.as_primitive_opt::<T>()) {
        Some(array) => Ok(array),
        None => exec_err!("expected {}", T::DATA_TYPE),
    }
}

impl<T: Summed> Accumulator for Sum<T> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let array = first_as::<T>(values)?;
        for value in array.iter().flatten() {
            self.sum = self.sum.add_checked(value).map_err(|_| T::overflow())?;
        }
        self.count += (array.len() - array.null_count()) as u64;
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let array = first_as::<T>(values)?;
        for value in array.iter().flatten() {
            self.sum = self.sum.sub_checked(value).map_err(|_| T::overflow())?;
        }
        self.count = self.count.saturating_sub((array.len() - array.null_count()) as u64);
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        if self.count > 0 && !T::fits(self.sum) {
            return Err(T::overflow().into());
        }
        ScalarValue::new_primitive::<T>((self.count > 0).then_some(self.sum), &self.result)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Int64Array;
    use datafusion::common::DataFusionError;
    use datafusion::logical_expr::EmitTo;

    fn longs(values: Vec<Option<i64>>) -> Vec<ArrayRef> {
        vec![Arc::new(Int64Array::from(values))]
    }

    #[test]
    fn a_sum_notices_overflow() {
        let mut sum = Sum::<Int64Type>::new(&DataType::Int64);
        sum.update_batch(&longs(vec![Some(i64::MAX), None])).unwrap();
        assert_eq!(sum.evaluate().unwrap(), ScalarValue::Int64(Some(i64::MAX)));
        let error: DataFusionError = sum.update_batch(&longs(vec![Some(1)])).unwrap_err();
        assert_eq!(SparkError::find(&error).unwrap().class, "ARITHMETIC_OVERFLOW");
    }

    #[test]
    fn a_frame_that_loses_its_rows_is_null() {
        let mut sum = Sum::<Int64Type>::new(&DataType::Int64);
        sum.update_batch(&longs(vec![Some(1), Some(2)])).unwrap();
        sum.retract_batch(&longs(vec![Some(1)])).unwrap();
        assert_eq!(sum.evaluate().unwrap(), ScalarValue::Int64(Some(2)));
        sum.retract_batch(&longs(vec![Some(2)])).unwrap();
        assert_eq!(sum.evaluate().unwrap(), ScalarValue::Int64(None));
    }

    #[test]
    fn groups_keep_nulls_apart() {
        let mut groups = SumGroups::<Int64Type>::new(&DataType::Int64);
        groups.update_batch(&longs(vec![Some(1), None, Some(3)]), &[0, 1, 0], None, 2).unwrap();
        let first = groups.evaluate(EmitTo::First(1)).unwrap();
        assert_eq!(first.as_primitive::<Int64Type>().value(0), 4);
        assert!(groups.evaluate(EmitTo::All).unwrap().is_null(0));
    }
}
