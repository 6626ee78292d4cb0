//! A driver for tests: runs the stages of a planned query in one process, task by task.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod driver;

pub use driver::{MiniDriver, Variant};
