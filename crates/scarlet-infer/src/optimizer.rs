//! First-order optimisers: what they share.

use crate::InferError;
use std::fmt;
use std::sync::Arc;

/// When a fit ends, whatever the optimiser.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Steps at most.
    pub max_iter: usize,
    /// Relative change of the norm of every parameter's unconstrained values below which it has converged.
    pub e_rel: f64,
    /// Decrease of chi2 in ten steps, for each free value, below which it has converged.
    pub e_chi2: f64,
}

/// A factor on all steps that depends on their number, from 0.
#[derive(Clone, Default)]
pub enum Schedule {
    /// The same factor, 1, for all.
    #[default]
    Constant,
    /// 1 / (1 + step / half): half as long after `half` steps.
    InverseTime {
        /// Steps after which it is half.
        half: f64,
    },
    /// (1 + cos(pi step / steps)) / 2, and 0 from `steps` on.
    Cosine {
        /// Steps until it is 0.
        steps: usize,
    },
    /// Any function of the step.
    Custom(Arc<dyn Fn(usize) -> f64 + Send + Sync>),
}

impl Schedule {
    /// The factor on step number `step`.
    #[must_use]
    pub fn factor(&self, step: usize) -> f64 {
        match self {
            Self::Constant => 1.0,
            Self::InverseTime { half } => 1.0 / (1.0 + step as f64 / half),
            Self::Cosine { steps } => {
                let turn = (step as f64 / *steps as f64).min(1.0);
                0.5 * (1.0 + (std::f64::consts::PI * turn).cos())
            }
            Self::Custom(f) => f(step),
        }
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant => f.write_str("Constant"),
            Self::InverseTime { half } => f.debug_struct("InverseTime").field("half", half).finish(),
            Self::Cosine { steps } => f.debug_struct("Cosine").field("steps", steps).finish(),
            Self::Custom(_) => f.write_str("Custom"),
        }
    }
}

/// Steps that are scaled with the curvature of the likelihood, for the parameters of which it is known.
///
/// v = momentum v - gain g / curvature, x += v within +-`longest`; v starts anew where the loss went up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scaling {
    /// Share of the last step that is taken again.
    pub momentum: f64,
    /// Share of g / curvature.
    pub gain: f64,
    /// Longest step of an unconstrained value: for logarithms of fluxes and pixels, and, in pixels, for centres.
    pub longest: [f64; 2],
}

/// An optimiser that turns a gradient and two running moments into a direction of unit scale.
///
/// The step of each parameter multiplies the direction: see [`Step`](scarlet_model::Step).
pub trait Optimizer: fmt::Debug + Sync {
    /// When to end.
    fn limits(&self) -> Limits;

    /// The factor on all steps.
    fn schedule(&self) -> &Schedule;

    /// How to step along parameters of which the curvature is known; none to treat all parameters alike.
    fn scaling(&self) -> Option<Scaling> {
        None
    }

    /// What both moments are before the first step.
    fn start(&self) -> f64;

    /// Updates the moments with `gradient` and writes the direction into `direction`; `step` counts from 0.
    ///
    /// All slices have one length.
    fn directions(
        &self,
        step: usize,
        gradient: &[f64],
        first: &mut [f64],
        second: &mut [f64],
        direction: &mut [f64],
    );

    /// Checks its settings.
    ///
    /// # Errors
    /// One of them makes no sense.
    fn validate(&self) -> Result<(), InferError>;
}

/// Checks that a decay rate is in [0, 1).
pub(crate) fn check_rate(
    optimizer: &'static str,
    setting: &'static str,
    value: f64,
) -> Result<(), InferError> {
    if (0.0..1.0).contains(&value) {
        return Ok(());
    }
    Err(InferError::Setting { optimizer, setting, value, range: "at least 0 and less than 1" })
}

/// Checks that a number is positive and finite.
pub(crate) fn check_positive(
    optimizer: &'static str,
    setting: &'static str,
    value: f64,
) -> Result<(), InferError> {
    if value > 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(InferError::Setting { optimizer, setting, value, range: "positive and finite" })
}

/// Decay rates of both moments, and what is added to the root of the second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moments {
    pub(crate) b1: f64,
    pub(crate) b2: f64,
    pub(crate) eps: f64,
}

impl Moments {
    /// Writes m^ / (sqrt(v^) + eps), both moments divided by 1 - b^t; `grow` gives the new v from v and g^2.
    pub(crate) fn directions(
        self,
        step: usize,
        gradient: &[f64],
        (first, second): (&mut [f64], &mut [f64]),
        direction: &mut [f64],
        grow: impl Fn(f64, f64) -> f64,
    ) {
        let count = i32::try_from(step + 1).unwrap_or(i32::MAX);
        let (unbias1, unbias2) = (1.0 / (1.0 - self.b1.powi(count)), 1.0 / (1.0 - self.b2.powi(count)));
        let moments = first.iter_mut().zip(second);
        for ((g, d), (m, v)) in gradient.iter().zip(direction).zip(moments) {
            *m = self.b1 * *m + (1.0 - self.b1) * g;
            *v = grow(*v, g * g);
            *d = *m * unbias1 / ((*v * unbias2).sqrt() + self.eps);
        }
    }

    /// Checks the settings of `optimizer`.
    pub(crate) fn validate(self, optimizer: &'static str) -> Result<(), InferError> {
        check_rate(optimizer, "b1", self.b1)?;
        check_rate(optimizer, "b2", self.b2)?;
        check_positive(optimizer, "eps", self.eps)
    }
}
