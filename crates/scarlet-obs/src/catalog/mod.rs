//! What a catalogue says of a fitted source.

mod blend;
mod radii;
mod shape;

pub use radii::LightRadii;
pub use shape::LightShape;

use crate::{ObsError, Observation, Sight};
use ndarray::{Array3, Axis};
use scarlet_frame::{BBox, Sky};
use scarlet_model::Scene;
use scarlet_render::source_cube;

/// A source of a fitted scene, measured on its model.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceMeasurement {
    /// Its name.
    pub id: String,
    /// `(y, x)` in pixels of the model frame.
    pub center: [f64; 2],
    /// The same on the sky, where the frame has a WCS.
    pub sky: Option<Sky>,
    /// Flux in each channel of the model frame: the sum of its model over its box, in the unit of the data.
    pub flux: Vec<f64>,
    /// Half-light radius of its model summed over channels, in pixels of the model frame, the model's PSF
    /// included; none where it has no light.
    pub half_light_radius_px: Option<f64>,
    /// Its [concentration](LightRadii::concentration), of the same image; none where it has no light.
    pub concentration: Option<f64>,
    /// Its [reduced shear](LightShape::shear) `[g1, g2]`, of the same image; NaN where no weight can be matched to that, none
    /// where it has no light.
    pub shear: Option<[f64; 2]>,
    /// Share of the light at its place that is its neighbours', under a Gaussian weight that is matched to it: 1 -
    /// sum(w f) / sum(w F), with f its light, F that of all sources, both summed over channels; none where it has no light.
    ///
    /// 0 for a source that is alone, near 1 for one that is lost in others. Source: Bosch et al. 2018 (PASJ 70, S5),
    /// section 4.9.11.
    pub blendedness: Option<f64>,
    /// Share of the light in its flux region that is its own: sum(f) / sum(F) over the brightest pixels that hold 90% of its
    /// light on the model frame; none where it has no light.
    pub purity: Option<f64>,
    /// Box of its model.
    pub bbox: BBox,
    /// Its model, `[channel, y, x]`.
    pub cube: Array3<f64>,
    /// chi2 per pixel with weight of the whole scene, over the pixels of all observations that fall on its box; none
    /// where no pixel counts.
    pub chi2_per_pixel: Option<f64>,
    /// What is to be said about it.
    pub flags: Vec<SourceFlag>,
}

impl SourceMeasurement {
    /// Its [`colours`].
    #[must_use]
    pub fn colours(&self) -> Vec<f64> {
        colours(&self.flux)
    }
}

/// Colours -2.5 log10(flux A / flux B) of channels that follow each other; NaN where a flux is not positive.
#[must_use]
pub fn colours(fluxes: &[f64]) -> Vec<f64> {
    // of two negative fluxes the ratio has a logarithm, too
    fluxes.windows(2).map(|flux| -2.5 * (flux[0].log10() - flux[1].log10())).collect()
}

/// What is to be said about a measured source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceFlag {
    /// Its box reaches out of the model frame.
    Edge,
    /// More than half of the observations' pixels on its box do not count.
    Masked,
}

impl SourceFlag {
    /// The word that stands for it in catalogues.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Edge => "edge",
            Self::Masked => "masked",
        }
    }
}

/// Measures all sources of `scene`; `rendered` is what each of the `observations` should have seen of it.
///
/// # Errors
/// A frame of an observation does not fit the scene's.
pub fn measure_sources(
    scene: &Scene,
    observations: &[&Observation],
    rendered: &[Array3<f64>],
) -> Result<Vec<SourceMeasurement>, ObsError> {
    let sights = observations.iter().map(|o| Sight::new(o, scene.frame())).collect::<Result<Vec<_>, _>>()?;
    let seen: Vec<Rendered<'_>> = observations
        .iter()
        .zip(&sights)
        .zip(rendered)
        .map(|((observation, sight), rendered)| Rendered { observation, sight, rendered })
        .collect();
    let each = scene.sources().map(|(name, _)| measure(scene, name, &seen));
    let mut sources = each.collect::<Result<Vec<_>, ObsError>>()?;
    blend::measure_blends(&mut sources, scene.frame().bbox());
    Ok(sources)
}

/// An observation, where it is, and what it should have seen.
struct Rendered<'a> {
    observation: &'a Observation,
    sight: &'a Sight,
    rendered: &'a Array3<f64>,
}

fn measure(scene: &Scene, name: &str, observations: &[Rendered<'_>]) -> Result<SourceMeasurement, ObsError> {
    let (bbox, cube) = source_cube(scene, name)?;
    let center = scene.param(&format!("{name}.center"))?.values();
    let center = [center[0], center[1]];
    let (mut chi2, mut counted, mut all) = (0.0, 0_usize, 0_usize);
    for observation in observations {
        let seen = observation.chi2_on(bbox);
        (chi2, counted, all) = (chi2 + seen.0, counted + seen.1, all + seen.2);
    }
    let mut flags = Vec::new();
    if !scene.frame().bbox().encloses(bbox) {
        flags.push(SourceFlag::Edge);
    }
    if 2 * counted < all {
        flags.push(SourceFlag::Masked);
    }
    let origin = bbox.origin().map(|c| c as f64);
    let inside = [center[0] - origin[0], center[1] - origin[1]];
    let shape = LightShape::of(cube.sum_axis(Axis(0)).view(), inside);
    Ok(SourceMeasurement {
        id: name.to_owned(),
        center,
        sky: scene.frame().wcs_ref().map(|_| scene.frame().to_sky(center)).transpose()?,
        flux: cube.axis_iter(Axis(0)).map(|plane| plane.sum()).collect(),
        half_light_radius_px: shape.map(|shape| shape.half_light_radius_px),
        concentration: shape.map(|shape| shape.concentration),
        shear: shape.map(|shape| shape.shear),
        blendedness: None,
        purity: None,
        bbox,
        cube,
        chi2_per_pixel: (counted > 0).then(|| chi2 / counted as f64),
        flags,
    })
}

impl Rendered<'_> {
    /// chi2, number of pixels that count, and number of all pixels that fall on a box of the model frame.
    fn chi2_on(&self, bbox: BBox) -> (f64, usize, usize) {
        let patch = self.sight.patch(bbox, 0);
        let slices = patch.and_then(|patch| self.sight.pixels().slices_of(patch.pixels));
        let (Some(patch), Some([rows, columns])) = (patch, slices) else { return (0.0, 0, 0) };
        let window = ndarray::s![.., rows, columns];
        let weights = self.observation.weights().slice(window);
        let (data, model) = (self.observation.data().slice(window), self.rendered.slice(window));
        let (mut chi2, mut counted, mut all) = (0.0, 0, 0);
        for (((_, y, x), w), (d, m)) in weights.indexed_iter().zip(data.iter().zip(model)) {
            if patch.depth(y, x) >= -0.5 {
                chi2 += w * (d - m) * (d - m);
                counted += usize::from(*w > 0.0);
                all += 1;
            }
        }
        (chi2, counted, all)
    }
}
