//! What DataFusion does for one process that is wrong for tasks of a stage, and what Kiln does instead.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;
mod traps {
    mod failures;
    mod memory;
    mod programs;
    mod retries;
    mod scans;
}
