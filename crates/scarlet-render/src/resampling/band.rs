//! The frequencies that matter to an observation, and the fine grid that carries them to its pixels.

use super::Matching;
use super::bump::{Bump, LANES};
use super::geometry::Geometry;
use super::region::{MARGIN, Region};
use super::spectrum::Spectra;
use crate::Pixel;
use crate::fft::good_length;
use num_complex::Complex;
use scarlet_frame::PsfSamples;
use std::f64::consts::{PI, TAU};

/// What may be left out at high frequencies of the sum of all amplitudes: relative error of the peak of a point source.
const LEFT_OUT: f64 = 1e-5;

/// The same of frequencies inside the band's rectangle, that are high along both axes.
const LEFT_OUT_INSIDE: f64 = 1e-6;

/// What the bump may add along each axis, in the same measure.
const CARRIED: f64 = 5e-6;

/// The model's PSF is not divided by where its transform is smaller than this.
const DARK: f64 = 1e-5;

/// Nanoseconds of an FFT of n complex numbers for each n log2 n, and of one row of points that a position sees; their
/// ratio decides on the oversampling.
const FFT_NS: f64 = 0.25;
const ROW_NS: f64 = 1.5;

/// Transforms of kernels at frequencies (ky, kx), |ky| <= `highest[0]`, 0 <= kx <= `highest[1]`, in units of one wave
/// in the period; for each kx first ky from 0 on, then the negative ones, as FFTs have them.
#[derive(Debug, Clone)]
pub(super) struct Band {
    pub(super) highest: [usize; 2],
    pub(super) kernels: Vec<Vec<Complex<f64>>>,
    /// Amplitude of a point source in the observation, the largest of all channels; 1 in sum over all frequencies.
    amplitudes: Vec<f64>,
}

impl Band {
    /// The whole band below the model's highest frequency and those that the PSFs' samples hold.
    pub(super) fn new(region: &Region, geometry: &Geometry, matchings: &[Matching]) -> Self {
        let limits = highest_frequency(geometry, matchings);
        let highest = [0, 1].map(|k| {
            let period = region.period[k];
            ((limits[k] * period as f64) as usize).min((period - 1) / 2)
        });
        let waves = waves(highest);
        let [fy, fx] = region.period.map(|n| n as f64);
        let of_model: Vec<_> = waves.iter().map(|&(ky, kx)| [ky as f64 / fy, kx as f64 / fx]).collect();
        let observed: Vec<_> = of_model.iter().map(|&f| geometry.frequency(f)).collect();
        let (mut above, mut below) = (Cache::new(&observed), Cache::new(&of_model));
        let mut band = Self { highest, kernels: Vec::new(), amplitudes: vec![0.0; waves.len()] };
        let mut of_psf = 0.0;
        for matching in matchings {
            let kernel = match &matching.observed {
                None => vec![Complex::ONE; waves.len()],
                Some(psf) => averaged(above.of(psf), &observed, psf.has_pixel),
            };
            let mut total: f64 = kernel.iter().zip(&waves).map(|(v, &(_, kx))| v.norm() * twice(kx)).sum();
            if matching.is_difference() {
                total = of_psf;
            }
            of_psf = total;
            for (amplitude, value) in band.amplitudes.iter_mut().zip(&kernel) {
                *amplitude = amplitude.max(value.norm() / total);
            }
            band.kernels.push(match (&matching.observed, &matching.model) {
                (Some(_), Some(model)) => divided(kernel, &below.of(model)),
                _ => kernel,
            });
        }
        band
    }

    /// The same without the high frequencies that hardly matter.
    pub(super) fn cropped(self) -> Self {
        let kept = [self.along(0), self.along(1)].map(|line| {
            let mut left_out = 0.0;
            let few = |v: &&f64| {
                left_out += **v;
                left_out < 0.5 * LEFT_OUT
            };
            line.len() - 1 - line.iter().rev().take_while(few).count().min(line.len() - 1)
        });
        let pick: Vec<_> = waves(kept)
            .into_iter()
            .map(|(ky, kx)| {
                let rows = 2 * self.highest[0] + 1;
                kx as usize * rows + ky.rem_euclid(rows as i64) as usize
            })
            .collect();
        Self {
            highest: kept,
            kernels: self.kernels.iter().map(|k| pick.iter().map(|&i| k[i]).collect()).collect(),
            amplitudes: pick.iter().map(|&i| self.amplitudes[i]).collect(),
        }
    }

    /// For each kx the highest |ky| that matters.
    pub(super) fn heights(&self) -> Vec<usize> {
        let rows = 2 * self.highest[0] + 1;
        let allowed = LEFT_OUT_INSIDE / (self.highest[1] + 1) as f64;
        let height = |(kx, column): (usize, &[f64])| {
            let mut left_out = 0.0;
            let few = |ky: &usize| {
                left_out += (column[*ky] + column[rows - ky]) * twice(kx as i64);
                left_out < allowed
            };
            self.highest[0] - (1..=self.highest[0]).rev().take_while(few).count()
        };
        self.amplitudes.chunks_exact(rows).enumerate().map(height).collect()
    }

    /// Amplitudes by |ky| or kx alone.
    fn along(&self, axis: usize) -> Vec<f64> {
        let mut line = vec![0.0; self.highest[axis] + 1];
        for ((ky, kx), amplitude) in waves(self.highest).into_iter().zip(&self.amplitudes) {
            line[if axis == 0 { ky.unsigned_abs() as usize } else { kx as usize }] += amplitude * twice(kx);
        }
        line
    }
}

/// How a band is carried to positions.
#[derive(Debug, Clone)]
pub(super) struct Carrier {
    pub(super) bumps: [Bump; 2],
    /// Points in a period.
    pub(super) period: [usize; 2],
    /// Points that the positions see, and where the first of them lies in pixels of the model.
    pub(super) points: [usize; 2],
    pub(super) start: [f64; 2],
}

impl Carrier {
    /// The cheapest grid that is good enough for `pixels` positions.
    pub(super) fn new(band: &Band, region: &Region, pixels: usize) -> Self {
        let lines = [band.along(0), band.along(1)];
        let shortest = |axis: usize, width: usize, longest: usize| {
            Grid::shortest(&lines[axis], region, axis, width, longest)
        };
        let of_x = shortest(1, LANES, usize::MAX);
        let cost = |grid: &Grid| {
            let columns = (band.highest[1] + 1) as f64 * fft_ns(grid.length);
            let rows = grid.points as f64 / 2.0 * fft_ns(of_x.as_ref().map_or(1, |grid| grid.length));
            columns + rows + ROW_NS * (pixels * grid.bump.width()) as f64
        };
        // a wider bump never needs more points
        let mut of_y = shortest(0, LANES, usize::MAX);
        for width in 4..LANES {
            let longest = 6 * band.highest[0] + 64;
            let grid = shortest(0, width, longest);
            let is_cheaper = |new: &Grid| of_y.as_ref().is_none_or(|old| cost(new) < cost(old));
            if grid.as_ref().is_some_and(is_cheaper) {
                of_y = grid;
            }
        }
        let [of_y, of_x] = [of_y, of_x].map(|grid| grid.expect("any length is allowed"));
        let period = [of_y.length, of_x.length];
        let start = [0, 1].map(|k| {
            region.positions[0][k].max(region.seeing[0][k])
                - (MARGIN - 1) as f64 * region.period[k] as f64 / period[k] as f64
        });
        Self { points: [of_y.points, of_x.points], bumps: [of_y.bump, of_x.bump], period, start }
    }
}

/// Points along one axis.
struct Grid {
    bump: Bump,
    /// In a period, and those that positions see.
    length: usize,
    points: usize,
}

impl Grid {
    /// The shortest with bumps of `width` that is good enough for waves of the amplitudes in `line`, if one of at most
    /// `longest` points is.
    fn shortest(line: &[f64], region: &Region, axis: usize, width: usize, longest: usize) -> Option<Self> {
        let n = 2 * line.len() - 1;
        let mut length = good_length((n + 2).max(4 * MARGIN));
        while length <= longest {
            let points = points(region, axis, length);
            let bump = Bump::new(width, length as f64 / n as f64);
            if points <= length && is_good(&bump, line, length) {
                return Some(Self { bump, length, points });
            }
            length = good_length(length + 1);
        }
        None
    }
}

/// Whether the bump adds no more than it may to waves of the amplitudes in `line`; the worst, the shortest, come first.
fn is_good(bump: &Bump, line: &[f64], length: usize) -> bool {
    let mut sum = 0.0;
    line.iter().enumerate().rev().all(|(k, amplitude)| {
        sum += amplitude * bump.error(k as f64 / length as f64);
        sum < CARRIED
    })
}

fn fft_ns(n: usize) -> f64 {
    FFT_NS * n as f64 * (n as f64).log2()
}

/// Points of a grid with `length` of them in the period that the positions of a region see along an axis.
fn points(region: &Region, axis: usize, length: usize) -> usize {
    let low = region.positions[0][axis].max(region.seeing[0][axis]);
    let high = region.positions[1][axis].min(region.seeing[1][axis]);
    let step = region.period[axis] as f64 / length as f64;
    ((high - low) / step).ceil() as usize + 2 * MARGIN
}

/// Frequencies (ky, kx) of a band, in the order in which they are kept.
pub(super) fn waves(highest: [usize; 2]) -> Vec<(i64, i64)> {
    let [by, bx] = highest.map(|k| k as i64);
    (0..=bx).flat_map(|kx| (0..=by).chain(-by..0).map(move |ky| (ky, kx))).collect()
}

/// Waves with kx > 0 stand for those with -kx too.
const fn twice(kx: i64) -> f64 {
    if kx == 0 { 1.0 } else { 2.0 }
}

/// The highest frequencies `[y, x]` that any of the PSFs has, in cycles per pixel of the model.
pub(super) fn highest_frequency(geometry: &Geometry, matchings: &[Matching]) -> [f64; 2] {
    let highest = |m: &Matching| {
        m.observed.as_ref().map_or([0.5; 2], |psf| geometry.highest(0.5 * psf.per_px).map(|f| f.min(0.5)))
    };
    matchings.iter().map(highest).fold([0.0; 2], |a, b| [a[0].max(b[0]), a[1].max(b[1])])
}

/// Transforms of PSFs at the same frequencies, planned again only where their shapes differ.
struct Cache<'a> {
    frequencies: &'a [[f64; 2]],
    plan: Option<(f64, Spectra)>,
    last: Option<(PsfSamples, Vec<Complex<f64>>)>,
}

impl<'a> Cache<'a> {
    const fn new(frequencies: &'a [[f64; 2]]) -> Self {
        Self { frequencies, plan: None, last: None }
    }

    fn of(&mut self, psf: &PsfSamples) -> Vec<Complex<f64>> {
        if let Some((_, values)) = self.last.as_ref().filter(|(known, _)| known == psf) {
            return values.clone();
        }
        let plan = match self.plan.take() {
            Some((per_px, plan)) if per_px == psf.per_px && plan.fit(&psf.image) => plan,
            _ => Spectra::new([psf.image.nrows(), psf.image.ncols()], psf.per_px, self.frequencies),
        };
        let values = plan.of(&psf.image);
        self.plan = Some((psf.per_px, plan));
        self.last = Some((psf.clone(), values.clone()));
        values
    }
}

/// With the average over a pixel, where it is not in the PSF: at `frequencies` in cycles per pixel.
fn averaged(values: Vec<Complex<f64>>, frequencies: &[[f64; 2]], has_pixel: bool) -> Vec<Complex<f64>> {
    if has_pixel {
        return values;
    }
    let pixel = |f: &[f64; 2]| sinc(f[0]) * sinc(f[1]);
    values.into_iter().zip(frequencies).map(|(v, f)| v * pixel(f)).collect()
}

fn divided(above: Vec<Complex<f64>>, below: &[Complex<f64>]) -> Vec<Complex<f64>> {
    let ratio = |(a, b): (Complex<f64>, &Complex<f64>)| if b.norm() > DARK { a / b } else { Complex::ZERO };
    above.into_iter().zip(below).map(ratio).collect()
}

fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-12 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

/// A kernel with what the transforms and the bumps need: 1 / N, the way from the first pixel that is read to the first
/// point of the fine grid, and the inverse of the bumps' transforms.
pub(super) fn carried<T: Pixel>(
    kernel: &[Complex<f64>],
    band: &Band,
    region: &Region,
    carrier: &Carrier,
) -> Vec<Complex<T>> {
    let period = region.period.map(|n| n as f64);
    let way = [0, 1].map(|k| (carrier.start[k] - region.input.origin()[k] as f64) / period[k]);
    let line = |axis: usize| -> Vec<Complex<f64>> {
        let highest = band.highest[axis] as i64;
        let value = |k: i64| {
            let bump = carrier.bumps[axis].transform(k as f64 / carrier.period[axis] as f64);
            Complex::from_polar(1.0 / (bump * period[axis]), TAU * (k as f64 * way[axis]).rem_euclid(1.0))
        };
        (-highest..=highest).map(value).collect()
    };
    let (of_y, of_x) = (line(0), line(1));
    let factor = |(ky, kx): (i64, i64)| {
        of_y[(ky + band.highest[0] as i64) as usize] * of_x[(kx + band.highest[1] as i64) as usize]
    };
    let values = kernel.iter().zip(waves(band.highest)).map(|(v, wave)| v * factor(wave));
    values.map(|v| Complex::new(T::of(v.re), T::of(v.im))).collect()
}
