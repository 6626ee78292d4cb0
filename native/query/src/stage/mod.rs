//! A stage plan becomes a program when its stage is submitted.

mod bounds;
mod joins;
mod refine;
mod sorts;

pub use bounds::{choose_bounds, choose_range_bounds};
pub use refine::{Refined, refine};
