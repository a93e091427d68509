//! A spectrum as an expression in its parameters.

use super::check::{check, first_bad};
use super::expr::Expr;
use super::params::{Params, add_gradients, name_of, start_values};
use super::record::Record;
use scarlet_frame::{Channel, Frame};
use scarlet_model::{ModelError, Param, Parameters, Spectrum};
use std::fmt;
use std::sync::Arc;

type Formula = dyn for<'t> Fn(&Params<'t>, &Channels<'t>) -> Expr<'t> + Send + Sync;

/// The channels of the model frame that the closure of a spectrum gets.
#[derive(Debug)]
pub struct Channels<'t> {
    names: &'t [Channel],
}

impl<'t> Channels<'t> {
    /// The channels, in the order of the frame.
    #[must_use]
    pub fn names(&self) -> &'t [Channel] {
        self.names
    }

    /// Number of channels.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is no channel.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

/// A user's own spectrum: one amplitude for each channel, or a single one for all, as a formula.
///
/// ```
/// use scarlet_model::free;
/// use scarlet_render::expression::ExpressionSpectrum;
/// let wavelength_um = [0.48, 0.62, 0.77];
/// let power_law = ExpressionSpectrum::new("PowerLaw", move |p, _channels| {
///     p["flux"] * (p.constant(&wavelength_um) / 0.62).pow(p["slope"])
/// })
/// .param("flux", free(10.0).positive())
/// .param("slope", free(-1.0));
/// ```
#[derive(Clone)]
pub struct ExpressionSpectrum {
    kind: String,
    params: Vec<(String, Param)>,
    formula: Arc<Formula>,
    channels: Vec<Channel>,
}

impl ExpressionSpectrum {
    /// From a formula; `kind` names it in errors and files.
    pub fn new<F>(kind: impl Into<String>, formula: F) -> Self
    where
        F: for<'t> Fn(&Params<'t>, &Channels<'t>) -> Expr<'t> + Send + Sync + 'static,
    {
        Self { kind: kind.into(), params: Vec::new(), formula: Arc::new(formula), channels: Vec::new() }
    }

    /// With a parameter that the formula knows as `p[name]`; a plain value is fixed.
    #[must_use]
    pub fn param(mut self, name: impl Into<String>, value: impl Into<Param>) -> Self {
        self.params.push((name.into(), value.into()));
        self
    }

    fn trial(&self, values: &[f64]) -> Result<(), String> {
        let record = Record::of_gradients();
        let params = Params::new(&record, &self.params, values);
        let fluxes = (self.formula)(&params, &Channels { names: &self.channels });
        if let Some(problem) = record.problem() {
            return Err(problem);
        }
        let (found, expected) = (fluxes.len(), self.channels.len());
        if found != expected && found != 1 {
            return Err(format!("it returns {found} values for {expected} channels; return one for each"));
        }
        if let Some(k) = first_bad(&fluxes.values()) {
            return Err(format!(
                "its start value is {} in channel {k}; it must be finite",
                fluxes.values()[k]
            ));
        }
        let mut grad = vec![0.0; values.len()];
        add_gradients(&mut record.backward(fluxes, vec![1.0; found]), &params.leaves(), &mut grad);
        let name = |k: usize| name_of(&self.params, k);
        match first_bad(&grad) {
            Some(k) => Err(format!("its gradient with respect to {} is {}", name(k), grad[k])),
            None => Ok(()),
        }
    }
}

impl Parameters for ExpressionSpectrum {
    fn parameters(&self) -> Vec<(&str, &Param)> {
        self.params.iter().map(|(name, param)| (name.as_str(), param)).collect()
    }

    fn parameters_mut(&mut self) -> Vec<(&str, &mut Param)> {
        self.params.iter_mut().map(|(name, param)| (name.as_str(), param)).collect()
    }
}

impl Spectrum for ExpressionSpectrum {
    fn kind(&self) -> &str {
        &self.kind
    }

    fn attach(&mut self, frame: &Frame) -> Result<(), ModelError> {
        self.channels = frame.channel_names().to_vec();
        let values = start_values(&self.params);
        check(&self.kind, || self.trial(&values))
    }

    fn evaluate(&self, params: &[f64], out: &mut [f64]) {
        let record = Record::of_values();
        let params = Params::new(&record, &self.params, params);
        let fluxes = (self.formula)(&params, &Channels { names: &self.channels });
        match fluxes.values()[..] {
            _ if record.problem().is_some() => out.fill(f64::NAN),
            [one] => out.fill(one),
            ref all if all.len() == out.len() => out.copy_from_slice(all),
            _ => out.fill(f64::NAN),
        }
    }

    fn pull_back(&self, params: &[f64], seed: &[f64], grad: &mut [f64]) {
        let record = Record::of_gradients();
        let params = Params::new(&record, &self.params, params);
        let fluxes = (self.formula)(&params, &Channels { names: &self.channels });
        let seed = if fluxes.len() == 1 { vec![seed.iter().sum()] } else { seed.to_vec() };
        if record.problem().is_some() || fluxes.len() != seed.len() {
            return grad.fill(f64::NAN);
        }
        add_gradients(&mut record.backward(fluxes, seed), &params.leaves(), grad);
    }
}

impl fmt::Debug for ExpressionSpectrum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExpressionSpectrum")
            .field("kind", &self.kind)
            .field("params", &self.params)
            .finish_non_exhaustive()
    }
}
