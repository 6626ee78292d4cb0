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
    Decimal { precision: u8, scale: i8 },
    String,
    Binary,
    Date,
    /// `TIMESTAMP` (with local time zone), microseconds.
    Timestamp,
    /// `TIMESTAMP_NTZ`, microseconds.
    TimestampNtz,
    YearMonthInterval,
    /// Microseconds.
    DayTimeInterval,
    /// Spark's legacy `CalendarInterval`, only between resolve and folding.
    CalendarInterval,
    Array { element: Box<DataType>, contains_null: bool },
    Map { key: Box<DataType>, value: Box<DataType>, value_contains_null: bool },
    Struct { fields: Vec<StructField> },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StructField {
    pub name: String,
    pub data_type: DataType,
    pub nullable: bool,
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
            Self::YearMonthInterval => f.write_str("interval year to month"),
            Self::DayTimeInterval => f.write_str("interval day to second"),
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
