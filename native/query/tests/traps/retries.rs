//! Traps of doing things twice: a row goes to where it went, and gets what it got.

use crate::support::tables::{exact_texts, texts, tpch_dir, tpch_request, tpch_tables};
use crate::support::{MiniDriver, Variant, assert_clean, load, none, sql};
use kiln_query::boundary::{Determinism, MapStatus, TaskOutput, TaskStatus};
use kiln_query::plan::Planned;

/// What a map task reports, twice, as two attempts of its stage make it.
async fn twice(driver: &MiniDriver, planned: &Planned, partition: u32) -> [MapStatus; 2] {
    let mut statuses = Vec::new();
    for stage_attempt in 0..2 {
        let mut spec = load(driver, planned, 0, partition);
        (spec.stage_attempt, spec.attempt) = (stage_attempt, stage_attempt);
        match driver.executor.run_task(spec).await.0.status {
            TaskStatus::Success { output: TaskOutput::MapOutput { status } } => statuses.push(status),
            other => panic!("{other:?}"),
        }
    }
    statuses.try_into().unwrap()
}

/// Trap 14. The checksum is of the rows with their partitions.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_sends_rows_to_the_same_partitions() {
    let variant = Variant::default().conf("spark.sql.shuffle.partitions", "7").conf("spark.sql.files.maxPartitionBytes", "256k");
    let tables = tpch_tables(tpch_dir());
    let driver = MiniDriver::new(variant.clone());
    for text in [
        "select /*+ repartition(5) */ l_orderkey, l_comment from lineitem",
        "select /*+ repartition(5, l_comment, l_tax) */ l_orderkey, l_comment, l_tax from lineitem",
        "select l_partkey, count(*), max(l_comment) from lineitem group by l_partkey",
        "select /*+ repartition(5) */ l_orderkey, rand() as r, randn() as g, now() as t, monotonically_increasing_id() as m from lineitem",
        "select /*+ repartition_by_range(5, l_extendedprice) */ l_orderkey, l_extendedprice from lineitem",
    ] {
        let planned = kiln_query::plan::plan(&tpch_request(text, &tables, &variant)).unwrap();
        for partition in 0..planned.plan.stages[0].num_tasks {
            let [first, second] = twice(&driver, &planned, partition).await;
            assert!(first.rows.iter().sum::<u64>() > 0);
            let facts = |status: &MapStatus| (status.rows.clone(), status.bytes.clone(), status.checksum.clone(), status.keys.clone());
            assert_eq!(facts(&first), facts(&second), "{text}");
        }
    }
}

/// Trap 14: what is dealt row by row, or numbered, depends on the order of rows that another run may change.
#[test]
fn rows_by_position_are_indeterminate_where_their_order_is() {
    use Determinism::{Determinate, Indeterminate, Unordered};
    let variant = Variant::default().conf("spark.sql.shuffle.partitions", "3");
    let levels = |text: &str| sql(text, &none(), &variant).plan.stages.iter().map(|s| s.determinism).collect::<Vec<_>>();
    let grouped = "select id % 5 as k, count(*) as n from range(0, 100, 1, 4) group by id % 5";
    assert_eq!(levels("select /*+ repartition(3) */ id from range(0, 100, 1, 4)"), [Determinate, Unordered]);
    assert_eq!(levels("select id, monotonically_increasing_id() as m, rand(1) as r from range(0, 100, 1, 4)"), [Determinate]);
    assert_eq!(levels(&format!("select k, n from ({grouped})")), [Determinate, Unordered]);
    assert_eq!(levels(&format!("select k, monotonically_increasing_id() as m from ({grouped})")), [Determinate, Indeterminate]);
    assert_eq!(levels(&format!("select k, spark_partition_id() as p, rand(3) as r from ({grouped})")), [Determinate, Indeterminate]);
    assert_eq!(levels(&format!("select k from ({grouped}) limit 2")), [Determinate, Indeterminate, Indeterminate]);
    assert_eq!(levels(&format!("select /*+ repartition(2) */ k, n from ({grouped})")), [Determinate, Indeterminate, Unordered]);
}

/// Trap 13: another hash than the writer's would find no partner. The figures are those of Spark 4.3.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_go_to_sparks_partitions() {
    let variant = Variant::default().conf("spark.sql.shuffle.partitions", "7");
    let driver = MiniDriver::new(variant.clone());
    for (text, wanted) in [
        (
            "select p, count(*) as n, sum(id) as s from (select id, spark_partition_id() as p from
                (select /*+ repartition(5, id) */ id from range(0, 1000, 1, 4))) group by p order by p",
            &["0|211|99209", "1|196|102336", "2|190|100360", "3|200|99171", "4|203|98424"][..],
        ),
        (
            "select p, count(*) as n, sum(id) as s from (select id, spark_partition_id() as p from
                (select /*+ repartition(5, name) */ id, name from (select id, concat('n', id) as name from range(0, 1000, 1, 4)))) group by p order by p",
            &["0|203|108463", "1|206|102574", "2|208|105288", "3|193|93931", "4|190|89244"],
        ),
        (
            "select p, count(*) as n, min(k) as k from (select k, spark_partition_id() as p from
                (select id % 10 as k, count(*) from range(0, 100, 1, 3) group by id % 10)) group by p order by p",
            &["0|1|7", "1|1|9", "4|3|0", "5|4|1", "6|1|6"],
        ),
    ] {
        assert_eq!(texts(&driver.run(&sql(text, &none(), &variant)).await.unwrap().batches), wanted, "{text}");
    }
    assert_clean(&driver);
}

/// Values of a partition in every task, with those that tasks of other stages and branches get. From Spark 4.3.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_task_gets_sparks_values_of_its_partition() {
    let variant = Variant::default();
    let driver = MiniDriver::new(variant.clone());
    let own = "select id, cast(rand(7) as string) as r, cast(randn(7) as string) as n, monotonically_increasing_id() as m, spark_partition_id() as p from range(0, 7, 1, 3)";
    let above = "select id, monotonically_increasing_id() as m, spark_partition_id() as p, cast(rand(3) as string) as r from (
        select id from range(0, 4, 1, 2) union all select id + 10 from range(0, 3, 1, 2))";
    let within = "select id, monotonically_increasing_id() as m, spark_partition_id() as p from range(0, 4, 1, 2)
        union all select id + 10, monotonically_increasing_id(), spark_partition_id() from range(0, 3, 1, 2)";
    for (text, wanted) in [
        (
            own,
            &[
                "0|0.28188121484885875|-1.773755556110447|0|0",
                "1|0.45998819035056326|-0.32537852999017897|1|0",
                "2|0.4836508543933039|-0.12108592338857035|8589934592|1",
                "3|0.734216416644485|1.7346662488921807|8589934593|1",
                "4|0.7145670158242735|1.8039683668407596|17179869184|2",
                "5|0.46621774950712846|-0.2840236697878177|17179869185|2",
                "6|0.029547784789351605|0.6603370350220075|17179869186|2",
            ][..],
        ),
        (
            above,
            &[
                "0|0|0|0.25738143505962285",
                "1|1|0|0.6698885713796182",
                "2|8589934592|1|0.9531453492357947",
                "3|8589934593|1|0.06613556112256402",
                "10|17179869184|2|0.02390696427502892",
                "11|25769803776|3|0.07039836716341774",
                "12|25769803777|3|0.7362038093711971",
            ],
        ),
        (within, &["0|0|0", "1|1|0", "2|8589934592|1", "3|8589934593|1", "10|0|0", "11|8589934592|1", "12|8589934593|1"]),
    ] {
        let run = driver.run(&sql(text, &none(), &variant)).await.unwrap();
        assert_eq!(exact_texts(&run.batches), wanted, "{text}");
    }
}
