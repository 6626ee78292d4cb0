use super::Variant;
use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use kiln_query::boundary::{Action, AnalyzeRequest, Table};
use kiln_query::sources::parquet_table;
use kiln_sql::tree::{ReadSource, Relation};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

const TABLES: [&str; 8] = ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"];

/// TPC-H at scale 0.01, written once for all tests of a process; `TPCH=DIR` in the environment names another.
pub fn tpch_dir() -> String {
    static DIR: OnceLock<(Option<tempfile::TempDir>, String)> = OnceLock::new();
    let (_, dir) = DIR.get_or_init(|| {
        if let Ok(dir) = std::env::var("TPCH") {
            return (None, dir);
        }
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().to_str().unwrap().to_owned();
        let options = ["--scale", "0.01", "--output", &path, "--row-group-rows", "4000"].map(str::to_owned);
        kiln_tpch::generate(&kiln_tpch::Options::parse(options.into_iter()).unwrap()).unwrap();
        (Some(temporary), path)
    });
    dir.clone()
}

pub fn read(format: &str, path: &str) -> Relation {
    let source = ReadSource::DataSource { format: format.into(), paths: vec![path.into()], options: Vec::new(), schema: None };
    Relation::Read { source, position: None }
}

/// The tables by name: as a view, and as its data source describes it.
pub type Described = BTreeMap<String, (Relation, Table)>;

pub fn tpch_tables(dir: String) -> Described {
    TABLES
        .iter()
        .map(|name| {
            let mut path = format!("{dir}/{name}.parquet");
            if !PathBuf::from(&path).exists() {
                path = format!("{dir}/{name}");
            }
            let table = parquet_table(std::slice::from_ref(&path)).unwrap();
            ((*name).to_owned(), (read("parquet", &path), table))
        })
        .collect()
}

pub fn tpch_request(sql: &str, tables: &Described, variant: &Variant) -> AnalyzeRequest {
    let text: Vec<&str> = sql.lines().filter(|line| !line.trim().starts_with("--")).collect();
    request(Relation::Sql { text: text.join("\n").trim().trim_end_matches(';').to_owned() }, tables, variant)
}

pub fn request(plan: Relation, tables: &Described, variant: &Variant) -> AnalyzeRequest {
    let mut request = AnalyzeRequest {
        plan,
        views: tables.iter().map(|(name, (view, _))| (name.clone(), view.clone())).collect(),
        conf: variant.conf.clone(),
        tables: BTreeMap::new(),
        next_column_id: 1,
        next_shuffle_id: 1,
        now_micros: 1_700_000_000_000_000,
        default_parallelism: variant.slots,
        action: Action::Collect,
    };
    for wanted in kiln_query::plan::required_tables(&request).unwrap() {
        let described = tables.values().find(
            |(view, _)| matches!(view, Relation::Read { source: ReadSource::DataSource { paths, .. }, .. } if *paths == wanted.paths),
        );
        request.tables.insert(wanted.key.clone(), described.expect("a table that the test knows").1.clone());
    }
    request
}

/// Writes the rows of a query, which the driver puts under a directory of its own.
pub fn write_request(text: &str, format: &str, options: &[(&str, &str)], partition_by: &[&str], variant: &Variant) -> AnalyzeRequest {
    let plan = Relation::Write {
        input: Box::new(Relation::Sql { text: text.into() }),
        format: format.into(),
        path: "/out".into(),
        options: options.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        partition_by: partition_by.iter().map(|c| (*c).to_owned()).collect(),
    };
    request(plan, &BTreeMap::new(), variant)
}

/// Rows as text; numbers with a fraction have two digits of it.
pub fn texts(batches: &[RecordBatch]) -> Vec<String> {
    let options = FormatOptions::default().with_null("NULL");
    let mut rows = Vec::new();
    for batch in batches {
        let columns: Vec<_> = batch.columns().iter().map(|c| ArrayFormatter::try_new(c.as_ref(), &options).unwrap()).collect();
        for row in 0..batch.num_rows() {
            let cell = |column: &ArrayFormatter<'_>| {
                let text = column.value(row).to_string();
                match text.parse::<f64>() {
                    Ok(number) if text.contains(['.', 'e', 'E']) => format!("{number:.2}"),
                    _ => text,
                }
            };
            rows.push(columns.iter().map(cell).collect::<Vec<_>>().join("|"));
        }
    }
    rows
}

/// Rows as text, as they are.
pub fn exact_texts(batches: &[RecordBatch]) -> Vec<String> {
    let mut rows = Vec::new();
    for batch in batches {
        let options = FormatOptions::default();
        let columns: Vec<_> = batch.columns().iter().map(|c| ArrayFormatter::try_new(c.as_ref(), &options).unwrap()).collect();
        rows.extend((0..batch.num_rows()).map(|row| columns.iter().map(|c| c.value(row).to_string()).collect::<Vec<_>>().join("|")));
    }
    rows
}

/// Whether rows are the golden ones, in any order; the last digit of a fraction may differ.
pub fn same_rows(batches: &[RecordBatch], golden: &str) -> Result<(), String> {
    let mut got = texts(batches);
    let mut wanted: Vec<String> = golden.lines().map(str::to_owned).collect();
    got.sort();
    wanted.sort();
    same_texts(&got, &wanted)
}

/// Whether rows are the wanted ones, in this order.
pub fn same_texts(got: &[String], wanted: &[String]) -> Result<(), String> {
    if got.len() != wanted.len() {
        return Err(format!("{} rows instead of {}; first: {:?} and {:?}", got.len(), wanted.len(), got.first(), wanted.first()));
    }
    match got.iter().zip(wanted).find(|(g, w)| !same_row(g, w)) {
        Some((g, w)) => Err(format!("got    {g}\n     wanted {w}")),
        None => Ok(()),
    }
}

fn same_row(got: &str, wanted: &str) -> bool {
    let (got, wanted): (Vec<_>, Vec<_>) = (got.split('|').collect(), wanted.split('|').collect());
    got.len() == wanted.len()
        && got.iter().zip(wanted).all(|(g, w)| match (g.parse::<f64>(), w.parse::<f64>()) {
            (Ok(g), Ok(w)) => (g - w).abs() <= 0.011 + w.abs() * 1e-9,
            _ => *g == w,
        })
}
