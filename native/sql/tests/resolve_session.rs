//! What a session brings: views, tables, errors with places, the time of the query, deep plans.
mod resolve_support;

use kiln_sql::error::QueryError;
use kiln_sql::resolve::{ResolveInput, ResolveOptions, required_tables, resolve, tree_text};
use kiln_sql::tree::Relation;
use resolve_support::broken_promises;
use resolve_support::build::*;

type Outcome = Result<(), Box<dyn std::error::Error>>;

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
    let uncovered = error("select k, uuid() from t")?;
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
        let options = ResolveOptions {
            now_micros: 1_582_929_296_500_000,
            session_time_zone: session_time_zone.to_owned(),
            ..ResolveOptions::default()
        };
        let input = ResolveInput { plan: &plan, views: &catalog.views, tables: &catalog.tables, options, next_column_id: 1 };
        resolve(input).map(|resolved| tree_text(&resolved.plan).lines().next().unwrap_or_default().to_owned())
    };
    assert!(
        shown("UTC")?.starts_with("Project [date '2020-02-28' as current_date()#5, timestamp '2020-02-28 22:34:56.5' as now()#6"),
        "{}",
        shown("UTC")?
    );
    assert!(shown("+03:00")?.contains("date '2020-02-29'"));
    assert!(shown("Europe/Berlin")?.contains("cast(timestamp '2020-02-28 22:34:56.5' as date)"));
    assert_eq!(shown("UTC")?, shown("UTC")?);
    Ok(())
}

#[test]
fn resolve_survives_deep_plans() -> Outcome {
    let mut plan = table("t");
    for _ in 0..900 {
        plan = frame(filter(plan, expr("k > 0")), 1);
    }
    assert!(catalog().resolve(&plan).is_ok());
    for _ in 0..400 {
        plan = filter(plan, expr("k > 0"));
    }
    assert_eq!(class(&plan), "PLAN_TOO_DEEP");
    Ok(())
}
