//! Sources: components at a place on the sky.

use crate::component::{Component, Operation};
use crate::glob::matches;
use crate::morphology::{IntoMorphology, Monotonic, Point};
use crate::spectrum::IntoSpectrum;
use crate::{Param, StaticSpectrum, TransientSpectrum, free, relative};
use ndarray::Array2;
use scarlet_frame::Frame;

/// Default step of a free centre, in pixels of the model frame.
const CENTER_STEP_PX: f64 = 0.1;
/// Default step of free fluxes, relative to the norm of their logarithms.
const SPECTRUM_STEP: f64 = 0.02;
/// Default step of free image pixels, relative to the norm of their logits.
const IMAGE_STEP: f64 = 1e-3;
/// Default step of the ceilings of a monotonic image, in their logarithms.
const CEILING_STEP: f64 = 0.1;

/// A star or galaxy: a component with a centre, and the parts that belong to it.
///
/// ```
/// use scarlet_model::{Component, Source, free};
/// use ndarray::Array2;
/// let galaxy = Source::new([12.0, 13.0], free([1.0, 2.0]).positive(), Array2::ones((15, 15)))
///     .named("galaxy")
///     .plus(Component::new(free([0.5, 0.1]).positive(), Array2::ones((5, 5))).named("bulge"));
/// ```
#[derive(Debug, Clone)]
pub struct Source {
    pub(crate) component: Component,
}

impl Source {
    /// A source at `center`, `(y, x)` in pixels of the model frame or a sky position.
    #[must_use]
    pub fn new(
        center: impl Into<Param>,
        spectrum: impl IntoSpectrum,
        morphology: impl IntoMorphology,
    ) -> Self {
        Self { component: Component::new(spectrum, morphology).at(center) }
    }

    /// A star with free centre and free positive fluxes, and the steps that go with them.
    #[must_use]
    pub fn point(center: impl Into<Param>, flux: impl Into<Param>) -> Self {
        let center = free(center).step(CENTER_STEP_PX);
        Self::new(center, positive_flux(flux), Point::new())
    }

    /// A point source that shines in `epochs` only, with a free centre and a free positive flux for each channel of
    /// them, in the frame's order.
    #[must_use]
    pub fn transient<E: ToString>(
        center: impl Into<Param>,
        epochs: impl IntoIterator<Item = E>,
        flux: impl Into<Param>,
    ) -> Self {
        let center = free(center).step(CENTER_STEP_PX);
        Self::new(center, TransientSpectrum::new(epochs, positive_flux(flux)), Point::new())
    }

    /// A galaxy of one or more layers, each with free positive fluxes and a free image with pixels in (0, 1).
    ///
    /// The first layer is the most compact one by convention; all share the centre.
    ///
    /// # Panics
    /// `layers` is empty.
    #[must_use]
    pub fn extended(center: impl Into<Param>, layers: Vec<(Vec<f64>, Array2<f64>)>) -> Self {
        Self::layered(center, layers, |image| free(image).unit_interval().step(relative(IMAGE_STEP)))
    }

    /// The same with images that fall from their peak outwards: see [`Monotonic`].
    ///
    /// ```
    /// use ndarray::Array2;
    /// use scarlet_model::Source;
    /// let image = Array2::from_shape_fn((9, 9), |(y, x)| (-(y as f64 - 4.0).hypot(x as f64 - 4.0)).exp());
    /// let galaxy = Source::monotonic([12.0, 13.0], vec![(vec![1.0, 2.0], image)]).named("galaxy");
    /// ```
    ///
    /// # Panics
    /// `layers` is empty.
    #[must_use]
    pub fn monotonic(center: impl Into<Param>, layers: Vec<(Vec<f64>, Array2<f64>)>) -> Self {
        Self::layered(center, layers, |image| Monotonic::new(free(image).step(CEILING_STEP)))
    }

    /// The same source with all parameters replaced whose path in it matches `pattern` (`*` stands for any text).
    ///
    /// ```
    /// use ndarray::Array2;
    /// use scarlet_model::{Source, prior::NearImage};
    /// let image = Array2::from_shape_fn((9, 9), |(y, x)| 0.1 * (-(y as f64 - 4.0).hypot(x as f64 - 4.0)).exp());
    /// let galaxy = Source::extended([12.0, 13.0], vec![(vec![1.0, 2.0], image.clone())]);
    /// let galaxy = galaxy.edit_all("*morphology", |p| p.clone().prior(NearImage::new(image.clone(), 0.5, 0.01)));
    /// ```
    #[must_use]
    pub fn edit_all(mut self, pattern: &str, change: impl Fn(&Param) -> Param) -> Self {
        self.component.visit_mut("", &mut |path, param| {
            if matches(pattern, path.trim_start_matches('.')) {
                *param = change(param);
            }
        });
        self
    }

    /// The same source with one flux for each band of `frame` in place of one for each channel, in all components
    /// whose spectrum is an array: it does not vary from epoch to epoch.
    ///
    /// A band's flux is the mean over its channels, each counted with its part of `weights`, one for each channel;
    /// equal parts where they add up to 0.
    ///
    /// ```
    /// use scarlet_frame::Frame;
    /// use scarlet_model::Source;
    /// let frame = Frame::new([9, 9]).channels([("g", 0), ("g", 1), ("r", 0)]);
    /// let star = Source::point([4.0, 4.0], [1.0, 4.0, 7.0]).tied_over_epochs(&frame, &[2.0, 1.0, 1.0]);
    /// assert_eq!(star.component().spectrum().parameters()[0].1.values(), [2.0, 7.0]);
    /// ```
    ///
    /// # Panics
    /// `weights` has another length than `frame` has channels.
    #[must_use]
    pub fn tied_over_epochs(mut self, frame: &Frame, weights: &[f64]) -> Self {
        assert_eq!(weights.len(), frame.channel_names().len(), "a weight for each channel");
        tie(&mut self.component, frame, weights);
        self
    }

    fn layered<M: IntoMorphology>(
        center: impl Into<Param>,
        layers: Vec<(Vec<f64>, Array2<f64>)>,
        morphology: impl Fn(Array2<f64>) -> M,
    ) -> Self {
        let layers = layers.into_iter();
        let mut layers = layers.map(|(flux, image)| Component::new(positive_flux(flux), morphology(image)));
        let first = layers.next().expect("an extended source has at least one layer");
        Self { component: layers.fold(first.at(center), Component::plus) }
    }

    /// Called `name` in paths and catalogues; otherwise sources are counted from 0.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.component = self.component.named(name);
        self
    }

    /// With the light of `part` added.
    #[must_use]
    pub fn plus(self, part: impl Into<Component>) -> Self {
        self.with(Operation::Add, part)
    }

    /// Multiplied by `part` inside the box of `part`.
    #[must_use]
    pub fn times(self, part: impl Into<Component>) -> Self {
        self.with(Operation::Multiply, part)
    }

    /// Attenuated by dust of optical depth `part`.
    #[must_use]
    pub fn attenuated(self, part: impl Into<Component>) -> Self {
        self.with(Operation::Attenuate, part)
    }

    /// Combined with `part`: a component, or a source with a centre of its own.
    #[must_use]
    pub fn with(mut self, operation: Operation, part: impl Into<Component>) -> Self {
        self.component = self.component.with(operation, part.into());
        self
    }

    /// In `bbox` instead of the box that the morphology asks for.
    #[must_use]
    pub fn boxed(mut self, bbox: scarlet_frame::BBox) -> Self {
        self.component = self.component.boxed(bbox);
        self
    }

    /// The component that everything hangs on.
    #[must_use]
    pub const fn component(&self) -> &Component {
        &self.component
    }
}

impl From<Source> for Component {
    fn from(source: Source) -> Self {
        source.component
    }
}

fn positive_flux(flux: impl Into<Param>) -> Param {
    free(flux).positive().step(relative(SPECTRUM_STEP))
}

/// Gives the array spectra of a component and its parts one flux for each band.
fn tie(component: &mut Component, frame: &Frame, weights: &[f64]) {
    let own = component.spectrum.parameters();
    if let [(_, flux)] = own.as_slice()
        && component.spectrum.kind() == "ArraySpectrum"
        && flux.len() == weights.len()
    {
        let tied = Param::from(band_means(flux.values(), frame, weights));
        let tied = tied.transform(flux.transform_ref().clone());
        let tied = flux.step_ref().map_or_else(|| tied.clone(), |step| tied.clone().step(step));
        let tied = if flux.is_free() { free(tied) } else { tied };
        component.spectrum = Box::new(StaticSpectrum::new(tied));
    }
    component.parts.iter_mut().for_each(|(_, part)| tie(part, frame, weights));
}

/// The weighted mean of the values of each band's channels, bands in the order in which they first appear.
fn band_means(values: &[f64], frame: &Frame, weights: &[f64]) -> Vec<f64> {
    let mut bands: Vec<(&str, [f64; 4])> = Vec::new();
    for ((channel, value), weight) in frame.channel_names().iter().zip(values).zip(weights) {
        let index = bands.iter().position(|(band, _)| *band == channel.band()).unwrap_or_else(|| {
            bands.push((channel.band(), [0.0; 4]));
            bands.len() - 1
        });
        let sums = &mut bands[index].1;
        for (sum, term) in sums.iter_mut().zip([weight * value, *weight, *value, 1.0]) {
            *sum += term;
        }
    }
    let mean = |[weighted, weight, plain, count]: [f64; 4]| match weight > 0.0 {
        true => weighted / weight,
        false => plain / count,
    };
    bands.into_iter().map(|(_, sums)| mean(sums)).collect()
}
