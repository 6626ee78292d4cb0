//! The types a function's argument may have, and the cast that makes an argument fit.
use super::{is_atomic, is_datetime, is_decimal, is_float, is_integral, is_interval, is_numeric, is_orderable, is_timestamp};
use crate::tree::DataType;

/// What an argument may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::resolve) enum Slot {
    Any,
    /// Can be sorted.
    Orderable,
    Boolean,
    Integer,
    Long,
    Double,
    /// Any integral type as it is; fractions are refused.
    Integral,
    /// Any number as it is.
    Numeric,
    /// Any number or interval as it is.
    NumericOrInterval,
    /// `ceil` and `floor`: bigint, double or decimal.
    LongDoubleDecimal,
    IntegerOrLong,
    String,
    Binary,
    StringOrBinary,
    Date,
    /// Session time zone.
    Timestamp,
    /// With or without time zone as it is.
    AnyTimestamp,
}

impl Slot {
    /// As messages name it.
    pub(in crate::resolve) const fn describe(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Orderable => "orderable",
            Self::Boolean => "\"BOOLEAN\"",
            Self::Integer => "\"INT\"",
            Self::Long => "\"BIGINT\"",
            Self::Double => "\"DOUBLE\"",
            Self::Integral => "\"INTEGRAL\"",
            Self::Numeric => "\"NUMERIC\"",
            Self::NumericOrInterval => "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\")",
            Self::LongDoubleDecimal => "(\"DOUBLE\" or \"DECIMAL\" or \"BIGINT\")",
            Self::IntegerOrLong => "(\"INT\" or \"BIGINT\")",
            Self::String => "\"STRING\"",
            Self::Binary => "\"BINARY\"",
            Self::StringOrBinary => "(\"STRING\" or \"BINARY\")",
            Self::Date => "\"DATE\"",
            Self::Timestamp => "\"TIMESTAMP\"",
            Self::AnyTimestamp => "(\"TIMESTAMP_NTZ\" or \"TIMESTAMP\")",
        }
    }

    fn accepts(self, data_type: &DataType) -> bool {
        match self {
            Self::Any => true,
            Self::Orderable => is_orderable(data_type),
            Self::Boolean => *data_type == DataType::Boolean,
            Self::Integer => *data_type == DataType::Integer,
            Self::Long => *data_type == DataType::Long,
            Self::Double => *data_type == DataType::Double,
            Self::Integral => is_integral(data_type),
            Self::Numeric => is_numeric(data_type),
            Self::NumericOrInterval => is_numeric(data_type) || is_interval(data_type),
            Self::LongDoubleDecimal => matches!(data_type, DataType::Long | DataType::Double) || is_decimal(data_type),
            Self::IntegerOrLong => matches!(data_type, DataType::Integer | DataType::Long),
            Self::String => *data_type == DataType::String,
            Self::Binary => *data_type == DataType::Binary,
            Self::StringOrBinary => matches!(data_type, DataType::String | DataType::Binary),
            Self::Date => *data_type == DataType::Date,
            Self::Timestamp => *data_type == DataType::Timestamp,
            Self::AnyTimestamp => is_timestamp(data_type),
        }
    }

    /// What NULL and strings become.
    fn default_type(self) -> Option<DataType> {
        Some(match self {
            Self::Any | Self::Orderable => return None,
            Self::Boolean => DataType::Boolean,
            Self::Integer | Self::IntegerOrLong => DataType::Integer,
            Self::Long => DataType::Long,
            Self::Integral => DataType::Integer,
            Self::Double | Self::Numeric | Self::NumericOrInterval | Self::LongDoubleDecimal => DataType::Double,
            Self::String | Self::StringOrBinary => DataType::String,
            Self::Binary => DataType::Binary,
            Self::Date => DataType::Date,
            Self::Timestamp | Self::AnyTimestamp => DataType::Timestamp,
        })
    }
}

/// The type an argument of type `own` is cast to for `slot`; `None`: it does not fit.
pub(in crate::resolve) fn implicit_type(own: &DataType, slot: Slot) -> Option<DataType> {
    if slot.accepts(own) {
        return Some(own.clone());
    }
    if slot == Slot::LongDoubleDecimal {
        return match own {
            t if is_integral(t) => Some(DataType::Long),
            DataType::Null => Some(DataType::Double),
            t if is_float(t) || *t == DataType::String => Some(DataType::Double),
            _ => None,
        };
    }
    if slot == Slot::IntegerOrLong && is_integral(own) {
        return Some(DataType::Integer);
    }
    if slot == Slot::Integral && (is_float(own) || is_decimal(own)) {
        return None;
    }
    let target = slot.default_type()?;
    match own {
        DataType::Null => Some(target),
        DataType::String if is_atomic(&target) && !is_interval(&target) => Some(target),
        _ => can_assign(own, &target).then_some(target),
    }
}

/// ANSI store assignment between atomic types: numbers to numbers, dates to dates, anything to a string.
fn can_assign(own: &DataType, target: &DataType) -> bool {
    (is_numeric(own) && is_numeric(target))
        || (is_datetime(own) && is_datetime(target))
        || (*target == DataType::String && (is_atomic(own) || *own == DataType::CalendarInterval))
}
