//! Every function that a plan may name: DataFusion's and ours, which win.

use crate::functions::{kiln_functions, windows};
use datafusion::execution::TaskContext;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF, WindowUDF};
use datafusion::prelude::SessionConfig;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

pub(crate) struct Functions {
    pub scalars: HashMap<String, Arc<ScalarUDF>>,
    pub aggregates: HashMap<String, Arc<AggregateUDF>>,
    pub windows: HashMap<String, Arc<WindowUDF>>,
}

pub(crate) static FUNCTIONS: LazyLock<Functions> = LazyLock::new(|| {
    let (scalars, aggregates) = kiln_functions();
    let mut functions = Functions { scalars: HashMap::new(), aggregates: HashMap::new(), windows: HashMap::new() };
    for function in datafusion::functions::all_default_functions().into_iter().chain(scalars) {
        for name in function.aliases().iter().map(String::as_str).chain([function.name()]) {
            functions.scalars.insert(name.to_owned(), Arc::clone(&function));
        }
    }
    for function in datafusion::functions_aggregate::all_default_aggregate_functions().into_iter().chain(aggregates) {
        for name in function.aliases().iter().map(String::as_str).chain([function.name()]) {
            functions.aggregates.insert(name.to_owned(), Arc::clone(&function));
        }
    }
    for function in datafusion::functions_window::all_default_window_functions().into_iter().chain(windows::all()) {
        for name in function.aliases().iter().map(String::as_str).chain([function.name()]) {
            functions.windows.insert(name.to_owned(), Arc::clone(&function));
        }
    }
    functions
});

/// A context that plans are decoded in.
pub(crate) fn decoding_context(runtime: Arc<RuntimeEnv>) -> TaskContext {
    TaskContext::new(
        None,
        "decode".to_owned(),
        SessionConfig::new(),
        FUNCTIONS.scalars.clone(),
        HashMap::new(),
        FUNCTIONS.aggregates.clone(),
        FUNCTIONS.windows.clone(),
        runtime,
    )
}
