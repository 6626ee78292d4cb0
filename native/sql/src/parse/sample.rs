//! TABLESAMPLE.
use super::Builder;
use super::expression::value_literal;
use super::query::refuse;
use crate::error::{QueryError, Result};
use crate::tree::{Expression, Relation};
use sqlparser::ast::{
    TableSample, TableSampleBucket, TableSampleKind, TableSampleQuantity, TableSampleSeed, TableSampleUnit, ValueWithSpan,
};
use std::hash::{BuildHasher, RandomState};

impl Builder {
    pub(super) fn sample(&mut self, input: Relation, sample: Option<TableSampleKind>) -> Result<Relation> {
        let sample = match sample {
            None => return Ok(input),
            Some(TableSampleKind::BeforeTableAlias(sample) | TableSampleKind::AfterTableAlias(sample)) => *sample,
        };
        let TableSample { modifier: _, name, quantity, seed, bucket, offset } = sample;
        refuse(name.is_some() || offset.is_some(), "TABLESAMPLE of this form")?;
        let seed = match seed {
            Some(TableSampleSeed { modifier: _, value }) => whole(value)?,
            // As Spark, which draws one of a thousand.
            None => i64::try_from(RandomState::new().hash_one(0) % 1000).unwrap_or(0),
        };
        let fraction = match (quantity, bucket) {
            (Some(TableSampleQuantity { parenthesized: _, value, unit }), None) => match unit {
                Some(TableSampleUnit::Rows) => {
                    let limit = self.expression(value)?;
                    return Ok(Relation::Limit { input: Box::new(input), limit });
                }
                Some(TableSampleUnit::Percent) => number(&self.expression(value)?)? / 100.0,
                None => {
                    return Err(QueryError::unsupported("TABLESAMPLE by size").hint("Use (n PERCENT) or (n ROWS)"));
                }
            },
            (None, Some(TableSampleBucket { bucket, total, on })) => {
                refuse(on.is_some(), "TABLESAMPLE BUCKET with ON")?;
                number(&value_literal(bucket.value, bucket.span)?)? / number(&value_literal(total.value, total.span)?)?
            }
            _ => return Err(QueryError::unsupported("TABLESAMPLE of this form")),
        };
        if !(0.0..=1.0).contains(&fraction) {
            return Err(QueryError::new(
                "INVALID_TABLESAMPLE_FRACTION",
                format!("Sampling fraction ({fraction}) must be on interval [0, 1]"),
            ));
        }
        Ok(Relation::Sample { input: Box::new(input), lower: 0.0, upper: fraction, with_replacement: false, seed })
    }
}

fn number(expression: &Expression) -> Result<f64> {
    match expression {
        Expression::Literal { value: Some(text), .. } => text.parse().ok(),
        _ => None,
    }
    .ok_or_else(|| QueryError::unsupported("TABLESAMPLE with anything but a number"))
}

fn whole(value: ValueWithSpan) -> Result<i64> {
    match value_literal(value.value, value.span)? {
        Expression::Literal { value: Some(text), .. } => text.parse().ok(),
        _ => None,
    }
    .ok_or_else(|| QueryError::unsupported("REPEATABLE with anything but a whole number"))
}
