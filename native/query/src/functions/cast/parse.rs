//! From strings.
use super::number::{DecimalText, parse_boolean, parse_decimal, parse_double, parse_float, parse_integer};
use crate::functions::arithmetic::operands::OnError;
use crate::functions::datetime::parse::{parse_date, parse_timestamp, parse_timestamp_ntz};
use crate::functions::datetime::zone::Zone;
use crate::functions::error::SparkError;
use crate::functions::types::arrow_type;
use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BinaryArray, BooleanArray, PrimitiveArray, StringViewArray};
use arrow::datatypes::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
};
use datafusion::common::{Result, exec_err};
use kiln_sql::tree::DataType;
use std::sync::Arc;

type Parsed<T> = std::result::Result<T, SparkError>;

pub fn from_string(array: &ArrayRef, to: &DataType, zone: Zone, on_error: OnError) -> Result<ArrayRef> {
    let Some(strings) = array.as_string_view_opt() else {
        return exec_err!("expected text, got {}", array.data_type());
    };
    let text = Text { strings, to, on_error };
    Ok(match to {
        DataType::Boolean => Arc::new(text.boolean()?),
        DataType::Byte => Arc::new(text.primitive::<Int8Type>(|s| parse_integer(s).and_then(|v| v.try_into().ok()))?),
        DataType::Short => Arc::new(text.primitive::<Int16Type>(|s| parse_integer(s).and_then(|v| v.try_into().ok()))?),
        DataType::Integer => Arc::new(text.primitive::<Int32Type>(|s| parse_integer(s).and_then(|v| v.try_into().ok()))?),
        DataType::Long => Arc::new(text.primitive::<Int64Type>(parse_integer)?),
        DataType::Float => Arc::new(text.primitive::<Float32Type>(parse_float)?),
        DataType::Double => Arc::new(text.primitive::<Float64Type>(parse_double)?),
        DataType::Decimal { precision, scale } => {
            let array = text.values::<Decimal128Type>(|s| match parse_decimal(s, *precision, *scale) {
                DecimalText::Value(value) => Ok(value),
                DecimalText::Malformed => Err(text.malformed(s)),
                DecimalText::TooLarge => Err(SparkError::decimal_range(s.trim(), *precision, *scale)),
            })?;
            Arc::new(array.with_precision_and_scale(*precision, *scale)?)
        }
        DataType::Date => Arc::new(text.primitive::<Date32Type>(parse_date)?),
        DataType::Timestamp => {
            let array = text.primitive::<TimestampMicrosecondType>(|s| parse_timestamp(s, zone))?;
            Arc::new(array.with_data_type(arrow_type(to)))
        }
        DataType::TimestampNtz => Arc::new(text.primitive::<TimestampMicrosecondType>(parse_timestamp_ntz)?),
        DataType::Binary => Arc::new(strings.iter().map(|s| s.map(str::as_bytes)).collect::<BinaryArray>()),
        _ => return exec_err!("cannot cast string to {to}"),
    })
}

struct Text<'a> {
    strings: &'a StringViewArray,
    to: &'a DataType,
    on_error: OnError,
}

impl Text<'_> {
    fn malformed(&self, text: &str) -> SparkError {
        SparkError::cast_invalid(format_args!("'{text}'"), "STRING", self.to)
    }

    fn primitive<T: ArrowPrimitiveType>(&self, parse: impl Fn(&str) -> Option<T::Native>) -> Result<PrimitiveArray<T>> {
        self.values(|s| parse(s).ok_or_else(|| self.malformed(s)))
    }

    fn values<T: ArrowPrimitiveType>(&self, parse: impl Fn(&str) -> Parsed<T::Native>) -> Result<PrimitiveArray<T>> {
        let mut builder = PrimitiveArray::<T>::builder(self.strings.len());
        for text in self.strings {
            builder.append_option(self.settle(text.map(&parse))?);
        }
        Ok(builder.finish())
    }

    fn boolean(&self) -> Result<BooleanArray> {
        let parse = |s: &str| parse_boolean(s).ok_or_else(|| self.malformed(s));
        self.strings.iter().map(|s| self.settle(s.map(parse))).collect()
    }

    fn settle<T>(&self, value: Option<Parsed<T>>) -> Result<Option<T>> {
        match (value.transpose(), self.on_error) {
            (Ok(value), _) => Ok(value),
            (Err(_), OnError::Null) => Ok(None),
            (Err(error), OnError::Fail) => Err(error.into()),
        }
    }
}
