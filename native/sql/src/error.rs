use crate::tree::Position;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a person gets when a query is not right: a Spark-like error class, a sentence, the place, and what to do.
///
/// `class` is Spark's error class where Spark has one (`PARSE_SYNTAX_ERROR`, `UNRESOLVED_COLUMN.WITH_SUGGESTION`),
/// and `UNSUPPORTED` for what Kiln does not cover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryError {
    pub class: String,
    pub message: String,
    pub position: Option<Position>,
    pub hint: Option<String>,
}

impl QueryError {
    pub fn new(class: impl Into<String>, message: impl Into<String>) -> Self {
        Self { class: class.into(), message: message.into(), position: None, hint: None }
    }

    /// Something valid in Spark that Kiln does not cover yet.
    pub fn unsupported(what: impl fmt::Display) -> Self {
        Self::new("UNSUPPORTED", format!("{what} is not supported by Kiln yet"))
    }

    #[must_use]
    pub fn at(mut self, position: Option<Position>) -> Self {
        if self.position.is_none() {
            self.position = position;
        }
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.class, self.message)?;
        if let Some(position) = self.position {
            write!(f, " (line {}, column {})", position.line, position.column)?;
        }
        if let Some(hint) = &self.hint {
            write!(f, ". {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for QueryError {}

pub type Result<T> = std::result::Result<T, QueryError>;
