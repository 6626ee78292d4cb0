use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What a write stage makes of its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WriteOptions {
    /// `parquet` or `csv`.
    pub format: String,
    pub path: String,
    /// Lower-cased keys.
    pub options: BTreeMap<String, String>,
    /// Names of the columns in the files, by position.
    pub columns: Vec<String>,
    /// Indices of the columns that become directories.
    pub partition_by: Vec<usize>,
}

/// The root of a stage that writes files. It is not executed: the executor runs its input
/// and hands the batches to a file writer.
#[derive(Debug, Clone)]
pub struct FileWriteExec {
    input: Arc<dyn ExecutionPlan>,
    options: WriteOptions,
}

impl FileWriteExec {
    pub fn new(input: Arc<dyn ExecutionPlan>, options: WriteOptions) -> Self {
        Self { input, options }
    }

    pub fn input(&self) -> &Arc<dyn ExecutionPlan> {
        &self.input
    }

    pub fn options(&self) -> &WriteOptions {
        &self.options
    }
}

impl DisplayAs for FileWriteExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileWriteExec: {} into {}", self.options.format, self.options.path)
    }
}

impl ExecutionPlan for FileWriteExec {
    fn name(&self) -> &'static str {
        "FileWriteExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(&self, _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match <[_; 1]>::try_from(children) {
            Ok([input]) => Ok(Arc::new(Self { input, options: self.options.clone() })),
            Err(children) => internal_err!("FileWriteExec has one child, not {}", children.len()),
        }
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, _partition: usize, _context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        internal_err!("FileWriteExec is run by the executor")
    }
}
