//! Size, concentration and ellipticity of an image, and how they change with its pixels.

use super::LightRadii;
use super::radii::Growth;
use crate::measure::AdaptiveMoments;
use ndarray::{Array2, ArrayView2};

/// Size, concentration and ellipticity of the light of an image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LightShape {
    /// Radius of the circle around the centre that holds half of the light, in pixels.
    pub half_light_radius_px: f64,
    /// [`LightRadii::concentration`].
    pub concentration: f64,
    /// `[g1, g2]`, the [reduced shear](crate::measure::reduced_shear) of its [adaptive moments](AdaptiveMoments); NaN where
    /// no weight can be matched to it.
    pub shear: [f64; 2],
}

impl LightShape {
    /// Around `center`, `(y, x)` in pixels of `image`; none where that has no positive sum.
    #[must_use]
    pub fn of(image: ArrayView2<'_, f64>, center: [f64; 2]) -> Option<Self> {
        let radii = LightRadii::of(image, center)?;
        let shear = AdaptiveMoments::of(image, center).map_or([f64::NAN; 2], |moments| moments.shear());
        Some(Self { half_light_radius_px: radii.r50_px, concentration: radii.concentration(), shear })
    }

    /// Half-light radius, concentration, g1, g2.
    #[must_use]
    pub const fn numbers(&self) -> [f64; 4] {
        [self.half_light_radius_px, self.concentration, self.shear[0], self.shear[1]]
    }

    /// How each of the [numbers](Self::numbers) of `image` changes with the light of each pixel, the centre held; 0 where
    /// there is no positive sum.
    #[must_use]
    pub fn slopes(image: ArrayView2<'_, f64>, center: [f64; 2]) -> [Array2<f64>; 4] {
        let blank = || Array2::zeros(image.dim());
        let Some(growth) = Growth::of(image, center) else { return std::array::from_fn(|_| blank()) };
        let [r20, r50, r80] = [0.2, 0.5, 0.8].map(|share| growth.slopes(share));
        let of_logarithm = |(radius, slopes): (f64, Array2<f64>)| slopes / radius;
        let concentration = (of_logarithm(r80) - of_logarithm(r20)) * (5.0 / std::f64::consts::LN_10);
        let moments = AdaptiveMoments::of(image, center);
        let [g1, g2] = moments.map_or_else(|| [blank(), blank()], |moments| moments.slopes_of_shear(image));
        [r50.1, concentration, g1, g2]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CENTER: [f64; 2] = [40.3, 39.8];

    /// A Gaussian of flux 1.
    fn round(sigma: f64) -> Array2<f64> {
        let image = Array2::from_shape_fn((81, 81), |(y, x)| {
            let (dy, dx) = (y as f64 - CENTER[0], x as f64 - CENTER[1]);
            (-0.5 * (dy * dy + dx * dx) / (sigma * sigma)).exp()
        });
        &image / image.sum()
    }

    /// A share s is within r = sigma sqrt(-2 ln(1 - s)), where light per radius is r / sigma^2 (1 - s); a second Gaussian
    /// has 1 - exp(-r^2 / 2 tau^2) there.
    #[test]
    fn radii_of_gaussians_change_as_in_closed_form() {
        for (sigma, tau) in [(2.0, 1.2), (2.0, 3.0), (4.0, 2.5), (4.0, 7.0)] {
            let [radius, concentration, ..] = LightShape::slopes(round(sigma).view(), CENTER);
            let of_share = |share: f64| {
                let r = sigma * (-2.0 * (1.0 - share).ln()).sqrt();
                let second = 1.0 - (-0.5 * (r / tau).powi(2)).exp();
                [r, (share - second) * sigma * sigma / (r * (1.0 - share))]
            };
            let [[r20, d20], [r50, d50], [r80, d80]] = [0.2, 0.5, 0.8].map(of_share);
            let found = [&radius, &concentration].map(|slopes| (slopes * &round(tau)).sum());
            let expected = [d50, 5.0 / std::f64::consts::LN_10 * (d80 / r80 - d20 / r20)];
            println!("{sigma}, {tau}: {found:.3?}, closed form {expected:.3?}");
            assert!((found[0] - expected[0]).abs() < 0.05 * r50, "{found:?} {expected:?}");
            assert!((found[1] - expected[1]).abs() < 0.1, "{found:?} {expected:?}");
        }
    }

    #[test]
    fn without_light_nothing_changes() {
        let dark = LightShape::slopes(Array2::zeros((3, 3)).view(), [1.0; 2]);
        assert!(dark.iter().flatten().all(|v| *v == 0.0));
    }
}
