use crate::functions::SparkError;
use datafusion::common::DataFusionError;
use kiln_sql::error::QueryError;

/// What the user is told when DataFusion refuses a plan or a value.
pub fn query_error(error: DataFusionError) -> QueryError {
    match SparkError::find(&error) {
        Some(spark) => QueryError::new(spark.class.clone(), spark.message.clone()),
        None => match error.find_root() {
            DataFusionError::NotImplemented(what) => QueryError::unsupported(what),
            root => QueryError::new("INTERNAL_ERROR", root.strip_backtrace()),
        },
    }
}
