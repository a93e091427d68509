//! What each position takes from a grid, and gives back to it.

use super::bump::{Bump, LANES};
use super::gather::{ENOUGH, Gather, add, each_row, points, scaled, sum_of_products};
use crate::Pixel;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// Positions that are given back one after the other lie this many apart, so that they do not wait for each other.
const STEP: usize = 16;

/// Weights of the points of a grid around each of a list of positions: separable, `y` times `x`.
#[derive(Debug, Clone)]
pub(super) struct Taps<T> {
    bumps: [Bump; 2],
    shape: [usize; 2],
    offsets: Vec<u32>,
    y: Vec<[T; LANES]>,
    x: Vec<[T; LANES]>,
    places: Vec<Place>,
}

/// A position on the grid and the factor that its value is multiplied with.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    at: [f64; 2],
    factor: f64,
}

impl<T: Pixel> Taps<T> {
    /// `n` positions that see nothing yet of a grid of `shape`.
    pub(super) fn new(bumps: [Bump; 2], shape: [usize; 2], n: usize) -> Self {
        let none = [T::default(); LANES];
        Self {
            bumps,
            shape,
            offsets: vec![0; n],
            y: vec![none; n],
            x: vec![none; n],
            places: vec![Place::default(); n],
        }
    }

    /// Puts position `i` to `at` on the grid, its value multiplied with `factor`.
    ///
    /// Returns whether the grid has all the points that it sees; it stays where it was otherwise.
    pub(super) fn place(&mut self, i: usize, at: [f64; 2], factor: f64) -> bool {
        let ((first_y, y), (first_x, x)) = (self.bumps[0].at(at[0]), self.bumps[1].at(at[1]));
        let last_y = first_y + self.bumps[0].width() as i64;
        let last_x = first_x + LANES as i64;
        let [ny, nx] = self.shape.map(|n| n as i64);
        if !(first_y >= 0 && first_x >= 0 && last_y <= ny && last_x <= nx) {
            return false;
        }
        self.offsets[i] = (first_y * nx + first_x) as u32;
        self.y[i] = y.map(|v| T::of(v * factor));
        self.x[i] = x.map(T::of);
        self.places[i] = Place { at, factor };
        true
    }

    /// Makes position `i` see nothing.
    pub(super) fn blind(&mut self, i: usize) {
        self.y[i] = [T::default(); LANES];
        self.places[i] = Place::default();
    }

    /// Points that a position sees, `[y, x]`.
    pub(super) const fn width(&self) -> [usize; 2] {
        [self.bumps[0].width(), self.bumps[1].width()]
    }

    /// Number of positions.
    pub(super) const fn len(&self) -> usize {
        self.offsets.len()
    }

    /// Values of `grid` at the positions in `range`.
    pub(super) fn gather(&self, range: Range<usize>, grid: &[T], out: &mut [T]) {
        match self.bumps[0].width() {
            ..=4 => self.gather_rows::<4>(range, grid, out),
            5 => self.gather_rows::<5>(range, grid, out),
            6 => self.gather_rows::<6>(range, grid, out),
            7 => self.gather_rows::<7>(range, grid, out),
            _ => self.gather_rows::<8>(range, grid, out),
        }
    }

    /// The adjoint of [`Taps::gather`]: adds to the points of `grid`.
    pub(super) fn scatter(&self, range: Range<usize>, values: &[T], grid: &mut [T]) {
        match self.bumps[0].width() {
            ..=4 => self.scatter_rows::<4>(range, values, grid),
            5 => self.scatter_rows::<5>(range, values, grid),
            6 => self.scatter_rows::<6>(range, values, grid),
            7 => self.scatter_rows::<7>(range, values, grid),
            _ => self.scatter_rows::<8>(range, values, grid),
        }
    }

    fn gather_rows<const W: usize>(&self, range: Range<usize>, grid: &[T], out: &mut [T]) {
        let (offsets, y, x) = (&self.offsets[range.clone()], &self.y[range.clone()], &self.x[range]);
        Gather::<T, W> { grid, stride: self.shape[1], offsets, y, x, out }.run();
    }

    fn scatter_rows<const W: usize>(&self, range: Range<usize>, values: &[T], grid: &mut [T]) {
        let (offsets, y, x) = (&self.offsets[range.clone()], &self.y[range.clone()], &self.x[range]);
        Scatter::<T, W> { grid, stride: self.shape[1], offsets, y, x, values }.run();
    }

    /// Adds to `slopes`, for each position in `range`, `values` times the derivative of the value there by the
    /// position `[y, x]`, of which `per_px` points go to a unit, and by the logarithm of its factor.
    pub(super) fn add_slopes(
        &self,
        range: Range<usize>,
        grid: &[T],
        values: &[T],
        per_px: [f64; 2],
        slopes: &mut [[f64; 3]],
    ) {
        let (bumps, stride) = (&self.bumps, self.shape[1]);
        let (offsets, places) = (&self.offsets[range.clone()], &self.places[range]);
        pulp::Arch::new().dispatch(Slopes { grid, stride, bumps, offsets, places, values, per_px, slopes });
    }
}

/// Adds values times `y` times `x` to the points of a grid around positions.
pub(super) struct Scatter<'a, T, const W: usize> {
    pub(super) grid: &'a mut [T],
    pub(super) stride: usize,
    pub(super) offsets: &'a [u32],
    pub(super) y: &'a [[T; LANES]],
    pub(super) x: &'a [[T; LANES]],
    pub(super) values: &'a [T],
}

impl<T: Pixel, const W: usize> Scatter<'_, T, W> {
    /// Adds all of it.
    fn run(self) {
        #[cfg(target_arch = "x86_64")]
        match super::single::Scatter::of(self) {
            Ok(single) => single.run(),
            Err(all) => pulp::Arch::new().dispatch(all),
        }
        #[cfg(not(target_arch = "x86_64"))]
        pulp::Arch::new().dispatch(self);
    }
}

impl<T: Pixel, const W: usize> WithSimd for Scatter<'_, T, W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for start in 0..STEP {
            for i in (start..self.values.len()).step_by(STEP) {
                let (y, x) = (self.y[i], scaled(self.values[i], self.x[i]));
                let near = &mut self.grid[self.offsets[i] as usize..][..(W - 1) * self.stride + LANES];
                add_to(near, scaled(y[0], x));
                each_row!(W, |r| add_to(&mut near[r * self.stride..], scaled(y[r], x)));
            }
        }
    }
}

struct Slopes<'a, T> {
    grid: &'a [T],
    stride: usize,
    bumps: &'a [Bump; 2],
    offsets: &'a [u32],
    places: &'a [Place],
    values: &'a [T],
    per_px: [f64; 2],
    slopes: &'a mut [[f64; 3]],
}

impl<T: Pixel> WithSimd for Slopes<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let [of_y, of_x] = self.bumps;
        let places = self.offsets.iter().zip(self.places).zip(self.values);
        for (slope, ((offset, place), value)) in self.slopes.iter_mut().zip(places) {
            if place.factor == 0.0 {
                continue;
            }
            let ((_, y), (_, x)) = (of_y.at(place.at[0]), of_x.at(place.at[1]));
            let (dy, dx) = (of_y.slope_at(place.at[0]), of_x.slope_at(place.at[1]));
            let (mut lanes, mut along) = ([0.0; LANES], [0.0; LANES]);
            let rows = self.grid[*offset as usize..].chunks(self.stride);
            for ((row, y), dy) in rows.zip(y).zip(dy).take(of_y.width()) {
                let line = points(row).map(T::wide);
                lanes = add(lanes, scaled(y, line));
                along = add(along, scaled(dy, line));
            }
            let factor = place.factor * value.wide();
            slope[0] += self.per_px[0] * factor * sum_of_products(along, x);
            slope[1] += self.per_px[1] * factor * sum_of_products(lanes, dx);
            slope[2] += factor * sum_of_products(lanes, x);
        }
    }
}

#[inline(always)]
fn add_to<T: Pixel>(to: &mut [T], more: [T; LANES]) {
    let to: &mut [T; LANES] = to.first_chunk_mut().expect(ENOUGH);
    *to = add(*to, more);
}
