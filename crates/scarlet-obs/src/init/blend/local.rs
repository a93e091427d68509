//! One source fitted to what the others leave of the detection image.

use super::Seed;
use super::detection::Detection;
use super::gaussians::{Gaussians, SIGMAS_PX};
use super::stamps::Stamps;
use ndarray::{Array2, ArrayView1, ArrayView2, Zip, s};
use scarlet_frame::BBox;

/// Gaussians that a galaxy begins with; more are added while the widest one holds a good part of its light.
const FIRST_COUNT: usize = 3;
/// Share of the light that the widest Gaussian holds before there is a wider one, and its least signal over noise.
const WIDEST_SHARE: f64 = 0.15;
const WIDEST_SNR: f64 = 5.0;
/// Widest Gaussian in units of the distance to the nearest galaxy with more light.
const WIDEST_IN_ROOM: f64 = 0.5;
/// How far positions (pixels) and distortions are expected to be from where they begin.
const SHIFT_SIGMA_PX: f64 = 0.5;
const DISTORTION_SIGMA: f64 = 0.3;
/// Longest change of both in one round.
const MAX_SHIFT_PX: f64 = 0.5;
const MAX_TURN: f64 = 0.3;
/// Half a side of a star's stamp.
const STAR_HALF_PX: usize = 5;
/// Sides of stamps go in steps of twice this.
const HALF_STEP: usize = 4;
/// Sweeps of the small least-squares problem.
const SWEEPS: usize = 200;

/// A source as far as it is fitted.
#[derive(Debug)]
pub(super) struct Fitted {
    seed: Seed,
    gaussians: Gaussians,
    amplitudes: Vec<f64>,
    /// What is seen of it, taken off the detection image.
    seen: Option<(BBox, Array2<f64>)>,
}

impl Fitted {
    pub(super) fn new(seed: Seed) -> Self {
        let count = if seed.is_star { 1 } else { FIRST_COUNT };
        let gaussians = Gaussians::new(seed.center, seed.is_star, count);
        Self { seed, gaussians, amplitudes: Vec::new(), seen: None }
    }

    pub(super) const fn center(&self) -> [f64; 2] {
        self.gaussians.center
    }

    /// Its Gaussians and their amplitudes, where it is a galaxy; the narrowest one alone where it has no light.
    pub(super) fn galaxy(&self) -> Option<(&Gaussians, &[f64])> {
        let has_light = self.amplitudes.iter().any(|a| *a > 0.0);
        let amplitudes: &[f64] = if has_light { &self.amplitudes } else { &[1.0] };
        (!self.seed.is_star).then_some((&self.gaussians, amplitudes))
    }

    /// Its flux in the detection image.
    pub(super) fn light(&self) -> f64 {
        self.amplitudes.iter().sum()
    }

    /// Fits it once more to what the others leave; `room` is the distance to the nearest galaxy with more light.
    pub(super) fn improve(&mut self, room: f64, detection: &mut Detection, stamps: &mut Stamps) {
        if let Some((bbox, seen)) = self.seen.take() {
            detection.add(1.0, bbox, &seen);
        }
        let half = if self.seed.is_star { STAR_HALF_PX } else { self.gaussians.half_px() };
        let side = 2 * half.next_multiple_of(HALF_STEP) + 1;
        let bbox = BBox::centered(self.gaussians.center, [side, side]);
        let outer = bbox.grown(stamps.reach());
        let columns = self.columns(bbox, stamps);
        let Some(problem) = Problem::new(detection, outer, &columns) else { return };
        self.solve(problem, room);
        let seen = stamps.seen(&self.gaussians.image(&self.amplitudes, bbox));
        detection.add(-1.0, outer, &seen);
        self.seen = Some((outer, seen));
    }

    fn has_light(&self) -> bool {
        self.amplitudes.iter().any(|a| *a > 0.0)
    }

    /// What is seen of every Gaussian, and of a change of position and distortion.
    fn columns(&self, bbox: BBox, stamps: &mut Stamps) -> Vec<Array2<f64>> {
        let mut images = vec![Array2::zeros(bbox.shape()); self.gaussians.count];
        self.gaussians.draw(bbox, &mut images);
        let mut columns: Vec<Array2<f64>> = images.iter().map(|image| stamps.seen(image)).collect();
        if !self.has_light() {
            return columns;
        }
        let mut sum = Array2::zeros(columns[0].raw_dim());
        for (column, amplitude) in columns.iter().zip(&self.amplitudes) {
            sum.scaled_add(*amplitude, column);
        }
        columns.extend(slopes(&sum));
        if !self.seed.is_star {
            let mut of_distortion = [Array2::zeros(bbox.shape()), Array2::zeros(bbox.shape())];
            self.gaussians.draw_slopes(&self.amplitudes, bbox, &mut of_distortion);
            columns.extend(of_distortion.iter().map(|slope| stamps.seen(slope)));
        }
        columns
    }

    fn solve(&mut self, mut problem: Problem, room: f64) {
        let count = self.gaussians.count;
        let expected = [SHIFT_SIGMA_PX, SHIFT_SIGMA_PX, DISTORTION_SIGMA, DISTORTION_SIGMA];
        let distortion = self.gaussians.distortion();
        let off = [0, 1].map(|k| self.seed.center[k] - self.gaussians.center[k]);
        let wanted = [off[0], off[1], -distortion[0], -distortion[1]];
        for (k, (sigma, wanted)) in (count..problem.len()).zip(expected.into_iter().zip(wanted)) {
            problem.expect(k, wanted, sigma);
        }
        let mut values = self.amplitudes.clone();
        values.resize(count, 0.0);
        values.resize(problem.len(), 0.0);
        problem.solve(&mut values, count);
        let change =
            |k: usize, longest: f64| values.get(count + k).map_or(0.0, |v| v.clamp(-longest, longest));
        self.gaussians.shift(
            [change(0, MAX_SHIFT_PX), change(1, MAX_SHIFT_PX)],
            [change(2, MAX_TURN), change(3, MAX_TURN)],
        );
        values.truncate(count);
        let (total, widest) = (values.iter().sum::<f64>(), values[count - 1]);
        let is_wide = widest > WIDEST_SHARE * total && widest > WIDEST_SNR * problem.error(count - 1);
        let has_room = SIGMAS_PX.get(count).is_some_and(|sigma| *sigma <= WIDEST_IN_ROOM * room);
        if is_wide && !self.seed.is_star && has_room {
            self.gaussians.count += 1;
        }
        self.amplitudes = values;
    }
}

/// Derivatives of what is seen with respect to the centre, by central differences.
fn slopes(seen: &Array2<f64>) -> [Array2<f64>; 2] {
    let (ny, nx) = seen.dim();
    let mut of_y = Array2::zeros((ny, nx));
    let mut of_x = Array2::zeros((ny, nx));
    let half = |to: &mut f64, a: &f64, b: &f64| *to = 0.5 * (a - b);
    Zip::from(of_y.slice_mut(s![1..ny - 1, ..]))
        .and(seen.slice(s![..ny - 2, ..]))
        .and(seen.slice(s![2.., ..]))
        .for_each(half);
    Zip::from(of_x.slice_mut(s![.., 1..nx - 1]))
        .and(seen.slice(s![.., ..nx - 2]))
        .and(seen.slice(s![.., 2..]))
        .for_each(half);
    [of_y, of_x]
}

/// Normal equations of a few unknowns.
#[derive(Debug)]
struct Problem {
    matrix: Array2<f64>,
    right: Vec<f64>,
}

impl Problem {
    /// Of the detection image in `outer`; none where none of its pixels count.
    fn new(detection: &Detection, outer: BBox, columns: &[Array2<f64>]) -> Option<Self> {
        let common = outer.intersection(detection.bbox())?;
        let ([iy, ix], [oy, ox]) = (outer.slices_of(common)?, detection.bbox().slices_of(common)?);
        let flat = |image: ArrayView2<'_, f64>| image.iter().copied().collect::<Vec<f64>>();
        let weights = flat(detection.weights().slice(s![oy.clone(), ox.clone()]));
        let data = flat(detection.residual().slice(s![oy, ox]));
        let own = |column: &Array2<f64>| flat(column.slice(s![iy.clone(), ix.clone()]));
        let columns: Vec<Vec<f64>> = columns.iter().map(own).collect();
        let mut matrix = Array2::zeros((columns.len(), columns.len()));
        let mut right = vec![0.0; columns.len()];
        let mut weighted = vec![0.0; weights.len()];
        for (k, column) in columns.iter().enumerate() {
            weighted.iter_mut().zip(column).zip(&weights).for_each(|((to, v), w)| *to = v * w);
            right[k] = product(&weighted, &data);
            for (l, other) in columns.iter().enumerate().take(k + 1) {
                matrix[[k, l]] = product(&weighted, other);
                matrix[[l, k]] = matrix[[k, l]];
            }
        }
        (matrix.diag().iter().any(|d| *d > 0.0)).then_some(Self { matrix, right })
    }

    fn len(&self) -> usize {
        self.right.len()
    }

    /// Standard error of an unknown when all others are known.
    fn error(&self, k: usize) -> f64 {
        1.0 / self.matrix[[k, k]].sqrt()
    }

    /// Adds that unknown `k` is expected to be `value` +- `sigma`.
    fn expect(&mut self, k: usize, value: f64, sigma: f64) {
        self.matrix[[k, k]] += 1.0 / (sigma * sigma);
        self.right[k] += value / (sigma * sigma);
    }

    /// Moves `values` to the minimum, the first `positive` ones not below 0.
    fn solve(&self, values: &mut [f64], positive: usize) {
        for _ in 0..SWEEPS {
            for k in (0..values.len()).filter(|k| self.matrix[[*k, *k]] > 0.0) {
                let others: f64 = self.matrix.row(k).iter().zip(values.iter()).map(|(a, v)| a * v).sum();
                let value = values[k] + (self.right[k] - others) / self.matrix[[k, k]];
                values[k] = if k < positive { value.max(0.0) } else { value };
            }
        }
    }
}

fn product(a: &[f64], b: &[f64]) -> f64 {
    ArrayView1::from(a).dot(&ArrayView1::from(b))
}
