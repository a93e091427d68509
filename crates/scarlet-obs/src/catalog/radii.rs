//! Circles that hold some of the light of an image.

use ndarray::{Array2, ArrayView2};

/// Pixels nearer than that to the centre are shared out among parts.
const NEAR_PX: f64 = 4.0;
/// Parts of such a pixel along each axis.
const PARTS: usize = 5;
/// Half the width of the ring in which the brightness at a radius is measured, at most, in pixels.
const RING_PX: f64 = 0.5;

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
        let growth = Growth::of(image, center)?;
        Some(Self { r20_px: growth.radius(0.2), r50_px: growth.radius(0.5), r80_px: growth.radius(0.8) })
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

/// Light within circles around a centre.
pub(super) struct Growth<'a> {
    image: ArrayView2<'a, f64>,
    center: [f64; 2],
    /// The nearest first.
    parts: Vec<Part>,
    total: f64,
}

/// A pixel or a part of one: its distance from the centre, its light, its area in pixels.
struct Part {
    distance: f64,
    light: f64,
    area: f64,
}

impl<'a> Growth<'a> {
    /// None where the image has no positive sum.
    pub(super) fn of(image: ArrayView2<'a, f64>, center: [f64; 2]) -> Option<Self> {
        let total = image.sum();
        let has_light = total > 0.0 && total.is_finite();
        has_light.then(|| Self { image, center, parts: by_distance(image, center), total })
    }

    /// Radius of the circle that holds a share of the light.
    pub(super) fn radius(&self, share: f64) -> f64 {
        let (mut inside, mut last) = (0.0, 0.0);
        for Part { distance, light, .. } in &self.parts {
            if inside + light >= share * self.total {
                let share = if *light > 0.0 { (share * self.total - inside) / light } else { 1.0 };
                return last + share * (distance - last);
            }
            (inside, last) = (inside + light, *distance);
        }
        last
    }

    /// That radius, and how it changes with each pixel: what of the pixel it leaves out beyond its share, over the light per radius,
    /// which is 2 pi r times the mean brightness of a ring.
    pub(super) fn slopes(&self, share: f64) -> (f64, Array2<f64>) {
        let radius = self.radius(share);
        let half = RING_PX.min(0.5 * radius);
        let ring = self.parts.iter().filter(|part| (part.distance - radius).abs() < half);
        let (light, area) = ring.fold((0.0, 0.0), |(light, area), p| (light + p.light, area + p.area));
        let by_radius = if area > 0.0 { std::f64::consts::TAU * radius * light / area } else { 0.0 };
        let slopes = Array2::from_shape_fn(self.image.dim(), |(y, x)| {
            let inside = inside([y as f64 - self.center[0], x as f64 - self.center[1]], radius);
            if by_radius > 0.0 { (share - inside) / by_radius } else { 0.0 }
        });
        (radius, slopes)
    }
}

/// Where the middle of a part of a pixel is along one axis, from the middle of the pixel.
fn offset(part: usize) -> f64 {
    (part as f64 + 0.5) / PARTS as f64 - 0.5
}

/// Share of the pixel at `[dy, dx]` that is within `radius` of the origin: by its middle, or by those of its parts.
fn inside([dy, dx]: [f64; 2], radius: f64) -> f64 {
    if dy.hypot(dx) > NEAR_PX {
        return (0.5 + radius - dy.hypot(dx)).clamp(0.0, 1.0);
    }
    let of_part = |part: usize| {
        let distance = (dy + offset(part / PARTS)).hypot(dx + offset(part % PARTS));
        (0.5 + (radius - distance) * PARTS as f64).clamp(0.0, 1.0)
    };
    (0..PARTS * PARTS).map(of_part).sum::<f64>() / (PARTS * PARTS) as f64
}

/// The parts of an image around `center`, the nearest first.
fn by_distance(image: ArrayView2<'_, f64>, center: [f64; 2]) -> Vec<Part> {
    let distance = |y: f64, x: f64| (y - center[0]).hypot(x - center[1]);
    let mut parts: Vec<Part> = Vec::with_capacity(image.len());
    for ((y, x), light) in image.indexed_iter() {
        let (y, x) = (y as f64, x as f64);
        if distance(y, x) > NEAR_PX {
            parts.push(Part { distance: distance(y, x), light: *light, area: 1.0 });
            continue;
        }
        let area = ((PARTS * PARTS) as f64).recip();
        for part in 0..PARTS * PARTS {
            let distance = distance(y + offset(part / PARTS), x + offset(part % PARTS));
            parts.push(Part { distance, light: light * area, area });
        }
    }
    parts.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(LightRadii::of(Array2::zeros((3, 3)).view(), [1.0, 1.0]), None);
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
