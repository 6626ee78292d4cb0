//! One call being resolved: its arguments, and what its row's rule does with them.
use super::{Default, Function, Kind, Nulls, Out, Rule};
use crate::error::{QueryError, Result};
use crate::resolve::ResolveOptions;
use crate::resolve::coercion::{Slot, cast_to, implicit_type, is_foldable, long_value, wider_common, wider_without_strings};
use crate::resolve::output::{data_type_of, nullable_of};
use crate::resolve::{auto_name, errors};
use crate::tree::{DataType, Expression, Position};

/// A resolved expression with its automatic name.
#[derive(Debug, Clone)]
pub(in crate::resolve) struct Typed {
    pub(in crate::resolve) expression: Expression,
    /// As Spark prints it inside a larger expression.
    pub(in crate::resolve) label: String,
    /// The column's name when it stands alone, if that is not `label` (`CAST(a AS INT)` is called `a`).
    pub(in crate::resolve) title: Option<String>,
    /// A bare column or an alias, whose name a cast or a struct around it keeps.
    pub(in crate::resolve) is_column: bool,
}

impl Typed {
    pub(in crate::resolve) fn new(expression: Expression, label: impl Into<String>) -> Self {
        Self { expression, label: label.into(), title: None, is_column: false }
    }

    pub(in crate::resolve) fn literal(value: Option<&str>, data_type: DataType) -> Self {
        let label = auto_name::literal(value, &data_type);
        Self::new(Expression::Literal { value: value.map(str::to_owned), data_type }, label)
    }

    pub(in crate::resolve) fn data_type(&self) -> DataType {
        data_type_of(&self.expression)
    }

    pub(in crate::resolve) fn column_name(&self) -> &str {
        self.title.as_deref().unwrap_or(&self.label)
    }
}

pub(in crate::resolve) struct Site<'s> {
    pub(super) function: &'static Function,
    /// The name as it is printed.
    pub(super) shown: &'static str,
    pub(super) arguments: Vec<Typed>,
    /// The automatic name of the call; a rule may change it.
    pub(in crate::resolve) label: String,
    pub(in crate::resolve) title: Option<String>,
    pub(super) options: &'s ResolveOptions,
    pub(super) position: Option<Position>,
    pub(super) is_distinct: bool,
    /// For `rand()` without a seed: other in each query and each call.
    pub(super) seed: i64,
}

impl<'s> Site<'s> {
    pub(in crate::resolve) fn new(
        (function, shown): (&'static Function, &'static str),
        arguments: Vec<Typed>,
        options: &'s ResolveOptions,
        position: Option<Position>,
        is_distinct: bool,
        seed: i64,
    ) -> Result<Self> {
        let mut site = Self { function, shown, arguments, label: String::new(), title: None, options, position, is_distinct, seed };
        site.check_arity()?;
        let given = site.arguments.len();
        for default in function.defaults.iter().skip(given.saturating_sub(function.min)) {
            site.arguments.push(match default {
                Default::Int(value) => Typed::literal(Some(&value.to_string()), DataType::Integer),
                Default::Text(text) => Typed::literal(Some(text), DataType::String),
                Default::True => Typed::literal(Some("true"), DataType::Boolean),
                Default::False => Typed::literal(Some("false"), DataType::Boolean),
                Default::Null => Typed::literal(None, DataType::Null),
            });
        }
        site.label = site.shown_as(shown);
        Ok(site)
    }

    fn shown_as(&self, shown: &str) -> String {
        let mut labels: Vec<String> = self.arguments.iter().map(|argument| argument.label.clone()).collect();
        if let (true, Some(first)) = (self.is_distinct, labels.first_mut()) {
            *first = format!("DISTINCT {first}");
        }
        (self.function.show)(shown, &labels)
    }

    fn check_arity(&self) -> Result<()> {
        let (min, actual) = (self.function.min, self.arguments.len());
        let max = if self.function.defaults.is_empty() { self.function.max } else { min + self.function.defaults.len() };
        if (min..=max).contains(&actual) {
            return Ok(());
        }
        let expected = if min == max {
            min.to_string()
        } else if max == super::ANY_NUMBER {
            format!("> {}", min.saturating_sub(1))
        } else {
            let all: Vec<String> = (min..=max).map(|n| n.to_string()).collect();
            format!("[{}]", all.join(", "))
        };
        Err(errors::wrong_arity(self.shown, &expected, actual, self.position))
    }

    /// Applies the row's rule.
    pub(in crate::resolve) fn resolve(&mut self) -> Result<Expression> {
        match self.function.rule {
            Rule::Custom(rule) => rule(self),
            Rule::Slots(slots, out) => {
                let arguments = self.fit(slots)?;
                let data_type = result_type(out, &arguments);
                Ok(self.call(arguments, data_type))
            }
            Rule::Widest { promote_strings } => {
                let arguments = self.widened(promote_strings)?;
                let data_type = result_type(Out::Argument(0), &arguments);
                Ok(self.call(arguments, data_type))
            }
        }
    }

    /// The arguments cast to their slots; the last slot serves all that follow.
    pub(super) fn fit(&self, slots: &[Slot]) -> Result<Vec<Expression>> {
        let Some(last) = slots.last() else { return Ok(self.expressions()) };
        self.arguments
            .iter()
            .enumerate()
            .map(|(index, argument)| self.fit_one(index, argument, *slots.get(index).unwrap_or(last)))
            .collect()
    }

    pub(super) fn fit_one(&self, index: usize, argument: &Typed, slot: Slot) -> Result<Expression> {
        let own = argument.data_type();
        match implicit_type(&own, slot) {
            Some(target) => Ok(cast_to(argument.expression.clone(), &target)),
            None => Err(errors::unexpected_input(&self.label, index, slot.describe(), &argument.label, &own, self.position)),
        }
    }

    /// All arguments cast to the type they have in common.
    pub(super) fn widened(&self, promote_strings: bool) -> Result<Vec<Expression>> {
        let types: Vec<DataType> = self.arguments.iter().map(Typed::data_type).collect();
        let wide = if promote_strings { wider_common(&types) } else { wider_without_strings(&types) };
        let wide = wide.ok_or_else(|| errors::different_types(&self.label, self.function.name(), &types, self.position))?;
        Ok(self.arguments.iter().map(|argument| cast_to(argument.expression.clone(), &wide)).collect())
    }

    pub(super) fn expressions(&self) -> Vec<Expression> {
        self.arguments.iter().map(|argument| argument.expression.clone()).collect()
    }

    /// The argument at `index`; rows say how many there are.
    pub(super) fn argument(&self, index: usize) -> Result<&Typed> {
        self.arguments.get(index).ok_or_else(|| self.error("INTERNAL_ERROR", "an argument is missing"))
    }

    pub(super) fn types(&self) -> Vec<DataType> {
        self.arguments.iter().map(Typed::data_type).collect()
    }

    /// A constant integer argument, or `NON_FOLDABLE_INPUT`.
    pub(super) fn constant(&self, index: usize, parameter: &str) -> Result<i64> {
        let argument = self.argument(index)?;
        if let Some(value) = long_value(&argument.expression) {
            return Ok(value);
        }
        if is_foldable(&argument.expression) {
            return Err(QueryError::unsupported(format!("the constant expression \"{}\" here", argument.label)).at(self.position));
        }
        Err(errors::mismatch(
            "NON_FOLDABLE_INPUT",
            &self.label,
            format!("the input `{parameter}` should be a foldable \"INT\" expression; however, got \"{}\".", argument.label),
            self.position,
        ))
    }

    /// A constant text argument.
    pub(super) fn text(&self, index: usize) -> Result<Option<&str>> {
        Ok(match &self.argument(index)?.expression {
            Expression::Literal { value: Some(value), data_type: DataType::String } => Some(value),
            _ => None,
        })
    }

    /// A constant boolean that may be left out (false).
    pub(super) fn flag(&self, index: usize) -> Result<bool> {
        match self.arguments.get(index).map(|argument| &argument.expression) {
            None => Ok(false),
            Some(Expression::Literal { value: Some(text), data_type: DataType::Boolean }) => Ok(text == "true"),
            Some(_) => {
                let message = format!("The last argument of `{}` must be a constant boolean", self.shown);
                Err(self.error("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", message))
            }
        }
    }

    /// This function's call over coerced arguments.
    pub(super) fn call(&self, arguments: Vec<Expression>, data_type: DataType) -> Expression {
        let nullable = match self.function.nulls {
            Nulls::Any => arguments.iter().any(nullable_of),
            Nulls::All => arguments.iter().all(nullable_of),
            Nulls::Never => false,
            // A scan of an empty group, a division by zero, a missing part of a text.
            Nulls::Always => true,
        };
        call_of(self.function.name(), arguments, data_type, nullable)
    }

    pub(super) fn error(&self, class: &str, message: impl Into<String>) -> QueryError {
        QueryError::new(class, message).at(self.position)
    }

    pub(in crate::resolve) fn is_aggregate(&self) -> bool {
        self.function.kind == Kind::Aggregate
    }
}

/// Any call.
pub(super) fn call_of(name: &str, arguments: Vec<Expression>, data_type: DataType, nullable: bool) -> Expression {
    Expression::Call { name: name.to_owned(), arguments, is_distinct: false, filter: None, data_type, nullable }
}

/// A call that is NULL if an argument is.
pub(super) fn strict_call(name: &str, arguments: Vec<Expression>, data_type: DataType) -> Expression {
    let nullable = arguments.iter().any(nullable_of);
    call_of(name, arguments, data_type, nullable)
}

pub(super) fn int_literal(value: i64) -> Expression {
    Expression::Literal { value: Some(value.to_string()), data_type: DataType::Integer }
}

fn result_type(out: Out, arguments: &[Expression]) -> DataType {
    let argument = |index: usize| arguments.get(index).map_or(DataType::Null, data_type_of);
    match out {
        Out::Argument(index) => argument(index),
        Out::ArrayOfFirst => DataType::Array { element: Box::new(argument(0)), contains_null: false },
        Out::ArrayOfString => DataType::Array { element: Box::new(DataType::String), contains_null: false },
        Out::Boolean => DataType::Boolean,
        Out::Byte => DataType::Byte,
        Out::Integer => DataType::Integer,
        Out::Long => DataType::Long,
        Out::Double => DataType::Double,
        Out::String => DataType::String,
        Out::Binary => DataType::Binary,
        Out::Date => DataType::Date,
        Out::Timestamp => DataType::Timestamp,
    }
}
