use super::sum::{Summed, first_as};
use arrow::array::{Array, ArrayRef, BooleanArray, PrimitiveArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{ArrowNativeTypeOp, DataType};
use datafusion::common::Result;
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use std::mem::{size_of, take};
use std::sync::Arc;

/// Checked sums of many groups.
#[derive(Debug)]
pub struct SumGroups<T: Summed> {
    sums: Vec<T::Native>,
    /// Groups with a value; the others are NULL.
    seen: Vec<bool>,
    result: DataType,
}

impl<T: Summed> SumGroups<T> {
    pub fn new(result: &DataType) -> Self {
        Self { sums: Vec::new(), seen: Vec::new(), result: result.clone() }
    }

    fn emit(&mut self, emit_to: EmitTo) -> (Vec<T::Native>, Vec<bool>) {
        match emit_to {
            EmitTo::All => (take(&mut self.sums), take(&mut self.seen)),
            EmitTo::First(n) => {
                let rest = (self.sums.split_off(n), self.seen.split_off(n));
                (std::mem::replace(&mut self.sums, rest.0), std::mem::replace(&mut self.seen, rest.1))
            }
        }
    }

    fn array(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let (sums, seen) = self.emit(emit_to);
        if !sums.iter().zip(&seen).all(|(sum, seen)| !seen || T::fits(*sum)) {
            return Err(T::overflow().into());
        }
        let array = PrimitiveArray::<T>::new(sums.into(), Some(NullBuffer::from(seen)));
        Ok(Arc::new(array.with_data_type(self.result.clone())))
    }
}

fn selected<T: Summed>(array: &PrimitiveArray<T>, filter: Option<&BooleanArray>) -> PrimitiveArray<T> {
    let Some(filter) = filter else { return array.clone() };
    let kept = NullBuffer::new(match filter.nulls() {
        Some(nulls) => filter.values() & nulls.inner(),
        None => filter.values().clone(),
    });
    let (data_type, values, nulls) = array.clone().into_parts();
    PrimitiveArray::new(values, NullBuffer::union(nulls.as_ref(), Some(&kept))).with_data_type(data_type)
}

impl<T: Summed> GroupsAccumulator for SumGroups<T> {
    fn update_batch(&mut self, values: &[ArrayRef], group_indices: &[usize], filter: Option<&BooleanArray>, groups: usize) -> Result<()> {
        let array = selected(first_as::<T>(values)?, filter);
        self.sums.resize(groups, T::Native::default());
        self.seen.resize(groups, false);
        let (sums, seen) = (self.sums.as_mut_slice(), self.seen.as_mut_slice());
        let mut add = |group: usize, value: T::Native| -> Result<()> {
            sums[group] = sums[group].add_checked(value).map_err(|_| T::overflow())?;
            seen[group] = true;
            Ok(())
        };
        match array.nulls().filter(|n| n.null_count() > 0) {
            None => group_indices.iter().zip(array.values()).try_for_each(|(group, value)| add(*group, *value)),
            Some(nulls) => {
                let rows = group_indices.iter().zip(array.values()).zip(nulls);
                rows.filter(|(_, valid)| *valid).try_for_each(|((group, value), _)| add(*group, *value))
            }
        }
    }

    fn merge_batch(&mut self, values: &[ArrayRef], group_indices: &[usize], groups: usize) -> Result<()> {
        self.update_batch(values, group_indices, None, groups)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.array(emit_to)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.array(emit_to)?])
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let array = selected(first_as::<T>(values)?, filter);
        Ok(vec![Arc::new(array.with_data_type(self.result.clone()))])
    }

    fn size(&self) -> usize {
        self.sums.capacity() * size_of::<T::Native>() + self.seen.capacity()
    }
}
