use datafusion::common::DataFusionError;
use std::fmt;

/// An error that a Spark user would get from Spark: its error class and its message (without SQLSTATE).
///
/// It travels as `DataFusionError::External`; `find_root()` leads to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SparkError {
    pub class: String,
    pub message: String,
}

const ANSI: &str = "If necessary set \"spark.sql.ansi.enabled\" to \"false\" to bypass this error";

impl SparkError {
    pub fn new(class: impl Into<String>, message: impl Into<String>) -> Self {
        Self { class: class.into(), message: message.into() }
    }

    /// The Spark error inside a DataFusion error, however deeply it is wrapped.
    pub fn find(error: &DataFusionError) -> Option<&Self> {
        match error.find_root() {
            DataFusionError::External(source) => source.downcast_ref::<Self>(),
            DataFusionError::ArrowError(error, _) => match error.as_ref() {
                arrow::error::ArrowError::ExternalError(source) => source.downcast_ref::<Self>(),
                _ => None,
            },
            _ => None,
        }
    }

    /// `alternative` is a function that tolerates the overflow (`try_add`).
    pub fn overflow(message: &str, alternative: Option<&str>) -> Self {
        let hint = alternative.map(|f| format!(" Use '{f}' to tolerate overflow and return NULL instead.")).unwrap_or_default();
        Self::new("ARITHMETIC_OVERFLOW", format!("{message}.{hint} {ANSI}."))
    }

    /// Overflow of TINYINT and SMALLINT.
    pub fn binary_overflow(left: i64, symbol: char, right: i64, function: &str) -> Self {
        Self::new(
            "BINARY_ARITHMETIC_OVERFLOW",
            format!("{left}S {symbol} {right}S caused overflow. Use `{function}` to ignore overflow problem and return NULL."),
        )
    }

    pub fn divide_by_zero() -> Self {
        Self::new(
            "DIVIDE_BY_ZERO",
            format!("Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead. {ANSI}."),
        )
    }

    pub fn interval_divided_by_zero() -> Self {
        Self::new("INTERVAL_DIVIDED_BY_ZERO", "Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead.")
    }

    pub fn remainder_by_zero() -> Self {
        Self::new(
            "REMAINDER_BY_ZERO",
            format!("Remainder by zero. Use `try_mod` to tolerate divisor being 0 and return NULL instead. {ANSI}."),
        )
    }

    pub fn decimal_range(value: impl fmt::Display, precision: u8, scale: i8) -> Self {
        Self::new(
            "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION",
            format!("{value} cannot be represented as Decimal({precision}, {scale}). {ANSI}, and return NULL instead."),
        )
    }

    /// `value` as a SQL literal (`'abc'`, `300`, `1.0E20D`); types as Spark spells them.
    pub fn cast_invalid(value: impl fmt::Display, from: impl fmt::Display, to: impl fmt::Display) -> Self {
        Self::new(
            "CAST_INVALID_INPUT",
            format!(
                "The value {value} of the type \"{}\" cannot be cast to \"{}\" because it is malformed. Correct the value \
                 as per the syntax, or change its target type. Use `try_cast` to tolerate malformed input and return NULL instead.",
                from.to_string().to_uppercase(),
                to.to_string().to_uppercase()
            ),
        )
    }

    pub fn cast_overflow(value: impl fmt::Display, from: impl fmt::Display, to: impl fmt::Display) -> Self {
        Self::new(
            "CAST_OVERFLOW",
            format!(
                "The value {value} of the type \"{}\" cannot be cast to \"{}\" due to an overflow. Use `try_cast` to \
                 tolerate overflow and return NULL instead.",
                from.to_string().to_uppercase(),
                to.to_string().to_uppercase()
            ),
        )
    }

    pub fn array_index(index: i64, length: usize) -> Self {
        Self::new(
            "INVALID_ARRAY_INDEX",
            format!(
                "The index {index} is out of bounds. The array has {length} elements. Use the SQL function `get()` to tolerate \
                 accessing element at invalid index and return NULL instead."
            ),
        )
    }

    pub fn datetime_overflow(operation: impl fmt::Display) -> Self {
        Self::new("DATETIME_OVERFLOW", format!("Datetime operation overflow: {operation}."))
    }

    pub fn interval_overflow() -> Self {
        Self::new(
            "INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION",
            "Integer overflow while operating with intervals. Try devising appropriate values for the interval parameters.",
        )
    }

    pub fn invalid_parameter(parameter: &str, function: &str, detail: impl fmt::Display, subclass: &str) -> Self {
        Self::new(
            format!("INVALID_PARAMETER_VALUE.{subclass}"),
            format!("The value of parameter(s) {parameter} in {function} is invalid: {detail}"),
        )
    }
}

impl fmt::Display for SparkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.class, self.message)
    }
}

impl std::error::Error for SparkError {}

impl From<SparkError> for DataFusionError {
    fn from(error: SparkError) -> Self {
        Self::External(Box::new(error))
    }
}

impl From<SparkError> for arrow::error::ArrowError {
    fn from(error: SparkError) -> Self {
        Self::ExternalError(Box::new(error))
    }
}
