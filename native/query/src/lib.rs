//! Queries on DataFusion: lowering of the resolved tree, optimizing, cutting into stages, refining
//! a stage into a program, and running programs as tasks. The only crate that sees DataFusion.

pub mod boundary;
