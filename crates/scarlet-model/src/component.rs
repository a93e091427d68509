//! Components: a spectrum times a morphology, combined with others.

use crate::morphology::IntoMorphology;
use crate::spectrum::IntoSpectrum;
use crate::{ModelError, Morphology, Param, Site, Spectrum};
use ndarray::Array2;
use scarlet_frame::{BBox, Frame};
use serde::{Deserialize, Serialize};

/// How a part changes what was built before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Adds its light, also outside the box of what was there.
    Add,
    /// Multiplies what was there, inside its own box.
    Multiply,
    /// Multiplies what was there by exp(-part), inside its own box: dust of optical depth `part`.
    Attenuate,
}

/// What a parameter does in a model, which decides how a fit steps along it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Where something is.
    Center,
    /// The model is linear in it: fluxes, pixels.
    Light,
    /// Anything else about a source.
    Shape,
    /// How an observation was taken: its astrometry, flux scale, background.
    Calibration,
}

/// One spectrum times one morphology, and the parts that are added to it or multiplied with it.
#[derive(Debug, Clone)]
pub struct Component {
    pub(crate) name: Option<String>,
    pub(crate) center: Option<Param>,
    pub(crate) spectrum: Box<dyn Spectrum>,
    pub(crate) morphology: Box<dyn Morphology>,
    pub(crate) bbox: Option<BBox>,
    pub(crate) is_boxed: bool,
    pub(crate) parts: Vec<(Operation, Component)>,
}

impl Component {
    /// A component at the centre of what it is a part of.
    #[must_use]
    pub fn new(spectrum: impl IntoSpectrum, morphology: impl IntoMorphology) -> Self {
        Self {
            name: None,
            center: None,
            spectrum: spectrum.into_spectrum(),
            morphology: morphology.into_morphology(),
            bbox: None,
            is_boxed: false,
            parts: Vec::new(),
        }
    }

    /// At a centre of its own: `(y, x)` in pixels of the model frame, or a sky position.
    #[must_use]
    pub fn at(mut self, center: impl Into<Param>) -> Self {
        self.center = Some(center.into());
        self
    }

    /// Called `name` in paths; otherwise parts are counted from 0.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// In `bbox` instead of the box that the morphology asks for.
    #[must_use]
    pub fn boxed(mut self, bbox: BBox) -> Self {
        self.bbox = Some(bbox);
        self.is_boxed = true;
        self
    }

    /// With the light of `part` added.
    #[must_use]
    pub fn plus(self, part: Component) -> Self {
        self.with(Operation::Add, part)
    }

    /// Multiplied by `part` inside the box of `part`.
    #[must_use]
    pub fn times(self, part: Component) -> Self {
        self.with(Operation::Multiply, part)
    }

    /// Attenuated by dust of optical depth `part`: multiplied by exp(-part) inside its box.
    #[must_use]
    pub fn attenuated(self, part: Component) -> Self {
        self.with(Operation::Attenuate, part)
    }

    /// Combined with `part`.
    #[must_use]
    pub fn with(mut self, operation: Operation, part: Component) -> Self {
        self.parts.push((operation, part));
        self
    }

    /// The spectrum.
    #[must_use]
    pub fn spectrum(&self) -> &(dyn Spectrum + 'static) {
        &*self.spectrum
    }

    /// The spectrum's amplitudes, one for each channel of the frame, at these values of its parameters.
    #[must_use]
    pub fn amplitudes(&self, params: &[f64], channels: usize) -> Vec<f64> {
        let mut amplitudes = vec![0.0; channels];
        self.spectrum.evaluate(params, &mut amplitudes);
        amplitudes
    }

    /// The morphology.
    #[must_use]
    pub fn morphology(&self) -> &(dyn Morphology + 'static) {
        &*self.morphology
    }

    /// The centre, where it has one of its own.
    #[must_use]
    pub const fn center(&self) -> Option<&Param> {
        self.center.as_ref()
    }

    /// The box of its morphology; there once it is in a scene.
    #[must_use]
    pub const fn bbox(&self) -> Option<BBox> {
        self.bbox
    }

    /// The parts in the order in which they are combined.
    #[must_use]
    pub fn parts(&self) -> &[(Operation, Component)] {
        &self.parts
    }

    /// The box that holds all its light: its own and that of what is added.
    #[must_use]
    pub fn outer_bbox(&self) -> Option<BBox> {
        let added = self.parts.iter().filter(|(op, _)| *op == Operation::Add);
        added.filter_map(|(_, part)| part.outer_bbox()).chain(self.bbox).reduce(BBox::union)
    }

    /// Calls `f` with the path, role and parameter of each of its parameters, paths below `path`.
    pub(crate) fn visit<'a>(&'a self, path: &str, f: &mut dyn FnMut(String, Role, &'a Param)) {
        self.visit_as(path, true, f);
    }

    fn visit_as<'a>(&'a self, path: &str, is_linear: bool, f: &mut dyn FnMut(String, Role, &'a Param)) {
        let role = |of_own| if is_linear && of_own { Role::Light } else { Role::Shape };
        if let Some(center) = &self.center {
            f(format!("{path}.center"), Role::Center, center);
        }
        for (name, param) in self.spectrum.parameters() {
            f(join(path, "spectrum", name), role(self.spectrum.is_linear()), param);
        }
        for (name, param) in self.morphology.parameters() {
            f(join(path, "morphology", name), role(self.morphology.is_linear()), param);
        }
        for (k, (operation, part)) in self.parts.iter().enumerate() {
            let is_linear = is_linear && *operation != Operation::Attenuate;
            part.visit_as(&part_path(path, k, part), is_linear, f);
        }
    }

    /// The same, to change.
    pub(crate) fn visit_mut(&mut self, path: &str, f: &mut dyn FnMut(String, &mut Param)) {
        if let Some(center) = &mut self.center {
            f(format!("{path}.center"), center);
        }
        for (name, param) in self.spectrum.parameters_mut() {
            f(join(path, "spectrum", name), param);
        }
        for (name, param) in self.morphology.parameters_mut() {
            f(join(path, "morphology", name), param);
        }
        for (k, (_, part)) in self.parts.iter_mut().enumerate() {
            part.visit_mut(&part_path(path, k, part), f);
        }
    }

    /// Turns sky units into pixels, attaches everything to `frame` and fixes the boxes.
    pub(crate) fn resolve(&mut self, path: &str, center: [f64; 2], frame: &Frame) -> Result<(), ModelError> {
        let mut resolved = Ok(());
        self.visit_mut(path, &mut |_, param| {
            if resolved.is_ok() {
                resolved = param.resolve(frame);
            }
        });
        resolved.map_err(|e| at(path, e))?;
        self.attach(path, center, frame)
    }

    fn attach(&mut self, path: &str, center: [f64; 2], frame: &Frame) -> Result<(), ModelError> {
        let own_center = match &self.center {
            Some(param) => match param.values() {
                [y, x] if y.is_finite() && x.is_finite() => [*y, *x],
                values => {
                    let problem = format!("it is {values:?}; give two finite numbers, (y, x)");
                    return Err(ModelError::Parameter { parameter: format!("{path}.center"), problem });
                }
            },
            None => center,
        };
        self.spectrum.attach(frame).map_err(|e| at(path, e))?;
        self.morphology.attach(frame).map_err(|e| at(path, e))?;
        if self.center.as_ref().is_some_and(Param::is_free) && !self.any_moves() {
            let problem = format!(
                "it is free, but {} has a fixed grid of pixels and does not follow it; fix the centre",
                self.morphology.kind()
            );
            return Err(ModelError::Parameter { parameter: format!("{path}.center"), problem });
        }
        let bbox = *self.bbox.get_or_insert_with(|| self.morphology.bbox(own_center));
        check_grid(path, &*self.morphology, bbox)?;
        for (k, (_, part)) in self.parts.iter_mut().enumerate() {
            let path = part_path(path, k, part);
            part.attach(&path, own_center, frame)?;
        }
        Ok(())
    }

    /// Gives the image that the parameter at `wanted` belongs to a box of another shape around the same pixel; new
    /// pixels continue what is at the edge, fainter with every pixel.
    ///
    /// Says whether it did: not where the box was asked for or the image is on no grid of pixels.
    pub(crate) fn regrid(&mut self, path: &str, wanted: &str, shape: [usize; 2]) -> bool {
        let own = format!("{path}.morphology");
        if wanted.strip_prefix(&own).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')) {
            return self.regrid_own(shape).is_some();
        }
        let parts = self.parts.iter_mut().enumerate();
        parts
            .map(|(k, (_, part))| (part_path(path, k, part), part))
            .any(|(p, part)| part.regrid(&p, wanted, shape))
    }

    fn regrid_own(&mut self, shape: [usize; 2]) -> Option<()> {
        let old = self.bbox.filter(|_| !self.is_boxed && self.morphology.grid_shape().is_some())?;
        let image = self.image_in(old);
        let more = [0, 1].map(|k| (shape[k] as i64 - old.shape()[k] as i64).div_euclid(2));
        let continued = crate::morphology::continued(image.view(), shape, more.map(|m| -m));
        self.morphology = self.morphology.on_grid(&continued, more.map(|m| -m))?;
        let origin = old.origin();
        self.bbox = Some(BBox::new([origin[0] - more[0], origin[1] - more[1]], shape));
        Some(())
    }

    /// The image at the present values in its box.
    fn image_in(&self, bbox: BBox) -> Array2<f64> {
        let params: Vec<f64> =
            self.morphology.parameters().iter().flat_map(|(_, p)| p.values().iter().copied()).collect();
        let site = Site { center: bbox.center().map(|c| c as f64), bbox };
        let mut image = Array2::zeros(bbox.shape());
        let mut scratch = vec![0.0; self.morphology.scratch_len(bbox.shape())];
        let pixels = image.as_slice_mut().expect("made in row order");
        self.morphology.evaluate(&params, &site, pixels, &mut scratch);
        image
    }

    /// Forgets the boxes that nobody asked for, so that they are made anew from the present values.
    pub(crate) fn release_boxes(&mut self) {
        if !self.is_boxed {
            self.bbox = None;
        }
        self.parts.iter_mut().for_each(|(_, part)| part.release_boxes());
    }

    /// Calls `f` with the path and outer box of this component and of each of its parts.
    pub(crate) fn visit_boxes(&self, path: &str, f: &mut dyn FnMut(&str, Option<BBox>)) {
        f(path, self.outer_bbox());
        for (k, (_, part)) in self.parts.iter().enumerate() {
            part.visit_boxes(&part_path(path, k, part), f);
        }
    }

    fn any_moves(&self) -> bool {
        let mut inheriting = self.parts.iter().filter(|(_, part)| part.center.is_none());
        self.morphology.moves() || inheriting.any(|(_, part)| part.any_moves())
    }
}

/// Checks that a morphology with a grid of its own gets a box of that shape.
fn check_grid(path: &str, morphology: &dyn Morphology, bbox: BBox) -> Result<(), ModelError> {
    match morphology.grid_shape() {
        Some(shape) if shape != bbox.shape() => {
            let problem =
                format!("it has {shape:?} pixels and its box {:?}; give a box of the same", bbox.shape());
            Err(ModelError::Parameter { parameter: format!("{path}.morphology"), problem })
        }
        _ => Ok(()),
    }
}

fn join(path: &str, what: &str, name: &str) -> String {
    if name.is_empty() { format!("{path}.{what}") } else { format!("{path}.{what}.{name}") }
}

fn part_path(path: &str, k: usize, part: &Component) -> String {
    match &part.name {
        Some(name) => format!("{path}.{name}"),
        None => format!("{path}.{k}"),
    }
}

/// Says at which component an error happened.
fn at(path: &str, error: ModelError) -> ModelError {
    match error {
        ModelError::Parameter { parameter, problem } => {
            ModelError::Parameter { parameter: format!("{path}, {parameter}"), problem }
        }
        ModelError::Shape { what, expected, found } => {
            ModelError::Shape { what: format!("{path}, {what}"), expected, found }
        }
        ModelError::Frame(e) => ModelError::Source { source_name: path.to_owned(), problem: e.to_string() },
        other => other,
    }
}
