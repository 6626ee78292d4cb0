use super::IntervalField;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Spark's SQL types. JSON: `{"type":"decimal","precision":15,"scale":2}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum DataType {
    Null,
    Boolean,
    Byte,
    Short,
    Integer,
    Long,
    Float,
    Double,
    Decimal {
        precision: u8,
        scale: i8,
    },
    String,
    Binary,
    Date,
    /// `TIMESTAMP` (with local time zone), microseconds.
    Timestamp,
    /// `TIMESTAMP_NTZ`, microseconds.
    TimestampNtz,
    /// Months. In JSON, fields that are left out are those of `INTERVAL YEAR TO MONTH`.
    YearMonthInterval {
        #[serde(default = "year", skip_serializing_if = "is_year")]
        start: IntervalField,
        #[serde(default = "month", skip_serializing_if = "is_month")]
        end: IntervalField,
    },
    /// Microseconds. In JSON, fields that are left out are those of `INTERVAL DAY TO SECOND`.
    DayTimeInterval {
        #[serde(default = "day", skip_serializing_if = "is_day")]
        start: IntervalField,
        #[serde(default = "second", skip_serializing_if = "is_second")]
        end: IntervalField,
    },
    /// Spark's legacy `CalendarInterval`, only between resolve and folding.
    CalendarInterval,
    Array {
        element: Box<DataType>,
        contains_null: bool,
    },
    Map {
        key: Box<DataType>,
        value: Box<DataType>,
        value_contains_null: bool,
    },
    Struct {
        fields: Vec<StructField>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StructField {
    pub name: String,
    pub data_type: DataType,
    pub nullable: bool,
}

macro_rules! field_default {
    ($default:ident, $is_default:ident, $field:ident) => {
        const fn $default() -> IntervalField {
            IntervalField::$field
        }

        fn $is_default(field: &IntervalField) -> bool {
            *field == IntervalField::$field
        }
    };
}

field_default!(year, is_year, Year);
field_default!(month, is_month, Month);
field_default!(day, is_day, Day);
field_default!(second, is_second, Second);

impl DataType {
    /// `INTERVAL YEAR TO MONTH`.
    pub const YEAR_MONTH: Self = Self::YearMonthInterval { start: IntervalField::Year, end: IntervalField::Month };
    /// `INTERVAL DAY TO SECOND`.
    pub const DAY_TIME: Self = Self::DayTimeInterval { start: IntervalField::Day, end: IntervalField::Second };
    /// `INTERVAL DAY`.
    pub const DAYS: Self = Self::DayTimeInterval { start: IntervalField::Day, end: IntervalField::Day };

    /// The interval type of these fields.
    #[must_use]
    pub fn interval(start: IntervalField, end: IntervalField) -> Self {
        if end <= IntervalField::Month { Self::YearMonthInterval { start, end } } else { Self::DayTimeInterval { start, end } }
    }

    /// The first and the last field of an interval type.
    #[must_use]
    pub const fn interval_fields(&self) -> Option<(IntervalField, IntervalField)> {
        match self {
            Self::YearMonthInterval { start, end } | Self::DayTimeInterval { start, end } => Some((*start, *end)),
            _ => None,
        }
    }
}

impl fmt::Display for DataType {
    /// Spark's SQL spelling in lower case, as `DESCRIBE` and `printSchema` write it (`bigint`, `decimal(15,2)`).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("void"),
            Self::Boolean => f.write_str("boolean"),
            Self::Byte => f.write_str("tinyint"),
            Self::Short => f.write_str("smallint"),
            Self::Integer => f.write_str("int"),
            Self::Long => f.write_str("bigint"),
            Self::Float => f.write_str("float"),
            Self::Double => f.write_str("double"),
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            Self::String => f.write_str("string"),
            Self::Binary => f.write_str("binary"),
            Self::Date => f.write_str("date"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::TimestampNtz => f.write_str("timestamp_ntz"),
            Self::YearMonthInterval { start, end } | Self::DayTimeInterval { start, end } if start == end => {
                write!(f, "interval {start}")
            }
            Self::YearMonthInterval { start, end } | Self::DayTimeInterval { start, end } => {
                write!(f, "interval {start} to {end}")
            }
            Self::CalendarInterval => f.write_str("interval"),
            Self::Array { element, .. } => write!(f, "array<{element}>"),
            Self::Map { key, value, .. } => write!(f, "map<{key},{value}>"),
            Self::Struct { fields } => {
                f.write_str("struct<")?;
                for (i, field) in fields.iter().enumerate() {
                    if i > 0 {
                        f.write_str(",")?;
                    }
                    write!(f, "{}:{}", field.name, field.data_type)?;
                }
                f.write_str(">")
            }
        }
    }
}
