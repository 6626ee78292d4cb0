//! Stage plans and programs as bytes: datafusion-proto with our own nodes, behind a header.

mod deep;
mod extension;
mod messages;
mod program;
mod scalars;

pub use extension::KilnCodec;
pub use program::{PlanKind, VERSION, decode_plan, decode_stage, encode_plan, hash_bytes, read_header};
pub use scalars::ScalarValues;
