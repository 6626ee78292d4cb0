//! `lag`, `lead`, `nth_value`, `first_value` and `last_value` that pass over NULLs. A plan that is sent keeps no IGNORE NULLS of DataFusion's own.
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::interleave;
use arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{PartitionEvaluator, Signature, Volatility, WindowUDF, WindowUDFImpl};
use std::ops::Range;
use std::sync::{Arc, LazyLock};

static SHIFT: LazyLock<Arc<WindowUDF>> = LazyLock::new(|| udwf(Kind::Shift, 3));
static NTH: LazyLock<Arc<WindowUDF>> = LazyLock::new(|| udwf(Kind::Nth, 2));

/// `(value, rows back, value where there is no such row)`; negative: rows ahead.
pub fn shift_not_null() -> Arc<WindowUDF> {
    Arc::clone(&SHIFT)
}

/// `(value, n)`; negative: from the end of the frame.
pub fn nth_not_null() -> Arc<WindowUDF> {
    Arc::clone(&NTH)
}

pub fn all() -> Vec<Arc<WindowUDF>> {
    vec![shift_not_null(), nth_not_null()]
}

fn udwf(kind: Kind, arity: usize) -> Arc<WindowUDF> {
    Arc::new(WindowUDF::from(NotNull { kind, signature: Signature::any(arity, Volatility::Immutable) }))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Shift,
    Nth,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct NotNull {
    kind: Kind,
    signature: Signature,
}

impl WindowUDFImpl for NotNull {
    fn name(&self) -> &str {
        match self.kind {
            Kind::Shift => "kiln_shift_not_null",
            Kind::Nth => "kiln_nth_not_null",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn partition_evaluator(&self, _args: PartitionEvaluatorArgs) -> Result<Box<dyn PartitionEvaluator>> {
        Ok(match self.kind {
            Kind::Shift => Box::new(ShiftEvaluator),
            Kind::Nth => Box::new(NthEvaluator { known: None }),
        })
    }

    fn field(&self, args: WindowUDFFieldArgs) -> Result<FieldRef> {
        let data_type = args.input_fields().first().map_or(DataType::Null, |field| field.data_type().clone());
        Ok(Arc::new(Field::new(args.name(), data_type, true)))
    }
}

/// The rows whose value is not NULL.
fn known_rows(values: &ArrayRef) -> Vec<usize> {
    (0..values.len()).filter(|row| values.is_valid(*row)).collect()
}

fn count(values: &[ArrayRef]) -> Result<i64> {
    match values.get(1).and_then(|counts| counts.as_primitive_opt::<Int64Type>()).filter(|counts| !counts.is_empty()) {
        Some(counts) => Ok(counts.value(0)),
        None => exec_err!("the second argument must be a constant BIGINT"),
    }
}

#[derive(Debug)]
struct ShiftEvaluator;

impl PartitionEvaluator for ShiftEvaluator {
    fn evaluate_all(&mut self, values: &[ArrayRef], num_rows: usize) -> Result<ArrayRef> {
        let [value, _, default] = values else { return exec_err!("three arguments are needed") };
        let back = count(values)?;
        let steps = usize::try_from(back.unsigned_abs()).unwrap_or(usize::MAX);
        let known = known_rows(value);
        let source = |row: usize| match back {
            0 => Some(row),
            1.. => known.partition_point(|at| *at < row).checked_sub(steps).and_then(|at| known.get(at).copied()),
            _ => known.partition_point(|at| *at <= row).checked_add(steps - 1).and_then(|at| known.get(at).copied()),
        };
        let places: Vec<(usize, usize)> = (0..num_rows).map(|row| source(row).map_or((1, row), |at| (0, at))).collect();
        Ok(interleave(&[value.as_ref(), default.as_ref()], &places)?)
    }
}

#[derive(Debug)]
struct NthEvaluator {
    /// Of the partition, found with its first row.
    known: Option<Vec<usize>>,
}

impl PartitionEvaluator for NthEvaluator {
    fn evaluate(&mut self, values: &[ArrayRef], range: &Range<usize>) -> Result<ScalarValue> {
        let Some(value) = values.first() else { return exec_err!("two arguments are needed") };
        let nth = count(values)?;
        let steps = usize::try_from(nth.unsigned_abs()).unwrap_or(usize::MAX);
        let known = self.known.get_or_insert_with(|| known_rows(value));
        let place = match nth {
            0.. => steps.checked_sub(1).and_then(|n| known.partition_point(|at| *at < range.start).checked_add(n)),
            _ => known.partition_point(|at| *at < range.end).checked_sub(steps),
        };
        let place = place.and_then(|at| known.get(at));
        match place.filter(|at| range.contains(at)) {
            Some(at) => ScalarValue::try_from_array(value, *at),
            None => ScalarValue::try_from(value.data_type()),
        }
    }

    fn uses_window_frame(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int32Array, Int64Array};
    use arrow::datatypes::Int32Type;

    fn shifted(back: i64) -> Vec<Option<i32>> {
        let value: ArrayRef = Arc::new(Int32Array::from(vec![Some(5), None, Some(7), None, Some(9)]));
        let (steps, default) = (Int64Array::from(vec![back; 5]), Int32Array::from(vec![0; 5]));
        let result = ShiftEvaluator.evaluate_all(&[value, Arc::new(steps), Arc::new(default)], 5).unwrap();
        result.as_primitive::<Int32Type>().iter().collect()
    }

    fn nth(n: i64, range: Range<usize>) -> ScalarValue {
        let value: ArrayRef = Arc::new(Int32Array::from(vec![Some(5), None, Some(7), None, Some(9)]));
        NthEvaluator { known: None }.evaluate(&[value, Arc::new(Int64Array::from(vec![n; 5]))], &range).unwrap()
    }

    #[test]
    fn values_of_a_frame_are_counted_from_either_end() {
        assert_eq!([nth(1, 1..5), nth(2, 1..5), nth(3, 1..5)], [Some(7), Some(9), None].map(ScalarValue::Int32));
        assert_eq!([nth(-1, 0..4), nth(-2, 0..4), nth(-3, 0..4)], [Some(7), Some(5), None].map(ScalarValue::Int32));
        assert_eq!([nth(-1, 3..4), nth(1, 3..4), nth(0, 0..4)], [None; 3].map(ScalarValue::Int32));
    }

    #[test]
    fn nulls_are_passed_over() {
        assert_eq!(shifted(2), [Some(0), Some(0), Some(0), Some(5), Some(5)]);
        assert_eq!(shifted(-1), [Some(7), Some(7), Some(9), Some(9), Some(0)]);
        assert_eq!(shifted(0), [Some(5), None, Some(7), None, Some(9)]);
    }
}
