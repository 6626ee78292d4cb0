use super::sum::{Summed, first_as};
use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{ArrowNativeTypeOp, DataType};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::Accumulator;
use std::collections::HashSet;
use std::mem::{size_of, size_of_val};

/// `sum(DISTINCT x)` of one group.
#[derive(Debug)]
pub struct DistinctSum<T: Summed> {
    values: HashSet<T::Native>,
    result: DataType,
}

impl<T: Summed> DistinctSum<T> {
    pub fn new(result: &DataType) -> Self {
        Self { values: HashSet::new(), result: result.clone() }
    }
}

impl<T: Summed> Accumulator for DistinctSum<T> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.values.extend(first_as::<T>(values)?.iter().flatten());
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let Some(lists) = states.first().and_then(|a| a.as_list_opt::<i32>()) else {
            return exec_err!("the state of a distinct sum is a list");
        };
        lists.iter().flatten().try_for_each(|list| self.update_batch(&[list]))
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let mut sum = T::Native::default();
        for value in &self.values {
            sum = sum.add_checked(*value).map_err(|_| T::overflow())?;
        }
        if !T::fits(sum) {
            return Err(T::overflow().into());
        }
        ScalarValue::new_primitive::<T>((!self.values.is_empty()).then_some(sum), &self.result)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let values = self.values.iter().map(|v| ScalarValue::new_primitive::<T>(Some(*v), &self.result));
        let values = values.collect::<Result<Vec<_>>>()?;
        Ok(vec![ScalarValue::List(ScalarValue::new_list_nullable(&values, &self.result))])
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.values.capacity() * (size_of::<T::Native>() + 1)
    }
}
