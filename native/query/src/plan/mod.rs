//! From an analysed query to stages: a list of passes, one file each.

mod cut_stages;
mod describe;
mod entry;
mod exchange;
mod packing;
mod physical;
mod place_exchanges;
mod query;
mod safe_joins;
mod settings;
mod sort_windows;
mod table;

pub use describe::tree as operator_tree;
pub use entry::{analyze, plan, plan_resolved, required_tables};
pub use query::{LogicalQuery, Planned, QueryContext, TableSet, stage_query};
pub use settings::Settings;
pub use table::KilnTable;
pub(crate) use table::row_width;
