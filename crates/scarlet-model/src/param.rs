//! Values of a model, and which of them are free.

use crate::{ModelError, Prior, Transform};
use ndarray::{Array1, Array2, Array3, ArrayD, IxDyn};
use scarlet_frame::{Angle, Frame, Sky};

/// How far one step of a first-order optimiser moves a parameter, in its unconstrained values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    /// This far.
    Absolute(f64),
    /// This fraction of the Euclidean norm of the unconstrained values, at least 1e-6.
    Relative(f64),
}

impl From<f64> for Step {
    fn from(step: f64) -> Self {
        Self::Absolute(step)
    }
}

/// A step relative to the norm of the unconstrained values: `free(spectrum).step(relative(0.05))`.
#[must_use]
pub const fn relative(factor: f64) -> Step {
    Step::Relative(factor)
}

/// The unit of a value until the scene's frame turns it into pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Pixels, fluxes, pure numbers: nothing to convert.
    Native,
    /// Seconds of arc, to become pixels of the model frame.
    Arcsec,
    /// Right ascension and declination in degrees, to become `(y, x)`.
    SkyDegrees,
}

/// A value of the model: fixed as it is, or free with a constraint, a prior and a step.
///
/// ```
/// use scarlet_model::{Param, free, relative};
/// let fixed = Param::from(1.5);
/// let spectrum = free([1.0, 2.0, 3.0]).positive().step(relative(0.05));
/// assert!(!fixed.is_free() && spectrum.is_free());
/// ```
#[derive(Debug, Clone)]
pub struct Param {
    value: ArrayD<f64>,
    unit: Unit,
    is_free: bool,
    transform: Transform,
    prior: Option<Prior>,
    step: Option<Step>,
}

/// Makes `value` a free parameter: `free(1.5)`, `free([1.0, 2.0])`, `free(image)`, `free(arcsec(0.6))`.
pub fn free(value: impl Into<Param>) -> Param {
    Param { is_free: true, ..value.into() }
}

impl Param {
    /// A fixed value of any shape.
    #[must_use]
    pub fn fixed(value: ArrayD<f64>) -> Self {
        Self {
            value,
            unit: Unit::Native,
            is_free: false,
            transform: Transform::Identity,
            prior: None,
            step: None,
        }
    }

    /// Constrained to be positive through the exponential function.
    #[must_use]
    pub fn positive(self) -> Self {
        self.transform(Transform::Exp)
    }

    /// Constrained to (0, 1) through the logistic function.
    #[must_use]
    pub fn unit_interval(self) -> Self {
        self.transform(Transform::UnitInterval)
    }

    /// Constrained to (`low`, `high`) through the logistic function.
    #[must_use]
    pub fn interval(self, low: f64, high: f64) -> Self {
        self.transform(Transform::Interval { low, high })
    }

    /// Constrained by `transform`.
    #[must_use]
    pub fn transform(mut self, transform: Transform) -> Self {
        self.transform = transform;
        self
    }

    /// With a prior on its (constrained) values.
    ///
    /// A free parameter without a constraint is constrained to the prior's support when it joins a scene: a
    /// uniform prior, say, has no gradient that could bring a fit back inside.
    #[must_use]
    pub fn prior(mut self, prior: impl Into<Prior>) -> Self {
        self.prior = Some(prior.into());
        self
    }

    /// With a step for first-order optimisers: a number, or [`relative`](relative()).
    #[must_use]
    pub fn step(mut self, step: impl Into<Step>) -> Self {
        self.step = Some(step.into());
        self
    }

    /// Held at its value from now on.
    #[must_use]
    pub fn freeze(mut self) -> Self {
        self.is_free = false;
        self
    }

    /// Whether fits and samplers may change it.
    #[must_use]
    pub const fn is_free(&self) -> bool {
        self.is_free
    }

    /// The value, in the unit of [`Param::unit`].
    #[must_use]
    pub const fn value(&self) -> &ArrayD<f64> {
        &self.value
    }

    /// The values in row order.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        self.value.as_slice().expect("parameters are kept in standard layout")
    }

    /// The values in row order, to change.
    pub fn values_mut(&mut self) -> &mut [f64] {
        self.value.as_slice_mut().expect("parameters are kept in standard layout")
    }

    /// Number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.value.len()
    }

    /// Whether it holds no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.value.is_empty()
    }

    /// The unit of the value; native after [`Scene::add`](crate::Scene::add).
    #[must_use]
    pub const fn unit(&self) -> Unit {
        self.unit
    }

    /// The constraint.
    #[must_use]
    pub const fn transform_ref(&self) -> &Transform {
        &self.transform
    }

    /// The prior, if there is one.
    #[must_use]
    pub const fn prior_ref(&self) -> Option<&Prior> {
        self.prior.as_ref()
    }

    /// The step, if one was given.
    #[must_use]
    pub const fn step_ref(&self) -> Option<Step> {
        self.step
    }

    /// Turns sky units into pixels of `frame`.
    ///
    /// # Errors
    /// The value is in sky units and the frame has no WCS, or the projection does not reach it; a sky position
    /// with a prior or a constraint.
    pub fn resolve(&mut self, frame: &Frame) -> Result<(), ModelError> {
        match self.unit {
            Unit::Native => {}
            Unit::Arcsec => {
                let px_per_arcsec = frame.angle_to_px(Angle::from_arcsec(1.0))?;
                self.value *= px_per_arcsec;
                self.prior = self.prior.take().map(|p| p.scaled(px_per_arcsec));
                self.scale_constraint(px_per_arcsec);
            }
            Unit::SkyDegrees if self.prior.is_some() || self.transform != Transform::Identity => {
                let problem = "priors and constraints of a sky position are not handled; \
                               give the position and them in pixels, see Frame::to_pixel";
                let (parameter, problem) = ("sky position".to_owned(), problem.to_owned());
                return Err(ModelError::Parameter { parameter, problem });
            }
            Unit::SkyDegrees => {
                let sky = Sky { ra_deg: self.value[[0]], dec_deg: self.value[[1]] };
                let position = frame.to_pixel(sky)?;
                self.values_mut().copy_from_slice(&position);
            }
        }
        self.unit = Unit::Native;
        Ok(())
    }
}

impl From<f64> for Param {
    fn from(value: f64) -> Self {
        Self::fixed(ArrayD::from_elem(IxDyn(&[]), value))
    }
}

impl<const N: usize> From<[f64; N]> for Param {
    fn from(values: [f64; N]) -> Self {
        Self::from(values.to_vec())
    }
}

impl From<&[f64]> for Param {
    fn from(values: &[f64]) -> Self {
        Self::from(values.to_vec())
    }
}

impl From<Vec<f64>> for Param {
    fn from(values: Vec<f64>) -> Self {
        Self::from(Array1::from(values))
    }
}

macro_rules! from_array {
    ($($array:ty),*) => {$(
        impl From<$array> for Param {
            fn from(values: $array) -> Self {
                Self::fixed(values.as_standard_layout().into_owned().into_dyn())
            }
        }
    )*};
}
from_array!(Array1<f64>, Array2<f64>, Array3<f64>, ArrayD<f64>);

impl From<Angle> for Param {
    fn from(angle: Angle) -> Self {
        Self { unit: Unit::Arcsec, ..Self::from(angle.arcsec()) }
    }
}

impl From<Sky> for Param {
    fn from(sky: Sky) -> Self {
        Self { unit: Unit::SkyDegrees, ..Self::from([sky.ra_deg, sky.dec_deg]) }
    }
}

impl Param {
    /// Follows a change of unit: bounds and, where it is in the value's unit, the step are multiplied by `factor`.
    fn scale_constraint(&mut self, factor: f64) {
        match (&mut self.transform, &mut self.step) {
            (Transform::Identity, Some(Step::Absolute(step))) => *step *= factor,
            (Transform::Interval { low, high }, _) => (*low, *high) = (*low * factor, *high * factor),
            (Transform::GreaterThan(bound) | Transform::LessThan(bound), _) => *bound *= factor,
            (transform @ Transform::UnitInterval, _) => {
                *transform = Transform::Interval { low: 0.0, high: factor }
            }
            _ => {}
        }
    }

    /// Constrains a free parameter without a constraint to the support of its prior.
    pub(crate) fn follow_prior(&mut self) {
        if self.is_free
            && self.transform == Transform::Identity
            && let Some(prior) = &self.prior
        {
            self.transform = prior.as_score().support();
        }
    }

    /// Checks value, constraint and prior; `path` names it in the error.
    pub(crate) fn check(&self, path: &str) -> Result<(), ModelError> {
        if let Some(index) = self.values().iter().position(|v| !v.is_finite()) {
            let problem = format!("element {index} is {}; values must be finite", self.values()[index]);
            return Err(ModelError::Parameter { parameter: path.to_owned(), problem });
        }
        if !self.is_free {
            return Ok(());
        }
        let (Step::Absolute(step) | Step::Relative(step)) = self.step.unwrap_or(Step::Absolute(1.0));
        if !(step > 0.0 && step.is_finite()) {
            let problem = format!("its step is {step}; it must be positive and finite");
            return Err(ModelError::Parameter { parameter: path.to_owned(), problem });
        }
        self.transform.validate()?;
        self.transform.check_len(self.len())?;
        if let Some(prior) = &self.prior {
            prior.check(self.len()).map_err(|e| match e {
                ModelError::Parameter { .. } => e,
                e => ModelError::Parameter { parameter: path.to_owned(), problem: e.to_string() },
            })?;
        }
        let mut unconstrained = vec![0.0; self.transform.unconstrained_len(self.len())];
        self.transform.inverse(path, self.values(), &mut unconstrained)
    }
}
