//! Images whose expectation was found in the data.
//!
//! With D what changes the expected images, P the precisions around the
//! expectation and M = (1 + D' (S - P) D)^-1 the covariance of shapes that are fitted alone, the pixels' error (S^-1 P) D times
//! that of the shape is independent of the rest, and adds t' M t to a variance, t = D' P S^-1 r. Pixels that are not free are
//! where they are expected: those of D are taken as they are, and free ones follow them, t = D' (r - S S^-1 r) there.

use super::{Local, Solution, Surroundings, add, dot, each_inside};
use crate::errors::block::{factorized, solved};
use crate::errors::part::Part;
use std::collections::BTreeMap;

/// What was found in the data of the images that others are expected near.
#[derive(Default)]
pub(super) struct Loose {
    changes: Vec<Change>,
    /// Of M^-1.
    factor: Vec<f64>,
    scales: Vec<f64>,
}

/// One change of an expected image.
struct Change {
    image: usize,
    /// Its first pixel.
    start: usize,
    /// P D where pixels are free, 0 elsewhere.
    weighed: Vec<f32>,
    /// D where they are not.
    held: Vec<f32>,
}

/// t and M t of some functionals, by source and image.
pub(in crate::errors) type Told = BTreeMap<(usize, usize), Vec<[Vec<f64>; 2]>>;

impl Surroundings {
    /// What was found in the data of the expected images of `close` and the target.
    pub(super) fn add_loose(&mut self, parts: &[Part], close: &[usize], target: usize) {
        let mut changes: Vec<(usize, usize, Vec<f32>)> = Vec::new();
        let counts = |(_, local): &(usize, &Local)| local.source == target || close.contains(&local.source);
        for (at, local) in self.images.iter().enumerate().filter(counts) {
            let image = &parts[local.source].images[local.index];
            let clipped = |change: &Vec<f64>| -> Vec<f32> {
                each_inside(image.bbox, local.inside).map(|(_, at)| change[at] as f32).collect()
            };
            changes.extend(image.loose.iter().map(|change| (at, local.start, clipped(change))));
        }
        let n = changes.len();
        let (mut matrix, mut applied) = (vec![0.0; n * n], vec![0.0; self.pixels]);
        let mut pixels = vec![0.0; self.pixels];
        for (k, (image, start, change)) in changes.iter().enumerate() {
            let own = *start..start + change.len();
            pixels.fill(0.0);
            pixels[own.clone()].copy_from_slice(change);
            self.apply(&pixels, &mut applied);
            let precisions = &self.precisions[own.clone()];
            let weighed: Vec<f32> = change.iter().zip(precisions).map(|(d, p)| d * p).collect();
            add(-1.0, &weighed, &mut applied[own.clone()]);
            for (l, (_, first, other)) in changes.iter().enumerate() {
                matrix[k * n + l] = dot(other, &applied[*first..][..other.len()]);
            }
            matrix[k * n + k] += 1.0;
            let free = &self.preconditioner[own];
            let where_free = |values: &[f32], is_free: bool| {
                values.iter().zip(free).map(|(v, m)| if (*m > 0.0) == is_free { *v } else { 0.0 }).collect()
            };
            self.loose.changes.push(Change {
                image: *image,
                start: *start,
                weighed: where_free(&weighed, true),
                held: where_free(change, false),
            });
        }
        (self.loose.factor, self.loose.scales, _) = factorized(matrix);
    }

    /// t and M t of solutions.
    pub(super) fn told(&self, solutions: &[Solution]) -> Told {
        let mut told = Told::new();
        for Solution { z, residual } in solutions {
            let of_change = |change: &Change| {
                let own = change.start..change.start + change.held.len();
                dot(&change.weighed, &z[own.clone()]) + dot(&change.held, &residual[own])
            };
            let t: Vec<f64> = self.loose.changes.iter().map(of_change).collect();
            let m = solved(&self.loose.factor, &self.loose.scales, &t);
            for (at, local) in self.images.iter().enumerate() {
                let own = |values: &[f64]| {
                    let all = self.loose.changes.iter().zip(values);
                    all.filter(|(change, _)| change.image == at).map(|(_, v)| *v).collect::<Vec<f64>>()
                };
                told.entry((local.source, local.index)).or_default().push([own(&t), own(&m)]);
            }
        }
        told
    }
}

/// What the expected images that both depend on add to the covariance of functional `k` of one source and `l` of another.
pub(in crate::errors) fn shared(one: &Told, k: usize, other: &Told, l: usize) -> f64 {
    let of_image = |(image, of_one): (&(usize, usize), &Vec<[Vec<f64>; 2]>)| {
        let ([t, m], [u, n]) = (&of_one[k], &other.get(image)?[l]);
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        Some(0.5 * (product(m, u) + product(t, n)))
    };
    one.iter().filter_map(of_image).sum()
}
