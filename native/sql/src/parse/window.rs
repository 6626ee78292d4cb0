//! `OVER` and the WINDOW clause; named windows are put in where they are used.
use super::Builder;
use super::expression::{ident, unwrap};
use crate::error::{QueryError, Result};
use crate::tree::{Expression, FrameBound, FrameBoundKind, FrameUnit, Position, WindowFrame, WindowSpec};
use sqlparser::ast::{self, NamedWindowDefinition, NamedWindowExpr, WindowFrameBound, WindowFrameUnits, WindowType};

impl Builder {
    /// Makes the windows of a SELECT known until [`Self::close_windows`].
    pub(super) fn open_windows(&mut self, definitions: Vec<NamedWindowDefinition>) -> Result<()> {
        let mut windows: Vec<(String, ast::WindowSpec)> = Vec::new();
        for NamedWindowDefinition(name, definition) in definitions {
            let (name, at) = ident(name)?;
            let spec = match definition {
                NamedWindowExpr::WindowSpec(spec) => spec,
                NamedWindowExpr::NamedWindow(other) => {
                    let (other, at) = ident(other)?;
                    find(&windows, &other).ok_or_else(|| missing(&other, at))?
                }
            };
            if find(&windows, &name).is_some() {
                return Err(QueryError::new("DUPLICATED_WINDOW", format!("The window {name} is defined twice")).at(at));
            }
            windows.push((name, spec));
        }
        self.windows.push(windows);
        Ok(())
    }

    pub(super) fn close_windows(&mut self) {
        self.windows.pop();
    }

    pub(super) fn window(&mut self, function: Expression, window: WindowType, at: Option<Position>) -> Result<Expression> {
        let spec = match window {
            WindowType::NamedWindow(name) => self.named(name)?,
            WindowType::WindowSpec(spec) => spec,
        };
        let spec = self.window_spec(spec, at)?;
        self.window_calls += 1;
        Ok(Expression::Window { function: Box::new(function), spec })
    }

    fn named(&mut self, name: ast::Ident) -> Result<ast::WindowSpec> {
        let (name, at) = ident(name)?;
        let spec = self.windows.last().and_then(|windows| find(windows, &name)).ok_or_else(|| missing(&name, at))?;
        self.copy(spec.to_string().len()).map_err(|error| error.at(at))?;
        Ok(spec)
    }

    fn window_spec(&mut self, spec: ast::WindowSpec, at: Option<Position>) -> Result<WindowSpec> {
        let ast::WindowSpec { window_name, partition_by, order_by, window_frame } = spec;
        if let Some(name) = window_name {
            if !partition_by.is_empty() || !order_by.is_empty() || window_frame.is_some() {
                return Err(QueryError::unsupported("A window that extends a named window").at(at));
            }
            let spec = self.named(name)?;
            self.enter(1)?;
            let spec = self.window_spec(spec, at)?;
            self.leave(1);
            return Ok(spec);
        }
        // Windows do not nest, so no name is known inside.
        self.windows.push(vec![]);
        let partition_by = self.expressions(partition_by)?;
        let order_by = self.sort_orders(order_by)?;
        let frame = match window_frame {
            Some(frame) => Some(self.frame(frame, at)?),
            None => None,
        };
        self.windows.pop();
        Ok(WindowSpec { partition_by, order_by, frame })
    }

    fn frame(&mut self, frame: ast::WindowFrame, at: Option<Position>) -> Result<WindowFrame> {
        let ast::WindowFrame { units, start_bound, end_bound } = frame;
        let unit = match units {
            WindowFrameUnits::Rows => FrameUnit::Rows,
            WindowFrameUnits::Range => FrameUnit::Range,
            WindowFrameUnits::Groups => return Err(QueryError::unsupported("A GROUPS frame").at(at)),
        };
        let lower = self.bound(start_bound)?;
        let upper = match end_bound {
            Some(bound) => self.bound(bound)?,
            None => FrameBound { kind: FrameBoundKind::CurrentRow, value: None },
        };
        Ok(WindowFrame { unit, lower, upper })
    }

    fn bound(&mut self, bound: WindowFrameBound) -> Result<FrameBound> {
        let (kind, value) = match bound {
            WindowFrameBound::CurrentRow => (FrameBoundKind::CurrentRow, None),
            WindowFrameBound::Preceding(None) => (FrameBoundKind::UnboundedPreceding, None),
            WindowFrameBound::Following(None) => (FrameBoundKind::UnboundedFollowing, None),
            WindowFrameBound::Preceding(Some(value)) => (FrameBoundKind::Preceding, Some(value)),
            WindowFrameBound::Following(Some(value)) => (FrameBoundKind::Following, Some(value)),
        };
        let value = match value {
            Some(value) => Some(Box::new(self.expression(unwrap(*value))?)),
            None => None,
        };
        Ok(FrameBound { kind, value })
    }
}

fn find(windows: &[(String, ast::WindowSpec)], name: &str) -> Option<ast::WindowSpec> {
    windows.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, spec)| spec.clone())
}

fn missing(name: &str, at: Option<Position>) -> QueryError {
    QueryError::new("MISSING_WINDOW_SPECIFICATION", format!("Window specification is not defined in the WINDOW clause for {name}")).at(at)
}
