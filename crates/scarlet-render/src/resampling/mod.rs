//! Images on another pixel grid than the model's: any smooth map, any PSF.
//!
//! A pixel of the observation at q lies at p(q) in the model frame, and sees |det dp/dq| (M * P)(p(q)), M the pixels of
//! the model. The transform of P is that of the observation's PSF, samples on its own grid, at the frequency J^-T f,
//! over that of the model's PSF at f, with J = dq/dp at the centre of the footprint: the PSF keeps that orientation all
//! over the observation, also when its astrometry is moved. It is 0 beyond the highest frequency that the samples of the
//! PSF hold, and from the model's highest frequency on. Without a PSF of the observation P is a point: the band-limited
//! image is sampled as it is, and what a coarser grid cannot hold is aliased, as on a detector.
//!
//! M * P is a Fourier sum, evaluated at p(q) by a nonuniform FFT: FFT of the part of the model that is seen, times the
//! kernel, back onto a grid only so fine as the band asks for, and from there to each position through a bump
//! (Barnett et al. 2019, SIAM J. Sci. Comput. 41, C479). The adjoint is every step transposed, to rounding.

mod band;
mod bump;
mod gather;
mod geometry;
mod mixing;
mod reading;
mod region;
mod several;
#[cfg(target_arch = "x86_64")]
mod single;
mod spectrum;
mod taps;

pub use geometry::Geometry;
pub use reading::Reading;
pub use several::Request;

use crate::fft::Fine;
use crate::{Pixel, RealFft2, Window, Workspace, simd};
use band::{Band, Carrier, carried, highest_frequency};
use num_complex::Complex;
use region::Region;
use scarlet_frame::{BBox, PsfSamples};
use std::sync::Arc;
use taps::Taps;

/// The PSFs that one channel is seen through.
#[derive(Debug, Clone, PartialEq)]
pub struct Matching {
    /// Of the observation, in its own orientation; none where the model's image is to be sampled as it is.
    pub observed: Option<PsfSamples>,
    /// Of the model frame; none where the model is as sharp as the sky.
    pub model: Option<PsfSamples>,
}

impl Matching {
    /// Whether it is what is added to the PSF before it, times a factor up to 1, where PSFs vary: the samples add up to 0.
    fn is_difference(&self) -> bool {
        self.observed.as_ref().is_some_and(|psf| psf.image.sum().abs() < 0.5)
    }
}

/// What a plan is made of before it is known who reads with it.
struct Parts {
    region: Region,
    band: Band,
    carrier: Carrier,
}

impl Parts {
    fn new(region: Region, geometry: &Geometry, matchings: &[Matching]) -> Self {
        let band = Band::new(&region, geometry, matchings).cropped();
        let carrier = Carrier::new(&band, &region, geometry.positions().len());
        Self { region, band, carrier }
    }
}

/// Positions that a [`Resampling`] was not planned for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutOfSlack {
    /// Index of the first pixel that lies too far out, row by row.
    pub pixel: usize,
    /// Its position `[y, x]` in the model frame.
    pub position: [f64; 2],
}

/// What an observation on another pixel grid sees of the channels of a model.
#[derive(Debug, Clone)]
pub struct Resampling<T: Pixel> {
    /// The pixels that are read, maybe for others too.
    reading: Arc<Reading<T>>,
    /// Of the grid that positions are seen on.
    fine: RealFft2<T>,
    highest: [usize; 2],
    /// For each kx the highest |ky| that matters.
    heights: Vec<usize>,
    kernels: Arc<Vec<Vec<Complex<T>>>>,
    region: Region,
    points: [usize; 2],
    start: [f64; 2],
    /// Points of the fine grid for each pixel of the model.
    per_px: [f64; 2],
    output: [usize; 2],
    taps: Taps<T>,
}

impl<T: Pixel> Resampling<T> {
    /// Plans how pixels at `geometry` see the pixels of `model`, one of `matchings` for each channel; none where they
    /// see nothing of it.
    ///
    /// Positions may be moved later by as much as `slack_px` pixels of the model.
    #[must_use]
    pub fn new(model: BBox, geometry: &Geometry, matchings: &[Matching], slack_px: f64) -> Option<Self> {
        let highest = highest_frequency(geometry, matchings);
        let region = Region::new(model, geometry, matchings, slack_px, highest)?;
        let parts = Parts::new(region, geometry, matchings);
        let reading = Reading::new(&parts.region, parts.band.highest[1] + 1);
        Some(Self::assembled(parts, geometry, Arc::new(reading)))
    }

    fn assembled(parts: Parts, geometry: &Geometry, reading: Arc<Reading<T>>) -> Self {
        let Parts { region, band, carrier } = parts;
        let kernels = band.kernels.iter().map(|kernel| carried(kernel, &band, &region, &carrier)).collect();
        let [ny, nx] = geometry.shape();
        let positions = ny.next_multiple_of(2) * nx;
        let mut plan = Self {
            reading,
            fine: RealFft2::with_columns(carrier.period, band.highest[1] + 1),
            highest: band.highest,
            heights: band.heights(),
            kernels: Arc::new(kernels),
            points: carrier.points,
            start: carrier.start,
            per_px: [0, 1].map(|k| carrier.period[k] as f64 / region.period[k] as f64),
            output: geometry.shape(),
            taps: Taps::new(carrier.bumps, carrier.points, positions),
            region,
        };
        let placed = plan.place(geometry.positions(), geometry.areas());
        debug_assert_eq!(placed, Ok(()));
        plan
    }

    /// Moves the pixels of the observation to `positions` `[y, x]` in the model frame, of `areas` in its pixels; both
    /// row by row. Allocates nothing.
    ///
    /// The PSF keeps the orientation and scale that it was planned with.
    ///
    /// # Errors
    /// A pixel lies further out than the plan has slack for; those after it have not been moved then.
    pub fn place(&mut self, positions: &[[f64; 2]], areas: &[f64]) -> Result<(), OutOfSlack> {
        let nx = self.output[1];
        for (pixel, (&position, &area)) in positions.iter().zip(areas).enumerate() {
            let i = in_pairs(pixel, nx);
            if !self.region.sees(position) {
                self.taps.blind(i);
                continue;
            }
            let at = [0, 1].map(|k| (position[k] - self.start[k]) * self.per_px[k]);
            if !self.taps.place(i, at, area) {
                return Err(OutOfSlack { pixel, position });
            }
        }
        Ok(())
    }

    /// The pixels of the model that are read.
    #[must_use]
    pub const fn input(&self) -> BBox {
        self.region.input
    }

    /// Shape of the transforms of the model, `[y, x]`.
    #[must_use]
    pub fn fft_shape(&self) -> [usize; 2] {
        self.reading.fft_shape()
    }

    /// What is read of the model, shared where others read nearly the same.
    #[must_use]
    pub const fn reading(&self) -> &Arc<Reading<T>> {
        &self.reading
    }

    /// Shape of the transforms of the grid that positions are seen on, `[y, x]`.
    #[must_use]
    pub const fn fine_shape(&self) -> [usize; 2] {
        self.fine.shape()
    }

    /// Points of that grid that a position sees, `[y, x]`.
    #[must_use]
    pub const fn width(&self) -> [usize; 2] {
        self.taps.width()
    }

    /// Buffers for one channel at a time.
    #[must_use]
    pub fn workspace(&self) -> Workspace<T> {
        let zeros = |n: usize| vec![T::default(); n];
        let points = self.points[0] * self.points[1];
        let fine = Fine {
            work: self.fine.workspace(),
            grid: zeros(points),
            adjoint: zeros(points),
            pair: zeros(2 * self.output[1]),
            gathered: vec![Complex::new(T::default(), T::default()); self.reading.spectrum_len()],
        };
        Workspace { fine: Some(Box::new(fine)), ..self.reading.workspace() }
    }

    /// Calls `f` with each pair of rows of the observation, as [`crate::Renderer::each_pair`] does, given the spectrum of
    /// the model's pixels.
    pub(crate) fn each_pair(
        &self,
        channel: usize,
        spectrum: &[Complex<T>],
        mut f: impl FnMut(usize, &mut [T]),
        work: &mut Workspace<T>,
    ) {
        self.to_grid(channel, spectrum, work);
        let Some(fine) = work.fine.as_deref_mut() else { return };
        let pair = &mut fine.pair[..2 * self.output[1]];
        for y in (0..self.output[0]).step_by(2) {
            self.taps.gather(self.pair(y), &fine.grid, pair);
            f(y, pair);
        }
    }

    /// The same, and gathers the adjoint of what `f` makes of the rows for [`Reading::end`].
    pub(crate) fn each_pair_and_back(
        &self,
        channel: usize,
        spectrum: &[Complex<T>],
        mut f: impl FnMut(usize, &mut [T]),
        work: &mut Workspace<T>,
    ) {
        self.to_grid(channel, spectrum, work);
        self.rows_and_back(&mut f, None, work);
        self.add_from_grid(channel, work);
    }

    /// The same as [`crate::Renderer::each_pair_and_back`], and adds to `slopes` what it means for a change of the
    /// pixels' places: for each pixel, in pairs of rows, the derivatives of sum(what `f` makes times what is seen) by
    /// its position `[y, x]` in pixels of the model, and by the logarithm of its area.
    ///
    /// `slopes` has twice as many columns as rows come in pairs: `[(y, 0), (y + 1, 0), (y, 1), ...]`.
    pub fn each_pair_back_and_slopes(
        &self,
        channel: usize,
        (plane, adjoint): (&[T], &mut [T]),
        window: Window,
        f: impl FnMut(usize, &mut [T]),
        slopes: &mut [[f64; 3]],
        work: &mut Workspace<T>,
    ) {
        self.reading.with_spectrum(plane, window, work, |spectrum, work| {
            self.each_pair_gathered_and_slopes(channel, spectrum, f, slopes, work);
        });
        self.reading.end(adjoint, window, work);
    }

    /// The same, given the spectrum of the model's pixels, before [`Reading::end`].
    pub(crate) fn each_pair_gathered_and_slopes(
        &self,
        channel: usize,
        spectrum: &[Complex<T>],
        mut f: impl FnMut(usize, &mut [T]),
        slopes: &mut [[f64; 3]],
        work: &mut Workspace<T>,
    ) {
        self.to_grid(channel, spectrum, work);
        self.rows_and_back(&mut f, Some(slopes), work);
        self.add_from_grid(channel, work);
    }

    /// Gathers the adjoint of the rows that `f` makes for [`Reading::end`].
    pub(crate) fn each_back(
        &self,
        channel: usize,
        mut f: impl FnMut(usize, &mut [T]),
        work: &mut Workspace<T>,
    ) {
        let Some(fine) = work.fine.as_deref_mut() else { return };
        let pair = &mut fine.pair[..2 * self.output[1]];
        fine.adjoint[..self.points[0] * self.points[1]].fill(T::default());
        for y in (0..self.output[0]).step_by(2) {
            f(y, pair);
            self.taps.scatter(self.pair(y), pair, &mut fine.adjoint);
        }
        self.add_from_grid(channel, work);
    }

    fn rows_and_back(
        &self,
        f: &mut impl FnMut(usize, &mut [T]),
        mut slopes: Option<&mut [[f64; 3]]>,
        work: &mut Workspace<T>,
    ) {
        let Some(Fine { grid, adjoint, pair, .. }) = work.fine.as_deref_mut() else { return };
        let pair = &mut pair[..2 * self.output[1]];
        adjoint[..self.points[0] * self.points[1]].fill(T::default());
        for y in (0..self.output[0]).step_by(2) {
            let own = self.pair(y);
            self.taps.gather(own.clone(), grid, pair);
            f(y, pair);
            self.taps.scatter(own.clone(), pair, adjoint);
            if let Some(slopes) = &mut slopes {
                self.taps.add_slopes(own.clone(), grid, pair, self.per_px, &mut slopes[own]);
            }
        }
    }

    fn pair(&self, y: usize) -> std::ops::Range<usize> {
        y * self.output[1]..(y + 2) * self.output[1]
    }

    /// From the spectrum of the model's pixels to the fine grid.
    fn to_grid(&self, channel: usize, spectrum: &[Complex<T>], work: &mut Workspace<T>) {
        let Some(fine) = work.fine.as_deref_mut() else { return };
        let ([from, to], rows) = (self.lengths(), 2 * self.highest[0] + 1);
        let columns = spectrum.chunks_exact(from).zip(fine.work.spectrum.chunks_exact_mut(to));
        let kernels = self.kernels[channel].chunks_exact(rows).zip(&self.heights);
        for ((column, out), (kernel, &by)) in columns.zip(kernels) {
            simd::multiply_into(&mut out[..=by], &column[..=by], &kernel[..=by]);
            out[by + 1..to - by].fill(Complex::new(T::default(), T::default()));
            simd::multiply_into(&mut out[to - by..], &column[from - by..], &kernel[rows - by..]);
            self.fine.inverse_column(out, &mut fine.work.scratch);
        }
        self.fine.inverse_rows(&mut fine.grid, Window::whole(self.points), &mut fine.work);
    }

    /// The adjoint of [`Resampling::to_grid`], added to the spectrum that is gathered.
    fn add_from_grid(&self, channel: usize, work: &mut Workspace<T>) {
        let Workspace { fine: Some(fine), .. } = &mut *work else { return };
        self.fine.forward_rows(&fine.adjoint, Window::whole(self.points), &mut fine.work);
        let ([to, from], rows) = (self.lengths(), 2 * self.highest[0] + 1);
        let columns = fine.work.spectrum.chunks_exact_mut(from).zip(fine.gathered.chunks_exact_mut(to));
        let kernels = self.kernels[channel].chunks_exact(rows).zip(&self.heights);
        for ((column, sum), (kernel, &by)) in columns.zip(kernels) {
            self.fine.forward_column(column, &mut fine.work.scratch);
            simd::add_conjugate_product(&mut sum[..=by], &column[..=by], &kernel[..=by]);
            simd::add_conjugate_product(&mut sum[to - by..], &column[from - by..], &kernel[rows - by..]);
        }
    }

    /// Of columns of the two spectra.
    fn lengths(&self) -> [usize; 2] {
        [self.reading.fft_shape()[0], self.fine.shape()[0]]
    }
}

/// Index of a pixel in pairs of rows.
const fn in_pairs(pixel: usize, nx: usize) -> usize {
    let (y, x) = (pixel / nx, pixel % nx);
    (y / 2) * 2 * nx + 2 * x + y % 2
}
