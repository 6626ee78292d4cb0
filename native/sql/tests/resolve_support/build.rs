//! Short ways to build unresolved plans over one table `t`.
use super::Catalog;
use kiln_sql::resolve::tree_text;
use kiln_sql::tree::{
    DataType, Expression, GroupKind, JoinKind, NullOrdering, ReadSource, Relation, SetOpKind, SortDirection, SortOrder, StructField,
};
use std::collections::BTreeMap;

pub fn field(name: &str, data_type: DataType, nullable: bool) -> StructField {
    StructField { name: name.to_owned(), data_type, nullable }
}

pub fn catalog() -> Catalog {
    Catalog::new(&BTreeMap::from([(
        "t".to_owned(),
        vec![
            field("k", DataType::Integer, false),
            field("v", DataType::Decimal { precision: 10, scale: 2 }, true),
            field("s", DataType::String, true),
            field("d", DataType::Date, true),
        ],
    )]))
}

pub fn table(name: &str) -> Relation {
    Relation::Read { source: ReadSource::NamedTable { parts: vec![name.to_owned()] }, position: None }
}

pub fn boxed(relation: Relation) -> Box<Relation> {
    Box::new(relation)
}

pub fn frame(input: Relation, plan_id: u64) -> Relation {
    Relation::PlanId { input: boxed(input), plan_id }
}

pub fn col(name: &str) -> Expression {
    Expression::UnresolvedAttribute { parts: name.split('.').map(str::to_owned).collect(), plan_id: None, position: None }
}

pub fn col_of(plan_id: u64, name: &str) -> Expression {
    Expression::UnresolvedAttribute { parts: vec![name.to_owned()], plan_id: Some(plan_id), position: None }
}

pub fn expr(text: &str) -> Expression {
    Expression::ExpressionString { text: text.to_owned() }
}

pub fn alias(expression: Expression, name: &str) -> Expression {
    Expression::Alias { expression: Box::new(expression), names: vec![name.to_owned()] }
}

pub fn call(name: &str, arguments: Vec<Expression>) -> Expression {
    Expression::UnresolvedFunction { name: name.to_owned(), arguments, is_distinct: false, filter: None, position: None }
}

pub fn int(value: i32) -> Expression {
    Expression::Literal { value: Some(value.to_string()), data_type: DataType::Integer }
}

pub fn asc(child: Expression) -> SortOrder {
    SortOrder { child, direction: SortDirection::Ascending, null_ordering: NullOrdering::Default }
}

pub fn project(input: Relation, expressions: Vec<Expression>) -> Relation {
    Relation::Project { input: boxed(input), expressions }
}

pub fn filter(input: Relation, condition: Expression) -> Relation {
    Relation::Filter { input: boxed(input), condition }
}

pub fn sort(input: Relation, keys: Vec<Expression>) -> Relation {
    Relation::Sort { input: boxed(input), order: keys.into_iter().map(asc).collect(), is_global: true }
}

pub fn join(left: Relation, right: Relation, kind: JoinKind, condition: Option<Expression>, using: &[&str]) -> Relation {
    Relation::Join {
        left: boxed(left),
        right: boxed(right),
        kind,
        condition,
        using_columns: using.iter().map(|name| (*name).to_owned()).collect(),
        is_natural: false,
        is_lateral: false,
    }
}

pub fn group(input: Relation, grouping: Vec<Expression>, aggregates: Vec<Expression>) -> Relation {
    Relation::Aggregate { input: boxed(input), group_kind: GroupKind::GroupBy, grouping, grouping_sets: vec![], aggregates, having: None }
}

pub fn union(left: Relation, right: Relation, is_all: bool, by_name: bool, allow_missing_columns: bool) -> Relation {
    Relation::SetOp { kind: SetOpKind::Union, left: boxed(left), right: boxed(right), is_all, by_name, allow_missing_columns }
}

pub fn class(plan: &Relation) -> String {
    match catalog().resolve(plan) {
        Ok(resolved) => format!("resolved\n{}", tree_text(&resolved.plan)),
        Err(error) => error.class,
    }
}
