//! SQL type names to [`DataType`].
use super::Builder;
use super::lexer::position;
use crate::error::{QueryError, Result};
use crate::tree::{DataType, IntervalField, Position, StructField};
use sqlparser::ast::{self, ArrayElemTypeDef, ExactNumberInfo, IntervalFields, TimezoneInfo};

impl Builder {
    pub(super) fn data_type(&mut self, data_type: ast::DataType, at: Option<Position>) -> Result<DataType> {
        use ast::DataType as Sql;
        let unsupported = |data_type: &Sql| {
            QueryError::new("UNSUPPORTED_DATATYPE", format!("Unsupported data type \"{}\"", data_type.to_string().to_ascii_uppercase()))
                .at(at)
        };
        Ok(match data_type {
            Sql::Boolean => DataType::Boolean,
            Sql::TinyInt(None) => DataType::Byte,
            Sql::SmallInt(None) => DataType::Short,
            Sql::Int(None) | Sql::Integer(None) => DataType::Integer,
            Sql::BigInt(None) => DataType::Long,
            Sql::Float(ExactNumberInfo::None) | Sql::Real => DataType::Float,
            Sql::Double(ExactNumberInfo::None) => DataType::Double,
            Sql::Decimal(info) | Sql::Dec(info) | Sql::Numeric(info) => decimal(&info, at)?,
            // In a cast the length of CHAR and VARCHAR has no effect.
            Sql::String(None)
            | Sql::Char(Some(ast::CharacterLength::IntegerLength { length: _, unit: None }))
            | Sql::Character(Some(ast::CharacterLength::IntegerLength { length: _, unit: None }))
            | Sql::Varchar(Some(ast::CharacterLength::IntegerLength { length: _, unit: None })) => DataType::String,
            Sql::Binary(None) => DataType::Binary,
            Sql::Date => DataType::Date,
            Sql::Timestamp(None, TimezoneInfo::None) => DataType::Timestamp,
            Sql::TimestampNtz(None) | Sql::Timestamp(None, TimezoneInfo::WithoutTimeZone) => DataType::TimestampNtz,
            Sql::Interval { fields, precision: None } => interval(fields),
            Sql::Array(ArrayElemTypeDef::AngleBracket(element)) => {
                let element = Box::new(self.data_type(*element, at)?);
                DataType::Array { element, contains_null: true }
            }
            Sql::Map(key, value) => {
                let key = Box::new(self.data_type(*key, at)?);
                let value = Box::new(self.data_type(*value, at)?);
                DataType::Map { key, value, value_contains_null: true }
            }
            Sql::Struct(fields, ast::StructBracketKind::AngleBrackets) => {
                let fields = fields.into_iter().map(|field| self.field(field, at)).collect::<Result<Vec<_>>>()?;
                DataType::Struct { fields }
            }
            Sql::Custom(name, modifiers) if modifiers.is_empty() => match name.to_string().to_ascii_lowercase().as_str() {
                "byte" => DataType::Byte,
                "short" => DataType::Short,
                "void" => DataType::Null,
                "timestamp_ltz" => DataType::Timestamp,
                _ => return Err(unsupported(&Sql::Custom(name, modifiers))),
            },
            other => return Err(unsupported(&other)),
        })
    }

    fn field(&mut self, field: ast::StructField, at: Option<Position>) -> Result<StructField> {
        let ast::StructField { field_name, field_type, options } = field;
        let Some(name) = field_name else {
            return Err(QueryError::new("PARSE_SYNTAX_ERROR", "A field of a STRUCT type needs a name and a type").at(at));
        };
        let at = position(name.span.start).or(at);
        if options.is_some() {
            return Err(QueryError::unsupported("OPTIONS of a STRUCT field").at(at));
        }
        let data_type = self.data_type(field_type, at)?;
        Ok(StructField { name: name.value, data_type, nullable: true })
    }
}

fn decimal(info: &ExactNumberInfo, at: Option<Position>) -> Result<DataType> {
    let (precision, scale) = match *info {
        ExactNumberInfo::None => (10, 0),
        ExactNumberInfo::Precision(precision) => (precision, 0),
        ExactNumberInfo::PrecisionAndScale(precision, scale) => (precision, scale),
    };
    match (u8::try_from(precision), i8::try_from(scale)) {
        (Ok(small @ ..=38), Ok(small_scale)) if small_scale >= 0 && u64::try_from(scale).is_ok_and(|s| s <= precision) => {
            Ok(DataType::Decimal { precision: small, scale: small_scale })
        }
        (Ok(0..=38), _) => Err(QueryError::new(
            "DECIMAL_SCALE_EXCEEDS_PRECISION",
            format!("Decimal scale ({scale}) must be between 0 and the precision ({precision})"),
        )
        .at(at)),
        _ => Err(QueryError::new(
            "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION",
            format!("Decimal precision {precision} exceeds max precision 38"),
        )
        .at(at)),
    }
}

fn interval(fields: Option<IntervalFields>) -> DataType {
    use IntervalField::{Day, Hour, Minute, Month, Second, Year};
    let Some(fields) = fields else { return DataType::CalendarInterval };
    let (start, end) = match fields {
        IntervalFields::Year => (Year, Year),
        IntervalFields::Month => (Month, Month),
        IntervalFields::YearToMonth => (Year, Month),
        IntervalFields::Day => (Day, Day),
        IntervalFields::Hour => (Hour, Hour),
        IntervalFields::Minute => (Minute, Minute),
        IntervalFields::Second => (Second, Second),
        IntervalFields::DayToHour => (Day, Hour),
        IntervalFields::DayToMinute => (Day, Minute),
        IntervalFields::DayToSecond => (Day, Second),
        IntervalFields::HourToMinute => (Hour, Minute),
        IntervalFields::HourToSecond => (Hour, Second),
        IntervalFields::MinuteToSecond => (Minute, Second),
    };
    DataType::interval(start, end)
}
