//! Whether a PSF is centred, of odd size, positive, normalised and dark at its edge.

use super::{Finding, Limits, Severity, channel_subject};
use crate::Observation;
use crate::measure::fwhm_px;
use ndarray::{Array2, ArrayView2};
use scarlet_frame::Psf;

/// Position and width of the core of a PSF or of a point source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Core {
    /// `(y, x)` in pixels of the image.
    pub center: [f64; 2],
    /// Standard deviation in pixels, pixel included: of a Gaussian, its own.
    pub sigma_px: f64,
}

impl Core {
    /// Full width at half maximum of a Gaussian of this width, in pixels.
    #[must_use]
    pub fn fwhm_px(&self) -> f64 {
        self.sigma_px * FWHM_PER_SIGMA
    }

    /// Distance `(y, x)` from the pixel `n / 2` of an image of `shape`, in pixels.
    #[must_use]
    pub fn offset_px(&self, shape: [usize; 2]) -> [f64; 2] {
        [0, 1].map(|k| self.center[k] - (shape[k] / 2) as f64)
    }
}

/// 2 sqrt(2 ln 2).
const FWHM_PER_SIGMA: f64 = 2.354_820_045_030_949_3;
const ITERATIONS: usize = 100;
const CONVERGED_PX: f64 = 1e-6;

/// Position and width of the brightest peak of `image`, weighted with a Gaussian of its own width.
///
/// With weight exp(-r^2 / 2 s^2) around c: c moves by twice the weighted mean of r until that is 0, and s becomes
/// sqrt(2) times the weighted root mean square of a coordinate, as it is for a Gaussian. Wings, noise and neighbours
/// hardly count. None where the image has no positive peak, or none that this finds.
///
/// Source: Bernstein & Jarvis 2002 (AJ 123, 583); round weights here.
#[must_use]
pub fn core(image: ArrayView2<'_, f64>) -> Option<Core> {
    let peak = image.indexed_iter().reduce(|best, next| if next.1 > best.1 { next } else { best })?;
    let fwhm = fwhm_px(image);
    if !fwhm.is_finite() {
        return None;
    }
    let mut center = [peak.0.0 as f64, peak.0.1 as f64];
    let mut sigma = (fwhm / FWHM_PER_SIGMA).max(0.5);
    let largest = image.nrows().max(image.ncols()) as f64;
    for _ in 0..ITERATIONS {
        let [flux, y, x, r2] = weighted(image, center, sigma);
        if flux <= 0.0 || r2 <= 0.0 {
            return None;
        }
        let step = [2.0 * y / flux, 2.0 * x / flux];
        center = [center[0] + step[0], center[1] + step[1]];
        let next = (r2 / flux).sqrt().clamp(0.3, largest);
        let change = step[0].abs().max(step[1].abs()).max((next - sigma).abs());
        sigma = next;
        if change < CONVERGED_PX {
            break;
        }
    }
    let inside = center[0] > -0.5 && center[1] > -0.5;
    let inside = inside && center[0] < image.nrows() as f64 - 0.5 && center[1] < image.ncols() as f64 - 0.5;
    (inside && sigma.is_finite()).then_some(Core { center, sigma_px: sigma })
}

/// Weighted flux, first moments, and mean second moment of both axes times 2, about `center`.
fn weighted(image: ArrayView2<'_, f64>, center: [f64; 2], sigma: f64) -> [f64; 4] {
    let mut sums = [0.0; 4];
    let scale = -0.5 / (sigma * sigma);
    for ((y, x), value) in image.indexed_iter() {
        let (dy, dx) = (y as f64 - center[0], x as f64 - center[1]);
        let r2 = dy * dy + dx * dx;
        let light = value * (scale * r2).exp();
        let terms = [light, light * dy, light * dx, light * r2];
        sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
    }
    sums
}

pub(super) fn findings(observation: &Observation, limits: &Limits) -> Vec<Finding> {
    let frame = observation.frame();
    let Some(psf) = frame.psf_ref() else { return vec![no_psf(observation)] };
    if psf.gaussian_sigma_px(0).is_some() || psf.moffat_parameters(0).is_some() {
        return Vec::new();
    }
    let planes = if psf.planes() == Some(1) { 1 } else { frame.channel_names().len() };
    (0..planes).flat_map(|channel| of_channel(observation, psf, channel, planes, limits)).collect()
}

fn no_psf(observation: &Observation) -> Finding {
    Finding {
        severity: Severity::Warning,
        code: "psf_missing",
        subject: format!("observation {}", observation.name()),
        problem: "it has no PSF and is taken to be seen through the model's".to_owned(),
        advice: "give the PSF, unless the images are simulated through the model's".to_owned(),
        position: None,
    }
}

fn of_channel(
    observation: &Observation,
    psf: &Psf,
    channel: usize,
    planes: usize,
    limits: &Limits,
) -> Vec<Finding> {
    let subject = if planes == 1 {
        format!("PSF of observation {}", observation.name())
    } else {
        format!("PSF of {}", channel_subject(observation, channel))
    };
    let image = psf.sampled(channel);
    let made = |severity, code, problem: String, advice: &str| Finding {
        severity,
        code,
        subject: subject.clone(),
        problem,
        advice: advice.to_owned(),
        position: None,
    };
    let mut found = Vec::new();
    let (ny, nx) = image.dim();
    if ny % 2 == 0 || nx % 2 == 0 {
        let problem = format!("its image has {ny} x {nx} pixels, an even number");
        let advice = "give an image of odd sides, its centre on the central pixel; with an even side the \
                      centre is taken to be pixel n / 2 (from 0), half a pixel beyond the middle; `recentre` makes it odd";
        found.push(made(Severity::Warning, "psf_even_size", problem, advice));
    }
    found.extend(
        centring(&image, limits).map(|(severity, p)| made(severity, "psf_off_centre", p, RECENTRE_ADVICE)),
    );
    found.extend(negative(&image, limits).map(|(severity, p)| {
        let advice = "subtract no sky from the PSF twice, or set negative pixels of its wings to 0; negative wings \
                      make models ring";
        made(severity, "psf_negative", p, advice)
    }));
    if let Some(sum) = psf.given_sum(channel).filter(|s| (s - 1.0).abs() > limits.psf_sum) {
        let problem = format!("its pixels added up to {sum:.4} and were divided by that");
        let advice = "nothing to do if the image holds all of the PSF's light; if it was cut out of a larger one, \
                      fluxes are those within the cut: give a larger image";
        found.push(made(Severity::Note, "psf_not_normalised", problem, advice));
    }
    let edge = edge_share(&image);
    if edge.abs() > limits.psf_edge {
        let problem = format!(
            "the mean of its outermost pixels, over the whole image, would be {:.1}% of its flux",
            100.0 * edge
        );
        let advice = "give a larger image of the PSF, or subtract the sky that was left in it";
        found.push(made(Severity::Warning, "psf_edge", problem, advice));
    }
    found
}

const RECENTRE_ADVICE: &str = "recentre it (in a scene file: psf: { image: .., recentre: true }; in the library: \
                               check::recentred), or all positions are off by as much, and colours where channels differ";

fn centring(image: &Array2<f64>, limits: &Limits) -> Option<(Severity, String)> {
    let Some(core) = core(image.view()) else {
        return Some((
            Severity::Error,
            "it has no core: no peak that a Gaussian could be centred on".to_owned(),
        ));
    };
    let [dy, dx] = core.offset_px([image.nrows(), image.ncols()]);
    let severity = match dy.hypot(dx) {
        off if off >= 0.5 => Severity::Error,
        off if off >= limits.psf_offset_px => Severity::Warning,
        _ => return None,
    };
    let problem = format!("its core is (y, x) = ({dy:+.2}, {dx:+.2}) px off the central pixel");
    Some((severity, problem))
}

fn negative(image: &Array2<f64>, limits: &Limits) -> Option<(Severity, String)> {
    let all: f64 = image.iter().map(|v| v.abs()).sum();
    let below: f64 = image.iter().map(|v| v.min(0.0).abs()).sum();
    let severity = match below / all {
        share if share >= limits.psf_negative => Severity::Warning,
        share if share >= limits.psf_negative / 5.0 => Severity::Note,
        _ => return None,
    };
    Some((severity, format!("{:.1}% of its absolute flux is negative", 100.0 * below / all)))
}

/// Mean of the outermost pixels times the number of all, over the sum.
fn edge_share(image: &Array2<f64>) -> f64 {
    let (ny, nx) = image.dim();
    let at_edge = |y: usize, x: usize| y == 0 || x == 0 || y + 1 == ny || x + 1 == nx;
    let (mut sum, mut count) = (0.0, 0_usize);
    for (_, value) in image.indexed_iter().filter(|((y, x), _)| at_edge(*y, *x)) {
        sum += value;
        count += 1;
    }
    sum / count as f64 * image.len() as f64 / image.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaussian(center: [f64; 2], sigma: f64, n: usize) -> Array2<f64> {
        Array2::from_shape_fn((n, n), |(y, x)| {
            let r2 = (y as f64 - center[0]).powi(2) + (x as f64 - center[1]).powi(2);
            (-0.5 * r2 / (sigma * sigma)).exp()
        })
    }

    #[test]
    fn the_core_of_a_gaussian_is_where_it_is_and_as_wide() {
        let image = gaussian([19.7, 21.2], 1.8, 41);
        let core = core(image.view()).expect("it has a peak");
        approx::assert_relative_eq!(core.center[0], 19.7, epsilon = 1e-4);
        approx::assert_relative_eq!(core.center[1], 21.2, epsilon = 1e-4);
        approx::assert_relative_eq!(core.sigma_px, 1.8, epsilon = 1e-4);
    }

    #[test]
    fn wings_and_sky_hardly_move_the_core() {
        let mut image = gaussian([20.0, 20.0], 1.5, 41);
        image[[36, 4]] += 0.3;
        image += 0.002;
        let core = core(image.view()).expect("it has a peak");
        assert!((core.center[0] - 20.0).hypot(core.center[1] - 20.0) < 0.01);
        assert_eq!(super::core(Array2::zeros((9, 9)).view()), None);
    }
}
