//! Ways to write an image that a fit could use, by their unconstrained values.

use crate::blend::BOX;
use ndarray::Array2;
use scarlet_model::Monotonic;

/// What an image is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Family {
    /// Pixels in (0, 1), as in `Source::extended`.
    Free,
    /// The same, cut down to a monotonic image after every step.
    Projected,
    /// m = f r with f in (0, 1).
    Factors,
    /// m = (g^-n + r^-n)^(-1/n); n = 2 is `Monotonic`.
    Power(i32),
    /// m = min(g, r): the limit of a high power.
    Minimum,
}

/// A pixel, the two inside it, and the weight of the second.
type Link = (usize, [usize; 2], f64);

/// All pixels but the peak, from it outwards.
fn links() -> Vec<Link> {
    let c = (BOX / 2) as i64;
    let index = |dy: i64, dx: i64| ((dy + c) * BOX as i64 + dx + c) as usize;
    let mut links = Vec::new();
    for r in 1..=c {
        for dy in -r..=r {
            for dx in (-r..=r).filter(|dx| dx.abs().max(dy.abs()) == r) {
                let diagonal = index(dy - dy.signum(), dx - dx.signum());
                let (axis, t) = if dy.abs() == r {
                    (index(dy - dy.signum(), dx), dx.abs() as f64 / r as f64)
                } else {
                    (index(dy, dx - dx.signum()), dy.abs() as f64 / r as f64)
                };
                links.push((index(dy, dx), [axis, diagonal], t));
            }
        }
    }
    links
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn logit(y: f64) -> f64 {
    (y / (1.0 - y)).ln()
}

fn power_mean(n: i32, g: f64, r: f64) -> (f64, f64, f64) {
    let (low, high) = (g.min(r), g.max(r));
    let m = low * (1.0 + (low / high).powi(n)).powf(-1.0 / f64::from(n));
    (m, (m / g).powi(n + 1), (m / r).powi(n + 1))
}

/// An image of some family, with its derivatives.
pub(crate) struct Drawn {
    family: Family,
    links: Vec<Link>,
    pub(crate) x: Vec<f64>,
    to_own: Vec<f64>,
    to_inner: Vec<f64>,
}

impl Drawn {
    pub(crate) fn new(family: Family, start: &Array2<f64>) -> Self {
        let image = Monotonic::new(start.clone()).image();
        let n = image.len();
        let mut drawn =
            Self { family, links: links(), x: vec![0.0; n], to_own: vec![1.0; n], to_inner: vec![0.0; n] };
        drawn.take(&image);
        drawn
    }

    /// Takes the values of a monotonic image.
    fn take(&mut self, image: &Array2<f64>) {
        let pixels = image.as_slice().expect("row order");
        match self.family {
            Family::Free | Family::Projected => {
                for (x, p) in self.x.iter_mut().zip(pixels) {
                    *x = logit(*p);
                }
            }
            _ => self.take_ratios(pixels),
        }
    }

    fn take_ratios(&mut self, pixels: &[f64]) {
        let peak = BOX * BOX / 2;
        self.x[peak] = pixels[peak].ln();
        for &(p, [a, b], t) in &self.links {
            let f = pixels[p] / ((1.0 - t) * pixels[a] + t * pixels[b]);
            self.x[p] = match self.family {
                Family::Factors => logit(f),
                Family::Power(n) => pixels[p].ln() - (1.0 - f.powi(n)).ln() / f64::from(n),
                _ => pixels[p].ln(),
            };
        }
    }

    /// The image; remembers its derivatives.
    pub(crate) fn image(&mut self) -> Array2<f64> {
        let free = matches!(self.family, Family::Free | Family::Projected);
        let mut m: Vec<f64> = self.x.iter().map(|x| if free { logistic(*x) } else { x.exp() }).collect();
        for (to_own, m) in self.to_own.iter_mut().zip(&m) {
            *to_own = if free { m * (1.0 - m) } else { *m };
        }
        for &(p, [a, b], t) in if free { &[] } else { &self.links[..] } {
            let (g, r) = (m[p], (1.0 - t) * m[a] + t * m[b]);
            let (value, own, inner) = match self.family {
                Family::Factors => {
                    let f = logistic(self.x[p]);
                    (f * r, f * r * (1.0 - f) / g, f)
                }
                Family::Power(n) => power_mean(n, g, r),
                _ if g < r => (g, 1.0, 0.0),
                _ => (r, 0.0, 1.0),
            };
            (m[p], self.to_own[p], self.to_inner[p]) = (value, own * g, inner);
        }
        Array2::from_shape_vec((BOX, BOX), m).expect("as many pixels")
    }

    /// The gradient with respect to the unconstrained values, from that of the image.
    pub(crate) fn gradient(&self, seed: &Array2<f64>) -> Vec<f64> {
        let mut adjoint: Vec<f64> = seed.iter().copied().collect();
        for &(p, [a, b], t) in self.links.iter().rev() {
            let inner = adjoint[p] * self.to_inner[p];
            adjoint[a] += (1.0 - t) * inner;
            adjoint[b] += t * inner;
        }
        adjoint.iter().zip(&self.to_own).map(|(a, s)| a * s).collect()
    }

    /// What a family does after a step.
    pub(crate) fn finish_step(&mut self) {
        if self.family == Family::Projected {
            let image = self.image();
            let hull = Monotonic::from_image(image, [BOX / 2, BOX / 2]).image();
            self.take(&hull);
        }
    }
}
