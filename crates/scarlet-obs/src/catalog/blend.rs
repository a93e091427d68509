//! How much of the light at a source is that of its neighbours.

use super::SourceMeasurement;
use crate::measure::AdaptiveMoments;
use ndarray::{Array2, ArrayView2, Axis, s};
use scarlet_frame::BBox;
use std::ops::Range;

/// Share of a source's flux that its flux region holds.
const REGION: f64 = 0.9;
/// Writes blendedness and purity of all `sources`, of the light that all of them have on `frame`, summed over channels.
pub(super) fn measure_blends(sources: &mut [SourceMeasurement], frame: BBox) {
    let own: Vec<Option<Light>> = sources.iter().map(|source| Light::of(source, frame)).collect();
    let [ny, nx] = frame.shape();
    let mut all = Array2::<f64>::zeros((ny, nx));
    for light in own.iter().flatten() {
        let [rows, columns] = light.window();
        let mut window = all.slice_mut(s![rows, columns]);
        window += &light.image;
    }
    for (source, light) in sources.iter_mut().zip(&own) {
        let Some(light) = light else { continue };
        let [rows, columns] = light.window();
        let together = all.slice(s![rows, columns]);
        let center =
            [0, 1].map(|axis| source.center[axis] - (frame.origin()[axis] + light.first[axis] as i64) as f64);
        source.blendedness = blendedness(light.image.view(), together, center);
        source.purity = purity(light.image.view(), together);
    }
}

/// The light of a source that falls on a frame, summed over channels, and the frame's pixel that its first one is.
struct Light {
    first: [usize; 2],
    image: Array2<f64>,
}

impl Light {
    fn of(source: &SourceMeasurement, frame: BBox) -> Option<Self> {
        let seen = source.bbox.intersection(frame)?;
        let ([y, x], [rows, columns]) = (frame.slices_of(seen)?, source.bbox.slices_of(seen)?);
        let image = source.cube.slice(s![.., rows, columns]).sum_axis(Axis(0));
        Some(Self { first: [y.start, x.start], image })
    }

    /// Its pixels in an image of the frame.
    fn window(&self) -> [Range<usize>; 2] {
        let ([y, x], (ny, nx)) = (self.first, self.image.dim());
        [y..y + ny, x..x + nx]
    }
}

/// 1 - sum(w f) / sum(w F): f is the light of a source, F that of all, w a Gaussian matched to f.
///
/// Source: Bosch et al. 2018 (PASJ 70, S5), section 4.9.11; there f and F are pixels of child and parent, made positive.
fn blendedness(own: ArrayView2<'_, f64>, all: ArrayView2<'_, f64>, center: [f64; 2]) -> Option<f64> {
    let weight = AdaptiveMoments::of(own, center)?.weight(own.dim());
    let [own, all] = [own, all].map(|image| weight.iter().zip(image).map(|(w, v)| w * v).sum::<f64>());
    (own > 0.0 && all > 0.0).then(|| 1.0 - own / all)
}

/// sum(f) / sum(F) over the flux region of a source: its brightest pixels that hold 90% of its light.
fn purity(own: ArrayView2<'_, f64>, all: ArrayView2<'_, f64>) -> Option<f64> {
    let mut pixels: Vec<(f64, f64)> = own.iter().copied().zip(all.iter().copied()).collect();
    pixels.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (total, mut inside, mut together) = (own.sum(), 0.0, 0.0);
    for (f, all) in pixels {
        if inside >= REGION * total {
            break;
        }
        (inside, together) = (inside + f, together + all);
    }
    (inside > 0.0 && together > 0.0).then(|| inside / together)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGMA: f64 = 2.5;

    fn gaussian(shape: (usize, usize), center: [f64; 2], [yy, yx, xx]: [f64; 3]) -> Array2<f64> {
        let determinant = yy * xx - yx * yx;
        Array2::from_shape_fn(shape, |(y, x)| {
            let (dy, dx) = (y as f64 - center[0], x as f64 - center[1]);
            (-0.5 * (xx * dy * dy - 2.0 * yx * dy * dx + yy * dx * dx) / determinant).exp()
        })
    }

    fn source(center: [f64; 2], covariance: [f64; 3], flux: f64) -> Array2<f64> {
        let image = gaussian((91, 91), center, covariance);
        &image * (flux / image.sum())
    }

    fn round(center: [f64; 2], flux: f64) -> Array2<f64> {
        source(center, [SIGMA * SIGMA, 0.0, SIGMA * SIGMA], flux)
    }

    /// Share of a round Gaussian at distance `d` from the origin within `radius`, by the series of the non-central chi2
    /// distribution: sum_j Poisson(j; d^2 / 2) P(chi2 with 2 + 2j degrees < r^2), lengths in sigma.
    fn share_within(radius: f64, d: f64) -> f64 {
        let (half, x) = (0.5 * d * d, 0.5 * radius * radius);
        let (mut poisson, mut term, mut upper, mut sum) = ((-half).exp(), (-x).exp(), 0.0, 0.0);
        for j in 0..400 {
            upper += term;
            sum += poisson * (1.0 - upper);
            poisson *= half / (j + 1) as f64;
            term *= x / (j + 1) as f64;
        }
        sum
    }

    #[test]
    fn two_gaussians_are_as_blended_as_their_closed_form() {
        // sum(w f) = flux / 2, and exp(-d^2 / 4 sigma^2) times that of a neighbour at distance d
        let own = round([45.2, 44.7], 3.0);
        for (distance, flux) in [(2.0_f64, 1.0), (4.0, 9.0), (8.0, 60.0), (20.0, 60.0)] {
            let neighbour = round([45.2 + 0.6 * distance, 44.7 + 0.8 * distance], flux);
            let all = &own + &neighbour;
            let found = blendedness(own.view(), all.view(), [45.0, 45.0]).expect("light");
            let ratio = flux / 3.0 * (-0.25 * (distance / SIGMA).powi(2)).exp();
            let expected = ratio / (1.0 + ratio);
            assert!((found - expected).abs() < 1e-3, "{distance}: {found} {expected}");
        }
    }

    #[test]
    fn elongated_sources_have_elongated_weights() {
        // x along the axis of 5 px, y along that of 2 px; a neighbour of the same shape along x
        let shape = [4.0, 0.0, 25.0];
        let (own, neighbour) = (source([45.0, 40.0], shape, 1.0), source([45.0, 48.0], shape, 2.0));
        let all = &own + &neighbour;
        let found = blendedness(own.view(), all.view(), [45.0, 40.0]).expect("light");
        let ratio = 2.0 * (-0.25 * (8.0_f64 / 5.0).powi(2)).exp();
        assert!((found - ratio / (1.0 + ratio)).abs() < 1e-3, "{found}");
    }

    #[test]
    fn the_flux_region_of_a_gaussian_is_a_circle_with_that_share_of_its_neighbour() {
        let own = round([45.2, 44.7], 3.0);
        let radius = (-2.0 * (1.0 - REGION).ln()).sqrt();
        assert!((share_within(radius, 0.0) - REGION).abs() < 1e-12);
        for (distance, flux) in [(2.0, 1.0), (5.0, 9.0), (10.0, 9.0)] {
            let neighbour = round([45.2 - distance, 44.7], flux);
            let all = &own + &neighbour;
            let found = purity(own.view(), all.view()).expect("light");
            let theirs = flux * share_within(radius, distance / SIGMA);
            let expected = 3.0 * REGION / (3.0 * REGION + theirs);
            assert!((found - expected).abs() < 0.01, "{distance}: {found} {expected}");
        }
        let alone = purity(own.view(), own.view()).expect("light");
        assert_eq!((alone, blendedness(own.view(), own.view(), [45.0; 2])), (1.0, Some(0.0)));
        assert_eq!(purity(Array2::zeros((3, 3)).view(), Array2::zeros((3, 3)).view()), None);
    }
}
