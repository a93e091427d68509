//! Which kinds of spectra, morphologies and priors a reader of scene files knows.

use super::file_error;
use crate::{
    ArraySpectrum, Image, ModelError, Monotonic, Morphology, Param, Point, Prior, Spectrum, Starlet,
    StaticSpectrum, Symmetric, TransientSpectrum,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What a file holds of one spectrum or morphology: its parameters and settings.
#[derive(Debug)]
pub struct StoredPart {
    place: String,
    settings: Value,
    parameters: BTreeMap<String, Param>,
}

impl StoredPart {
    pub(super) fn new(place: String, settings: Value, parameters: BTreeMap<String, Param>) -> Self {
        Self { place, settings, parameters }
    }

    /// Takes the parameter called `name` out.
    ///
    /// # Errors
    /// The file has none.
    pub fn take(&mut self, name: &str) -> Result<Param, ModelError> {
        let param = self.parameters.remove(name);
        param.ok_or_else(|| file_error(&self.place, &format!("parameter {name:?} is missing")))
    }

    /// The setting called `name`.
    ///
    /// # Errors
    /// The file has none, or it is of another type.
    pub fn setting<T: DeserializeOwned>(&self, name: &str) -> Result<T, ModelError> {
        let value = self.settings.get(name).cloned().unwrap_or(Value::Null);
        serde_json::from_value(value).map_err(|e| file_error(&self.place, &format!("setting {name:?}: {e}")))
    }
}

type Make<T> = Arc<dyn Fn(&mut StoredPart) -> Result<Box<T>, ModelError> + Send + Sync>;

type MakePrior = Arc<dyn Fn(&Value) -> Result<Prior, ModelError> + Send + Sync>;

/// The kinds that a reader knows: all built-in ones, and those that are added.
///
/// ```
/// use scarlet_model::file::Kinds;
/// use scarlet_model::Image;
/// let kinds = Kinds::default().with_morphology("Stamp", |part| Ok(Box::new(Image::new(part.take("pixels")?))));
/// ```
#[derive(Clone)]
pub struct Kinds {
    spectra: BTreeMap<String, Make<dyn Spectrum>>,
    morphologies: BTreeMap<String, Make<dyn Morphology>>,
    priors: BTreeMap<String, MakePrior>,
}

impl fmt::Debug for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kinds")
            .field("spectra", &self.spectra.keys())
            .field("morphologies", &self.morphologies.keys())
            .field("priors", &self.priors.keys())
            .finish()
    }
}

impl Default for Kinds {
    fn default() -> Self {
        let empty = Self { spectra: BTreeMap::new(), morphologies: BTreeMap::new(), priors: BTreeMap::new() };
        let kinds = empty
            .with_spectrum("ArraySpectrum", |part| Ok(Box::new(ArraySpectrum::new(part.take("")?))))
            .with_spectrum("StaticSpectrum", |part| Ok(Box::new(StaticSpectrum::new(part.take("")?))))
            .with_spectrum("TransientSpectrum", |part| {
                let epochs: Vec<String> = part.setting("epochs")?;
                Ok(Box::new(TransientSpectrum::new(epochs, part.take("")?)))
            })
            .with_morphology("Image", |part| Ok(Box::new(Image::new(part.take("")?))))
            .with_morphology("Monotonic", |part| {
                let (shape, peak) = (part.setting("shape")?, part.setting("peak")?);
                let is_symmetric = part.setting("symmetric")?;
                Ok(Box::new(Monotonic::stored(part.take("ceiling")?, shape, peak, is_symmetric)))
            })
            .with_morphology("Symmetric", |part| {
                let (shape, peak) = (part.setting("shape")?, part.setting("peak")?);
                Ok(Box::new(Symmetric::stored(part.take("half")?, shape, peak)))
            })
            .with_morphology("Point", |_| Ok(Box::new(Point::new())))
            .with_morphology("Starlet", |part| Ok(Box::new(Starlet::new(part.take("coefficients")?))));
        super::profiles::with_profiles(kinds)
    }
}

impl Kinds {
    /// The same, and spectra of `kind` made by `make`.
    #[must_use]
    pub fn with_spectrum(
        mut self,
        kind: &str,
        make: impl Fn(&mut StoredPart) -> Result<Box<dyn Spectrum>, ModelError> + Send + Sync + 'static,
    ) -> Self {
        self.spectra.insert(kind.to_owned(), Arc::new(make));
        self
    }

    /// The same, and morphologies of `kind` made by `make`.
    #[must_use]
    pub fn with_morphology(
        mut self,
        kind: &str,
        make: impl Fn(&mut StoredPart) -> Result<Box<dyn Morphology>, ModelError> + Send + Sync + 'static,
    ) -> Self {
        self.morphologies.insert(kind.to_owned(), Arc::new(make));
        self
    }

    /// The same, and priors of `kind`, the text under `"kind"` in their settings, made by `make` from all of these.
    ///
    /// The priors of this crate need not be added.
    #[must_use]
    pub fn with_prior(
        mut self,
        kind: &str,
        make: impl Fn(&Value) -> Result<Prior, ModelError> + Send + Sync + 'static,
    ) -> Self {
        self.priors.insert(kind.to_owned(), Arc::new(make));
        self
    }

    pub(super) fn prior(&self, settings: &Value) -> Result<Prior, ModelError> {
        let kind = settings.get("kind").and_then(Value::as_str);
        match kind.and_then(|kind| self.priors.get(kind)) {
            Some(make) => make(settings),
            None => Prior::from_settings(settings),
        }
    }

    pub(super) fn spectrum(
        &self,
        kind: &str,
        part: &mut StoredPart,
    ) -> Result<Box<dyn Spectrum>, ModelError> {
        find(&self.spectra, "spectrum", kind, part)?(part)
    }

    pub(super) fn morphology(
        &self,
        kind: &str,
        part: &mut StoredPart,
    ) -> Result<Box<dyn Morphology>, ModelError> {
        find(&self.morphologies, "morphology", kind, part)?(part)
    }
}

fn find<'a, T: ?Sized>(
    known: &'a BTreeMap<String, Make<T>>,
    what: &str,
    kind: &str,
    part: &StoredPart,
) -> Result<&'a Make<T>, ModelError> {
    known.get(kind).ok_or_else(|| {
        let names: Vec<&str> = known.keys().map(String::as_str).collect();
        let problem =
            format!("{what} kind {kind:?} is not known; add it to Kinds (known: {})", names.join(", "));
        file_error(&part.place, &problem)
    })
}
