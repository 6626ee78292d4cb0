//! Doubles as Spark compares and computes them.
//!
//! Arrow orders floats by IEEE's total order, where -0.0 < 0.0 and a NaN with a sign is the least. Spark has one
//! zero and one NaN, the largest value: keys and compared columns are brought to that form first.
use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, PrimitiveArray};
use arrow::datatypes::{DataType, Float32Type, Float64Type, Int32Type, Int64Type};
use datafusion::common::{Result, exec_err};
use std::sync::Arc;

/// One zero, one NaN.
#[inline]
pub fn canonical(v: f64) -> f64 {
    if v.is_nan() { f64::NAN } else { v + 0.0 }
}

#[inline]
fn canonical32(v: f32) -> f32 {
    if v.is_nan() { f32::NAN } else { v + 0.0 }
}

pub fn normalize(array: &ArrayRef) -> Result<ArrayRef> {
    match array.data_type() {
        DataType::Float64 => Ok(Arc::new(array.as_primitive::<Float64Type>().unary::<_, Float64Type>(canonical))),
        DataType::Float32 => Ok(Arc::new(array.as_primitive::<Float32Type>().unary::<_, Float32Type>(canonical32))),
        _ => Ok(Arc::clone(array)),
    }
}

/// Integers in the order of the floats (NaN last): aggregates that compare with `<` are right on them.
pub fn to_ordered(array: &ArrayRef) -> Result<ArrayRef> {
    match array.data_type() {
        DataType::Float64 => Ok(Arc::new(array.as_primitive::<Float64Type>().unary::<_, Int64Type>(|v| {
            let bits = canonical(v).to_bits() as i64;
            bits ^ (((bits >> 63) as u64) >> 1) as i64
        }))),
        DataType::Float32 => Ok(Arc::new(array.as_primitive::<Float32Type>().unary::<_, Int32Type>(|v| {
            let bits = canonical32(v).to_bits() as i32;
            bits ^ (((bits >> 31) as u32) >> 1) as i32
        }))),
        other => exec_err!("{other} is not a float"),
    }
}

pub fn from_ordered(array: &ArrayRef) -> Result<ArrayRef> {
    match array.data_type() {
        DataType::Int64 => Ok(Arc::new(
            array
                .as_primitive::<Int64Type>()
                .unary::<_, Float64Type>(|bits| f64::from_bits((bits ^ (((bits >> 63) as u64) >> 1) as i64) as u64)),
        )),
        DataType::Int32 => Ok(Arc::new(
            array
                .as_primitive::<Int32Type>()
                .unary::<_, Float32Type>(|bits| f32::from_bits((bits ^ (((bits >> 31) as u32) >> 1) as i32) as u32)),
        )),
        other => exec_err!("{other} is no ordered float"),
    }
}

pub fn is_nan(array: &ArrayRef) -> Result<ArrayRef> {
    // Spark's isnan of NULL is false.
    fn test<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>, f: impl Fn(T::Native) -> bool) -> ArrayRef {
        Arc::new(array.iter().map(|v| Some(v.is_some_and(&f))).collect::<BooleanArray>())
    }
    match array.data_type() {
        DataType::Float64 => Ok(test(array.as_primitive::<Float64Type>(), f64::is_nan)),
        DataType::Float32 => Ok(test(array.as_primitive::<Float32Type>(), f32::is_nan)),
        other => exec_err!("isnan of {other}"),
    }
}

/// Spark's double functions of one argument.
pub fn unary(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "sqrt" => f64::sqrt,
        "cbrt" => f64::cbrt,
        "exp" => f64::exp,
        "expm1" => f64::exp_m1,
        "sin" => f64::sin,
        "cos" => f64::cos,
        "tan" => f64::tan,
        "asin" => f64::asin,
        "acos" => f64::acos,
        "atan" => f64::atan,
        "sinh" => f64::sinh,
        "cosh" => f64::cosh,
        "tanh" => f64::tanh,
        "degrees" => |v| v * (180.0 / std::f64::consts::PI),
        "radians" => |v| v / 180.0 * std::f64::consts::PI,
        "sign" => |v| if v.is_nan() || v == 0.0 { v } else { v.signum() },
        "rint" => f64::round_ties_even,
        _ => return None,
    })
}

/// Logarithms: NULL where there is none.
pub fn logarithm(name: &str) -> Option<fn(f64) -> Option<f64>> {
    fn above(limit: f64, v: f64, f: fn(f64) -> f64) -> Option<f64> {
        if v <= limit { None } else { Some(f(v)) }
    }
    Some(match name {
        "ln" => |v| above(0.0, v, f64::ln),
        "log10" => |v| above(0.0, v, f64::log10),
        "log2" => |v| above(0.0, v, |v| v.ln() / std::f64::consts::LN_2),
        "log1p" => |v| above(-1.0, v, f64::ln_1p),
        _ => return None,
    })
}

/// Functions of two doubles; `None` is NULL.
pub fn binary(name: &str) -> Option<fn(f64, f64) -> Option<f64>> {
    Some(match name {
        "log" => |base, v| if base <= 0.0 || v <= 0.0 { None } else { Some(v.ln() / base.ln()) },
        "pow" => |l, r| Some(power(l, r)),
        "atan2" => |l, r| Some((l + 0.0).atan2(r + 0.0)),
        "hypot" => |l, r| Some(l.hypot(r)),
        _ => return None,
    })
}

/// Java's `pow` differs from C's: 1 to the NaN or infinity is NaN.
fn power(base: f64, exponent: f64) -> f64 {
    if exponent.is_nan() || (base.abs() == 1.0 && exponent.is_infinite()) {
        return f64::NAN;
    }
    base.powf(exponent)
}

pub fn apply_unary(array: &ArrayRef, f: fn(f64) -> f64) -> Result<ArrayRef> {
    let array = doubles(array)?;
    Ok(Arc::new(array.unary::<_, Float64Type>(|v| quiet(f(v)))))
}

pub fn apply_optional(array: &ArrayRef, f: fn(f64) -> Option<f64>) -> Result<ArrayRef> {
    let array = doubles(array)?;
    Ok(Arc::new(array.unary_opt::<_, Float64Type>(|v| f(v).map(quiet))))
}

pub fn apply_binary(left: &ArrayRef, right: &ArrayRef, f: fn(f64, f64) -> Option<f64>) -> Result<ArrayRef> {
    let (left, right) = (doubles(left)?, doubles(right)?);
    let values = left.iter().zip(right).map(|(l, r)| f(l?, r?).map(quiet));
    Ok(Arc::new(values.collect::<PrimitiveArray<Float64Type>>()))
}

pub fn nanvl(left: &ArrayRef, right: &ArrayRef) -> Result<ArrayRef> {
    let (left, right) = (doubles(left)?, doubles(right)?);
    let values = left.iter().zip(right).map(|(l, r)| if l?.is_nan() { r } else { l });
    Ok(Arc::new(values.collect::<PrimitiveArray<Float64Type>>()))
}

/// The processor's own NaN is negative; Java's is not.
#[inline]
fn quiet(v: f64) -> f64 {
    if v.is_nan() { f64::NAN } else { v }
}

fn doubles(array: &ArrayRef) -> Result<&PrimitiveArray<Float64Type>> {
    match array.as_primitive_opt::<Float64Type>() {
        Some(array) => Ok(array),
        None => exec_err!("expected a double, got {}", array.data_type()),
    }
}

/// `ceil` and `floor` of doubles: a BIGINT, limited to its range.
pub fn to_long(array: &ArrayRef, f: fn(f64) -> f64) -> Result<ArrayRef> {
    Ok(Arc::new(doubles(array)?.unary::<_, Int64Type>(|v| f(v) as i64)))
}

pub fn factorial(array: &ArrayRef) -> Result<ArrayRef> {
    let Some(array) = array.as_primitive_opt::<Int32Type>() else {
        return exec_err!("factorial of {}", array.data_type());
    };
    Ok(Arc::new(array.unary_opt::<_, Int64Type>(|n| (0..=20).contains(&n).then(|| (1..=i64::from(n)).product()))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Float64Array;

    #[test]
    fn ordered_integers_sort_like_spark() {
        let values = vec![f64::NEG_INFINITY, -1.5, -0.0, 0.0, 2.0, f64::INFINITY, -f64::NAN];
        let ordered = to_ordered(&(Arc::new(Float64Array::from(values)) as ArrayRef)).unwrap();
        let keys = ordered.as_primitive::<Int64Type>().values().to_vec();
        assert!(keys.is_sorted());
        assert_eq!(keys[2], keys[3]);
        let back = from_ordered(&ordered).unwrap();
        let back = back.as_primitive::<Float64Type>().values().to_vec();
        assert_eq!(&back[..2], &[f64::NEG_INFINITY, -1.5]);
        assert!(back[6].is_nan() && back[6].is_sign_positive());
    }
}
