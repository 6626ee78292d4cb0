//! Function calls.
use super::Builder;
use super::expression::{object_name, star};
use super::literal;
use crate::error::{QueryError, Result};
use crate::tree::{DataType, Expression, Position};
use sqlparser::ast::{
    DuplicateTreatment, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArgumentList, FunctionArguments,
    NullTreatment,
};
use sqlparser::tokenizer::TokenWithSpan;

impl Builder {
    pub(super) fn call(&mut self, call: Function) -> Result<Expression> {
        let Function { name, uses_odbc_syntax: _, parameters, args, filter, null_treatment, over, within_group } = call;
        let (parts, position) = object_name(name)?;
        let name = match <[String; 1]>::try_from(parts) {
            Ok([name]) => name,
            Err(parts) => {
                return Err(QueryError::unsupported(format!("The function {} of a schema", parts.join("."))).at(position));
            }
        };
        let refuse = |what: &str| Err(QueryError::unsupported(format!("{what} of {name}")).at(position));
        if name.eq_ignore_ascii_case("identifier") {
            return Err(QueryError::unsupported("The IDENTIFIER clause").at(position));
        }
        if parameters != FunctionArguments::None {
            return refuse("A second list of arguments");
        }
        if !within_group.is_empty() {
            return refuse("WITHIN GROUP");
        }
        let mut is_distinct = false;
        let mut null_treatment = null_treatment;
        let mut arguments = Vec::new();
        match args {
            FunctionArguments::None => {}
            FunctionArguments::Subquery(_) => return refuse("A bare query as argument"),
            FunctionArguments::List(list) => {
                let FunctionArgumentList { duplicate_treatment, args, clauses } = list;
                is_distinct = duplicate_treatment == Some(DuplicateTreatment::Distinct);
                for arg in args {
                    arguments.push(self.argument(&name, arg, position)?);
                }
                for clause in clauses {
                    match clause {
                        FunctionArgumentClause::IgnoreOrRespectNulls(treatment) => {
                            let inside = ["first", "last", "any_value"].iter().any(|known| name.eq_ignore_ascii_case(known));
                            if !inside || treatment == NullTreatment::RespectNulls {
                                return refuse("IGNORE or RESPECT NULLS in the arguments");
                            }
                            null_treatment = Some(treatment);
                        }
                        FunctionArgumentClause::OrderBy(_) => return refuse("ORDER BY in the arguments"),
                        FunctionArgumentClause::Limit(_) => return refuse("LIMIT in the arguments"),
                        FunctionArgumentClause::OnOverflow(_) => return refuse("ON OVERFLOW in the arguments"),
                        FunctionArgumentClause::Having(_) => return refuse("HAVING in the arguments"),
                        FunctionArgumentClause::Separator(_) => return refuse("SEPARATOR in the arguments"),
                        FunctionArgumentClause::JsonNullClause(_) => return refuse("NULL ON NULL in the arguments"),
                        FunctionArgumentClause::JsonReturningClause(_) => return refuse("RETURNING in the arguments"),
                    }
                }
            }
        }
        match null_treatment {
            None | Some(NullTreatment::RespectNulls) => {}
            Some(NullTreatment::IgnoreNulls) => {
                // Spark Connect carries the flag as the last argument of these.
                let place = match name.to_ascii_lowercase().as_str() {
                    "first" | "first_value" | "last" | "last_value" | "any_value" => 1,
                    "nth_value" => 2,
                    "lag" | "lead" => 3,
                    _ => 0,
                };
                if place == 3 && arguments.len() == 1 {
                    arguments.push(Expression::Literal { value: Some("1".to_owned()), data_type: DataType::Integer });
                }
                if place == 3 && arguments.len() == 2 {
                    arguments.push(Expression::Literal { value: None, data_type: DataType::Null });
                }
                if place == 0 || arguments.len() != place {
                    return refuse("IGNORE NULLS");
                }
                arguments.push(literal::boolean(true));
            }
        }
        let filter = match filter {
            Some(filter) => Some(Box::new(self.expression(*filter)?)),
            None => None,
        };
        let function = Expression::UnresolvedFunction { name, arguments, is_distinct, filter, position };
        match over {
            Some(window) => self.window(function, window, position),
            None => Ok(function),
        }
    }

    fn argument(&mut self, function: &str, arg: FunctionArg, at: Option<Position>) -> Result<Expression> {
        match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => self.expression(expr),
            FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => Ok(star(None, &TokenWithSpan::new_eof())),
            FunctionArg::Unnamed(FunctionArgExpr::QualifiedWildcard(name)) => {
                Ok(star(Some(object_name(name)?.0), &TokenWithSpan::new_eof()))
            }
            FunctionArg::Unnamed(FunctionArgExpr::WildcardWithOptions(_)) => {
                Err(QueryError::unsupported(format!("A star with options in {function}")).at(at))
            }
            FunctionArg::Named { name: _, arg: _, operator: _ } | FunctionArg::ExprNamed { name: _, arg: _, operator: _ } => {
                Err(QueryError::unsupported(format!("A named argument of {function}")).at(at))
            }
        }
    }
}
