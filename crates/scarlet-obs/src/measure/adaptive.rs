//! Moments under a Gaussian weight that is matched to the image.

use ndarray::{Array2, ArrayView2};

/// Rounds in which the weight is matched, at most.
const ROUNDS: usize = 100;
/// Change of second moments and, over the width, of the position at which it is matched, relative.
const MATCHED: f64 = 1e-7;
/// Variance of the first weight, and the least along any axis of a weight, in pixels squared: narrower ones would see
/// single pixels.
const FIRST: f64 = 4.0;
const LEAST: f64 = 1.5;
/// Widths of the weight beyond which it is 0.
const REACH: f64 = 6.0;
/// Steps of numerical derivatives, in widths of the weight.
const STEP: f64 = 1e-4;

/// Centre and second moments of an image under the Gaussian whose own they are: adaptive moments.
///
/// Under a Gaussian weight of covariance W, a Gaussian of covariance C has moments Q = (C^-1 + W^-1)^-1: W is C, and C what
/// is measured with it. They are those of the image's core, whatever its wings; an image of elliptical isophotes of one shape has
/// their axis ratio and angle. An image as narrow as a pixel is measured under a weight that is wider than it.
///
/// Source: Bernstein & Jarvis 2002 (AJ 123, 583), section 3.1.1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdaptiveMoments {
    center: [f64; 2],
    covariance: [f64; 3],
}

/// Centre and covariance of a weight.
type Numbers = [f64; 5];

impl AdaptiveMoments {
    /// Of `image`, from `center` on, `(y, x)` in its pixels; none where no weight can be matched, as where there is no light.
    #[must_use]
    pub fn of(image: ArrayView2<'_, f64>, center: [f64; 2]) -> Option<Self> {
        let mut now = [center[0], center[1], FIRST, 0.0, FIRST];
        for _ in 0..ROUNDS {
            let next = measured(image, now)?.next(now)?;
            let width = (0.5 * (next[2] + next[4])).sqrt();
            let scale = |k: usize| if k < 2 { width } else { width * width };
            let change = (0..5).map(|k| (next[k] - now[k]).abs() / scale(k)).fold(0.0, f64::max);
            now = next;
            if change < MATCHED {
                break;
            }
        }
        let [y, x, yy, yx, xx] = now;
        Some(Self { center: [y, x], covariance: [yy, yx, xx] })
    }

    /// The centre `(y, x)`.
    #[must_use]
    pub const fn center(&self) -> [f64; 2] {
        self.center
    }

    /// The covariance `[yy, yx, xx]` in pixels squared.
    #[must_use]
    pub const fn covariance_px2(&self) -> [f64; 3] {
        self.covariance
    }

    /// The weight of each pixel, 1 in the centre.
    #[must_use]
    pub fn weight(&self, shape: (usize, usize)) -> Array2<f64> {
        let weight = Weight::new(self.numbers());
        Array2::from_shape_fn(shape, |(y, x)| weight.at(y as f64 - self.center[0], x as f64 - self.center[1]))
    }

    /// `[g1, g2]`: see [`reduced_shear`].
    #[must_use]
    pub fn shear(&self) -> [f64; 2] {
        reduced_shear(self.covariance)
    }

    /// How g1 and g2 of the `image` that they were measured on change with each of its pixels.
    ///
    /// The weight follows the image: with u its numbers and u = G(u, image), du = dG + (dG / du) du.
    #[must_use]
    pub fn slopes_of_shear(&self, image: ArrayView2<'_, f64>) -> [Array2<f64>; 2] {
        let now = self.numbers();
        let width = (0.5 * (now[2] + now[4])).sqrt();
        let scale = |k: usize| if k < 2 { STEP * width } else { STEP * width * width };
        let difference = |f: &dyn Fn(Numbers) -> Numbers, k: usize| -> Numbers {
            let at = |step: f64| {
                let mut moved = now;
                moved[k] += step;
                f(moved)
            };
            let (ahead, behind) = (at(scale(k)), at(-scale(k)));
            std::array::from_fn(|l| (ahead[l] - behind[l]) / (2.0 * scale(k)))
        };
        let follows: [Numbers; 5] = std::array::from_fn(|k| {
            difference(&|u| measured(image, u).and_then(|seen| seen.next(u)).unwrap_or(u), k)
        });
        let of_shear: [Numbers; 5] = std::array::from_fn(|k| {
            let shear = |u: Numbers| {
                let [g1, g2] = reduced_shear([u[2], u[3], u[4]]);
                [g1, g2, 0.0, 0.0, 0.0]
            };
            difference(&shear, k)
        });
        let Some(Seen { flux, second, .. }) = measured(image, now) else {
            return [0, 1].map(|_| Array2::zeros(image.dim()));
        };
        let (weight, [[a, b], [c, d]]) = (Weight::new(now), magnified(second, self.covariance));
        let [yy, yx, xx] = turned([[a, b], [c, d]], second);
        [0, 1].map(|g| {
            let direct: Numbers = std::array::from_fn(|k| of_shear[k][g]);
            let mut told = direct;
            for _ in 0..ROUNDS {
                told =
                    std::array::from_fn(|k| direct[k] + (0..5).map(|l| follows[k][l] * told[l]).sum::<f64>());
            }
            Array2::from_shape_fn(image.dim(), |(y, x)| {
                let (dy, dx) = (y as f64 - now[0], x as f64 - now[1]);
                // what the pixel does to the measured moments, and these to the image's: A d, A (d d' - Q) A'
                let (my, mx) = (a * dy + b * dx, c * dy + d * dx);
                let of_pixel = [my, mx, my * my - yy, my * mx - yx, mx * mx - xx];
                let slope =
                    weight.at(dy, dx) / flux * of_pixel.iter().zip(told).map(|(p, t)| p * t).sum::<f64>();
                if slope.is_finite() { slope } else { 0.0 }
            })
        })
    }

    const fn numbers(&self) -> Numbers {
        let ([y, x], [yy, yx, xx]) = (self.center, self.covariance);
        [y, x, yy, yx, xx]
    }
}

/// (`Q_xx` - `Q_yy`, 2 `Q_yx`) / (`Q_xx` + `Q_yy` + 2 sqrt(det Q)) of second moments `[Q_yy, Q_yx, Q_xx]`: (a - b) / (a + b) in
/// length for axes a > b, along x and along y = x.
///
/// Source: Bartelmann & Schneider 2001, Phys. Rep. 340, 291, eq. 4.10.
#[must_use]
pub fn reduced_shear([yy, yx, xx]: [f64; 3]) -> [f64; 2] {
    let norm = xx + yy + 2.0 * (xx * yy - yx * yx).max(0.0).sqrt();
    [(xx - yy) / norm, 2.0 * yx / norm]
}

/// A weight exp(-d' W^-1 d / 2), W the covariance, wider where that is too narrow.
struct Weight {
    covariance: [f64; 3],
    inverse: [f64; 3],
}

impl Weight {
    fn new([.., yy, yx, xx]: Numbers) -> Self {
        let narrowest = 0.5 * (yy + xx - (yy - xx).hypot(2.0 * yx));
        let wider = (LEAST - narrowest).max(0.0);
        let covariance = [yy + wider, yx, xx + wider];
        Self { covariance, inverse: inverse(covariance) }
    }

    fn at(&self, dy: f64, dx: f64) -> f64 {
        let [yy, yx, xx] = self.inverse;
        (-0.5 * (yy * dy * dy + 2.0 * yx * dy * dx + xx * dx * dx)).exp()
    }
}

fn inverse([yy, yx, xx]: [f64; 3]) -> [f64; 3] {
    let determinant = yy * xx - yx * yx;
    [xx / determinant, -yx / determinant, yy / determinant]
}

/// C Q^-1 of two covariances.
fn magnified(second: [f64; 3], covariance: [f64; 3]) -> [[f64; 2]; 2] {
    let ([yy, yx, xx], [a, b, c]) = (covariance, inverse(second));
    [[yy * a + yx * b, yy * b + yx * c], [yx * a + xx * b, yx * b + xx * c]]
}

/// A Q A'.
fn turned([[a, b], [c, d]]: [[f64; 2]; 2], [yy, yx, xx]: [f64; 3]) -> [f64; 3] {
    [
        a * a * yy + 2.0 * a * b * yx + b * b * xx,
        a * c * yy + (a * d + b * c) * yx + b * d * xx,
        c * c * yy + 2.0 * c * d * yx + d * d * xx,
    ]
}

fn is_valid([y, x, yy, yx, xx]: Numbers) -> bool {
    yy > 0.0 && xx > 0.0 && yx * yx < yy * xx && [y, x, yy, yx, xx].iter().all(|v| v.is_finite())
}

/// Sum, centroid from the weight's centre, and second moments about the centroid, of an image under a weight.
struct Seen {
    flux: f64,
    moved: [f64; 2],
    second: [f64; 3],
}

impl Seen {
    /// What a Gaussian must be that is seen like that: C^-1 = Q^-1 - W^-1, its centre C Q^-1 times as far.
    fn next(&self, now: Numbers) -> Option<Numbers> {
        let ([a, b, c], [d, e, f]) = (inverse(self.second), Weight::new(now).inverse);
        let mut own = inverse([a - d, b - e, c - f]);
        if !is_valid([0.0, 0.0, own[0], own[1], own[2]]) {
            // wider than the weight tells
            own = self.second.map(|q| 4.0 * q);
        }
        let ([[a, b], [c, d]], [y, x]) = (magnified(self.second, own), self.moved);
        let next = [now[0] + a * y + b * x, now[1] + c * y + d * x, own[0], own[1], own[2]];
        is_valid(next).then_some(next)
    }
}

/// Centroid and second moments under a weight.
fn measured(image: ArrayView2<'_, f64>, now: Numbers) -> Option<Seen> {
    let ([y0, x0, ..], weight) = (now, Weight::new(now));
    let reach = |center: f64, variance: f64, n: usize| {
        let half = REACH * variance.sqrt();
        (center - half).max(0.0) as usize..((center + half).max(0.0) as usize + 1).min(n)
    };
    let columns = reach(x0, weight.covariance[2], image.ncols());
    let mut sums = [0.0; 6];
    for y in reach(y0, weight.covariance[0], image.nrows()) {
        let dy = y as f64 - y0;
        let mut row = [0.0; 3];
        for x in columns.clone() {
            let dx = x as f64 - x0;
            let light = weight.at(dy, dx) * image[[y, x]];
            row = [row[0] + light, row[1] + light * dx, row[2] + light * dx * dx];
        }
        let own = [row[0], row[0] * dy, row[1], row[0] * dy * dy, row[1] * dy, row[2]];
        sums.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
    }
    let [flux, y, x, yy, yx, xx] = sums;
    let (y, x) = (y / flux, x / flux);
    let second = [yy / flux - y * y, yx / flux - y * x, xx / flux - x * x];
    let is_light = flux > 0.0 && is_valid([y, x, second[0], second[1], second[2]]);
    is_light.then_some(Seen { flux, moved: [y, x], second })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CENTER: [f64; 2] = [40.3, 39.8];

    /// A function of the elliptical radius, of a flux of about 1.
    fn ellipse([yy, yx, xx]: [f64; 3], profile: impl Fn(f64) -> f64) -> Array2<f64> {
        let determinant = yy * xx - yx * yx;
        let image = Array2::from_shape_fn((81, 81), |(y, x)| {
            let (dy, dx) = (y as f64 - CENTER[0], x as f64 - CENTER[1]);
            profile(((xx * dy * dy - 2.0 * yx * dy * dx + yy * dx * dx) / determinant).sqrt())
        });
        &image / image.sum()
    }

    #[test]
    fn an_ellipse_has_the_shear_of_its_axes() {
        // axes 4 and 2 along x and y: (4 - 2) / (4 + 2)
        let [g1, g2] = reduced_shear([4.0, 0.0, 16.0]);
        assert!((g1 - 1.0 / 3.0).abs() < 1e-12 && g2.abs() < 1e-12);
        // along y = x
        let [g1, g2] = reduced_shear([10.0, 6.0, 10.0]);
        assert!(g1.abs() < 1e-12 && (g2 - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn a_gaussian_has_its_own_covariance_and_other_profiles_their_ellipse() {
        let covariance = [9.0, 2.5, 14.0];
        let found = AdaptiveMoments::of(ellipse(covariance, |r| (-0.5 * r * r).exp()).view(), [39.0, 41.0]);
        let found = found.expect("light");
        for (a, b) in found.covariance_px2().iter().zip(covariance) {
            assert!((a - b).abs() < 1e-5, "{found:?}");
        }
        assert!((found.center()[0] - CENTER[0]).hypot(found.center()[1] - CENTER[1]) < 1e-5, "{found:?}");
        for profile in [|r: f64| (-1.2 * r).exp(), |r: f64| (1.0 + r * r).powf(-2.5)] {
            let found = AdaptiveMoments::of(ellipse(covariance, profile).view(), CENTER).expect("light");
            for (g, expected) in found.shear().iter().zip(reduced_shear(covariance)) {
                assert!((g - expected).abs() < 2e-3, "{:?} {expected}", found.shear());
            }
        }
        assert_eq!(AdaptiveMoments::of(Array2::zeros((5, 5)).view(), [2.0; 2]), None);
    }

    #[test]
    fn points_are_round_wherever_they_are_in_a_pixel() {
        for (y, x) in [(0.0, 0.0), (0.5, 0.5), (0.05, 0.6), (0.3, 0.0), (0.5, 0.0)] {
            // the model's PSF of 0.7 pixels
            let image = Array2::from_shape_fn((21, 21), |(row, column)| {
                let r2 = (row as f64 - 10.0 - y).powi(2) + (column as f64 - 10.0 - x).powi(2);
                (-0.5 * r2 / 0.49).exp()
            });
            let found = AdaptiveMoments::of(image.view(), [10.0 + y, 10.0 + x]).expect("light");
            let [yy, _, xx] = found.covariance_px2();
            assert!((yy / 0.49 - 1.0).abs() < 0.1 && (xx / 0.49 - 1.0).abs() < 0.1, "{y} {x}: {found:?}");
            assert!(found.shear().iter().all(|g| g.abs() < 0.02), "{y} {x}: {:?}", found.shear());
        }
    }

    #[test]
    fn shears_change_as_their_differences_say() {
        let image = ellipse([6.0, -1.5, 9.0], |r| (-1.4 * (r * r + 0.1).sqrt()).exp());
        // a neighbour's light, off the centre
        let change = Array2::from_shape_fn(image.dim(), |(y, x)| {
            (-0.04 * ((y as f64 - 44.0).powi(2) + 1.5 * (x as f64 - 42.0).powi(2))).exp() * 0.01
        });
        let own = AdaptiveMoments::of(image.view(), CENTER).expect("light");
        let at =
            |step: f64| AdaptiveMoments::of((&image + &change * step).view(), CENTER).expect("light").shear();
        let (ahead, behind) = (at(1e-3), at(-1e-3));
        for (k, slopes) in own.slopes_of_shear(image.view()).iter().enumerate() {
            let (found, expected) = ((slopes * &change).sum(), (ahead[k] - behind[k]) / 2e-3);
            println!("{found} {expected}");
            assert!((found - expected).abs() < 1e-3 * expected.abs() + 1e-6, "{found} {expected}");
        }
    }
}
