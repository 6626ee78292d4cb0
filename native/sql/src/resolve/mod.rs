//! The resolver (Spark's analyzer): unresolved tree in, resolved tree out. `README.md` is the contract of the result.
