//! A prior as an expression in the values of its parameter.

use super::check::check;
use super::expr::Expr;
use super::params::add_gradients;
use super::record::Record;
use scarlet_model::{Density, ModelError, Score, Transform};
use std::fmt;
use std::sync::Arc;

type Formula = dyn for<'t> Fn(Expr<'t>) -> Expr<'t> + Send + Sync;

/// A user's own prior: the log-density as a formula of the parameter's values.
///
/// A constant term changes no fit and no chain; give it where densities are compared between models. Unlike built-in
/// priors it allocates, as dfdx does for every operation.
///
/// ```
/// use scarlet_model::{Density, free};
/// use scarlet_render::expression::ExpressionPrior;
/// let sparse = ExpressionPrior::new("Laplace", |x| -(x.square() + 1e-4).sqrt().sum() / 0.1);
/// assert!(sparse.log_density(&[0.0, 0.1]) > sparse.log_density(&[0.0, 0.2]));
/// let image = free(vec![0.5; 9]).unit_interval().prior(sparse);
/// ```
#[derive(Clone)]
pub struct ExpressionPrior {
    kind: String,
    support: Transform,
    formula: Arc<Formula>,
}

impl ExpressionPrior {
    /// From the formula of a log-density, a single number; `kind` names it in errors and files.
    pub fn new<F>(kind: impl Into<String>, log_density: F) -> Self
    where
        F: for<'t> Fn(Expr<'t>) -> Expr<'t> + Send + Sync + 'static,
    {
        Self { kind: kind.into(), support: Transform::Identity, formula: Arc::new(log_density) }
    }

    /// With the constraint that keeps values where the formula makes sense, like `Transform::Exp` for positive ones.
    ///
    /// A free parameter without a constraint takes it.
    #[must_use]
    pub fn on(mut self, support: Transform) -> Self {
        self.support = support;
        self
    }

    fn trial(&self, n: usize) -> Result<(), String> {
        let record = Record::of_gradients();
        let density = (self.formula)(record.expr(vec![0.5; n]));
        if let Some(problem) = record.problem() {
            return Err(problem);
        }
        if density.len() != 1 {
            let found = density.len();
            return Err(format!(
                "a log-density is a single number, this one has {found}; end it with .sum()"
            ));
        }
        record.backward(density, vec![1.0]);
        Ok(())
    }
}

impl Score for ExpressionPrior {
    fn score(&self, x: &[f64], grad: &mut [f64]) {
        let record = Record::of_gradients();
        let x = record.expr(x.to_vec());
        let density = (self.formula)(x);
        if record.problem().is_some() {
            return grad.fill(f64::NAN);
        }
        add_gradients(&mut record.backward(density, vec![1.0]), &[x], grad);
    }

    fn support(&self) -> Transform {
        self.support.clone()
    }

    fn check_len(&self, n: usize) -> Result<(), ModelError> {
        check(&self.kind, || self.trial(n))
    }
}

impl Density for ExpressionPrior {
    fn log_density(&self, x: &[f64]) -> f64 {
        let record = Record::of_values();
        let density = (self.formula)(record.expr(x.to_vec())).values();
        match density[..] {
            [value] if record.problem().is_none() => value,
            _ => f64::NAN,
        }
    }
}

impl fmt::Debug for ExpressionPrior {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExpressionPrior").field("kind", &self.kind).finish_non_exhaustive()
    }
}
