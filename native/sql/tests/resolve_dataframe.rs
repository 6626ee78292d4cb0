//! Plans as the DataFrame API builds them: the resolved trees as text (`resolve_dataframe/*.txt`).
mod resolve_support;

use kiln_sql::resolve::tree_text;
use kiln_sql::tree::{DataType, Expression, GroupKind, JoinKind, Relation};
use resolve_support::build::*;
use resolve_support::{broken_promises, golden};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn text(plan: &Relation) -> Result<String, Box<dyn std::error::Error>> {
    let resolved = catalog().resolve(plan)?;
    let problems = broken_promises(&resolved);
    let tree = tree_text(&resolved.plan);
    assert!(problems.is_empty(), "{problems:#?}\n{tree}");
    let columns: Vec<String> =
        resolved.output.iter().map(|c| format!("{}: {}{}", c.name, c.data_type, if c.nullable { "" } else { " !" })).collect();
    Ok(format!("-- {}\n{tree}", columns.join(", ")))
}

#[test]
fn resolve_columns_verbs() -> Outcome {
    let mut all = String::new();
    let mut add = |name: &str, plan: Relation| -> Outcome {
        all.push_str(&format!("== {name}\n{}\n", text(&plan)?));
        Ok(())
    };
    add(
        "withColumn replaces in place, appends at the end",
        Relation::WithColumns {
            input: boxed(table("t")),
            aliases: vec![alias(call("+", vec![col("k"), int(1)]), "K"), alias(call("upper", vec![col("s")]), "u")],
        },
    )?;
    add(
        "withColumn over a window",
        Relation::WithColumns {
            input: boxed(table("t")),
            aliases: vec![alias(expr("row_number() over (partition by s order by k) + 1"), "r")],
        },
    )?;
    add(
        "withColumnRenamed",
        Relation::WithColumnsRenamed {
            input: boxed(table("t")),
            renames: vec![("K".to_owned(), "key".to_owned()), ("nope".to_owned(), "x".to_owned())],
        },
    )?;
    add("drop", Relation::Drop { input: boxed(table("t")), columns: vec![col("V"), col("nope")] })?;
    add("toDF", Relation::ToDf { input: boxed(table("t")), column_names: ["a", "b", "c", "e"].map(str::to_owned).to_vec() })?;
    add("distinct", Relation::Deduplicate { input: boxed(project(table("t"), vec![col("s")])), column_names: vec![] })?;
    add("dropDuplicates(s)", Relation::Deduplicate { input: boxed(table("t")), column_names: vec!["S".to_owned()] })?;
    add("selectExpr", project(table("t"), vec![expr("k as key"), expr("*"), expr("v * 2"), expr("t.s")]))?;
    add("a lateral alias", project(table("t"), vec![alias(expr("k + 1"), "a"), alias(expr("a * 2"), "b"), expr("b + a")]))?;
    golden("resolve_dataframe/columns.txt", &all)
}

#[test]
fn resolve_frames_by_plan_id() -> Outcome {
    let mut all = String::new();
    let mut add = |name: &str, plan: Relation| -> Outcome {
        all.push_str(&format!("== {name}\n{}\n", text(&plan)?));
        Ok(())
    };
    let t = || frame(table("t"), 1);
    let big = || frame(filter(t(), expr("v > 10")), 2);
    let other = || frame(project(table("t"), vec![col("k"), col("v")]), 3);
    let on = call("=", vec![col_of(2, "k"), col_of(3, "k")]);
    add(
        "df2.join(df3, df2.k == df3.k).select(df3.v, df2.v)",
        project(join(big(), other(), JoinKind::LeftOuter, Some(on), &[]), vec![col_of(3, "v"), col_of(2, "v")]),
    )?;
    add("a column of the frame below a filter", project(filter(big(), call(">", vec![col_of(1, "k"), int(1)])), vec![col_of(1, "k")]))?;
    add("orderBy a column that was not selected", sort(project(t(), vec![col("s")]), vec![col_of(1, "k"), col("d")]))?;
    add("filter by a column that was not selected", filter(frame(project(t(), vec![col("s")]), 4), expr("k > 1 and s = 'a'")))?;
    add(
        "through dropDuplicates",
        project(Relation::Deduplicate { input: boxed(t()), column_names: vec!["s".to_owned()] }, vec![col_of(1, "k"), col_of(1, "s")]),
    )?;
    add(
        "join using, then the sides' own keys",
        project(
            join(frame(table("t"), 5), frame(table("t"), 6), JoinKind::FullOuter, None, &["k"]),
            vec![col("k"), col_of(5, "k"), col_of(6, "k"), col_of(5, "v")],
        ),
    )?;
    golden("resolve_dataframe/plan_ids.txt", &all)?;
    let twice = join(t(), t(), JoinKind::Inner, Some(call("=", vec![col_of(1, "k"), int(1)])), &[]);
    assert_eq!(class(&twice), "AMBIGUOUS_COLUMN_REFERENCE");
    assert_eq!(class(&project(t(), vec![col_of(9, "k")])), "CANNOT_RESOLVE_DATAFRAME_COLUMN");
    Ok(())
}

#[test]
fn resolve_aggregations() -> Outcome {
    let mut all = String::new();
    let mut add = |name: &str, plan: Relation| -> Outcome {
        all.push_str(&format!("== {name}\n{}\n", text(&plan)?));
        Ok(())
    };
    let sums = || group(table("t"), vec![col("s")], vec![col("s"), alias(call("sum", vec![col("v")]), "total")]);
    add("groupBy.agg", sums())?;
    add("then filter by an aggregate of the input", filter(frame(sums(), 1), expr("max(k) > 3 and total > 1")))?;
    add("then sort by an aggregate and a grouping column", sort(frame(sums(), 1), vec![expr("max(k)"), col("s"), col("total")]))?;
    add("then filter, then sort by an aggregate", sort(filter(sums(), expr("total > 1")), vec![expr("min(v)")]))?;
    add(
        "arithmetic, shared aggregates, windows over aggregates",
        project(table("t"), vec![expr("sum(v) / count(*)"), expr("sum(v) + 1"), expr("sum(sum(v)) over ()"), expr("count(*)")]),
    )?;
    add(
        "rollup",
        Relation::Aggregate {
            input: boxed(table("t")),
            group_kind: GroupKind::Rollup,
            grouping: vec![expr("year(d)"), col("s")],
            grouping_sets: vec![],
            aggregates: vec![expr("year(d)"), col("s"), expr("grouping(s)"), expr("grouping_id()"), expr("sum(v)")],
            having: Some(expr("sum(v) > 0")),
        },
    )?;
    golden("resolve_dataframe/aggregations.txt", &all)?;
    assert_eq!(class(&group(table("t"), vec![col("s")], vec![col("k")])), "MISSING_AGGREGATION");
    assert_eq!(class(&project(table("t"), vec![expr("count(*)"), col("k")])), "MISSING_GROUP_BY");
    Ok(())
}

#[test]
fn resolve_set_operations_and_shapes() -> Outcome {
    let mut all = String::new();
    let mut add = |name: &str, plan: Relation| -> Outcome {
        all.push_str(&format!("== {name}\n{}\n", text(&plan)?));
        Ok(())
    };
    let ks = || project(table("t"), vec![col("k"), col("s")]);
    let sv = || project(table("t"), vec![col("S"), col("v")]);
    add("union widens", union(ks(), project(table("t"), vec![expr("k * 1.5 as x"), col("s")]), true, false, false))?;
    add("union distinct", union(ks(), ks(), false, false, false))?;
    add("unionByName with missing columns", union(ks(), sv(), true, true, true))?;
    add("range", Relation::Range { start: 0, end: 10, step: 2, num_partitions: None, column_id: None })?;
    add(
        "createDataFrame",
        Relation::LocalRelation {
            rows: vec![vec![int(1), Expression::Literal { value: None, data_type: DataType::Null }], vec![int(2), int(3)]],
            column_names: None,
            fields: Some(vec![field("a", DataType::Long, false), field("b", DataType::Decimal { precision: 5, scale: 1 }, true)]),
            column_ids: None,
        },
    )?;
    add(
        "hints",
        Relation::Hint {
            input: boxed(join(
                Relation::SubqueryAlias { input: boxed(table("t")), alias: "a".to_owned(), column_aliases: vec![] },
                Relation::SubqueryAlias { input: boxed(table("t")), alias: "b".to_owned(), column_aliases: vec![] },
                JoinKind::Inner,
                Some(call("=", vec![col("a.k"), col("b.k")])),
                &[],
            )),
            name: "BROADCAST".to_owned(),
            parameters: vec![col("B")],
        },
    )?;
    add(
        "repartition, limit, tail, sample",
        Relation::Tail {
            input: boxed(Relation::Limit {
                input: boxed(Relation::Sample {
                    input: boxed(Relation::RepartitionByExpression {
                        input: boxed(table("t")),
                        num_partitions: Some(4),
                        expressions: vec![asc(col("s"))],
                        is_range: true,
                    }),
                    lower: 0.0,
                    upper: 0.5,
                    with_replacement: false,
                    seed: 7,
                }),
                limit: int(5),
            }),
            limit: 2,
        },
    )?;
    add(
        "write",
        Relation::Write {
            input: boxed(project(table("t"), vec![col("k"), col("S")])),
            format: "parquet".to_owned(),
            path: "/out".to_owned(),
            options: vec![],
            partition_by: vec!["s".to_owned()],
        },
    )?;
    golden("resolve_dataframe/shapes.txt", &all)
}
