//! What the control plane asks of planning.

use super::query::{LogicalQuery, Planned, QueryContext, TableSet, stage_query};
use super::settings::Settings;
use crate::boundary::{AnalyzeRequest, Analyzed, TableRequest};
use crate::functions::SparkError;
use crate::lower::{LowerContext, lower};
use crate::nodes::WriteOptions;
use crate::run::failure_of;
use datafusion::common::DataFusionError;
use kiln_sql::error::QueryError;
use kiln_sql::resolve::{OutputColumn, ResolveInput, ResolveOptions, output_of, resolve, tree_text};
use kiln_sql::tree::{Relation, StructField};
use std::collections::BTreeMap;

/// A query that cannot be planned, with the reason for its writer.
type Result<T> = std::result::Result<T, QueryError>;

/// The tables that a query reads, to be described by their data sources before it is analysed.
///
/// # Errors
/// For SQL text that cannot be parsed.
pub fn required_tables(request: &AnalyzeRequest) -> Result<Vec<TableRequest>> {
    let tables = kiln_sql::resolve::required_tables(&request.plan, &request.views)?;
    let request = |table: kiln_sql::resolve::TableKey| TableRequest {
        key: table.key,
        format: table.format,
        paths: table.paths,
        options: table.options.into_iter().collect(),
        schema: table.schema,
    };
    Ok(tables.into_iter().map(request).collect())
}

/// The resolved tree and its schema.
///
/// # Errors
/// What is wrong with the query.
pub fn analyze(request: &AnalyzeRequest) -> Result<Analyzed> {
    let tables: BTreeMap<String, Vec<StructField>> =
        request.tables.iter().map(|(key, table)| (key.clone(), table.fields.clone())).collect();
    let resolved = resolve(ResolveInput {
        plan: &request.plan,
        views: &request.views,
        tables: &tables,
        options: options(request)?,
        next_column_id: request.next_column_id,
    })?;
    Ok(Analyzed { schema: fields(&resolved.output), plan: resolved.plan, next_column_id: resolved.next_column_id })
}

/// The stages of a query.
///
/// # Errors
/// What is wrong with the query, or not supported.
pub fn plan(request: &AnalyzeRequest) -> Result<Planned> {
    let analyzed = analyze(request)?;
    let mut planned = plan_resolved(&AnalyzeRequest { plan: analyzed.plan, next_column_id: analyzed.next_column_id, ..request.clone() })?;
    planned.plan.explain.unresolved = tree_text(&request.plan);
    Ok(planned)
}

/// The stages of a query whose tree is resolved (and perhaps rewritten by optimizer rules).
///
/// # Errors
/// What is not supported.
pub fn plan_resolved(request: &AnalyzeRequest) -> Result<Planned> {
    let settings = Settings::from_conf(&request.conf).map_err(query_error)?;
    let parallelism = request.default_parallelism.max(1);
    let tables = TableSet::new(&request.tables, &settings, parallelism as usize);
    let context = LowerContext { tables: &tables, time_zone: settings.time_zone.clone(), default_parallelism: parallelism };
    let lowered = lower(&request.plan, &context)?;
    let (input, write) = match &request.plan {
        Relation::Write { input, format, path, options, partition_by } => {
            let columns = output_of(input);
            (columns.clone(), Some(write_options(format, path, options, partition_by, &columns)?))
        }
        other => (output_of(other), None),
    };
    let query = LogicalQuery { plan: lowered.plan, subqueries: lowered.scalar_subqueries, fields: fields(&input), write };
    let context = QueryContext {
        conf: request.conf.clone(),
        settings,
        default_parallelism: parallelism as usize,
        next_shuffle_id: request.next_shuffle_id,
        next_column_id: request.next_column_id,
        now_micros: request.now_micros,
    };
    let mut planned = stage_query(query, &context).map_err(query_error)?;
    planned.plan.explain.resolved = tree_text(&request.plan);
    Ok(planned)
}

fn fields(columns: &[OutputColumn]) -> Vec<StructField> {
    columns.iter().map(|c| StructField { name: c.name.clone(), data_type: c.data_type.clone(), nullable: c.nullable }).collect()
}

fn options(request: &AnalyzeRequest) -> Result<ResolveOptions> {
    let flag = |key: &str, default: bool| match request.conf.get(key).map(|v| v.trim().to_ascii_lowercase()).as_deref() {
        None | Some("") => Ok(default),
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(other) => Err(QueryError::new("INVALID_CONF_VALUE", format!("{key} is '{other}', but must be true or false"))),
    };
    let defaults = ResolveOptions::default();
    Ok(ResolveOptions {
        case_sensitive: flag("spark.sql.caseSensitive", defaults.case_sensitive)?,
        ansi: flag("spark.sql.ansi.enabled", defaults.ansi)?,
        group_by_ordinal: flag("spark.sql.groupByOrdinal", defaults.group_by_ordinal)?,
        order_by_ordinal: flag("spark.sql.orderByOrdinal", defaults.order_by_ordinal)?,
        session_time_zone: request.conf.get("spark.sql.session.timeZone").cloned().unwrap_or(defaults.session_time_zone),
        now_micros: request.now_micros,
        default_parallelism: request.default_parallelism.max(1),
    })
}

fn write_options(
    format: &str,
    path: &str,
    options: &[(String, String)],
    partition_by: &[String],
    columns: &[OutputColumn],
) -> Result<WriteOptions> {
    let position = |name: &String| {
        columns
            .iter()
            .position(|c| c.name == *name)
            .ok_or_else(|| QueryError::new("UNRESOLVED_COLUMN", format!("partition column `{name}` is not among the columns of the write")))
    };
    Ok(WriteOptions {
        format: format.to_ascii_lowercase(),
        path: path.to_owned(),
        options: options.iter().map(|(k, v)| (k.to_ascii_lowercase(), v.clone())).collect(),
        columns: columns.iter().map(|c| c.name.clone()).collect(),
        partition_by: partition_by.iter().map(position).collect::<Result<_>>()?,
    })
}

/// An error of DataFusion's planner for the writer of the query.
fn query_error(error: DataFusionError) -> QueryError {
    if let Some(spark) = SparkError::find(&error) {
        return QueryError::new(spark.class.clone(), spark.message.clone());
    }
    let failure = failure_of(&error);
    QueryError::new(failure.class, failure.message)
}
