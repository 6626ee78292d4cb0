//! Operators as data, for explain, the UI and adaptive rules.

use crate::boundary::OperatorNode;
use datafusion::physical_plan::{DisplayFormatType, ExecutionPlan};
use std::fmt;
use std::sync::Arc;

pub fn describe(plan: &Arc<dyn ExecutionPlan>) -> OperatorNode {
    let line = OneLine(plan.as_ref()).to_string();
    let detail = line.strip_prefix(plan.name()).unwrap_or(&line).trim_start_matches([':', ' ']);
    OperatorNode {
        name: plan.name().to_owned(),
        detail: without_indices(detail),
        children: plan.children().into_iter().map(describe).collect(),
    }
}

struct OneLine<'a>(&'a dyn ExecutionPlan);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_as(DisplayFormatType::Default, f)
    }
}

/// `a@3` is `a`: the positions of columns are of no use to people.
fn without_indices(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let digits = rest[at + 1..].chars().take_while(char::is_ascii_digit).count();
        out.push_str(&rest[..at]);
        if digits == 0 {
            out.push('@');
        }
        rest = &rest[at + 1 + digits..];
    }
    out.push_str(rest);
    out
}

/// The operators of a tree as indented lines.
pub fn tree(operator: &OperatorNode, indent: usize, out: &mut String) {
    for _ in 0..indent {
        out.push_str("  ");
    }
    out.push_str(&operator.name);
    if !operator.detail.is_empty() {
        out.push_str(": ");
        out.push_str(&operator.detail);
    }
    out.push('\n');
    for child in &operator.children {
        tree(child, indent + 1, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_of_columns_are_left_out() {
        assert_eq!(without_indices("a@0 > 5 AND x@12 = y@x"), "a > 5 AND x = y@x");
    }
}
