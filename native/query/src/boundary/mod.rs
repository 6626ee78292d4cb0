//! What crosses between TypeScript and Rust, as JSON: the same names and order as
//! `libs/contracts/src/planner/boundary.ts` and `libs/contracts/src/executor/boundary.ts`.
//! Every field is present, `null` is none, `type` tags unions. Same version on both sides: no stability promise.

mod plan;
mod task;

pub use plan::*;
pub use task::*;
