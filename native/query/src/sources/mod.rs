//! What files say of themselves: schema, rows, statistics. Used by the data sources on the driver.

mod csv;
pub(crate) mod csv_text;
mod files;
mod parquet;

pub use csv::infer_csv_schema;
pub use files::list_files;
pub use parquet::parquet_table;
