//! Inner loops over rows of pixels, compiled for the widest vector instructions that a machine has.
//!
//! Each is a struct whose `with_simd` is inlined where it is dispatched: closures are not, once they are large.

mod weighted;

pub(crate) use weighted::{add_product, add_weighed, weigh};

use crate::{Pixel, Window};
use num_complex::Complex;
use pulp::{Simd, WithSimd};

/// Accumulators of a dot product; a fixed number, so that sums do not depend on the machine.
const LANES: usize = 16;

/// `plane += factor * image` where two windows overlap.
pub(crate) fn add_scaled<T: Pixel>(plane: &mut [T], to: Window, factor: T, image: &[T], from: Window) {
    pulp::Arch::new().dispatch(AddScaled { plane, to, factor, image, from });
}

/// The sum of products of the pixels of two windows of one shape; rows are summed in `T`, in a fixed number of parts, and
/// their sum is in double precision.
pub fn dot<T: Pixel>(a: &[T], of_a: Window, b: &[T], of_b: Window) -> f64 {
    pulp::Arch::new().dispatch(Dot { a, of_a, b, of_b })
}

/// `column *= kernel`.
pub(crate) fn multiply<T: Pixel>(column: &mut [Complex<T>], kernel: &[Complex<T>]) {
    pulp::Arch::new().dispatch(Multiply { column, kernel, sign: T::of(1.0) });
}

/// `column *= conj(kernel)`.
pub(crate) fn multiply_conjugate<T: Pixel>(column: &mut [Complex<T>], kernel: &[Complex<T>]) {
    pulp::Arch::new().dispatch(Multiply { column, kernel, sign: T::of(-1.0) });
}

/// `out = column * kernel`.
pub(crate) fn multiply_into<T: Pixel>(out: &mut [Complex<T>], column: &[Complex<T>], kernel: &[Complex<T>]) {
    pulp::Arch::new().dispatch(MultiplyInto { out, column, kernel });
}

/// `sum += column * conj(kernel)`.
pub(crate) fn add_conjugate_product<T: Pixel>(
    sum: &mut [Complex<T>],
    column: &[Complex<T>],
    kernel: &[Complex<T>],
) {
    pulp::Arch::new().dispatch(AddConjugateProduct { sum, column, kernel });
}

struct AddScaled<'a, T> {
    plane: &'a mut [T],
    to: Window,
    factor: T,
    image: &'a [T],
    from: Window,
}

impl<T: Pixel> WithSimd for AddScaled<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for y in 0..self.to.shape[0] {
            let row = &mut self.plane[self.to.row(y)];
            for (r, v) in row.iter_mut().zip(&self.image[self.from.row(y)]) {
                *r += self.factor * *v;
            }
        }
    }
}

struct Dot<'a, T> {
    a: &'a [T],
    of_a: Window,
    b: &'a [T],
    of_b: Window,
}

impl<T: Pixel> WithSimd for Dot<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let mut sum = 0.0;
        for y in 0..self.of_a.shape[0] {
            let mut lanes = [T::default(); LANES];
            let a = self.a[self.of_a.row(y)].chunks_exact(LANES);
            let b = self.b[self.of_b.row(y)].chunks_exact(LANES);
            for (lane, (x, y)) in lanes.iter_mut().zip(a.remainder().iter().zip(b.remainder())) {
                *lane = *x * *y;
            }
            for (x, y) in a.zip(b) {
                for k in 0..LANES {
                    lanes[k] += x[k] * y[k];
                }
            }
            sum += lanes.iter().map(|v| v.wide()).sum::<f64>();
        }
        sum
    }
}

struct Multiply<'a, T> {
    column: &'a mut [Complex<T>],
    kernel: &'a [Complex<T>],
    sign: T,
}

impl<T: Pixel> WithSimd for Multiply<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (v, k) in self.column.iter_mut().zip(self.kernel) {
            let im = self.sign * k.im;
            *v = Complex::new(v.re * k.re - v.im * im, v.re * im + v.im * k.re);
        }
    }
}

struct MultiplyInto<'a, T> {
    out: &'a mut [Complex<T>],
    column: &'a [Complex<T>],
    kernel: &'a [Complex<T>],
}

impl<T: Pixel> WithSimd for MultiplyInto<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (out, (v, k)) in self.out.iter_mut().zip(self.column.iter().zip(self.kernel)) {
            *out = Complex::new(v.re * k.re - v.im * k.im, v.re * k.im + v.im * k.re);
        }
    }
}

struct AddConjugateProduct<'a, T> {
    sum: &'a mut [Complex<T>],
    column: &'a [Complex<T>],
    kernel: &'a [Complex<T>],
}

impl<T: Pixel> WithSimd for AddConjugateProduct<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (sum, (v, k)) in self.sum.iter_mut().zip(self.column.iter().zip(self.kernel)) {
            *sum = *sum + Complex::new(v.re * k.re + v.im * k.im, v.im * k.re - v.re * k.im);
        }
    }
}

/// Rows of a block that is transposed at once, two in each complex row.
pub(crate) const TILE: usize = 8;

/// Rows `y` and `y + 1` of a window as real and imaginary parts, zeros around them.
pub(crate) fn pair_rows<T: Pixel>(pair: &mut [Complex<T>], plane: &[T], window: Window, y: usize) {
    pulp::Arch::new().dispatch(PairRows { pair, plane, window, y });
}

/// The inverse of [`pair_rows`].
pub(crate) fn part_rows<T: Pixel>(plane: &mut [T], window: Window, y: usize, pair: &[Complex<T>]) {
    pulp::Arch::new().dispatch(GiveRows { plane, window, y, pair, give: |v: &mut T, new| *v = new });
}

/// Adds rows to those of a window.
pub(crate) fn add_rows<T: Pixel>(plane: &mut [T], window: Window, y: usize, pair: &[Complex<T>]) {
    pulp::Arch::new().dispatch(GiveRows { plane, window, y, pair, give: |v: &mut T, more| *v += more });
}

/// From transforms of pairs of real rows to those of each row, transposed: rows `first..` of `spectrum`, which has
/// `half` columns.
pub(crate) fn untangle<T: Pixel>(
    rows: &[Complex<T>],
    spectrum: &mut [Complex<T>],
    shape: [usize; 2],
    half: usize,
    first: usize,
) {
    pulp::Arch::new().dispatch(Untangle { rows, spectrum, shape, half, first });
}

/// The inverse of [`untangle`]: from rows `first..` of `spectrum` to transforms of pairs of real rows.
pub(crate) fn tangle<T: Pixel>(
    spectrum: &[Complex<T>],
    rows: &mut [Complex<T>],
    shape: [usize; 2],
    half: usize,
    first: usize,
) {
    pulp::Arch::new().dispatch(Tangle { spectrum, rows, shape, half, first });
}

struct PairRows<'a, T> {
    pair: &'a mut [Complex<T>],
    plane: &'a [T],
    window: Window,
    y: usize,
}

impl<T: Pixel> WithSimd for PairRows<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { pair, plane, window, y } = self;
        let (zero, [ny, nx]) = (T::default(), window.shape);
        let (image, around) = pair.split_at_mut(nx);
        around.fill(Complex::new(zero, zero));
        if y + 1 < ny {
            let rows = plane[window.row(y)].iter().zip(&plane[window.row(y + 1)]);
            for (z, (a, b)) in image.iter_mut().zip(rows) {
                *z = Complex::new(*a, *b);
            }
        } else if y < ny {
            for (z, a) in image.iter_mut().zip(&plane[window.row(y)]) {
                *z = Complex::new(*a, zero);
            }
        } else {
            image.fill(Complex::new(zero, zero));
        }
    }
}

struct GiveRows<'a, T, F> {
    plane: &'a mut [T],
    window: Window,
    y: usize,
    pair: &'a [Complex<T>],
    give: F,
}

impl<T: Pixel, F: Fn(&mut T, T)> WithSimd for GiveRows<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { plane, window, y, pair, give } = self;
        for (v, z) in plane[window.row(y)].iter_mut().zip(pair) {
            give(v, z.re);
        }
        if y + 1 < window.shape[0] {
            for (v, z) in plane[window.row(y + 1)].iter_mut().zip(pair) {
                give(v, z.im);
            }
        }
    }
}

/// A row's transform at [`TILE`] neighbouring frequencies.
type Line<T> = [Complex<T>; TILE];

/// The same of as many rows, `[row][k]`.
type Tile<T> = [Line<T>; TILE];

#[inline(always)]
fn line<T: Pixel>(from: &[Complex<T>]) -> Line<T> {
    *from.first_chunk().expect("frequencies enough for a line")
}

fn empty_tile<T: Pixel>() -> Tile<T> {
    [[Complex::new(T::default(), T::default()); TILE]; TILE]
}

struct Untangle<'a, T> {
    rows: &'a [Complex<T>],
    spectrum: &'a mut [Complex<T>],
    shape: [usize; 2],
    half: usize,
    first: usize,
}

impl<T: Pixel> WithSimd for Untangle<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { rows, spectrum, shape: [fy, fx], half, first } = self;
        let (wanted, one_half) = (TILE.min(fy - first), T::of(0.5));
        let mut tile = empty_tile();
        let mut start = 1;
        while wanted == TILE && start + TILE <= half {
            for (row, pair) in rows.chunks_exact(fx).zip(tile.chunks_exact_mut(2)) {
                let low: Line<T> = line(&row[start..]);
                let mut high: Line<T> = line(&row[fx + 1 - start - TILE..]);
                high.reverse();
                let [a, b] = pair else { continue };
                *a = std::array::from_fn(|i| {
                    let (z, w) = (low[i], high[i]);
                    Complex::new(one_half * (z.re + w.re), one_half * (z.im - w.im))
                });
                *b = std::array::from_fn(|i| {
                    let (z, w) = (low[i], high[i]);
                    Complex::new(one_half * (z.im + w.im), one_half * (w.re - z.re))
                });
            }
            for i in 0..TILE {
                let column = &mut spectrum[(start + i) * fy + first..][..TILE];
                for r in 0..TILE {
                    column[r] = tile[r][i];
                }
            }
            start += TILE;
        }
        for k in std::iter::once(0).chain(start..half) {
            let column = &mut spectrum[k * fy + first..][..wanted];
            for (row, out) in rows.chunks_exact(fx).zip(column.chunks_mut(2)) {
                let (z, w) = (row[k], row[(fx - k) % fx]);
                out[0] = Complex::new(one_half * (z.re + w.re), one_half * (z.im - w.im));
                if let Some(b) = out.get_mut(1) {
                    *b = Complex::new(one_half * (z.im + w.im), one_half * (w.re - z.re));
                }
            }
        }
    }
}

struct Tangle<'a, T> {
    spectrum: &'a [Complex<T>],
    rows: &'a mut [Complex<T>],
    shape: [usize; 2],
    half: usize,
    first: usize,
}

impl<T: Pixel> WithSimd for Tangle<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { spectrum, rows, shape: [fy, fx], half, first } = self;
        let (given, none) = (TILE.min(fy - first), Complex::new(T::default(), T::default()));
        for row in rows.chunks_exact_mut(fx) {
            row[half..(fx + 1 - half).max(half)].fill(none);
        }
        let mut tile = empty_tile();
        let mut start = 1;
        // Tiles end before fx / 2: there a frequency is its own mirror image.
        while given == TILE && start + TILE <= fx.div_ceil(2).min(half) {
            for i in 0..TILE {
                let column = &spectrum[(start + i) * fy + first..][..TILE];
                for r in 0..TILE {
                    tile[r][i] = column[r];
                }
            }
            for (row, pair) in rows.chunks_exact_mut(fx).zip(tile.chunks_exact(2)) {
                let [a, b] = pair else { continue };
                let low: Line<T> =
                    std::array::from_fn(|i| Complex::new(a[i].re - b[i].im, a[i].im + b[i].re));
                let mut high: Line<T> =
                    std::array::from_fn(|i| Complex::new(a[i].re + b[i].im, b[i].re - a[i].im));
                high.reverse();
                row[start..start + TILE].copy_from_slice(&low);
                row[fx + 1 - start - TILE..=fx - start].copy_from_slice(&high);
            }
            start += TILE;
        }
        for k in std::iter::once(0).chain(start..half) {
            let column = &spectrum[k * fy + first..][..given];
            let is_own_mirror = k == 0 || 2 * k == fx;
            for (j, row) in rows.chunks_exact_mut(fx).enumerate() {
                let a = column.get(2 * j).copied().unwrap_or(none);
                let b = column.get(2 * j + 1).copied().unwrap_or(none);
                if is_own_mirror {
                    row[k] = Complex::new(a.re, b.re);
                } else {
                    row[k] = Complex::new(a.re - b.im, a.im + b.re);
                    row[fx - k] = Complex::new(a.re + b.im, b.re - a.im);
                }
            }
        }
    }
}
