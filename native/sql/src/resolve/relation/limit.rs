//! LIMIT and OFFSET.
use crate::error::{QueryError, Result};
use crate::resolve::auto_name::sql_type;
use crate::resolve::coercion::{is_foldable, is_integral, long_value};
use crate::resolve::expression::{Context, Names, position_of};
use crate::resolve::resolver::{Env, Output, Resolver};
use crate::resolve::scope::Scope;
use crate::tree::{DataType, Expression, Relation};

impl Resolver<'_> {
    pub(super) fn limit(&mut self, input: &Relation, limit: &Expression, env: Env<'_>) -> Result<Output> {
        let Output { plan, scope } = self.relation(input, env)?;
        let limit = self.row_count(limit, "limit", &scope, env)?;
        Ok(Output { plan: Relation::Limit { input: Box::new(plan), limit }, scope })
    }

    pub(super) fn offset(&mut self, input: &Relation, offset: &Expression, env: Env<'_>) -> Result<Output> {
        let Output { plan, scope } = self.relation(input, env)?;
        let offset = self.row_count(offset, "offset", &scope, env)?;
        Ok(Output { plan: Relation::Offset { input: Box::new(plan), offset }, scope })
    }

    fn row_count(&mut self, expression: &Expression, what: &str, scope: &Scope, env: Env<'_>) -> Result<Expression> {
        let names = Names::of(scope);
        let typed = self.expression(expression, Context::new(&names, env))?;
        let fail = |sub: &str, reason: String| {
            QueryError::new(
                format!("INVALID_LIMIT_LIKE_EXPRESSION.{sub}"),
                format!("The limit like expression \"{}\" is invalid. {reason}", typed.label),
            )
            .at(position_of(expression))
        };
        if !is_foldable(&typed.expression) {
            return Err(fail("IS_UNFOLDABLE", format!("The {what} expression must evaluate to a constant value.")));
        }
        let own = typed.data_type();
        if !is_integral(&own) || own == DataType::Long {
            return Err(fail("DATA_TYPE", format!("The {what} expression must be integer type, but got \"{}\".", sql_type(&own))));
        }
        let Some(rows) = long_value(&typed.expression) else {
            return Err(fail("IS_NULL", format!("The evaluated {what} expression must not be null.")));
        };
        if rows < 0 {
            return Err(fail("IS_NEGATIVE", format!("The {what} expression must be equal to or greater than 0, but got {rows}.")));
        }
        Ok(Expression::Literal { value: Some(rows.to_string()), data_type: DataType::Integer })
    }
}
