//! Circles that hold some of the light of an image.

use ndarray::ArrayView2;

/// Pixels nearer than that to the centre are shared out among parts.
const NEAR_PX: f64 = 4.0;
/// Parts of such a pixel along each axis.
const PARTS: usize = 5;
/// Radii of the circles around a centre that hold 20%, 50% and 80% of the light of an image, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LightRadii {
    /// Of 20%.
    pub r20_px: f64,
    /// Of half of it.
    pub r50_px: f64,
    /// Of 80%.
    pub r80_px: f64,
}

impl LightRadii {
    /// Around `center`, `(y, x)` in pixels of `image`.
    ///
    /// Light counts at the distance of its pixel's centre, near `center` at that of the parts that a pixel is divided into;
    /// in between it is taken to grow linearly with radius. None where the image has no positive sum.
    #[must_use]
    pub fn of(image: ArrayView2<'_, f64>, center: [f64; 2]) -> Option<Self> {
        let total = image.sum();
        if !(total > 0.0 && total.is_finite()) {
            return None;
        }
        let parts = by_distance(image, center);
        let within = |share: f64| {
            let (mut inside, mut last) = (0.0, 0.0);
            for (radius, light) in &parts {
                if inside + light >= share * total {
                    let share = if *light > 0.0 { (share * total - inside) / light } else { 1.0 };
                    return last + share * (radius - last);
                }
                (inside, last) = (inside + light, *radius);
            }
            last
        };
        Some(Self { r20_px: within(0.2), r50_px: within(0.5), r80_px: within(0.8) })
    }

    /// Concentration C = 5 log10(r80 / r20), of all light that there is; not finite where all of it is in one place.
    ///
    /// 2.15 for a Gaussian, 2.8 for an exponential disc, 5.3 for a de Vaucouleurs profile. It is that of the image as it is: a
    /// PSF draws it towards its own.
    ///
    /// Source: Bershady, Jangren & Conselice 2000 (AJ 119, 2645), section 3; there of the light within 1.5 Petrosian
    /// radii.
    #[must_use]
    pub fn concentration(&self) -> f64 {
        5.0 * (self.r80_px / self.r20_px).log10()
    }
}

/// Radius of the circle around `center` that holds half of the light of `image`: [`LightRadii::r50_px`].
#[must_use]
pub fn half_light_radius(image: ArrayView2<'_, f64>, center: [f64; 2]) -> Option<f64> {
    LightRadii::of(image, center).map(|radii| radii.r50_px)
}

/// Pairs of distance from `center` and light, the nearest first.
fn by_distance(image: ArrayView2<'_, f64>, center: [f64; 2]) -> Vec<(f64, f64)> {
    let distance = |y: f64, x: f64| (y - center[0]).hypot(x - center[1]);
    let offset = |part: usize| (part as f64 + 0.5) / PARTS as f64 - 0.5;
    let mut parts: Vec<(f64, f64)> = Vec::with_capacity(image.len());
    for ((y, x), light) in image.indexed_iter() {
        let (y, x) = (y as f64, x as f64);
        if distance(y, x) > NEAR_PX {
            parts.push((distance(y, x), *light));
            continue;
        }
        for part in 0..PARTS * PARTS {
            let at = distance(y + offset(part / PARTS), x + offset(part % PARTS));
            parts.push((at, light / (PARTS * PARTS) as f64));
        }
    }
    parts.sort_by(|a, b| a.0.total_cmp(&b.0));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn gaussian(sigma: f64) -> Array2<f64> {
        Array2::from_shape_fn((81, 81), |(y, x)| {
            let r2 = (y as f64 - 40.3).powi(2) + (x as f64 - 39.8).powi(2);
            (-0.5 * r2 / sigma.powi(2)).exp()
        })
    }

    #[test]
    fn radii_of_a_gaussian_are_those_of_its_closed_form() {
        // a share s is within sigma sqrt(-2 ln(1 - s))
        for sigma in [1.5, 3.0, 6.0] {
            let found = LightRadii::of(gaussian(sigma).view(), [40.3, 39.8]).expect("it has light");
            for (radius, share) in [(found.r20_px, 0.2), (found.r50_px, 0.5), (found.r80_px, 0.8)] {
                let expected = sigma * (-2.0_f64 * (1.0_f64 - share).ln()).sqrt();
                assert!((radius - expected).abs() < 0.04 * expected, "{sigma}, {share}: {radius} {expected}");
            }
        }
        assert_eq!(half_light_radius(Array2::zeros((3, 3)).view(), [1.0, 1.0]), None);
    }

    #[test]
    fn concentrations_are_those_of_profiles() {
        let of = |image: &Array2<f64>, center| {
            LightRadii::of(image.view(), center).expect("light").concentration()
        };
        let gauss = of(&gaussian(4.0), [40.3, 39.8]);
        let expected = 2.5 * (5.0_f64.ln() / 1.25_f64.ln()).log10();
        assert!((gauss - expected).abs() < 0.06, "{gauss} {expected}");
        // of an exponential disc the share 1 - (1 + r / h) exp(-r / h) is within r: r20 = 0.8244 h, r80 = 2.9943 h
        let disc = Array2::from_shape_fn((121, 121), |(y, x)| {
            (-(y as f64 - 60.0).hypot(x as f64 - 60.0) / 6.0).exp()
        });
        let (found, expected) = (of(&disc, [60.0; 2]), 5.0 * (2.9943_f64 / 0.8244).log10());
        assert!((found - expected).abs() < 0.06, "{found} {expected}");
    }
}
