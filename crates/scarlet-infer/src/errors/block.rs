//! Information about the scalars of sources that overlap, in blocks that are solved as dense matrices.

use super::part::Part;
use crate::dense::{cholesky, solve, solve_transposed};
use ndarray::Array3;
use scarlet_frame::BBox;
use scarlet_obs::{Contrast, Signal};
use std::collections::BTreeMap;

/// Sources that are seen together, directly or by way of others, are one block up to this many scalars.
const TOGETHER: usize = 400;
/// Scalars of a block of one source and those that overlap it, at most.
const AROUND: usize = 160;
/// Correlation between derivatives below which two sources do not overlap.
const APART: f64 = 1e-6;
/// Least pivot of the scaled information; what is below is not known.
const SINGULAR: f64 = 1e-12;

/// J' C^-1 J of all scalars, by pairs of sources.
#[derive(Debug)]
pub(super) struct Information {
    /// Of sources k <= l, rows those of k.
    pairs: BTreeMap<(usize, usize), Vec<f64>>,
    sizes: Vec<usize>,
    /// For each source those that overlap it, the strongest correlation first.
    pub(super) neighbours: Vec<Vec<(usize, f64)>>,
}

/// Some sources, solved together.
#[derive(Debug)]
pub(super) struct Block {
    /// The sources, and where the scalars of each begin.
    pub(super) members: Vec<(usize, usize)>,
    /// Those whose errors it gives.
    pub(super) targets: Vec<usize>,
    factor: Vec<f64>,
    scales: Vec<f64>,
    /// Whether all of it could be told.
    pub(super) is_regular: bool,
}

impl Information {
    pub(super) fn new(parts: &[Part], contrasts: &mut [Contrast<'_>], channels: usize) -> Self {
        let signals = |part: &Part| -> Vec<Vec<(usize, Signal)>> {
            let of_scalar = |cube: Array3<f64>| {
                let each = contrasts.iter_mut().enumerate();
                each.flat_map(|(o, contrast)| {
                    contrast.signals(part.bbox, &cube).into_iter().map(move |s| (o, s))
                })
                .collect()
            };
            part.scalars.iter().map(|scalar| scalar.cube(channels, part.bbox)).map(of_scalar).collect()
        };
        let all: Vec<_> = parts.iter().map(signals).collect();
        let mut pairs = BTreeMap::new();
        let extents: Vec<_> = all.iter().map(|signals| extents(signals)).collect();
        for (k, own) in all.iter().enumerate() {
            for (l, theirs) in all.iter().enumerate().skip(k) {
                let meets = |(o, extent): (&usize, &BBox)| {
                    extents[l].get(o).is_some_and(|other| extent.intersection(*other).is_some())
                };
                if extents[k].iter().any(meets) {
                    pairs.insert((k, l), products(own, theirs));
                }
            }
        }
        let sizes: Vec<usize> = parts.iter().map(|part| part.scalars.len()).collect();
        let mut information = Self { pairs, neighbours: vec![Vec::new(); sizes.len()], sizes };
        information.find_neighbours();
        information
    }

    fn find_neighbours(&mut self) {
        for (k, l) in self.pairs.keys().copied().filter(|(k, l)| k != l) {
            let diagonal = |of: usize, i: usize| self.pairs[&(of, of)][i * self.sizes[of] + i].sqrt();
            let pair = self.pairs[&(k, l)].iter().enumerate();
            let strength = pair.map(|(at, v)| {
                let (i, j) = (at / self.sizes[l], at % self.sizes[l]);
                v.abs() / (diagonal(k, i) * diagonal(l, j)).max(f64::MIN_POSITIVE)
            });
            let strength = strength.fold(0.0, f64::max);
            if strength > APART {
                self.neighbours[k].push((l, strength));
                self.neighbours[l].push((k, strength));
            }
        }
        self.neighbours.iter_mut().for_each(|n| n.sort_by(|a, b| b.1.total_cmp(&a.1)));
    }

    /// The information of scalar `i` of source `k` and `j` of `l`.
    fn entry(&self, (k, i): (usize, usize), (l, j): (usize, usize)) -> f64 {
        let ((k, i), (l, j)) = if k <= l { ((k, i), (l, j)) } else { ((l, j), (k, i)) };
        self.pairs.get(&(k, l)).map_or(0.0, |pair| pair[i * self.sizes[l] + j])
    }

    /// Blocks that give the errors of every source once.
    pub(super) fn blocks(&self, parts: &[Part]) -> Vec<Block> {
        let mut is_done = vec![false; parts.len()];
        let mut blocks = Vec::new();
        for k in 0..parts.len() {
            if is_done[k] {
                continue;
            }
            let group = self.group(k);
            if group.iter().map(|l| self.sizes[*l]).sum::<usize>() <= TOGETHER {
                group.iter().for_each(|l| is_done[*l] = true);
                blocks.push(self.block(parts, group.clone(), group));
            } else {
                is_done[k] = true;
                blocks.push(self.block(parts, self.around(k), vec![k]));
            }
        }
        blocks
    }

    /// All sources that `k` overlaps, directly or by way of others, in order.
    fn group(&self, k: usize) -> Vec<usize> {
        let (mut found, mut next) = (vec![k], 0);
        while let Some(&at) = found.get(next) {
            for (l, _) in &self.neighbours[at] {
                if !found.contains(l) {
                    found.push(*l);
                }
            }
            next += 1;
        }
        found.sort_unstable();
        found
    }

    /// `k` and those that overlap it most.
    fn around(&self, k: usize) -> Vec<usize> {
        let mut room = AROUND.saturating_sub(self.sizes[k]);
        let mut members = vec![k];
        for (l, _) in &self.neighbours[k] {
            if self.sizes[*l] <= room {
                room -= self.sizes[*l];
                members.push(*l);
            }
        }
        members
    }

    fn block(&self, parts: &[Part], members: Vec<usize>, targets: Vec<usize>) -> Block {
        let mut n = 0;
        let begin = |k: usize| {
            n += self.sizes[k];
            (k, n - self.sizes[k])
        };
        let members: Vec<(usize, usize)> = members.into_iter().map(begin).collect();
        let mut matrix = vec![0.0; n * n];
        for (k, at) in &members {
            for (l, to) in &members {
                for (i, j) in (0..self.sizes[*k]).flat_map(|i| (0..self.sizes[*l]).map(move |j| (i, j))) {
                    let prior = if k == l { parts[*k].prior[i * self.sizes[*k] + j] } else { 0.0 };
                    matrix[(at + i) * n + to + j] = self.entry((*k, i), (*l, j)) + prior;
                }
            }
        }
        Block::new(members, targets, matrix)
    }
}

impl Block {
    fn new(members: Vec<(usize, usize)>, targets: Vec<usize>, matrix: Vec<f64>) -> Self {
        let (factor, scales, is_regular) = factorized(matrix);
        Self { members, targets, factor, scales, is_regular }
    }

    /// Where the scalars of a source begin, where it is one of the members.
    pub(super) fn start(&self, source: usize) -> Option<usize> {
        self.members.iter().find(|(k, _)| *k == source).map(|(_, start)| *start)
    }

    /// Number of scalars.
    pub(super) const fn len(&self) -> usize {
        self.scales.len()
    }

    /// The covariance times `vector`.
    pub(super) fn solve(&self, vector: &[f64]) -> Vec<f64> {
        solved(&self.factor, &self.scales, vector)
    }
}

/// The Cholesky factor of a matrix scaled to ones on its diagonal, the scales, and whether it was regular; what is not
/// told gets a diagonal that makes its variance large.
pub(super) fn factorized(matrix: Vec<f64>) -> (Vec<f64>, Vec<f64>, bool) {
    let n = (matrix.len() as f64).sqrt().round() as usize;
    let scales: Vec<f64> = (0..n).map(|k| matrix[k * n + k].max(f64::MIN_POSITIVE).sqrt()).collect();
    let scaled = |ridge: f64| {
        let entry = |at: usize| match (at / n, at % n) {
            (i, j) if i == j => {
                if matrix[at] > 0.0 {
                    1.0 + ridge
                } else {
                    1.0
                }
            }
            (i, j) => matrix[at] / (scales[i] * scales[j]),
        };
        (0..n * n).map(entry).collect::<Vec<f64>>()
    };
    let is_told = (0..n).all(|k| matrix[k * n + k] > 0.0);
    for ridge in [0.0, SINGULAR, 1e-9, 1e-6, 1e-3, 1.0] {
        if let Some(factor) = cholesky(scaled(ridge), n) {
            return (factor, scales, is_told && ridge == 0.0);
        }
    }
    let unit = (0..n * n).map(|at| f64::from(u8::from(at / n == at % n))).collect();
    (unit, scales, false)
}

/// Solves with what [`factorized`] gives.
pub(super) fn solved(factor: &[f64], scales: &[f64], vector: &[f64]) -> Vec<f64> {
    let mut solution: Vec<f64> = vector.iter().zip(scales).map(|(v, s)| v / s).collect();
    solve(factor, &mut solution);
    solve_transposed(factor, &mut solution);
    solution.iter_mut().zip(scales).for_each(|(v, s)| *v /= s);
    solution
}

type Signals = [Vec<(usize, Signal)>];

/// The box of all signals in each observation.
fn extents(signals: &Signals) -> BTreeMap<usize, BBox> {
    let mut extents: BTreeMap<usize, BBox> = BTreeMap::new();
    for (observation, signal) in signals.iter().flatten().filter(|(_, signal)| !signal.bbox.is_empty()) {
        let extent = extents.entry(*observation).or_insert(signal.bbox);
        *extent = extent.union(signal.bbox);
    }
    extents
}

/// All products of the signals of two sources, row by row.
fn products(own: &Signals, theirs: &Signals) -> Vec<f64> {
    let product = |a: &Vec<(usize, Signal)>, b: &Vec<(usize, Signal)>| {
        let with = |(o, a): &(usize, Signal)| -> f64 {
            b.iter().filter(|(p, _)| o == p).map(|(_, b)| a.dot(b)).sum()
        };
        a.iter().map(with).sum::<f64>()
    };
    own.iter().flat_map(|a| theirs.iter().map(move |b| product(a, b))).collect()
}
