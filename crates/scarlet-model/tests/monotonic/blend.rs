//! Two blended galaxies, blurred and noisy in three bands: data, model and gradient.

use ndarray::{Array2, Array3, Axis};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, StandardNormal};

/// Side of the boxes and of the frame.
pub(crate) const BOX: usize = 41;
const FRAME: usize = 64;
const BANDS: usize = 3;
/// First pixels of the boxes: the peaks are 14 and 8 pixels apart.
const ORIGINS: [[usize; 2]; 2] = [[4, 6], [18, 14]];
const SPECTRA: [[f64; BANDS]; 2] = [[1.0, 2.0, 3.0], [3.0, 2.5, 1.5]];
const PSF_SIGMA: f64 = 1.5;

pub(crate) struct Blend {
    data: Array3<f64>,
    weight: f64,
    truth: [Array2<f64>; 2],
}

/// Images and log-fluxes of both galaxies, or their gradients.
#[derive(Clone)]
pub(crate) struct Galaxies {
    pub(crate) images: [Array2<f64>; 2],
    pub(crate) log_flux: [[f64; BANDS]; 2],
}

impl Galaxies {
    /// Round Gaussians with four fifths of the true flux at their peaks.
    pub(crate) fn start() -> Self {
        let round = Array2::from_shape_fn((BOX, BOX), |p| 0.999 * (-radius(p).powi(2) / 32.0).exp());
        Self { images: [round.clone(), round], log_flux: SPECTRA.map(|s| s.map(|f| (0.8 * f).ln())) }
    }
}

fn offset((y, x): (usize, usize)) -> [f64; 2] {
    [y, x].map(|i| i as f64 - (BOX / 2) as f64)
}

fn radius(p: (usize, usize)) -> f64 {
    let [dy, dx] = offset(p);
    dy.hypot(dx)
}

/// Sersic profile of half-light radius `size` and axis ratio `q` with a flat core.
fn sersic(p: (usize, usize), n: f64, size: f64, q: f64, angle: f64) -> f64 {
    let ([dy, dx], (sin, cos)) = (offset(p), angle.sin_cos());
    let (u, v) = (cos * dx + sin * dy, cos * dy - sin * dx);
    let r = ((u * u * q + v * v / q) / (size * size) + 0.03).sqrt();
    (-(2.0 * n - 1.0 / 3.0) * r.powf(1.0 / n)).exp()
}

/// A spiral with a bulge, and an inclined disk; 1 at their peaks.
fn galaxies() -> [Array2<f64>; 2] {
    let spiral = Array2::from_shape_fn((BOX, BOX), |p| {
        let ([dy, dx], r) = (offset(p), radius(p));
        let arms = 1.0 + 0.2 * (2.0 * dy.atan2(dx) - 0.5 * r).cos() * (r / 4.0).min(1.0);
        arms * (sersic(p, 1.0, 6.0, 0.5, 0.6) + 0.5 * sersic(p, 2.0, 2.0, 0.9, 0.0))
    });
    let disk = Array2::from_shape_fn((BOX, BOX), |p| sersic(p, 1.5, 5.0, 0.35, -0.7));
    [spiral, disk].map(|image| &image / image[[BOX / 2, BOX / 2]])
}

/// Convolves every band with a Gaussian; its own adjoint.
fn blur(cube: &mut Array3<f64>) {
    let reach = (4.0 * PSF_SIGMA).ceil() as i64;
    let kernel: Vec<f64> = (-reach..=reach).map(|d| (-0.5 * (d as f64 / PSF_SIGMA).powi(2)).exp()).collect();
    let total: f64 = kernel.iter().sum();
    for axis in [1, 2] {
        for mut lane in cube.lanes_mut(Axis(axis)) {
            let old = lane.to_vec();
            for (i, to) in lane.iter_mut().enumerate() {
                let at = |k: usize| usize::try_from((i + k) as i64 - reach).ok().and_then(|j| old.get(j));
                let sum: f64 = kernel.iter().enumerate().filter_map(|(k, w)| Some(w * at(k)?)).sum();
                *to = sum / total;
            }
        }
    }
}

fn place(origin: [usize; 2]) -> ndarray::SliceInfo<[ndarray::SliceInfoElem; 2], ndarray::Ix2, ndarray::Ix2> {
    let [y, x] = origin;
    ndarray::s![y..y + BOX, x..x + BOX]
}

fn model(galaxies: &Galaxies) -> Array3<f64> {
    let mut cube = Array3::zeros((BANDS, FRAME, FRAME));
    for ((image, fluxes), origin) in galaxies.images.iter().zip(&galaxies.log_flux).zip(ORIGINS) {
        for (mut plane, flux) in cube.outer_iter_mut().zip(fluxes) {
            plane.slice_mut(place(origin)).scaled_add(flux.exp(), image);
        }
    }
    blur(&mut cube);
    cube
}

impl Blend {
    /// With noise so that the brightest peak, before it is blurred, has a signal-to-noise ratio of `ratio`.
    pub(crate) fn new(ratio: f64) -> Self {
        let (truth, noise, mut rng) = (galaxies(), 3.0 / ratio, StdRng::seed_from_u64(1));
        let mut data = model(&Galaxies { images: truth.clone(), log_flux: SPECTRA.map(|s| s.map(f64::ln)) });
        data.mapv_inplace(|v| {
            let unit: f64 = StandardNormal.sample(&mut rng);
            v + noise * unit
        });
        Self { data, weight: 1.0 / (noise * noise), truth }
    }

    /// chi2 per pixel, and the gradient of half of chi2.
    pub(crate) fn chi2(&self, galaxies: &Galaxies) -> (f64, Galaxies) {
        let mut residual = model(galaxies) - &self.data;
        let chi2 = self.weight * residual.mapv(|r| r * r).mean().expect("a frame has pixels");
        residual *= self.weight;
        blur(&mut residual);
        let mut gradient = galaxies.clone();
        for (k, origin) in ORIGINS.into_iter().enumerate() {
            gradient.images[k].fill(0.0);
            for (b, plane) in residual.outer_iter().enumerate() {
                let (part, flux) = (plane.slice(place(origin)), galaxies.log_flux[k][b].exp());
                gradient.images[k].scaled_add(flux, &part);
                gradient.log_flux[k][b] = flux * (&part * &galaxies.images[k]).sum();
            }
        }
        (chi2, gradient)
    }

    /// Root of the squared error of the galaxies, relative to the truth; the mean of both.
    pub(crate) fn error(&self, galaxies: &Galaxies) -> f64 {
        let of = |k: usize| {
            let (mut squares, mut total) = (0.0, 0.0);
            for (log_flux, flux) in galaxies.log_flux[k].iter().zip(SPECTRA[k]) {
                let truth = &self.truth[k] * flux;
                squares += (&galaxies.images[k] * log_flux.exp() - &truth).mapv(|d| d * d).sum();
                total += truth.mapv(|t| t * t).sum();
            }
            (squares / total).sqrt()
        };
        0.5 * (of(0) + of(1))
    }
}
