//! Rows sorted by partition, and cut into batches.
