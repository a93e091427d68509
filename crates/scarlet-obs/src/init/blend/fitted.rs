//! One source of a blend as far as it is fitted.

use super::equations::Equations;
use super::plane::Plane;
use super::profile::{Profile, SHAPE};
use super::{GalaxyShape, Seed, StartShape};
use crate::Sight;
use crate::init::IMAGE_RANGE;
use ndarray::Array2;
use scarlet_frame::{BBox, MODEL_PSF_SIGMA_PX};

/// Logit of the bulge's share that a galaxy is expected to have.
const EXPECTED_CONCENTRATION: f64 = -1.0;
/// How far a galaxy is expected to be from what is expected, in the logarithm of the radius and the others.
const SIGMAS: [f64; SHAPE] = [0.8, 0.3, 0.3, 1.0];
const SHIFT_SIGMA_PX: f64 = 0.3;
/// Farthest from where a source was sought.
const FARTHEST_PX: f64 = 2.0;
/// Boxes end where the model's surface brightness falls to this many times the noise of a pixel.
const LEAST_BRIGHTNESS: f64 = 0.1;
/// Smallest and largest side of a box, in pixels.
const SIDES: [usize; 2] = [21, 151];
/// Variance of the model's PSF, pixels included.
const MODEL_PSF_VARIANCE: f64 = MODEL_PSF_SIGMA_PX * MODEL_PSF_SIGMA_PX + 1.0 / 12.0;

/// How sharply the observations that see a source do, in pixels of the model.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sharpness {
    /// Half-light radius of the narrowest PSF.
    radius: f64,
    /// Side of the smallest pixel.
    pub(super) pixel: f64,
}

impl Sharpness {
    pub(super) fn new(center: [f64; 2], planes: &[Plane], sights: &[Sight], radii: &[f64]) -> Self {
        let sees: Vec<bool> = sights.iter().map(|sight| sight.sees(center)).collect();
        let of = |value: &dyn Fn(usize) -> f64| {
            let least = |all: bool| {
                let seeing = (0..planes.len()).filter(|p| all || sees[planes[*p].observation]);
                seeing.map(value).reduce(f64::min)
            };
            least(false).or_else(|| least(true)).unwrap_or(1.0)
        };
        Self { radius: of(&|p| radii[p]), pixel: of(&|p| planes[p].model_px) }
    }
}

/// A source as far as it is fitted.
#[derive(Debug)]
pub(super) struct Fit {
    seed: Seed,
    pub(super) center: [f64; 2],
    pub(super) profile: Option<Profile>,
    pub(super) fluxes: Vec<f64>,
    pub(super) sharpness: Sharpness,
}

impl Fit {
    pub(super) fn new(seed: Seed, channels: usize, sharpness: Sharpness) -> Self {
        let profile = (!seed.is_star).then(|| Profile::new(expected(sharpness.radius)));
        Self { seed, center: seed.center, profile, fluxes: vec![0.0; channels], sharpness }
    }

    /// How many images the source and its changes have.
    pub(super) const fn columns(&self) -> usize {
        if self.profile.is_some() { 3 + SHAPE } else { 3 }
    }

    /// Tells the equations what it is expected to be.
    pub(super) fn expect(&self, own: usize, equations: &mut Equations) {
        for k in 0..2 {
            let sigma = SHIFT_SIGMA_PX * self.sharpness.pixel;
            equations.expect(own, k, self.seed.center[k] - self.center[k], sigma);
        }
        let Some(profile) = &self.profile else { return };
        for (k, (is, wanted)) in
            profile.numbers().into_iter().zip(expected(self.sharpness.radius)).enumerate()
        {
            equations.expect(own, 2 + k, wanted - is, SIGMAS[k]);
        }
    }

    pub(super) fn change(&mut self, of_fluxes: &[f64], of_image: &[f64]) {
        self.fluxes.iter_mut().zip(of_fluxes).for_each(|(flux, by)| *flux = (*flux + by).max(0.0));
        let farthest = FARTHEST_PX * self.sharpness.pixel;
        for ((center, by), sought) in self.center.iter_mut().zip(of_image).zip(self.seed.center) {
            *center = sought + (*center + by - sought).clamp(-farthest, farthest);
        }
        if let Some(profile) = &mut self.profile {
            let numbers = profile.numbers();
            *profile = Profile::new(std::array::from_fn(|k| numbers[k] + of_image[2 + k]));
        }
    }

    pub(super) fn shape(&self, planes: &[Plane], sights: &[Sight]) -> StartShape {
        let galaxy = self.profile.as_ref().map(|profile| GalaxyShape {
            image: self.image(profile, planes, sights),
            radius_px: profile.radius_px(),
            index: profile.index(),
            distortion: profile.distortion(),
        });
        StartShape { center: self.center, galaxy }
    }

    /// The image in a box that ends where it is faint.
    fn image(&self, profile: &Profile, planes: &[Plane], sights: &[Sight]) -> Array2<f64> {
        let places: Vec<Option<[f64; 2]>> = sights
            .iter()
            .map(|sight| sight.to_observation(self.center).ok().filter(|at| sight.pixels().contains(*at)))
            .collect();
        // as bright as it is in a pixel of the observation, which has the area of so many of the model's
        let snr2 = |plane: &Plane| {
            let flux = self.fluxes[plane.channel] * plane.model_px.powi(2);
            places[plane.observation].map_or(0.0, |at| flux.powi(2) * plane.weight_at(at))
        };
        let snr = planes.iter().map(snr2).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
        let reach = profile.radius_of(MODEL_PSF_VARIANCE, LEAST_BRIGHTNESS / snr);
        let half = |r: f64| (r.ceil() as usize).clamp(SIDES[0] / 2, SIDES[1] / 2);
        let bbox = BBox::centered(self.center, reach.map(|r| 2 * half(r) + 1));
        let mut image = profile.image(self.center, MODEL_PSF_VARIANCE, bbox);
        let peak = image.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        image.mapv_inplace(|v| (v / peak).clamp(IMAGE_RANGE[0], IMAGE_RANGE[1]));
        image
    }
}

/// The numbers of a round galaxy of which nothing is known, as large as the PSF, where the PSF's half-light radius is `radius` pixels.
fn expected(radius: f64) -> [f64; SHAPE] {
    [radius.max(1.0).ln(), 0.0, 0.0, EXPECTED_CONCENTRATION]
}
