//! FROM: tables, subqueries, table functions and joins.
use super::Builder;
use super::expression::object_name;
use super::lexer::position;
use super::query::{refuse, table_alias};
use crate::error::{QueryError, Result};
use crate::tree::{DataType, Expression, JoinKind, Position, ReadSource, Relation};
use sqlparser::ast::{
    FunctionArg, FunctionArgExpr, Join, JoinConstraint, JoinOperator, ObjectName, ObjectNamePart, TableAlias, TableFactor,
    TableFunctionArgs, TableWithJoins,
};

/// Formats whose name before a quoted path makes it a file source.
const FORMATS: &[&str] = &["avro", "binaryfile", "csv", "delta", "json", "orc", "parquet", "text"];

impl Builder {
    /// The tables of a comma list join from the left; each one's own joins then apply to all before it, as in Spark.
    pub(super) fn from(&mut self, tables: Vec<TableWithJoins>) -> Result<Relation> {
        let levels: usize = tables.iter().map(|table| table.joins.len() + 1).sum();
        self.enter(levels)?;
        let mut left: Option<Relation> = None;
        for TableWithJoins { relation, joins } in tables {
            let (right, is_lateral) = self.table(relation)?;
            let mut joined = match left {
                None if is_lateral => return Err(QueryError::unsupported("LATERAL at the start of FROM")),
                None => right,
                Some(left) => Relation::Join {
                    left: Box::new(left),
                    right: Box::new(right),
                    kind: JoinKind::Inner,
                    condition: None,
                    using_columns: vec![],
                    is_natural: false,
                    is_lateral,
                },
            };
            for join in joins {
                joined = self.join(joined, join)?;
            }
            left = Some(joined);
        }
        self.leave(levels);
        left.ok_or_else(|| QueryError::new("PARSE_SYNTAX_ERROR", "FROM needs a table"))
    }

    fn join(&mut self, left: Relation, join: Join) -> Result<Relation> {
        let Join { relation, global, join_operator } = join;
        refuse(global, "GLOBAL JOIN")?;
        let (kind, constraint) = match join_operator {
            JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) => (JoinKind::Inner, constraint),
            JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => (JoinKind::LeftOuter, constraint),
            JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => (JoinKind::RightOuter, constraint),
            JoinOperator::FullOuter(constraint) => (JoinKind::FullOuter, constraint),
            JoinOperator::CrossJoin(constraint) => (JoinKind::Cross, constraint),
            JoinOperator::Semi(constraint) | JoinOperator::LeftSemi(constraint) => (JoinKind::LeftSemi, constraint),
            JoinOperator::Anti(constraint) | JoinOperator::LeftAnti(constraint) => (JoinKind::LeftAnti, constraint),
            JoinOperator::RightSemi(_) | JoinOperator::RightAnti(_) => {
                return Err(QueryError::unsupported("RIGHT SEMI or RIGHT ANTI JOIN").hint("Swap the two sides"));
            }
            JoinOperator::StraightJoin(_)
            | JoinOperator::CrossApply
            | JoinOperator::OuterApply
            | JoinOperator::AsOf { match_condition: _, constraint: _ }
            | JoinOperator::ArrayJoin
            | JoinOperator::LeftArrayJoin
            | JoinOperator::InnerArrayJoin => return Err(QueryError::unsupported("This kind of join")),
        };
        let (right, is_lateral) = self.table(relation)?;
        let (mut condition, mut using_columns, mut is_natural) = (None, vec![], false);
        match constraint {
            JoinConstraint::On(expr) => condition = Some(self.expression(expr)?),
            JoinConstraint::Using(columns) => using_columns = columns.into_iter().map(column).collect::<Result<_>>()?,
            JoinConstraint::Natural => is_natural = true,
            JoinConstraint::None => {}
        }
        let (left, right) = (Box::new(left), Box::new(right));
        Ok(Relation::Join { left, right, kind, condition, using_columns, is_natural, is_lateral })
    }

    /// A table and whether it is LATERAL.
    fn table(&mut self, table: TableFactor) -> Result<(Relation, bool)> {
        self.enter(1)?;
        let result = match table {
            TableFactor::Table { name, alias, args, with_hints, version, with_ordinality, partitions, json_path, sample, index_hints } => {
                let at = name.0.first().and_then(ObjectNamePart::as_ident).and_then(|ident| position(ident.span.start));
                let unsupported = |given: bool, what: &str| refuse(given, what).map_err(|error| error.at(at));
                unsupported(!with_hints.is_empty() || !index_hints.is_empty(), "A table hint of this form")?;
                unsupported(version.is_some(), "Time travel")?;
                unsupported(with_ordinality, "WITH ORDINALITY")?;
                unsupported(!partitions.is_empty(), "PARTITION after a table")?;
                unsupported(json_path.is_some(), "A path after a table")?;
                let relation = match args {
                    Some(args) => self.table_function(name, args, at)?,
                    None => read(name)?,
                };
                (self.sample(aliased(relation, alias)?, sample)?, false)
            }
            TableFactor::Derived { lateral, subquery, alias, sample } => {
                let relation = self.query(*subquery)?;
                (self.sample(aliased(relation, alias)?, sample)?, lateral)
            }
            TableFactor::NestedJoin { table_with_joins, alias } => {
                let relation = self.from(vec![*table_with_joins])?;
                (aliased(relation, alias)?, false)
            }
            TableFactor::Function { lateral: _, name, args: _, with_ordinality: _, alias: _ } => {
                return Err(QueryError::unsupported(format!("The table function {name}")));
            }
            TableFactor::Pivot { .. } => return Err(QueryError::unsupported("PIVOT")),
            TableFactor::Unpivot { .. } => return Err(QueryError::unsupported("UNPIVOT")),
            TableFactor::TableFunction { .. }
            | TableFactor::UNNEST { .. }
            | TableFactor::JsonTable { .. }
            | TableFactor::OpenJsonTable { .. }
            | TableFactor::MatchRecognize { .. }
            | TableFactor::XmlTable { .. }
            | TableFactor::SemanticView { .. } => return Err(QueryError::unsupported("A table of this form")),
        };
        self.leave(1);
        Ok(result)
    }

    fn table_function(&mut self, name: ObjectName, args: TableFunctionArgs, at: Option<Position>) -> Result<Relation> {
        let TableFunctionArgs { args, settings } = args;
        refuse(settings.is_some(), "SETTINGS")?;
        let (parts, _) = object_name(name)?;
        if !matches!(parts.as_slice(), [name] if name.eq_ignore_ascii_case("range")) {
            return Err(QueryError::unsupported(format!("The table function {}", parts.join("."))).at(at));
        }
        let mut numbers = Vec::with_capacity(args.len());
        for arg in args {
            let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = arg else {
                return Err(QueryError::unsupported("A named argument of range").at(at));
            };
            let number = match self.expression(expr)? {
                Expression::Literal {
                    value: Some(text),
                    data_type: DataType::Byte | DataType::Short | DataType::Integer | DataType::Long,
                } => text.parse::<i64>().ok(),
                _ => None,
            };
            numbers.push(number.ok_or_else(|| QueryError::unsupported("An argument of range that is no whole number").at(at))?);
        }
        let (start, end, step, partitions) = match numbers.as_slice() {
            [end] => (0, *end, 1, None),
            [start, end] => (*start, *end, 1, None),
            [start, end, step] => (*start, *end, *step, None),
            [start, end, step, partitions] => (*start, *end, *step, Some(*partitions)),
            _ => {
                return Err(QueryError::new(
                    "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                    "range takes 1 to 4 arguments: start, end, step, partitions",
                )
                .at(at));
            }
        };
        if step == 0 {
            return Err(QueryError::new("DATATYPE_MISMATCH", "The step of range must not be 0").at(at));
        }
        let num_partitions = match partitions {
            None => None,
            Some(count) => Some(
                u32::try_from(count)
                    .ok()
                    .filter(|count| *count > 0)
                    .ok_or_else(|| QueryError::new("DATATYPE_MISMATCH", "The number of partitions of range must be positive").at(at))?,
            ),
        };
        Ok(Relation::Range { start, end, step, num_partitions, column_id: None })
    }
}

fn column(name: ObjectName) -> Result<String> {
    let (parts, at) = object_name(name)?;
    match <[String; 1]>::try_from(parts) {
        Ok([name]) => Ok(name),
        Err(_) => Err(QueryError::new("PARSE_SYNTAX_ERROR", "USING takes column names without a table").at(at)),
    }
}

fn aliased(relation: Relation, alias: Option<TableAlias>) -> Result<Relation> {
    match alias {
        None => Ok(relation),
        Some(alias) => {
            let (alias, column_aliases) = table_alias(alias)?;
            Ok(Relation::SubqueryAlias { input: Box::new(relation), alias, column_aliases })
        }
    }
}

/// A named table, or files: ``parquet.`/path` ``.
fn read(name: ObjectName) -> Result<Relation> {
    let is_quoted = name.0.last().and_then(ObjectNamePart::as_ident).is_some_and(|ident| ident.quote_style.is_some());
    let (parts, position) = object_name(name)?;
    let source = match <[String; 2]>::try_from(parts) {
        Ok([format, path]) if is_quoted && (FORMATS.contains(&format.to_ascii_lowercase().as_str()) || path.contains('/')) => {
            ReadSource::DataSource { format: format.to_ascii_lowercase(), paths: vec![path], options: vec![], schema: None }
        }
        Ok(parts) => ReadSource::NamedTable { parts: parts.into() },
        Err(parts) => ReadSource::NamedTable { parts },
    };
    Ok(Relation::Read { source, position })
}
