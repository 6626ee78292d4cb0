//! Queries on DataFusion: lowering of the resolved tree, optimizing, cutting into stages, refining
//! a stage into a program, and running programs as tasks. The only crate that sees DataFusion.

pub mod boundary;
pub mod codec;
mod csv;
mod external;
pub mod functions;
mod ipc;
pub mod lower;
pub mod nodes;
mod optimizer;
pub mod plan;
mod registry;
pub mod run;
pub mod show;
pub mod sources;
pub mod stage;

pub use datafusion::common::DataFusionError;
pub use external::{ExternalAnswer, external_stream};
