//! Numbers: ANSI-checked integers, Spark's decimals, doubles.
pub mod bits;
pub mod decimal;
pub mod divide;
pub mod float;
pub mod integer;
pub mod operands;
pub mod round;
pub mod wide;

use self::integer::Op;
use self::operands::{OnError, finish, finish_ref};
use self::round::Mode;
use super::udf::{Arguments, Definition, Nulls, argument, integer as constant_integer, over_arrays, over_first, type_at};
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, IntervalUnit,
    IntervalYearMonthType, TimeUnit,
};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};
use std::sync::Arc;

fn same(args: &Arguments) -> Result<DataType> {
    type_at(args, 0).cloned()
}

fn third(args: &Arguments) -> Result<DataType> {
    type_at(args, 2).cloned()
}

fn double(_: &Arguments) -> Result<DataType> {
    Ok(DataType::Float64)
}

fn long(_: &Arguments) -> Result<DataType> {
    Ok(DataType::Int64)
}

fn int(_: &Arguments) -> Result<DataType> {
    Ok(DataType::Int32)
}

fn boolean(_: &Arguments) -> Result<DataType> {
    Ok(DataType::Boolean)
}

fn arithmetic_type(op: Op, args: &Arguments) -> Result<DataType> {
    match type_at(args, 0)? {
        left @ DataType::Decimal128(..) => decimal::result_type(op, left, type_at(args, 1)?),
        other => Ok(other.clone()),
    }
}

fn arithmetic(op: Op, on_error: OnError, args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    match args.return_type() {
        DataType::Int8 => finish(args, integer::arithmetic::<Int8Type>(op, on_error, args)?),
        DataType::Int16 => finish(args, integer::arithmetic::<Int16Type>(op, on_error, args)?),
        DataType::Int32 => finish(args, integer::arithmetic::<Int32Type>(op, on_error, args)?),
        DataType::Int64 => finish(args, integer::arithmetic::<Int64Type>(op, on_error, args)?),
        DataType::Decimal128(..) => finish(args, decimal::arithmetic(op, on_error, args)?),
        DataType::Interval(IntervalUnit::YearMonth) => finish(args, integer::arithmetic::<IntervalYearMonthType>(op, on_error, args)?),
        DataType::Duration(TimeUnit::Microsecond) => finish(args, integer::arithmetic::<DurationMicrosecondType>(op, on_error, args)?),
        other => exec_err!("arithmetic on {other}"),
    }
}

fn negate(array: &ArrayRef, only_negative: bool) -> Result<ArrayRef> {
    macro_rules! apply {
        ($type:ty) => {
            Ok(Arc::new(integer::negate(array.as_primitive::<$type>(), only_negative)?))
        };
    }
    match array.data_type() {
        DataType::Int8 => apply!(Int8Type),
        DataType::Int16 => apply!(Int16Type),
        DataType::Int32 => apply!(Int32Type),
        DataType::Int64 => apply!(Int64Type),
        DataType::Interval(IntervalUnit::YearMonth) => apply!(IntervalYearMonthType),
        DataType::Duration(TimeUnit::Microsecond) => apply!(DurationMicrosecondType),
        DataType::Float32 => {
            Ok(Arc::new(array.as_primitive::<Float32Type>().unary::<_, Float32Type>(|v| if only_negative { v.abs() } else { -v })))
        }
        DataType::Float64 => {
            Ok(Arc::new(array.as_primitive::<Float64Type>().unary::<_, Float64Type>(|v| if only_negative { v.abs() } else { -v })))
        }
        DataType::Decimal128(precision, scale) => {
            let array = array.as_primitive::<Decimal128Type>();
            let array = array.unary::<_, Decimal128Type>(|v| if only_negative && v >= 0 { v } else { v.wrapping_neg() });
            Ok(Arc::new(array.with_precision_and_scale(*precision, *scale)?))
        }
        other => exec_err!("negation of {other}"),
    }
}

fn rounded(mode: Mode, args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let digits = constant_integer(args, 1)?.unwrap_or(0).clamp(-400, 400) as i32;
    over_first(args, |array| round::round(array, digits, mode, args.return_type()))
}

/// `ceil`, `floor`: a decimal's type comes with the call, doubles give BIGINT.
fn whole(mode: Mode, args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    over_first(args, |array| match array.data_type() {
        DataType::Float64 => float::to_long(array, if mode == Mode::Ceiling { f64::ceil } else { f64::floor }),
        DataType::Decimal128(..) => round::round(array, 0, mode, args.return_type()),
        _ => Ok(Arc::clone(array)),
    })
}

fn pair(args: &ScalarFunctionArgs, f: fn(&ArrayRef, &ArrayRef) -> Result<ArrayRef>) -> Result<ColumnarValue> {
    argument(args, 1)?;
    over_arrays(args, |arrays| f(&arrays[0], &arrays[1]))
}

fn ordered_type(args: &Arguments) -> Result<DataType> {
    Ok(match type_at(args, 0)? {
        DataType::Float32 => DataType::Int32,
        _ => DataType::Int64,
    })
}

fn float_type(args: &Arguments) -> Result<DataType> {
    Ok(match type_at(args, 0)? {
        DataType::Int32 => DataType::Float32,
        _ => DataType::Float64,
    })
}

macro_rules! math {
    ($kind:ident, $apply:ident, $nulls:ident, $name:literal) => {
        Definition {
            name: concat!("kiln_", $name),
            nulls: Nulls::$nulls,
            returns: double,
            invoke: |args| match float::$kind($name) {
                Some(f) => over_first(args, |array| float::$apply(array, f)),
                None => exec_err!($name),
            },
        }
    };
}

macro_rules! math2 {
    ($name:literal, $nulls:ident) => {
        Definition {
            name: concat!("kiln_", $name),
            nulls: Nulls::$nulls,
            returns: double,
            invoke: |args| match float::binary($name) {
                Some(f) => over_arrays(args, |arrays| float::apply_binary(&arrays[0], &arrays[1], f)),
                None => exec_err!($name),
            },
        }
    };
}

macro_rules! define {
    ($name:literal, $nulls:ident, $returns:expr, $invoke:expr) => {
        Definition { name: $name, nulls: Nulls::$nulls, returns: $returns, invoke: $invoke }
    };
}

pub const FUNCTIONS: &[Definition] = &[
    define!("kiln_add", Strict, |a| arithmetic_type(Op::Add, a), |a| arithmetic(Op::Add, OnError::Fail, a)),
    define!("kiln_subtract", Strict, |a| arithmetic_type(Op::Subtract, a), |a| arithmetic(Op::Subtract, OnError::Fail, a)),
    define!("kiln_multiply", Strict, |a| arithmetic_type(Op::Multiply, a), |a| arithmetic(Op::Multiply, OnError::Fail, a)),
    define!("kiln_try_add", Maybe, |a| arithmetic_type(Op::Add, a), |a| arithmetic(Op::Add, OnError::Null, a)),
    define!("kiln_try_subtract", Maybe, |a| arithmetic_type(Op::Subtract, a), |a| arithmetic(Op::Subtract, OnError::Null, a)),
    define!("kiln_try_multiply", Maybe, |a| arithmetic_type(Op::Multiply, a), |a| arithmetic(Op::Multiply, OnError::Null, a)),
    define!("kiln_try_divide", Maybe, |a| divide::quotient_type(type_at(a, 0)?, type_at(a, 1)?), |a| {
        finish_ref(a, divide::divide(OnError::Null, a)?)
    }),
    define!("kiln_try_mod", Maybe, |a| divide::remainder_type(type_at(a, 0)?, type_at(a, 1)?), |a| {
        finish_ref(a, divide::remainder(false, OnError::Null, a)?)
    }),
    define!("kiln_divide", Strict, |a| divide::quotient_type(type_at(a, 0)?, type_at(a, 1)?), |a| {
        finish_ref(a, divide::divide(OnError::Fail, a)?)
    }),
    define!("kiln_integral_divide", Strict, long, |a| finish_ref(a, divide::integral_divide(OnError::Fail, a)?)),
    define!("kiln_remainder", Strict, |a| divide::remainder_type(type_at(a, 0)?, type_at(a, 1)?), |a| {
        finish_ref(a, divide::remainder(false, OnError::Fail, a)?)
    }),
    define!("kiln_pmod", Strict, |a| divide::remainder_type(type_at(a, 0)?, type_at(a, 1)?), |a| {
        finish_ref(a, divide::remainder(true, OnError::Fail, a)?)
    }),
    // (sum, count, a value of the result type)
    define!("kiln_decimal_average", Maybe, third, |a| finish_ref(a, divide::average(a)?)),
    define!("kiln_negate", Strict, same, |a| over_first(a, |array| negate(array, false))),
    define!("kiln_abs", Strict, same, |a| over_first(a, |array| negate(array, true))),
    // (value, digits, a value of the result type)
    define!("kiln_round", Strict, third, |a| rounded(Mode::HalfUp, a)),
    define!("kiln_bround", Strict, third, |a| rounded(Mode::HalfEven, a)),
    define!("kiln_ceil", Strict, |a| type_at(a, 1).cloned(), |a| whole(Mode::Ceiling, a)),
    define!("kiln_floor", Strict, |a| type_at(a, 1).cloned(), |a| whole(Mode::Floor, a)),
    // (value, digits, a value of the result type)
    define!("kiln_ceil_digits", Strict, third, |a| rounded(Mode::Ceiling, a)),
    define!("kiln_floor_digits", Strict, third, |a| rounded(Mode::Floor, a)),
    define!("kiln_normalize_float", Strict, same, |a| over_first(a, float::normalize)),
    define!("kiln_to_ordered", Strict, ordered_type, |a| over_first(a, float::to_ordered)),
    define!("kiln_from_ordered", Strict, float_type, |a| over_first(a, float::from_ordered)),
    define!("kiln_isnan", Never, boolean, |a| over_first(a, float::is_nan)),
    define!("kiln_nanvl", Maybe, double, |a| pair(a, float::nanvl)),
    define!("kiln_factorial", Maybe, long, |a| over_first(a, float::factorial)),
    define!("kiln_bit_not", Strict, same, |a| over_first(a, bits::not)),
    define!("kiln_bit_count", Strict, int, |a| over_first(a, bits::count)),
    define!("kiln_shiftleft", Strict, same, |a| pair(a, |l, r| bits::shift(bits::Shift::Left, l, r))),
    define!("kiln_shiftright", Strict, same, |a| pair(a, |l, r| bits::shift(bits::Shift::Right, l, r))),
    define!("kiln_shiftrightunsigned", Strict, same, |a| pair(a, |l, r| bits::shift(bits::Shift::RightUnsigned, l, r))),
    math!(unary, apply_unary, Strict, "sqrt"),
    math!(unary, apply_unary, Strict, "cbrt"),
    math!(unary, apply_unary, Strict, "exp"),
    math!(unary, apply_unary, Strict, "expm1"),
    math!(unary, apply_unary, Strict, "sin"),
    math!(unary, apply_unary, Strict, "cos"),
    math!(unary, apply_unary, Strict, "tan"),
    math!(unary, apply_unary, Strict, "asin"),
    math!(unary, apply_unary, Strict, "acos"),
    math!(unary, apply_unary, Strict, "atan"),
    math!(unary, apply_unary, Strict, "sinh"),
    math!(unary, apply_unary, Strict, "cosh"),
    math!(unary, apply_unary, Strict, "tanh"),
    math!(unary, apply_unary, Strict, "degrees"),
    math!(unary, apply_unary, Strict, "radians"),
    math!(unary, apply_unary, Strict, "sign"),
    math!(unary, apply_unary, Strict, "rint"),
    math!(logarithm, apply_optional, Maybe, "ln"),
    math!(logarithm, apply_optional, Maybe, "log10"),
    math!(logarithm, apply_optional, Maybe, "log2"),
    math!(logarithm, apply_optional, Maybe, "log1p"),
    math2!("log", Maybe),
    math2!("pow", Strict),
    math2!("atan2", Strict),
    math2!("hypot", Strict),
];
