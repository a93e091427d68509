//! What the tests of the profiles share: rendering, gradients, and laws and pixel integrals done independently.
#![allow(dead_code, reason = "each test file uses its part")]

use scarlet_frame::BBox;
use scarlet_model::{Morphology, Site};
use statrs::function::gamma::{gamma, ln_gamma};
use std::f64::consts::PI;

/// The values of all parameters, one after the other.
pub(crate) fn values(morphology: &dyn Morphology) -> Vec<f64> {
    morphology.parameters().iter().flat_map(|(_, p)| p.values().to_vec()).collect()
}

/// A box of `shape` pixels around the origin, and a centre in it.
pub(crate) fn site(center: [f64; 2], shape: [usize; 2]) -> Site {
    let origin = shape.map(|n| -(n as i64) / 2);
    Site { center, bbox: BBox::new(origin, shape) }
}

/// The image at these parameter values.
pub(crate) fn image(morphology: &dyn Morphology, params: &[f64], site: &Site) -> Vec<f64> {
    let mut out = vec![f64::NAN; site.bbox.len()];
    let mut scratch = vec![f64::NAN; morphology.scratch_len(site.bbox.shape())];
    morphology.evaluate(params, site, &mut out, &mut scratch);
    out
}

/// Gradient of `sum(seed * image)`: parameters, then the centre `[y, x]`.
pub(crate) fn gradient(morphology: &dyn Morphology, params: &[f64], site: &Site, seed: &[f64]) -> Vec<f64> {
    let mut out = vec![f64::NAN; site.bbox.len()];
    let mut scratch = vec![f64::NAN; morphology.scratch_len(site.bbox.shape())];
    morphology.evaluate(params, site, &mut out, &mut scratch);
    let mut grad = vec![0.0; params.len()];
    let mut center = [0.0; 2];
    morphology.pull_back(params, site, seed, &mut grad, &mut center, &mut scratch);
    grad.extend(center);
    grad
}

/// A law in double precision, written independently of the library: flux 1 over the plane for size 1.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Law {
    Gaussian,
    Sersic(f64),
    Moffat(f64),
    Spergel(f64),
}

impl Law {
    /// Surface brightness as a function of the squared radius.
    pub(crate) fn formula(self) -> Box<dyn Fn(f64) -> f64> {
        match self {
            Self::Gaussian => Box::new(|r2| (-0.5 * r2).exp() / (2.0 * PI)),
            Self::Sersic(n) => {
                let b = sersic_b(n);
                let flux = 2.0 * PI * n * (ln_gamma(2.0 * n) - 2.0 * n * b.ln()).exp();
                Box::new(move |r2| (-b * r2.powf(0.5 / n)).exp() / flux)
            }
            Self::Moffat(beta) => {
                let k = 4.0 * (2f64.powf(1.0 / beta) - 1.0);
                Box::new(move |r2| (beta - 1.0) * k / PI * (1.0 + k * r2).powf(-beta))
            }
            Self::Spergel(nu) => spergel(nu),
        }
    }
}

/// Spergel's law by cubic interpolation of its logarithm in ln r, good to 1e-7.
fn spergel(nu: f64) -> Box<dyn Fn(f64) -> f64> {
    const STEP: f64 = 0.04;
    const FIRST: f64 = -28.0;
    let c = spergel_c(nu);
    let factor = (c * c / (2.0 * PI * gamma(nu + 1.0))).ln();
    let exact = |k: usize| {
        let u = c * (FIRST + k as f64 * STEP).exp();
        factor + nu * (0.5 * u).ln() + bessel_k(nu, u).ln()
    };
    let table: Vec<f64> = (0..850).map(exact).collect();
    Box::new(move |r2| {
        let at = ((0.5 * r2.max(1e-24).ln() - FIRST) / STEP).min(847.0);
        let k = at as usize;
        let t = at - k as f64;
        let [a, b, c, d] = [table[k - 1], table[k], table[k + 1], table[k + 2]];
        let cubic = -t * (t - 1.0) * (t - 2.0) / 6.0 * a + (t + 1.0) * (t - 1.0) * (t - 2.0) / 2.0 * b
            - (t + 1.0) * t * (t - 2.0) / 2.0 * c
            + (t + 1.0) * t * (t - 1.0) / 6.0 * d;
        cubic.exp()
    })
}

pub(crate) fn sersic_b(n: f64) -> f64 {
    2.0 * n - 0.333_333 + 0.009_877 / n + 0.001_803 / n.powi(2) + 0.000_114 / n.powi(3)
        - 0.000_072 / n.powi(4)
}

/// `K_nu(x)` by Simpson's rule on its integral representation.
pub(crate) fn bessel_k(nu: f64, x: f64) -> f64 {
    let end = (90.0 / x.max(1e-12) + 1.0).acosh() + 1.0;
    let n = 2 * (end / 0.06).ceil() as usize;
    let h = end / n as f64;
    let f = |k: usize| {
        let t = k as f64 * h;
        (-x * t.cosh()).exp() * (nu * t).cosh()
    };
    let inner: f64 = (1..n).map(|k| if k % 2 == 1 { 4.0 * f(k) } else { 2.0 * f(k) }).sum();
    h / 3.0 * (f(0) + inner + f(n))
}

/// The half-light radius of u^nu `K_nu(u)`, by bisection.
pub(crate) fn spergel_c(nu: f64) -> f64 {
    let outside = |u: f64| 2.0 * (0.5 * u).powf(nu + 1.0) * bessel_k(nu + 1.0, u) / gamma(nu + 1.0);
    let (mut low, mut high) = (1e-3, 10.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if outside(middle) > 0.5 { low = middle } else { high = middle }
    }
    low
}

/// An elliptical profile, independent of the library: integrals over pixels by adaptive quadrature.
pub(crate) struct Truth {
    formula: Box<dyn Fn(f64) -> f64>,
    size: f64,
    shear: [f64; 2],
    center: [f64; 2],
}

impl Truth {
    pub(crate) fn new(law: Law, size: f64, [e1, e2]: [f64; 2], center: [f64; 2]) -> Self {
        let factor = 1.0 / (1.0 + (1.0 - e1 * e1 - e2 * e2).sqrt());
        Self { formula: law.formula(), size, shear: [e1 * factor, e2 * factor], center }
    }

    /// Surface brightness at a position.
    pub(crate) fn at(&self, y: f64, x: f64) -> f64 {
        let [g1, g2] = self.shear;
        let (y, x) = (y - self.center[0], x - self.center[1]);
        let (u, v) = ((1.0 - g1) * x - g2 * y, -g2 * x + (1.0 + g1) * y);
        let r2 = (u * u + v * v) / (1.0 - g1 * g1 - g2 * g2) / (self.size * self.size);
        (self.formula)(r2) / (self.size * self.size)
    }

    /// The mean of 10 by 10 samples of the pixel.
    pub(crate) fn oversampled(&self, y: f64, x: f64) -> f64 {
        let offset = |k: usize| (k as f64 + 0.5) / 10.0 - 0.5;
        (0..100).map(|k| self.at(y + offset(k / 10), x + offset(k % 10))).sum::<f64>() / 100.0
    }

    /// The integral over the pixel, to about `tolerance`.
    pub(crate) fn pixel(&self, y: f64, x: f64, tolerance: f64) -> f64 {
        let corner = [y - 0.5, x - 0.5];
        let holds = |k: usize| (self.center[k] - corner[k] - 0.5).abs() <= 0.5;
        if !(holds(0) && holds(1)) {
            return self.square(corner, [1.0, 1.0], tolerance);
        }
        let [cy, cx] = self.center;
        let (below, left) = (cy - corner[0], cx - corner[1]);
        [(-below, -left), (-below, 1.0 - left), (1.0 - below, -left), (1.0 - below, 1.0 - left)]
            .into_iter()
            .map(|(h, w)| self.wedge(h, w, tolerance))
            .sum()
    }

    /// A rectangle with the centre in one corner: geometrically smaller frames around it.
    fn wedge(&self, height: f64, width: f64, tolerance: f64) -> f64 {
        if height == 0.0 || width == 0.0 {
            return 0.0;
        }
        let [cy, cx] = self.center;
        let rectangle = |y: f64, x: f64, h: f64, w: f64| {
            self.square([cy + y.min(y + h), cx + x.min(x + w)], [h.abs(), w.abs()], tolerance)
        };
        let mut sum = 0.0;
        let (mut h, mut w) = (height, width);
        for _ in 0..60 {
            let (hh, hw) = (0.5 * h, 0.5 * w);
            sum += rectangle(hh, 0.0, hh, hw) + rectangle(0.0, hw, hh, hw) + rectangle(hh, hw, hh, hw);
            (h, w) = (hh, hw);
        }
        sum
    }

    fn square(&self, corner: [f64; 2], sides: [f64; 2], tolerance: f64) -> f64 {
        let whole = self.gauss(corner, sides);
        self.refined(corner, sides, whole, tolerance, 0)
    }

    fn refined(&self, corner: [f64; 2], sides: [f64; 2], whole: f64, tolerance: f64, depth: usize) -> f64 {
        let half = sides.map(|s| 0.5 * s);
        let corners: [[f64; 2]; 4] = std::array::from_fn(|k| {
            [corner[0] + (k / 2) as f64 * half[0], corner[1] + (k % 2) as f64 * half[1]]
        });
        let parts = corners.map(|c| self.gauss(c, half));
        let sum: f64 = parts.iter().sum();
        if (sum - whole).abs() < tolerance || depth > 30 {
            return sum;
        }
        (0..4).map(|k| self.refined(corners[k], half, parts[k], 0.5 * tolerance, depth + 1)).sum()
    }

    /// Gauss-Legendre with 6 by 6 nodes.
    fn gauss(&self, corner: [f64; 2], sides: [f64; 2]) -> f64 {
        const NODES: [f64; 3] = [0.238_619_186_083_196_9, 0.661_209_386_466_264_5, 0.932_469_514_203_152];
        const WEIGHTS: [f64; 3] = [0.467_913_934_572_691, 0.360_761_573_048_138_6, 0.171_324_492_379_170_35];
        let node =
            |k: usize| if k.is_multiple_of(2) { 0.5 + 0.5 * NODES[k / 2] } else { 0.5 - 0.5 * NODES[k / 2] };
        let mut sum = 0.0;
        for i in 0..6 {
            for j in 0..6 {
                let value = self.at(corner[0] + node(i) * sides[0], corner[1] + node(j) * sides[1]);
                sum += 0.25 * WEIGHTS[i / 2] * WEIGHTS[j / 2] * value;
            }
        }
        sum * sides[0] * sides[1]
    }
}
