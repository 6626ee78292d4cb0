//! What the resolver tests share: tables as views, and a check of every promise of `src/resolve/README.md`.
#![allow(dead_code, reason = "each test uses its part")]
pub mod build;

use kiln_sql::error::QueryError;
use kiln_sql::resolve::{
    OutputColumn, ResolveInput, ResolveOptions, Resolved, children_of, data_type_of, for_each_expression, nullable_of, output_of, resolve,
    table_key,
};
use kiln_sql::tree::{DataType, Expression, GroupKind, JoinKind, NullOrdering, ReadSource, Relation, SetOpKind, StructField, SubqueryKind};
use std::collections::{BTreeMap, BTreeSet};

/// Temp views over data sources, as a session would have them.
pub struct Catalog {
    pub views: BTreeMap<String, Relation>,
    pub tables: BTreeMap<String, Vec<StructField>>,
}

impl Catalog {
    pub fn new(tables: &BTreeMap<String, Vec<StructField>>) -> Self {
        let mut catalog = Self { views: BTreeMap::new(), tables: BTreeMap::new() };
        for (name, fields) in tables {
            let paths = vec![format!("/data/{name}")];
            catalog.tables.insert(table_key("parquet", &paths, &[], None), fields.clone());
            let source = ReadSource::DataSource { format: "parquet".to_owned(), paths, options: vec![], schema: None };
            catalog.views.insert(name.to_lowercase(), Relation::Read { source, position: None });
        }
        catalog
    }

    pub fn resolve(&self, plan: &Relation) -> Result<Resolved, QueryError> {
        let options = ResolveOptions::default();
        resolve(ResolveInput { plan, views: &self.views, tables: &self.tables, options, next_column_id: 1 })
    }

    pub fn sql(&self, text: &str) -> Result<Resolved, QueryError> {
        self.resolve(&Relation::Sql { text: text.to_owned() })
    }
}

/// Every promise that is broken, in words.
pub fn broken_promises(resolved: &Resolved) -> Vec<String> {
    let mut check = Check { defined: BTreeSet::new(), problems: Vec::new() };
    check.relation(&resolved.plan, &[], true);
    if output_of(&resolved.plan) != resolved.output {
        check.problems.push("output is not the plan's output".to_owned());
    }
    check.problems
}

struct Check {
    defined: BTreeSet<u64>,
    problems: Vec<String>,
}

impl Check {
    fn expect(&mut self, holds: bool, problem: impl FnOnce() -> String) {
        if !holds {
            self.problems.push(problem());
        }
    }

    fn define(&mut self, id: u64) {
        let new = self.defined.insert(id);
        self.expect(new, || format!("#{id} is defined twice"));
    }

    fn relation(&mut self, relation: &Relation, outer: &[OutputColumn], at_root: bool) {
        if let Relation::Join { left, right, is_lateral: true, .. } = relation {
            self.relation(left, outer, false);
            let sides: Vec<OutputColumn> = outer.iter().cloned().chain(output_of(left)).collect();
            self.relation(right, &sides, false);
        } else {
            for child in children_of(relation) {
                self.relation(child, outer, false);
            }
        }
        let mut input = Vec::new();
        for child in children_of(relation) {
            input.extend(output_of(child));
        }
        self.node(relation, &input, at_root);
        for_each_expression(relation, &mut |expression| self.expression(expression, &input, outer));
        let output = output_of(relation);
        let ids: BTreeSet<u64> = output.iter().map(|column| column.id).collect();
        self.expect(ids.len() == output.len(), || format!("an id twice in the output of {relation:?}"));
    }

    fn node(&mut self, relation: &Relation, input: &[OutputColumn], at_root: bool) {
        match relation {
            Relation::Read { source, .. } => match source {
                ReadSource::Table { fields, column_ids, .. } => {
                    column_ids.iter().for_each(|id| self.define(*id));
                    self.expect(fields.len() == column_ids.len(), || "table: ids and fields differ".to_owned());
                }
                other => self.problems.push(format!("unresolved {other:?}")),
            },
            Relation::Range { column_id, num_partitions, .. } => {
                column_id.iter().for_each(|id| self.define(*id));
                self.expect(column_id.is_some() && num_partitions.is_some(), || "range without id".to_owned());
            }
            Relation::LocalRelation { rows, column_names, fields, column_ids } => {
                let (fields, ids) = (fields.clone().unwrap_or_default(), column_ids.clone().unwrap_or_default());
                ids.iter().for_each(|id| self.define(*id));
                let sound = column_names.is_none() && column_ids.is_some() && fields.len() == ids.len();
                self.expect(sound, || "local relation: fields, ids or names".to_owned());
                for row in rows {
                    let types: Vec<DataType> = row.iter().map(data_type_of).collect();
                    let wanted: Vec<DataType> = fields.iter().map(|field| field.data_type.clone()).collect();
                    self.expect(types == wanted, || format!("local relation: cells {types:?} in fields {wanted:?}"));
                }
            }
            Relation::Project { expressions, .. } => self.project(expressions),
            Relation::Filter { condition, .. } => {
                self.expect(data_type_of(condition) == DataType::Boolean, || "filter is not boolean".to_owned());
                self.plain(condition);
            }
            Relation::Join { condition, using_columns, is_natural, kind, .. } => {
                self.expect(using_columns.is_empty() && !is_natural, || "join with USING".to_owned());
                self.expect(*kind != JoinKind::Cross || condition.is_none(), || "cross join with condition".to_owned());
                if let Some(condition) = condition {
                    self.expect(data_type_of(condition) == DataType::Boolean, || "join on no boolean".to_owned());
                    self.plain(condition);
                }
            }
            Relation::SetOp { left, right, kind, is_all, by_name, allow_missing_columns } => {
                let types = |side: &Relation| output_of(side).into_iter().map(|column| column.data_type).collect::<Vec<_>>();
                self.expect(types(left) == types(right), || "set operation over different types".to_owned());
                self.expect(!by_name && !allow_missing_columns, || "set operation by name".to_owned());
                self.expect(*kind != SetOpKind::Union || *is_all, || "union distinct".to_owned());
            }
            Relation::Aggregate { group_kind, grouping, grouping_sets, aggregates, having, .. } => {
                self.aggregate(*group_kind, grouping, grouping_sets, aggregates, having.as_ref());
            }
            Relation::Sort { order, .. } | Relation::RepartitionByExpression { expressions: order, .. } => {
                for key in order {
                    self.expect(key.null_ordering != NullOrdering::Default, || "default null ordering".to_owned());
                    self.plain(&key.child);
                }
            }
            Relation::Limit { limit: rows, .. } | Relation::Offset { offset: rows, .. } => {
                let sound =
                    matches!(rows, Expression::Literal { value: Some(text), data_type: DataType::Integer } if !text.starts_with('-'));
                self.expect(sound, || format!("limit {rows:?}"));
            }
            Relation::Hint { name, parameters, .. } => {
                let known = ["broadcast", "merge", "shuffle_hash", "shuffle_replicate_nl"];
                self.expect(parameters.is_empty() && known.contains(&name.as_str()), || format!("hint {name}"));
            }
            Relation::Write { partition_by, .. } => {
                self.expect(at_root, || "write below the root".to_owned());
                let exist = partition_by.iter().all(|name| input.iter().any(|column| column.name == *name));
                self.expect(exist, || format!("partition columns {partition_by:?}"));
            }
            Relation::Tail { .. } | Relation::Repartition { .. } | Relation::Sample { .. } => {}
            gone => self.problems.push(format!("a node that must be gone: {gone:?}")),
        }
    }

    fn project(&mut self, expressions: &[Expression]) {
        let is_window = |e: &Expression| matches!(e, Expression::NamedColumn { expression, .. } if matches!(expression.as_ref(), Expression::Window { .. }));
        let windows = expressions.iter().any(is_window);
        for expression in expressions {
            match expression {
                Expression::Column { .. } => {}
                Expression::NamedColumn { expression: inner, id, .. } => {
                    self.define(*id);
                    self.expect(!windows || is_window(expression), || "a window project that computes".to_owned());
                    if let Expression::Window { function, spec } = inner.as_ref() {
                        self.expect(spec.frame.is_some(), || "window without frame".to_owned());
                        self.expect(matches!(function.as_ref(), Expression::Call { .. }), || "window of no call".to_owned());
                        for key in &spec.order_by {
                            self.expect(key.null_ordering != NullOrdering::Default, || "default null ordering".to_owned());
                        }
                    } else {
                        self.plain(inner);
                    }
                }
                other => self.problems.push(format!("project holds {other:?}")),
            }
        }
    }

    fn aggregate(
        &mut self,
        kind: GroupKind,
        grouping: &[Expression],
        sets: &[Vec<u32>],
        aggregates: &[Expression],
        having: Option<&Expression>,
    ) {
        self.expect(having.is_none(), || "having".to_owned());
        self.expect(matches!(kind, GroupKind::GroupBy | GroupKind::GroupingSets), || format!("{kind:?}"));
        self.expect((kind == GroupKind::GroupingSets) != sets.is_empty(), || "grouping sets".to_owned());
        let mut ids = Vec::new();
        for expression in grouping {
            match expression {
                Expression::Column { id, .. } if kind == GroupKind::GroupBy => ids.push(*id),
                Expression::NamedColumn { expression, id, .. } => {
                    self.define(*id);
                    self.plain(expression);
                    ids.push(*id);
                }
                other => self.problems.push(format!("grouping by {other:?}")),
            }
        }
        for (index, expression) in aggregates.iter().enumerate() {
            match (ids.get(index), expression) {
                (Some(expected), Expression::Column { id, .. }) if expected == id => {}
                (None, Expression::NamedColumn { expression, id, .. }) => {
                    self.define(*id);
                    match expression.as_ref() {
                        Expression::Call { name, arguments, filter, .. } => {
                            self.expect(AGGREGATES.contains(&name.as_str()), || format!("{name} as aggregate"));
                            arguments.iter().chain(filter.as_deref()).for_each(|argument| self.plain(argument));
                        }
                        other => self.problems.push(format!("aggregate {other:?}")),
                    }
                }
                (_, other) => self.problems.push(format!("aggregate output {index}: {other:?}")),
            }
        }
    }

    /// No aggregate, no window.
    fn plain(&mut self, expression: &Expression) {
        kiln_sql::resolve::for_each_subexpression(expression, &mut |part| match part {
            Expression::Window { .. } => self.problems.push("a window out of place".to_owned()),
            Expression::Call { name, .. } => {
                let name = name.clone();
                self.expect(!AGGREGATES.contains(&name.as_str()), || format!("aggregate {name} out of place"));
            }
            _ => {}
        });
    }

    fn expression(&mut self, expression: &Expression, input: &[OutputColumn], outer: &[OutputColumn]) {
        kiln_sql::resolve::for_each_subexpression(expression, &mut |part| self.part(part, input, outer));
    }

    fn part(&mut self, part: &Expression, input: &[OutputColumn], outer: &[OutputColumn]) {
        match part {
            Expression::Column { id, data_type, nullable, .. } => {
                // Aggregate's own output columns are checked by `aggregate`.
                let Some(column) = input.iter().find(|column| column.id == *id) else {
                    let own = self.defined.contains(id);
                    self.expect(own && !input.is_empty(), || format!("#{id} is not in the input {input:?}"));
                    return;
                };
                self.expect(column.data_type == *data_type, || format!("#{id} is {} not {data_type}", column.data_type));
                self.expect(column.nullable == *nullable || *nullable, || format!("#{id} nullable {nullable} but {}", column.nullable));
            }
            Expression::OuterColumn { id, data_type, .. } => {
                let found = outer.iter().find(|column| column.id == *id);
                self.expect(found.is_some_and(|column| column.data_type == *data_type), || format!("outer #{id} is not around"));
            }
            Expression::Cast { expression, data_type, .. } => {
                self.expect(data_type_of(expression) != *data_type, || format!("a cast to its own type {data_type}"));
            }
            Expression::Case { branches, otherwise } => {
                let types: BTreeSet<String> =
                    branches.iter().map(|b| &b.value).chain(otherwise.as_deref()).map(|v| data_type_of(v).to_string()).collect();
                self.expect(types.len() == 1, || format!("case of types {types:?}"));
                let boolean = branches.iter().all(|branch| data_type_of(&branch.condition) == DataType::Boolean);
                self.expect(boolean, || "case condition".to_owned());
            }
            Expression::Call { name, arguments, nullable, .. } => self.call(name, arguments, *nullable),
            Expression::Subquery { kind, plan, values, .. } => {
                self.relation(plan, input, false);
                let columns = output_of(plan);
                match kind {
                    SubqueryKind::Scalar => self.expect(columns.len() == 1, || "scalar subquery of several columns".to_owned()),
                    SubqueryKind::In => {
                        let left: Vec<DataType> = values.iter().map(data_type_of).collect();
                        let right: Vec<DataType> = columns.into_iter().map(|column| column.data_type).collect();
                        self.expect(left == right, || format!("{left:?} in {right:?}"));
                    }
                    SubqueryKind::Exists => {}
                }
            }
            Expression::Literal { .. } | Expression::NamedColumn { .. } | Expression::Window { .. } => {}
            other => self.problems.push(format!("an expression that must be gone: {other:?}")),
        }
    }

    fn call(&mut self, name: &str, arguments: &[Expression], nullable: bool) {
        let types: Vec<DataType> = arguments.iter().map(data_type_of).collect();
        let same = types.iter().all(|t| Some(t) == types.first());
        let decimals = types.iter().all(|t| matches!(t, DataType::Decimal { .. }));
        match name {
            "=" | "<=>" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "coalesce" | "greatest" | "least" | "concat" | "&" | "|" | "^" => {
                self.expect(same, || format!("{name} over {types:?}"));
            }
            "+" | "-" | "*" | "/" | "%" | "pmod" | "div" => {
                self.expect(same || decimals, || format!("{name} over {types:?}"));
                self.expect(name != "/" || decimals || types.first() == Some(&DataType::Double), || format!("/ over {types:?}"));
            }
            "and" | "or" | "not" => {
                self.expect(types.iter().all(|t| *t == DataType::Boolean), || format!("{name} over {types:?}"));
            }
            "isnull" | "isnotnull" => self.expect(!nullable, || format!("{name} nullable")),
            _ => {}
        }
        if name == "isnotnull" {
            self.expect(arguments.iter().map(nullable_of).count() == 1, || "isnotnull".to_owned());
        }
    }
}

const AGGREGATES: &[&str] = &[
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "first",
    "last",
    "stddev_samp",
    "stddev_pop",
    "var_samp",
    "var_pop",
    "skewness",
    "kurtosis",
    "corr",
    "covar_pop",
    "covar_samp",
    "count_if",
    "bool_and",
    "bool_or",
    "bit_and",
    "bit_or",
    "bit_xor",
    "approx_count_distinct",
    "collect_list",
    "collect_set",
    "max_by",
    "min_by",
    "median",
    "percentile",
    "grouping",
    "grouping_id",
];

/// Compares with a file under `tests/`, or writes it if `KILN_UPDATE` is set.
pub fn golden(path: &str, actual: &str) -> Result<(), Box<dyn std::error::Error>> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(path);
    if std::env::var_os("KILN_UPDATE").is_some() {
        std::fs::write(&path, actual)?;
        return Ok(());
    }
    let expected = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    assert_eq!(actual, expected, "{} (KILN_UPDATE=1 writes it anew)", path.display());
    Ok(())
}
