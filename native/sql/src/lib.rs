//! The plan tree and the SQL parser that builds it. No Arrow, no DataFusion: compiles in seconds.

pub mod error;
pub mod parse;
pub mod resolve;
pub mod tree;
