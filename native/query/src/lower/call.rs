//! Spark's scalar functions, by the names the resolver gives them.
use super::compare::binary;
use super::expression::{Site, SiteKind, type_argument};
use super::logical::{PartitionValue, PartitionValueKind};
use super::relation::{Lowerer, column};
use super::source::cast_to;
use super::temporal::ZONED;
use crate::functions::arithmetic::{decimal, divide, integer::Op};
use crate::functions::call;
use crate::functions::types::arrow_type;
use arrow::datatypes::DataType as ArrowType;
use datafusion::common::ScalarValue;
use datafusion::functions::{core, string, unicode};
use datafusion::logical_expr::{Expr, Like, Operator, ScalarUDF, lit};
use kiln_sql::error::{QueryError, Result};
use kiln_sql::tree::DataType;
use std::sync::Arc;

impl Lowerer<'_> {
    pub fn call(&self, name: &str, arguments: Vec<Expr>, data_type: &DataType, site: &Site) -> Result<Expr> {
        if let Some(kind) = self.partition_value(name, &arguments) {
            let name = self.fresh_name(name);
            if site.kind == SiteKind::Plain {
                return Err(QueryError::unsupported(format!("{name} here")));
            }
            site.add_value(PartitionValue { name: name.clone(), kind });
            return Ok(column(name));
        }
        match (name, <[Expr; 1]>::try_from(arguments)) {
            (name, Ok([one])) => self.unary_call(name, one, data_type, site),
            (name, Err(arguments)) => match <[Expr; 2]>::try_from(arguments) {
                Ok([left, right]) => self.binary_call(name, left, right, data_type, site),
                Err(arguments) => self.other_call(name, arguments, data_type, site),
            },
        }
    }

    fn unary_call(&self, name: &str, one: Expr, data_type: &DataType, site: &Site) -> Result<Expr> {
        match name {
            "not" => Ok(!one),
            "isnull" => Ok(one.is_null()),
            "isnotnull" => Ok(one.is_not_null()),
            "negative" => call("kiln_negate", vec![one]),
            "~" => call("kiln_bit_not", vec![one]),
            "ceil" | "floor" => call(&format!("kiln_{name}"), vec![one, type_argument(data_type)?]),
            "upper" => self.builtin(string::upper(), vec![one], data_type),
            "lower" => self.builtin(string::lower(), vec![one], data_type),
            "reverse" => self.builtin(unicode::reverse(), vec![one], data_type),
            "length" if site.type_of(&one)? == ArrowType::Utf8View => self.builtin(unicode::character_length(), vec![one], data_type),
            "coalesce" => Ok(one),
            _ => self.other_call(name, vec![one], data_type, site),
        }
    }

    fn binary_call(&self, name: &str, left: Expr, right: Expr, data_type: &DataType, site: &Site) -> Result<Expr> {
        let operator = match name {
            "+" | "-" | "*" => return self.arithmetic(name, left, right, data_type, site),
            "try_add" | "try_subtract" | "try_multiply" | "try_divide" | "try_mod" => {
                return self.try_arithmetic(name, left, right, data_type, site);
            }
            "ceil" | "floor" => return call(&format!("kiln_{name}_digits"), vec![left, right, type_argument(data_type)?]),
            "/" | "%" | "pmod" => return self.division(name, left, right, data_type, site),
            "div" => return call("kiln_integral_divide", vec![left, right]),
            "and" => return self.and(left, right),
            "or" => return self.or(left, right),
            "like" | "ilike" => return self.like(left, right, '\\', name == "ilike"),
            "startswith" => return self.builtin(string::starts_with(), vec![left, right], data_type),
            "endswith" => return self.builtin(string::ends_with(), vec![left, right], data_type),
            "contains" => return self.builtin(string::contains(), vec![left, right], data_type),
            "get_struct_field" => return struct_field(left, &right, site),
            "rlike" => Operator::RegexMatch,
            "=" => Operator::Eq,
            "<=>" => Operator::IsNotDistinctFrom,
            "!=" => Operator::NotEq,
            "<" => Operator::Lt,
            "<=" => Operator::LtEq,
            ">" => Operator::Gt,
            ">=" => Operator::GtEq,
            "&" => Operator::BitwiseAnd,
            "|" => Operator::BitwiseOr,
            "^" => Operator::BitwiseXor,
            _ => return self.other_call(name, vec![left, right], data_type, site),
        };
        match operator {
            Operator::RegexMatch | Operator::BitwiseAnd | Operator::BitwiseOr | Operator::BitwiseXor => Ok(binary(left, operator, right)),
            _ => self.comparison(left, operator, right, site),
        }
    }

    fn other_call(&self, name: &str, mut arguments: Vec<Expr>, data_type: &DataType, site: &Site) -> Result<Expr> {
        match name {
            "in" => return self.in_list(arguments, site),
            "and" | "or" => {
                let mut rest = arguments.into_iter();
                let Some(first) = rest.next() else { return Ok(lit(name == "and")) };
                return rest.try_fold(first, |l, r| if name == "and" { self.and(l, r) } else { self.or(l, r) });
            }
            "like" | "ilike" if arguments.len() == 3 => {
                let escape = literal_text(&arguments[2]).and_then(|t| t.chars().next()).unwrap_or('\\');
                let pattern = arguments.swap_remove(1);
                return self.like(arguments.swap_remove(0), pattern, escape, name == "ilike");
            }
            "coalesce" => return self.coalesce(arguments, site),
            "array" | "map" | "named_struct" => {
                arguments.insert(0, type_argument(data_type)?);
                return call(&format!("kiln_{name}"), arguments);
            }
            "greatest" | "least" => {
                let arguments = arguments.into_iter().map(|a| self.canonical(a, site)).collect::<Result<Vec<_>>>()?;
                let function = if name == "greatest" { core::greatest() } else { core::least() };
                return Ok(function.call(arguments));
            }
            "round" | "bround" => arguments.push(type_argument(data_type)?),
            "replace" if literal_text(&arguments[1]).is_some_and(|t| !t.is_empty()) => {
                return self.builtin(string::replace(), arguments, data_type);
            }
            _ => {}
        }
        if ZONED.contains(&name) {
            arguments.push(lit(self.context.time_zone.as_str()));
        }
        call(&format!("kiln_{name}"), arguments).map_err(|_| QueryError::unsupported(format!("the function {name}")))
    }

    /// One of DataFusion's own, with a cast where it answers in another type of text or width.
    fn builtin(&self, function: Arc<ScalarUDF>, arguments: Vec<Expr>, data_type: &DataType) -> Result<Expr> {
        let result = function.call(arguments);
        match data_type {
            DataType::Boolean => Ok(result),
            other => Ok(cast_to(result, &arrow_type(other))),
        }
    }

    fn arithmetic(&self, name: &str, left: Expr, right: Expr, data_type: &DataType, site: &Site) -> Result<Expr> {
        let (op, function, operator) = match name {
            "+" => (Op::Add, "kiln_add", Operator::Plus),
            "-" => (Op::Subtract, "kiln_subtract", Operator::Minus),
            _ => (Op::Multiply, "kiln_multiply", Operator::Multiply),
        };
        let (l, r) = (site.type_of(&left)?, site.type_of(&right)?);
        match l {
            ArrowType::Float32 | ArrowType::Float64 => Ok(binary(left, operator, right)),
            ArrowType::Decimal128(..) => {
                let found = decimal::result_type(op, &l, &r).map_err(super::query_error)?;
                self.retyped(call(function, vec![left, right])?, &found, data_type, site)
            }
            _ => call(function, vec![left, right]),
        }
    }

    fn try_arithmetic(&self, name: &str, left: Expr, right: Expr, data_type: &DataType, site: &Site) -> Result<Expr> {
        let (l, r) = (site.type_of(&left)?, site.type_of(&right)?);
        let operator = match name {
            "try_add" => Some((Op::Add, Operator::Plus)),
            "try_subtract" => Some((Op::Subtract, Operator::Minus)),
            "try_multiply" => Some((Op::Multiply, Operator::Multiply)),
            _ => None,
        };
        let found = match (operator, &l) {
            // Floats do not overflow.
            (Some((_, operator)), ArrowType::Float32 | ArrowType::Float64) => return Ok(binary(left, operator, right)),
            (Some((op, _)), ArrowType::Decimal128(..)) => decimal::result_type(op, &l, &r),
            (Some(_), _) => Ok(l),
            (None, _) if name == "try_divide" => divide::quotient_type(&l, &r),
            (None, _) => divide::remainder_type(&l, &r),
        };
        let result = call(&format!("kiln_{name}"), vec![left, right])?;
        let found = found.map_err(super::query_error)?;
        if found == arrow_type(data_type) { Ok(result) } else { self.cast(result, data_type, true, site) }
    }

    fn division(&self, name: &str, left: Expr, right: Expr, data_type: &DataType, site: &Site) -> Result<Expr> {
        let (l, r) = (site.type_of(&left)?, site.type_of(&right)?);
        let (function, found) = match name {
            "/" => ("kiln_divide", divide::quotient_type(&l, &r)),
            "%" => ("kiln_remainder", divide::remainder_type(&l, &r)),
            _ => ("kiln_pmod", divide::remainder_type(&l, &r)),
        };
        self.retyped(call(function, vec![left, right])?, &found.map_err(super::query_error)?, data_type, site)
    }

    /// The resolver's type where it is not the function's own (other settings of decimal precision).
    fn retyped(&self, expr: Expr, found: &ArrowType, wanted: &DataType, site: &Site) -> Result<Expr> {
        if found == &arrow_type(wanted) { Ok(expr) } else { self.cast(expr, wanted, false, site) }
    }

    fn coalesce(&self, arguments: Vec<Expr>, site: &Site) -> Result<Expr> {
        let boolean = match arguments.first() {
            Some(first) => site.type_of(first)? == ArrowType::Boolean,
            None => false,
        };
        if !boolean {
            return Ok(core::coalesce().call(arguments));
        }
        // As integers, so that DataFusion keeps the order of evaluation.
        let small = arguments.into_iter().map(|a| cast_to(a, &ArrowType::Int8)).collect();
        call(crate::functions::logic::TRUTH, vec![core::coalesce().call(small)])
    }

    fn like(&self, value: Expr, pattern: Expr, escape: char, case_insensitive: bool) -> Result<Expr> {
        let pattern = match literal_text(&pattern) {
            Some(text) => Expr::Literal(ScalarValue::Utf8View(Some(like_pattern(text, escape)?)), None),
            None if escape == '\\' => pattern,
            None => return Err(QueryError::unsupported("LIKE with ESCAPE and a pattern that is not constant")),
        };
        Ok(Expr::Like(Like::new(false, Box::new(value), Box::new(pattern), None, case_insensitive)))
    }

    fn partition_value(&self, name: &str, arguments: &[Expr]) -> Option<PartitionValueKind> {
        let seed = || match arguments.first() {
            Some(Expr::Literal(value, _)) => super::literal::as_i64(value),
            _ => None,
        };
        Some(match name {
            "rand" => PartitionValueKind::Rand { seed: seed()? },
            "randn" => PartitionValueKind::Randn { seed: seed()? },
            "monotonically_increasing_id" => PartitionValueKind::MonotonicallyIncreasingId,
            "spark_partition_id" => PartitionValueKind::PartitionId,
            _ => return None,
        })
    }
}

fn literal_text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Literal(ScalarValue::Utf8View(text) | ScalarValue::Utf8(text), _) => text.as_deref(),
        _ => None,
    }
}

/// Arrow's LIKE knows one escape, the backslash.
fn like_pattern(pattern: &str, escape: char) -> Result<String> {
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if c == escape {
            match chars.next() {
                Some(next) if next == '%' || next == '_' || next == escape => {
                    if next != escape || next == '\\' || next == '%' || next == '_' {
                        out.push('\\');
                    }
                    out.push(next);
                }
                Some(next) => {
                    return Err(QueryError::new(
                        "INVALID_FORMAT.ESC_IN_THE_MIDDLE",
                        format!("The format is invalid: '{pattern}'. The escape character is not allowed to precede '{next}'."),
                    ));
                }
                None => {
                    return Err(QueryError::new(
                        "INVALID_FORMAT.ESC_AT_THE_END",
                        format!("The format is invalid: '{pattern}'. The escape character is not allowed to end with."),
                    ));
                }
            }
        } else {
            if c == '\\' {
                out.push('\\');
            }
            out.push(c);
        }
    }
    Ok(out)
}

fn struct_field(value: Expr, ordinal: &Expr, site: &Site) -> Result<Expr> {
    let (ArrowType::Struct(fields), Expr::Literal(at, _)) = (site.type_of(&value)?, ordinal) else {
        return Err(QueryError::new("INTERNAL_ERROR", "a field of what is no struct"));
    };
    let field = super::literal::as_i64(at).and_then(|i| fields.get(usize::try_from(i).ok()?).cloned());
    match field {
        Some(field) => Ok(core::get_field().call(vec![value, lit(field.name().as_str())])),
        None => Err(QueryError::new("INTERNAL_ERROR", format!("no field {at}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_become_backslashes() {
        assert_eq!(like_pattern("a!%b", '!').unwrap(), "a\\%b");
        assert_eq!(like_pattern("a!!b\\", '!').unwrap(), "a!b\\\\");
        assert_eq!(like_pattern("a\\_b\\\\", '\\').unwrap(), "a\\_b\\\\");
        assert_eq!(like_pattern("a\\", '\\').unwrap_err().class, "INVALID_FORMAT.ESC_AT_THE_END");
        assert_eq!(like_pattern("a\\b", '\\').unwrap_err().class, "INVALID_FORMAT.ESC_IN_THE_MIDDLE");
    }
}
