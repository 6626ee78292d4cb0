//! Plans as the DataFrame API builds them: the resolved trees as text (`resolve_dataframe/*.txt`) and the errors.
mod resolve_support;

use kiln_sql::error::QueryError;
use kiln_sql::resolve::{ResolveInput, ResolveOptions, required_tables, resolve, tree_text};
use kiln_sql::tree::{
    DataType, Expression, GroupKind, JoinKind, NullOrdering, ReadSource, Relation, SetOpKind, SortDirection, SortOrder, StructField,
};
use resolve_support::{Catalog, broken_promises, golden};
use std::collections::BTreeMap;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn field(name: &str, data_type: DataType, nullable: bool) -> StructField {
    StructField { name: name.to_owned(), data_type, nullable }
}

fn catalog() -> Catalog {
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

fn table(name: &str) -> Relation {
    Relation::Read { source: ReadSource::NamedTable { parts: vec![name.to_owned()] }, position: None }
}

fn boxed(relation: Relation) -> Box<Relation> {
    Box::new(relation)
}

fn frame(input: Relation, plan_id: u64) -> Relation {
    Relation::PlanId { input: boxed(input), plan_id }
}

fn col(name: &str) -> Expression {
    Expression::UnresolvedAttribute { parts: name.split('.').map(str::to_owned).collect(), plan_id: None, position: None }
}

fn col_of(plan_id: u64, name: &str) -> Expression {
    Expression::UnresolvedAttribute { parts: vec![name.to_owned()], plan_id: Some(plan_id), position: None }
}

fn expr(text: &str) -> Expression {
    Expression::ExpressionString { text: text.to_owned() }
}

fn alias(expression: Expression, name: &str) -> Expression {
    Expression::Alias { expression: Box::new(expression), names: vec![name.to_owned()] }
}

fn call(name: &str, arguments: Vec<Expression>) -> Expression {
    Expression::UnresolvedFunction { name: name.to_owned(), arguments, is_distinct: false, filter: None, position: None }
}

fn int(value: i32) -> Expression {
    Expression::Literal { value: Some(value.to_string()), data_type: DataType::Integer }
}

fn asc(child: Expression) -> SortOrder {
    SortOrder { child, direction: SortDirection::Ascending, null_ordering: NullOrdering::Default }
}

fn project(input: Relation, expressions: Vec<Expression>) -> Relation {
    Relation::Project { input: boxed(input), expressions }
}

fn filter(input: Relation, condition: Expression) -> Relation {
    Relation::Filter { input: boxed(input), condition }
}

fn sort(input: Relation, keys: Vec<Expression>) -> Relation {
    Relation::Sort { input: boxed(input), order: keys.into_iter().map(asc).collect(), is_global: true }
}

fn join(left: Relation, right: Relation, kind: JoinKind, condition: Option<Expression>, using: &[&str]) -> Relation {
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

fn group(input: Relation, grouping: Vec<Expression>, aggregates: Vec<Expression>) -> Relation {
    Relation::Aggregate {
        input: boxed(input),
        group_kind: GroupKind::GroupBy,
        grouping,
        grouping_sets: vec![],
        aggregates,
        having: None,
    }
}

fn union(left: Relation, right: Relation, is_all: bool, by_name: bool, allow_missing_columns: bool) -> Relation {
    Relation::SetOp { kind: SetOpKind::Union, left: boxed(left), right: boxed(right), is_all, by_name, allow_missing_columns }
}

fn text(plan: &Relation) -> Result<String, Box<dyn std::error::Error>> {
    let resolved = catalog().resolve(plan)?;
    let problems = broken_promises(&resolved);
    let tree = tree_text(&resolved.plan);
    assert!(problems.is_empty(), "{problems:#?}\n{tree}");
    let columns: Vec<String> =
        resolved.output.iter().map(|c| format!("{}: {}{}", c.name, c.data_type, if c.nullable { "" } else { " !" })).collect();
    Ok(format!("-- {}\n{tree}", columns.join(", ")))
}

fn class(plan: &Relation) -> String {
    match catalog().resolve(plan) {
        Ok(resolved) => format!("resolved\n{}", tree_text(&resolved.plan)),
        Err(error) => error.class,
    }
}

#[test]
fn resolve_columns_verbs() -> Outcome {
    let mut all = String::new();
    let mut add = |name: &str, plan: Relation| -> Outcome {
        all.push_str(&format!("== {name}\n{}\n", text(&plan)?));
        Ok(())
    };
    add("withColumn replaces in place, appends at the end", Relation::WithColumns {
        input: boxed(table("t")),
        aliases: vec![alias(call("+", vec![col("k"), int(1)]), "K"), alias(call("upper", vec![col("s")]), "u")],
    })?;
    add("withColumn over a window", Relation::WithColumns {
        input: boxed(table("t")),
        aliases: vec![alias(expr("row_number() over (partition by s order by k) + 1"), "r")],
    })?;
    add("withColumnRenamed", Relation::WithColumnsRenamed {
        input: boxed(table("t")),
        renames: vec![("K".to_owned(), "key".to_owned()), ("nope".to_owned(), "x".to_owned())],
    })?;
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
    add("df2.join(df3, df2.k == df3.k).select(df3.v, df2.v)", project(
        join(big(), other(), JoinKind::LeftOuter, Some(on), &[]),
        vec![col_of(3, "v"), col_of(2, "v")],
    ))?;
    add("a column of the frame below a filter", project(filter(big(), call(">", vec![col_of(1, "k"), int(1)])), vec![col_of(1, "k")]))?;
    add("orderBy a column that was not selected", sort(project(t(), vec![col("s")]), vec![col_of(1, "k"), col("d")]))?;
    add("filter by a column that was not selected", filter(frame(project(t(), vec![col("s")]), 4), expr("k > 1 and s = 'a'")))?;
    add("through dropDuplicates", project(
        Relation::Deduplicate { input: boxed(t()), column_names: vec!["s".to_owned()] },
        vec![col_of(1, "k"), col_of(1, "s")],
    ))?;
    add("join using, then the sides' own keys", project(
        join(frame(table("t"), 5), frame(table("t"), 6), JoinKind::FullOuter, None, &["k"]),
        vec![col("k"), col_of(5, "k"), col_of(6, "k"), col_of(5, "v")],
    ))?;
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
    add("arithmetic, shared aggregates, windows over aggregates", project(
        table("t"),
        vec![expr("sum(v) / count(*)"), expr("sum(v) + 1"), expr("sum(sum(v)) over ()"), expr("count(*)")],
    ))?;
    add("rollup", Relation::Aggregate {
        input: boxed(table("t")),
        group_kind: GroupKind::Rollup,
        grouping: vec![expr("year(d)"), col("s")],
        grouping_sets: vec![],
        aggregates: vec![expr("year(d)"), col("s"), expr("grouping(s)"), expr("grouping_id()"), expr("sum(v)")],
        having: Some(expr("sum(v) > 0")),
    })?;
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
    add("createDataFrame", Relation::LocalRelation {
        rows: vec![vec![int(1), Expression::Literal { value: None, data_type: DataType::Null }], vec![int(2), int(3)]],
        column_names: None,
        fields: Some(vec![field("a", DataType::Long, false), field("b", DataType::Decimal { precision: 5, scale: 1 }, true)]),
        column_ids: None,
    })?;
    add("hints", Relation::Hint {
        input: boxed(join(
            Relation::SubqueryAlias { input: boxed(table("t")), alias: "a".to_owned(), column_aliases: vec![] },
            Relation::SubqueryAlias { input: boxed(table("t")), alias: "b".to_owned(), column_aliases: vec![] },
            JoinKind::Inner,
            Some(call("=", vec![col("a.k"), col("b.k")])),
            &[],
        )),
        name: "BROADCAST".to_owned(),
        parameters: vec![col("B")],
    })?;
    add("repartition, limit, tail, sample", Relation::Tail {
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
    })?;
    add("write", Relation::Write {
        input: boxed(project(table("t"), vec![col("k"), col("S")])),
        format: "parquet".to_owned(),
        path: "/out".to_owned(),
        options: vec![],
        partition_by: vec!["s".to_owned()],
    })?;
    golden("resolve_dataframe/shapes.txt", &all)
}

#[test]
fn resolve_finds_required_tables_through_views_and_sql() -> Outcome {
    let mut catalog = catalog();
    let sql = |text: &str| Relation::Sql { text: text.to_owned() };
    catalog.views.insert("big".to_owned(), sql("select * from T where v > (select avg(v) from t)"));
    catalog.views.insert("unused".to_owned(), sql("select * from parquet.`/other`"));
    let plan = filter(sql("with t as (select 1 as one) select * from t, Big, csv.`/x.csv` c"), expr("one in (select k from t)"));
    let found: Vec<(String, Vec<String>)> =
        required_tables(&plan, &catalog.views)?.into_iter().map(|table| (table.format, table.paths)).collect();
    assert_eq!(found, [("parquet".to_owned(), vec!["/data/t".to_owned()]), ("csv".to_owned(), vec!["/x.csv".to_owned()])]);
    Ok(())
}

#[test]
fn resolve_keeps_positions_and_hints() -> Outcome {
    let error = |text: &str| catalog().sql(text).err().ok_or("resolved");
    let position = |error: &QueryError| error.position.map(|position| (position.line, position.column));
    let unknown = error("select k,\n       vv from t")?;
    assert_eq!((unknown.class.as_str(), position(&unknown)), ("UNRESOLVED_COLUMN.WITH_SUGGESTION", Some((2, 8))));
    assert!(unknown.message.contains("[`v`, "), "{unknown}");
    let function = error("select\n  summ(v) from t")?;
    assert_eq!((function.class.as_str(), position(&function)), ("UNRESOLVED_ROUTINE", Some((2, 3))));
    assert_eq!(function.hint.as_deref(), Some("Did you mean `sum`?"));
    let missing = error("select * from tt")?;
    assert_eq!((missing.class.as_str(), position(&missing)), ("TABLE_OR_VIEW_NOT_FOUND", Some((1, 15))));
    assert_eq!(missing.hint.as_deref(), Some("Did you mean `t`?"));
    let ambiguous = error("select k from t join t as u on t.k = u.k")?;
    assert_eq!(ambiguous.message, "Reference `k` is ambiguous, could be: [`t`.`k`, `u`.`k`].");
    let grouped = error("select s,\n  k, count(*) from t group by s")?;
    assert_eq!((grouped.class.as_str(), position(&grouped)), ("MISSING_AGGREGATION", Some((2, 3))));
    let uncovered = error("select k, array(k) from t")?;
    assert_eq!((uncovered.class.as_str(), position(&uncovered)), ("UNSUPPORTED", Some((1, 11))));
    Ok(())
}

#[test]
fn resolve_views_with_fresh_ids_and_refuses_recursion() -> Outcome {
    let mut catalog = catalog();
    catalog.views.insert("loop".to_owned(), Relation::Sql { text: "select * from LOOP".to_owned() });
    assert_eq!(catalog.sql("select * from loop").err().map(|error| error.class).as_deref(), Some("RECURSIVE_VIEW"));
    let resolved = catalog.sql("with c as (select k from t) select * from c a join c b on a.k = b.k join t on t.k = a.k")?;
    assert_eq!(broken_promises(&resolved), Vec::<String>::new());
    assert!(resolved.next_column_id > 12);
    Ok(())
}

#[test]
fn resolve_fixes_the_time_of_the_query() -> Outcome {
    let catalog = catalog();
    let plan = Relation::Sql { text: "select current_date, now(), rand() from t".to_owned() };
    let shown = |session_time_zone: &str| {
        let options =
            ResolveOptions { now_micros: 1_582_929_296_500_000, session_time_zone: session_time_zone.to_owned(), ..ResolveOptions::default() };
        let input = ResolveInput { plan: &plan, views: &catalog.views, tables: &catalog.tables, options, next_column_id: 1 };
        resolve(input).map(|resolved| tree_text(&resolved.plan).lines().next().unwrap_or_default().to_owned())
    };
    assert!(shown("UTC")?.starts_with("Project [date '2020-02-28' as current_date()#5, timestamp '2020-02-28 22:34:56.5' as now()#6"), "{}", shown("UTC")?);
    assert!(shown("+03:00")?.contains("date '2020-02-29'"));
    assert!(shown("Europe/Berlin")?.contains("cast(timestamp '2020-02-28 22:34:56.5' as date)"));
    assert_eq!(shown("UTC")?, shown("UTC")?);
    Ok(())
}

#[test]
fn resolve_survives_deep_plans() -> Outcome {
    let mut plan = table("t");
    for _ in 0..400 {
        plan = frame(filter(plan, expr("k > 0")), 1);
    }
    assert!(catalog().resolve(&plan).is_ok());
    for _ in 0..400 {
        plan = filter(plan, expr("k > 0"));
    }
    assert_eq!(class(&plan), "PLAN_TOO_DEEP");
    Ok(())
}
