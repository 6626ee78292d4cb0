//! `skewness` and `kurtosis`, by Spark's update and merge formulas.
use super::sum::first_as;
use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, Signature, Volatility};
use std::hash::{Hash, Hasher};
use std::mem::size_of_val;
use std::sync::Arc;

type Finish = fn(&State) -> Option<f64>;

#[derive(Debug)]
pub struct Moments {
    name: &'static str,
    finish: Finish,
    signature: Signature,
}

impl Moments {
    pub fn new(name: &'static str, finish: Finish) -> Self {
        Self { name, finish, signature: Signature::exact(vec![DataType::Float64], Volatility::Immutable) }
    }
}

impl PartialEq for Moments {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Moments {}

impl Hash for Moments {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl AggregateUDFImpl for Moments {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn accumulator(&self, _args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(MomentsAccumulator { state: State::default(), finish: self.finish }))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let field = |name: &str| Arc::new(Field::new(format_state_name(args.name, name), DataType::Float64, false));
        Ok(["n", "mean", "m2", "m3", "m4"].map(field).to_vec())
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

#[derive(Debug, Clone, Copy, Default)]
pub struct State {
    n: f64,
    mean: f64,
    m2: f64,
    m3: f64,
    m4: f64,
}

impl State {
    fn add(&mut self, x: f64) {
        let n = self.n + 1.0;
        let delta = x - self.mean;
        let delta_n = delta / n;
        let (delta2, delta_n2) = (delta * delta, delta_n * delta_n);
        self.mean += delta_n;
        self.m2 += delta * (delta - delta_n);
        self.m3 += -3.0 * delta_n * self.m2 + delta * (delta2 - delta_n2);
        self.m4 += -4.0 * delta_n * self.m3 - 6.0 * delta_n2 * self.m2 + delta * (delta * delta2 - delta_n * delta_n2);
        self.n = n;
    }

    fn merge(&mut self, other: &Self) {
        let (n1, n2) = (self.n, other.n);
        let n = n1 + n2;
        if n2 == 0.0 {
            return;
        }
        let delta = other.mean - self.mean;
        let delta_n = delta / n;
        let m2 = self.m2 + other.m2 + delta * delta_n * n1 * n2;
        let m3 = self.m3 + other.m3 + delta_n * delta_n * delta * n1 * n2 * (n1 - n2) + 3.0 * delta_n * (n1 * other.m2 - n2 * self.m2);
        let m4 = self.m4
            + other.m4
            + delta_n * delta_n * delta_n * delta * n1 * n2 * (n1 * n1 - n1 * n2 + n2 * n2)
            + 6.0 * delta_n * delta_n * (n1 * n1 * other.m2 + n2 * n2 * self.m2)
            + 4.0 * delta_n * (n1 * other.m3 - n2 * self.m3);
        *self = Self { n, mean: self.mean + delta_n * n2, m2, m3, m4 };
    }
}

pub fn skewness(state: &State) -> Option<f64> {
    (state.n > 0.0 && state.m2 != 0.0).then(|| state.n.sqrt() * state.m3 / (state.m2 * state.m2 * state.m2).sqrt())
}

pub fn kurtosis(state: &State) -> Option<f64> {
    (state.n > 0.0 && state.m2 != 0.0).then(|| state.n * state.m4 / (state.m2 * state.m2) - 3.0)
}

#[derive(Debug)]
struct MomentsAccumulator {
    state: State,
    finish: Finish,
}

impl Accumulator for MomentsAccumulator {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        first_as::<Float64Type>(values)?.iter().flatten().for_each(|x| self.state.add(x));
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let columns = states.iter().map(|s| first_as::<Float64Type>(std::slice::from_ref(s))).collect::<Result<Vec<_>>>()?;
        let [n, mean, m2, m3, m4] = columns.as_slice() else {
            return exec_err!("five states are needed");
        };
        for row in 0..n.values().len() {
            let other = State { n: n.value(row), mean: mean.value(row), m2: m2.value(row), m3: m3.value(row), m4: m4.value(row) };
            self.state.merge(&other);
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Float64((self.finish)(&self.state)))
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let State { n, mean, m2, m3, m4 } = self.state;
        Ok([n, mean, m2, m3, m4].map(|v| ScalarValue::Float64(Some(v))).to_vec())
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}
