#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod harness;
mod nodes;
mod spark_answers;
mod tpch;
