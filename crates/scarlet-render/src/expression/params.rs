//! The parameters of an expression: their declaration, and how a closure sees them.

use super::expr::Expr;
use super::record::Record;
use dfdx::prelude::{Cpu, Gradients};
use scarlet_model::Param;
use std::fmt;
use std::ops::Index;

/// The parameters that a closure gets: `p["pitch"]` is the one declared under that name.
///
/// A name that was not declared gives NaN and an error when the expression is added to a scene.
pub struct Params<'t> {
    record: &'t Record,
    named: Vec<(&'t str, Expr<'t>)>,
    missing: Expr<'t>,
}

impl<'t> Params<'t> {
    /// Puts `values`, those of all of `declared` in row order, on the record.
    pub(super) fn new(record: &'t Record, declared: &'t [(String, Param)], values: &[f64]) -> Self {
        let mut rest = values;
        let mut named = Vec::with_capacity(declared.len());
        for (name, param) in declared {
            let (own, others) = rest.split_at(param.len());
            named.push((name.as_str(), record.expr(own.to_vec())));
            rest = others;
        }
        Self { record, named, missing: record.expr(vec![f64::NAN]) }
    }

    /// Fixed values, to be used with the others.
    #[must_use]
    pub fn constant(&self, values: &[f64]) -> Expr<'t> {
        self.record.expr(values.to_vec())
    }

    /// The expressions, to find their gradients later.
    pub(super) fn leaves(&self) -> Vec<Expr<'t>> {
        self.named.iter().map(|(_, expr)| *expr).collect()
    }
}

impl<'t> Index<&str> for Params<'t> {
    type Output = Expr<'t>;

    fn index(&self, name: &str) -> &Expr<'t> {
        if let Some((_, expr)) = self.named.iter().find(|(n, _)| *n == name) {
            return expr;
        }
        let known: Vec<&str> = self.named.iter().map(|(n, _)| *n).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        self.record.complain(format!(
            "no parameter is called {name}; there are: {known}; declare it with .param(\"{name}\", value)"
        ));
        &self.missing
    }
}

impl fmt::Debug for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.named.iter().map(|(name, expr)| (name, expr))).finish()
    }
}

/// Adds the gradients of `leaves` to `grad`, where they stand one after the other.
pub(super) fn add_gradients(grads: &mut Gradients<f64, Cpu>, leaves: &[Expr<'_>], grad: &mut [f64]) {
    let mut grad = grad.iter_mut();
    for leaf in leaves {
        let tensor = leaf.record().tensor(leaf.node());
        let found = super::elementwise::gradient(grads, &tensor);
        for (from, to) in found.iter().zip(grad.by_ref()) {
            *to += from;
        }
    }
}

/// The values of all of `declared`, in row order.
pub(super) fn start_values(declared: &[(String, Param)]) -> Vec<f64> {
    declared.iter().flat_map(|(_, param)| param.values().iter().copied()).collect()
}

/// The parameter to which element `index` of the row-order values belongs.
pub(super) fn name_of(declared: &[(String, Param)], index: usize) -> &str {
    let mut end = 0;
    let found = declared.iter().find(|(_, param)| {
        end += param.len();
        index < end
    });
    found.map_or("center", |(name, _)| name)
}
