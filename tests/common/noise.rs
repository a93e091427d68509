//! Images of noise that resampling and smoothing have correlated.
#![allow(unreachable_pub, reason = "as the other shared files of tests")]

use ndarray::{Array2, Array3, Axis};
use rand::rngs::StdRng;
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::PI;

/// How an image's noise came about.
pub struct Kind {
    pub name: &'static str,
    /// Share of the pixel at (y, x) of the white image in one of the correlated; relative to where `place` says.
    kernel: fn(f64, f64) -> f64,
    reach: i64,
    /// Turn in radians, and white pixels per pixel.
    turn: f64,
    scale: f64,
}

/// White, smoothed, and resampled in two ways.
pub fn kinds() -> Vec<Kind> {
    vec![
        Kind {
            name: "white",
            kernel: |y, x| f64::from(u8::from(y == 0.0 && x == 0.0)),
            reach: 0,
            turn: 0.0,
            scale: 1.0,
        },
        Kind {
            name: "smoothed, sigma 0.7 px",
            kernel: |y, x| (-(y * y + x * x) / 0.98).exp(),
            reach: 4,
            turn: 0.0,
            scale: 1.0,
        },
        Kind {
            name: "turned by 20 degrees, linear",
            kernel: |y, x| linear(y) * linear(x),
            reach: 1,
            turn: 0.349,
            scale: 1.0,
        },
        Kind {
            name: "pixels 0.8 as large, Lanczos-3",
            kernel: |y, x| lanczos3(y) * lanczos3(x),
            reach: 3,
            turn: 0.1,
            scale: 0.8,
        },
    ]
}

fn linear(t: f64) -> f64 {
    (1.0 - t.abs()).max(0.0)
}

fn lanczos3(t: f64) -> f64 {
    match t.abs() {
        0.0 => 1.0,
        t if t < 3.0 => 3.0 * (PI * t).sin() * (PI * t / 3.0).sin() / (PI * t).powi(2),
        _ => 0.0,
    }
}

impl Kind {
    /// Noise `[channel, y, x]` and its weights, the variances propagated pixel by pixel.
    pub fn draw(&self, shape: [usize; 3], rng: &mut StdRng) -> (Array3<f64>, Array3<f64>) {
        let (mut data, mut weights) = (Array3::zeros(shape), Array3::zeros(shape));
        let side = 2 * shape[1].max(shape[2]) + 20;
        for (mut plane, mut weights) in data.axis_iter_mut(Axis(0)).zip(weights.axis_iter_mut(Axis(0))) {
            let white = Array2::from_shape_simple_fn((side, side), || StandardNormal.sample(rng));
            for ((y, x), value) in plane.indexed_iter_mut() {
                (*value, weights[[y, x]]) = self.pixel(&white, [y as f64, x as f64]);
            }
        }
        (data, weights)
    }

    fn pixel(&self, white: &Array2<f64>, [y, x]: [f64; 2]) -> (f64, f64) {
        let (sin, cos) = self.turn.sin_cos();
        let middle = white.nrows() as f64 / 2.0;
        let offset = middle - 0.25 * white.nrows() as f64;
        let (dy, dx) = ((y - offset) * self.scale, (x - offset) * self.scale);
        let place = [(middle + cos * dy - sin * dx).max(0.0), (middle + sin * dy + cos * dx).max(0.0)];
        let place = if self.turn == 0.0 { place.map(f64::round) } else { place };
        let first = place.map(|p| p.floor() as i64);
        let (mut sum, mut variance) = (0.0, 0.0);
        for v in first[0] - self.reach..=first[0] + self.reach {
            for u in first[1] - self.reach..=first[1] + self.reach {
                let share = (self.kernel)(v as f64 - place[0], u as f64 - place[1]);
                sum += share * white[[v as usize, u as usize]];
                variance += share * share;
            }
        }
        (sum, 1.0 / variance)
    }

    /// Its correlation function, where pixels are not turned.
    pub fn correlation(&self) -> Option<Array3<f64>> {
        let (r, reach) = (2 * self.reach, self.reach);
        let side = (2 * r + 1) as usize;
        let at = |dy: i64, dx: i64| -> f64 {
            let each = (-reach..=reach).flat_map(|v| (-reach..=reach).map(move |u| (v, u)));
            let share = |v: i64, u: i64| {
                let inside = v.abs() <= reach && u.abs() <= reach;
                if inside { (self.kernel)(v as f64, u as f64) } else { 0.0 }
            };
            each.map(|(v, u)| share(v, u) * share(v + dy, u + dx)).sum()
        };
        let variance = at(0, 0);
        let function = Array3::from_shape_fn((1, side, side), |(_, y, x)| {
            if (y as i64, x as i64) == (r, r) { 1.0 } else { at(y as i64 - r, x as i64 - r) / variance }
        });
        (self.turn == 0.0).then_some(function)
    }
}

/// Mean and its standard error.
pub fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}
