//! Errors of a fit without sampling: the Gauss-Newton approximation at the best values.

mod block;
mod freedom;
mod part;
mod source;

pub use source::{Doubt, FluxCovariance, ParameterError, SourceErrors};

use crate::{InferError, Posterior};
use block::{Block, Information};
use freedom::{Functional, Surroundings, Told};
use ndarray::Array2;
use part::{Part, parts};
use scarlet_model::{Role, Scene};
use scarlet_obs::{Contrast, Observation};
use std::sync::Mutex;

/// Lags up to which pixels are told together, in pixels of the model.
const REACH_PX: usize = 12;
/// Correlation between derivatives from which a neighbour's images count, and from which what is not known of their
/// expectation does.
const NEIGHBOUR: f64 = 0.01;
const CLOSE: f64 = 0.1;
/// A positive flux that is fainter than so many errors has none that is a Gaussian's.
const FAINT: f64 = 2.0;

/// Errors of all sources of a fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Errors {
    /// In the order of the scene.
    pub sources: Vec<SourceErrors>,
}

impl Errors {
    /// Errors of the source called `id`.
    #[must_use]
    pub fn source(&self, id: &str) -> Option<&SourceErrors> {
        self.sources.iter().find(|source| source.id == id)
    }

    /// Correlation coefficients of the fluxes of the source called `id` with those of each that overlaps it, in each channel.
    #[must_use]
    pub fn correlations(&self, id: &str) -> Vec<(String, Vec<f64>)> {
        let Some(own) = self.source(id) else { return Vec::new() };
        let of = |neighbour: &FluxCovariance| {
            let theirs = self.source(&neighbour.id)?.flux();
            let pairs = own.flux().into_iter().zip(theirs).zip(neighbour.covariance.diag());
            Some((neighbour.id.clone(), pairs.map(|((a, b), both)| both / (a * b)).collect()))
        };
        own.neighbours.iter().filter_map(of).collect()
    }
}

impl Posterior {
    /// Errors of all sources at `x`; `scene` and `observations` are those that it was made from, these with the values of
    /// their parameters at `x` ([`Observation::calibrated`]).
    ///
    /// They are those of the Gauss-Newton approximation J' C^-1 J of the likelihood and of the curvature of the priors, in the
    /// values of the model: inverted for each source together with those that overlap it. Up to 400 values of sources that
    /// overlap directly or by way of others are one system, and exact; beyond, each source is solved with its neighbours.
    /// Pixels of free-form images, their own and those of neighbours, are part of it as a convolution with the mean
    /// weight around the source. The observations' own parameters are held.
    ///
    /// # Errors
    /// A scene or observations that it was not made from.
    ///
    /// # Panics
    /// `x` is not [`Posterior::dim`] long.
    pub fn errors(
        &mut self,
        x: &[f64],
        scene: &Scene,
        observations: &[&Observation],
    ) -> Result<Errors, InferError> {
        self.value(x);
        let rendered = self.rendered();
        let mut scene = scene.clone();
        self.layout().store(self.values(), &mut scene);
        let is_calibrated = self.layout().slots().iter().all(|s| s.role != Role::Calibration || !s.is_free());
        let parts = parts(&scene, self.layout())?;
        let contrast = |(observation, seen)| Contrast::new(observation, scene.frame(), seen);
        let contrasts = observations.iter().copied().zip(&rendered).map(contrast);
        let mut contrasts = contrasts.collect::<Result<Vec<_>, _>>()?;
        let channels = scene.frame().shape()[0];
        let information = Information::new(&parts, &mut contrasts, channels);
        let all = All { parts: &parts, information: &information, channels, frame: scene.frame().bbox() };
        let contrasts = Mutex::new(contrasts);
        let blocks = information.blocks(&parts);
        let targets = blocks.iter().flat_map(|block| block.targets.iter().map(move |k| (*k, block, None)));
        let mut found: Vec<(usize, &Block, Found)> = targets.collect();
        self.workers().for_each(&mut found, |_, (source, block, errors)| {
            *errors = Some(all.errors_of(*source, block, &contrasts));
        });
        found.sort_by_key(|(source, ..)| *source);
        let (mut sources, told): (Vec<SourceErrors>, Vec<Told>) =
            found.into_iter().filter_map(|(.., errors)| errors).unzip();
        add_expected(&mut sources, &told, &parts);
        if !is_calibrated {
            sources.iter_mut().for_each(|source| source.doubts.push(Doubt::Calibration));
        }
        Ok(Errors { sources })
    }
}

/// What one source gives, once it is known.
type Found = Option<(SourceErrors, Told)>;

/// Adds to the covariances of different sources what the expected images that both depend on do.
fn add_expected(sources: &mut [SourceErrors], told: &[Told], parts: &[Part]) {
    for (source, own) in sources.iter_mut().zip(told) {
        for neighbour in &mut source.neighbours {
            let Some(l) = parts.iter().position(|part| part.name == neighbour.id) else { continue };
            for ((a, b), v) in neighbour.covariance.indexed_iter_mut() {
                *v += freedom::shared(own, a, &told[l], b);
            }
        }
    }
}

/// What all sources share.
struct All<'a> {
    parts: &'a [Part],
    information: &'a Information,
    channels: usize,
    frame: scarlet_frame::BBox,
}

impl All<'_> {
    /// Errors of one source as a block gives them.
    fn errors_of(
        &self,
        source: usize,
        block: &Block,
        contrasts: &Mutex<Vec<Contrast<'_>>>,
    ) -> (SourceErrors, Told) {
        let part = &self.parts[source];
        let own = self.functionals(source);
        let closer = |than: f64| {
            let all = self.information.neighbours[source].iter();
            all.take_while(move |(_, strength)| *strength > than).map(|(l, _)| *l)
        };
        let near: Vec<usize> = closer(NEIGHBOUR).collect();
        let mut told = Told::new();
        let mut all = own.clone();
        near.iter().for_each(|l| all.extend((0..self.channels).map(|c| self.flux(*l, c))));
        let mut covariance = self.without_freedom(&own, &all, block);
        let mut absorbed = self.decided(source, block);
        let has_images = std::iter::once(&source).chain(&near).any(|k| !self.parts[*k].images.is_empty());
        if has_images {
            let kernels = self.kernels(source, contrasts);
            absorbed += part.images.iter().map(|image| image.absorbed(&kernels)).sum::<f64>();
            let close = closer(CLOSE).count();
            let surroundings = Surroundings::new(source, (&near, close), self.parts, self.frame, &kernels);
            if let Some(mut surroundings) = surroundings {
                let variances: Vec<f64> = covariance.iter().enumerate().map(|(k, row)| row[k]).collect();
                let (more, of_expected) = surroundings.covariances(&all, &variances, self.parts);
                told = of_expected;
                for (row, more) in covariance.iter_mut().zip(more) {
                    row.iter_mut().zip(more).for_each(|(v, m)| *v += m);
                }
            }
        }
        (self.named(source, &near, &covariance, absorbed, block.is_regular), told)
    }

    /// The flux of a source in a channel.
    fn flux(&self, source: usize, channel: usize) -> Functional {
        let part = &self.parts[source];
        Functional {
            source,
            scalars: part.scalars.iter().map(|scalar| scalar.flux(channel)).collect(),
            images: part.images.iter().map(|i| vec![i.amplitudes[channel]; i.pixels.len()]).collect(),
        }
    }

    /// Fluxes, the numbers of the shape, and all scalars that are not light, of one source.
    fn functionals(&self, source: usize) -> Vec<Functional> {
        let part = &self.parts[source];
        let mut all: Vec<Functional> = (0..self.channels).map(|c| self.flux(source, c)).collect();
        let of_images = |weights: &[f64]| -> Vec<Vec<f64>> {
            let each = |image: &part::FreeImage| {
                let sum: f64 = image.amplitudes.iter().sum();
                part::inside(part.bbox, image.bbox, weights).into_iter().map(|w| w * sum).collect()
            };
            part.images.iter().map(each).collect()
        };
        for weights in &part.shape {
            let slope = |scalar: &part::Scalar| match scalar.role {
                Role::Center => 0.0,
                _ => scalar.sum(weights),
            };
            let scalars = part.scalars.iter().map(slope).collect();
            all.push(Functional { source, scalars, images: of_images(weights) });
        }
        let blank: Vec<Vec<f64>> = part.images.iter().map(|image| vec![0.0; image.pixels.len()]).collect();
        for (k, _) in part.scalars.iter().enumerate().filter(|(_, scalar)| scalar.role != Role::Light) {
            let mut scalars = vec![0.0; part.scalars.len()];
            scalars[k] = 1.0;
            all.push(Functional { source, scalars, images: blank.clone() });
        }
        all
    }

    /// Covariances of `own` with `all` where all images are held.
    fn without_freedom(&self, own: &[Functional], all: &[Functional], block: &Block) -> Vec<Vec<f64>> {
        let spread = |functional: &Functional| {
            let mut vector = vec![0.0; block.len()];
            if let Some(start) = block.start(functional.source) {
                vector[start..start + functional.scalars.len()].copy_from_slice(&functional.scalars);
            }
            vector
        };
        let all: Vec<Vec<f64>> = all.iter().map(spread).collect();
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let row = |own: &Vec<f64>| {
            let solved = block.solve(own);
            all.iter().map(|other| product(&solved, other)).collect()
        };
        all[..own.len()].iter().map(row).collect()
    }

    /// How many of a source's scalars the data decide: their number less the trace of covariance times precision.
    fn decided(&self, source: usize, block: &Block) -> f64 {
        let (part, Some(start)) = (&self.parts[source], block.start(source)) else { return 0.0 };
        let n = part.scalars.len();
        let share = |k: usize| {
            let prior = &part.prior[k * n..(k + 1) * n];
            if prior.iter().all(|p| *p == 0.0) {
                return 1.0;
            }
            let mut vector = vec![0.0; block.len()];
            vector[start..start + n].copy_from_slice(prior);
            1.0 - block.solve(&vector)[start + k]
        };
        (0..n).map(share).sum()
    }

    /// Information about pairs of pixels around a source, in each channel.
    fn kernels(&self, source: usize, contrasts: &Mutex<Vec<Contrast<'_>>>) -> Vec<Array2<f64>> {
        let bbox = self.parts[source].bbox;
        let side = 2 * REACH_PX + 1;
        let mut kernels = vec![Array2::zeros((side, side)); self.channels];
        let mut contrasts = contrasts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some(inside) = bbox.intersection(self.frame) else { return kernels };
        for contrast in contrasts.iter_mut() {
            for (channel, kernel) in contrast.of_pixels(inside.center(), inside, REACH_PX) {
                kernels[channel] += &kernel;
            }
        }
        kernels
    }

    fn named(
        &self,
        source: usize,
        near: &[usize],
        covariance: &[Vec<f64>],
        absorbed: f64,
        is_told: bool,
    ) -> SourceErrors {
        let (part, c) = (&self.parts[source], self.channels);
        let flux_covariance = |first: usize| Array2::from_shape_fn((c, c), |(a, b)| covariance[a][first + b]);
        let own = flux_covariance(0);
        let own = 0.5 * (&own + &own.t());
        let first = c + part.shape.len();
        let of_shape = |k: usize| (k < part.shape.len()).then(|| covariance[c + k][c + k].sqrt());
        let others: Vec<&part::Scalar> = part.scalars.iter().filter(|s| s.role != Role::Light).collect();
        let center = format!("{}.center", part.name);
        let place = |element: usize| others.iter().position(|s| s.path == center && s.element == element);
        let center_covariance = place(0)
            .zip(place(1))
            .map(|(y, x)| [y, x].map(|a| [y, x].map(|b| covariance[first + a][first + b])));
        let rest = covariance.len();
        let neighbours = near.iter().enumerate().map(|(k, l)| FluxCovariance {
            id: self.parts[*l].name.clone(),
            covariance: flux_covariance(rest + k * c),
        });
        let neighbours = neighbours.collect();
        let parameters =
            others.iter().enumerate().filter(|(_, s)| s.path != center).map(|(k, s)| ParameterError {
                path: s.path.clone(),
                element: s.element,
                value: s.value,
                error: covariance[first + k][first + k].sqrt(),
            });
        let mut errors = SourceErrors {
            id: part.name.clone(),
            center_covariance,
            half_light_radius_px: of_shape(0),
            concentration: of_shape(1),
            shear: of_shape(2).zip(of_shape(3)).map(|(g1, g2)| [g1, g2]),
            parameters: parameters.collect(),
            absorbed,
            neighbours,
            doubts: Vec::new(),
            flux_covariance: own,
        };
        errors.doubts = self.doubts(part, &errors, is_told);
        errors
    }

    fn doubts(&self, part: &Part, errors: &SourceErrors, is_told: bool) -> Vec<Doubt> {
        let is_faint =
            (0..self.channels).zip(errors.flux()).any(|(c, error)| part.is_faint(c, FAINT * error));
        let is_finite = errors.flux().iter().all(|error| error.is_finite());
        let found = [
            (Doubt::Faint, is_faint),
            (Doubt::Held, !part.is_whole),
            (Doubt::NoPrior, part.images.iter().any(|image| !image.has_prior)),
            (Doubt::NotTold, !is_told || !is_finite),
        ];
        found.into_iter().filter(|(_, holds)| *holds).map(|(doubt, _)| doubt).collect()
    }
}
