//! The lowering's own nodes, on trees made by hand.
use super::harness::{Answer, Engine};
use crate::functions::{replace_scalar_subqueries, scalar_subqueries};
use crate::lower::nodes::{TailExec, decode, encode};
use crate::lower::{ExplicitExchangeExec, RangeTable, range_table::RangeExec};
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, displayable};
use kiln_sql::resolve::OutputColumn;
use kiln_sql::tree::{DataType, Expression, GroupKind, NullOrdering, Relation, SortDirection, SortOrder};
use std::collections::BTreeMap;
use std::sync::Arc;

fn range(end: i64) -> Relation {
    Relation::Range { start: 0, end, step: 1, num_partitions: Some(2), column_id: Some(1) }
}

fn id() -> Expression {
    Expression::Column { id: 1, name: "id".into(), data_type: DataType::Long, nullable: false }
}

fn by_id(direction: SortDirection) -> SortOrder {
    SortOrder { child: id(), direction, null_ordering: NullOrdering::NullsFirst }
}

fn ids() -> Vec<OutputColumn> {
    vec![OutputColumn { id: 1, name: "id".into(), data_type: DataType::Long, nullable: false }]
}

async fn physical(engine: &Engine, plan: &Relation) -> Arc<dyn ExecutionPlan> {
    let lowered = engine.lower(plan, "UTC").unwrap();
    engine.context.state().create_physical_plan(&lowered.plan).await.unwrap()
}

fn shown(plan: &Arc<dyn ExecutionPlan>) -> String {
    displayable(plan.as_ref()).indent(false).to_string()
}

fn numbers(answer: &Answer) -> Vec<String> {
    answer.rows("UTC").into_iter().map(|row| row[0].clone().unwrap()).collect()
}

#[tokio::test]
async fn a_repartition_stays_in_the_plan() {
    let engine = Engine::new(4);
    for (shuffle, partitions, expected) in [(true, 7, 7), (false, 1, 1), (false, 9, 2)] {
        let plan = Relation::Repartition { input: Box::new(range(10)), num_partitions: partitions, shuffle };
        let plan = physical(&engine, &plan).await;
        assert!(plan.downcast_ref::<ExplicitExchangeExec>().is_some(), "{}", shown(&plan));
        assert_eq!(plan.output_partitioning().partition_count(), expected);
        assert!(!shown(&plan).contains("RepartitionExec"), "{}", shown(&plan));
    }
}

#[tokio::test]
async fn an_aggregate_uses_the_users_partitioning() {
    let engine = Engine::new(4);
    let input = Relation::RepartitionByExpression {
        input: Box::new(range(1_000_000)),
        num_partitions: Some(5),
        expressions: vec![by_id(SortDirection::Ascending)],
        is_range: false,
    };
    let plan = Relation::Aggregate {
        input: Box::new(input),
        group_kind: GroupKind::GroupBy,
        grouping: vec![id()],
        grouping_sets: vec![],
        aggregates: vec![id()],
        having: None,
    };
    let plan = physical(&engine, &plan).await;
    let text = shown(&plan);
    assert!(text.contains("ExplicitExchangeExec: hash [c1@0], 5"), "{text}");
    assert!(!text.contains(" RepartitionExec"), "{text}");
}

#[tokio::test]
async fn range_and_hash_take_the_default_number() {
    let engine = Engine::new(4);
    let by = |is_range| Relation::RepartitionByExpression {
        input: Box::new(range(10)),
        num_partitions: None,
        expressions: vec![by_id(SortDirection::Descending)],
        is_range,
    };
    for is_range in [false, true] {
        let plan = physical(&engine, &by(is_range)).await;
        let exchange = plan.downcast_ref::<ExplicitExchangeExec>().unwrap();
        assert!(!exchange.fixed);
        assert_eq!(plan.output_partitioning().partition_count(), 2);
    }
}

#[tokio::test]
async fn a_local_sort_sorts_each_partition() {
    let engine = Engine::new(4);
    let plan = Relation::Sort { input: Box::new(range(6)), order: vec![by_id(SortDirection::Descending)], is_global: false };
    let answer = engine.run(&plan, ids(), "UTC").await.unwrap();
    assert_eq!(numbers(&answer), ["2", "1", "0", "5", "4", "3"]);
}

#[tokio::test]
async fn a_tail_is_the_end_of_a_sort() {
    let engine = Engine::new(4);
    let sorted = Relation::Sort { input: Box::new(range(100_000)), order: vec![by_id(SortDirection::Descending)], is_global: true };
    let plan = Relation::Tail { input: Box::new(sorted), limit: 3 };
    let answer = engine.run(&plan, ids(), "UTC").await.unwrap();
    assert_eq!(numbers(&answer), ["2", "1", "0"]);
}

#[tokio::test]
async fn nodes_come_back_from_their_bytes() {
    let engine = Engine::new(1);
    let table = RangeTable::try_new(5, 50, 3, 4).unwrap();
    let range: Arc<dyn ExecutionPlan> = Arc::new(RangeExec::new(table.start, table.end, table.step, table.partitions, true, "id"));
    let back = decode(&encode(range.as_ref()).unwrap(), &[]).unwrap();
    assert_eq!(shown(&back), shown(&range));
    let rows = datafusion::physical_plan::collect(back, engine.context.task_ctx()).await.unwrap();
    assert_eq!(rows.iter().map(|b| b.num_rows()).sum::<usize>() as u64, table.rows());
    let tail: Arc<dyn ExecutionPlan> = Arc::new(TailExec::new(Arc::clone(&range), 3));
    assert_eq!(shown(&decode(&encode(tail.as_ref()).unwrap(), &[range]).unwrap()), shown(&tail));
}

#[tokio::test]
async fn a_scalar_subquery_waits_for_its_value() {
    let engine = Engine::new(1);
    let resolved = engine.resolve("select id from range(10) where id > (select max(id) from range(3)) + 1", "UTC").unwrap();
    let lowered = engine.lower(&resolved.plan, "UTC").unwrap();
    assert_eq!(lowered.scalar_subqueries.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [0]);
    let plan = engine.context.state().create_physical_plan(&lowered.plan).await.unwrap();
    let mut found = 0;
    plan.apply(|node| {
        if let Some(filter) = node.downcast_ref::<FilterExec>() {
            assert_eq!(scalar_subqueries(filter.predicate())?, [0]);
            let values = BTreeMap::from([(0, ScalarValue::Int64(Some(2)))]);
            let replaced = replace_scalar_subqueries(Arc::clone(filter.predicate()), &values)?;
            assert!(scalar_subqueries(&replaced)?.is_empty());
            assert!(replace_scalar_subqueries(Arc::clone(filter.predicate()), &BTreeMap::new()).is_err());
            found += 1;
        }
        Ok(TreeNodeRecursion::Continue)
    })
    .unwrap();
    assert_eq!(found, 1, "{}", shown(&plan));
}

#[tokio::test]
async fn nested_subqueries_come_before_their_users() {
    let engine = Engine::new(1);
    let sql = "select id from range(10) where id = (select max(id) from range(9) where id < (select max(id) from range(5)))";
    let resolved = engine.resolve(sql, "UTC").unwrap();
    let lowered = engine.lower(&resolved.plan, "UTC").unwrap();
    let inner = &lowered.scalar_subqueries[0];
    assert_eq!(inner.0, 0);
    assert!(!inner.1.display_indent().to_string().contains("kiln_scalar_subquery"));
    assert!(lowered.scalar_subqueries[1].1.display_indent().to_string().contains("kiln_scalar_subquery"));
    assert_eq!(numbers(&engine.sql(sql, "UTC").await.unwrap()), ["3"]);
}
