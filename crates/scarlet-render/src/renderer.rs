//! From one channel of a model to what an observation sees of it, and back.

use crate::{Convolution, Pixel, Reading, Resampling, Varying, Window, Workspace, simd};
use num_complex::Complex;
use std::fmt;
use std::sync::Arc;

/// How an observation sees the model; a window says which pixels of a model plane it reads.
///
/// What it sees comes in pairs of rows, first index and pixels of both in turn: (y, 0), (y + 1, 0), (y, 1), ... A
/// last row without a partner is paired with arbitrary numbers.
#[derive(Debug, Clone)]
pub enum Renderer<T: Pixel> {
    /// The pixels of the window as they are.
    Identity,
    /// Every channel convolved with its own kernel.
    Convolution(Convolution<T>),
    /// Every channel on another pixel grid, through its own kernel.
    Resampling(Box<Resampling<T>>),
    /// Every channel through a PSF that varies over it, on the same pixel grid or another.
    Varying(Box<Varying<T>>),
}

/// For humans: which renderer, and what its cost depends on.
impl<T: Pixel> fmt::Display for Renderer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identity => write!(f, "identity"),
            Self::Convolution(convolution) => {
                let [y, x] = convolution.fft_shape();
                write!(f, "convolution, FFTs of {y} x {x}")
            }
            Self::Resampling(resampling) => {
                let ([y, x], [v, u], [h, w]) =
                    (resampling.fft_shape(), resampling.fine_shape(), resampling.width());
                write!(f, "resampling, FFTs of {y} x {x} and {v} x {u}, {h} x {w} points for each pixel")
            }
            Self::Varying(varying) => {
                let (low, high) =
                    varying.components().fold((usize::MAX, 0), |(low, high), n| (low.min(n), high.max(n)));
                let components = if low == high { format!("{high}") } else { format!("{low} to {high}") };
                write!(f, "{}, through a varying PSF of {components} components", varying.name_of_way())
            }
        }
    }
}

impl<T: Pixel> Renderer<T> {
    /// The resampling that moves with the observation's pixels, where there is one.
    pub fn resampling_mut(&mut self) -> Option<&mut Resampling<T>> {
        match self {
            Self::Resampling(resampling) => Some(resampling),
            Self::Varying(varying) => varying.resampling_mut(),
            Self::Identity | Self::Convolution(_) => None,
        }
    }

    /// What a resampling reads of the model, maybe shared with others.
    #[must_use]
    pub fn reading(&self) -> Option<&Arc<Reading<T>>> {
        match self {
            Self::Resampling(resampling) => Some(resampling.reading()),
            _ => None,
        }
    }

    /// Buffers for one channel at a time that is read from windows of `shape`.
    #[must_use]
    pub fn workspace(&self, shape: [usize; 2]) -> Workspace<T> {
        match self {
            Self::Identity => Workspace::of_rows(shape[1]),
            Self::Convolution(convolution) => convolution.workspace(),
            Self::Resampling(resampling) => resampling.workspace(),
            Self::Varying(varying) => varying.workspace(),
        }
    }

    /// Calls `f` with each pair of rows that is seen of `plane`.
    pub fn each_pair(
        &self,
        channel: usize,
        plane: &[T],
        window: Window,
        mut f: impl FnMut(usize, &mut [T]),
        work: &mut Workspace<T>,
    ) {
        match self {
            Self::Identity => pairs(plane, window, work, |y, pair| f(y, bytemuck::cast_slice_mut(pair))),
            Self::Convolution(convolution) => convolution.each_pair(channel, plane, window, f, work),
            Self::Resampling(resampling) => {
                let each = |spectrum: &[_], work: &mut _| resampling.each_pair(channel, spectrum, f, work);
                resampling.reading().with_spectrum(plane, window, work, each);
            }
            Self::Varying(varying) => varying.each_pair(channel, plane, window, f, work),
        }
    }

    /// The same, and adds the adjoint of what `f` makes of the rows to the window of `adjoint`.
    ///
    /// The partner of a last row without one must become zeros.
    pub fn each_pair_and_back(
        &self,
        channel: usize,
        (plane, adjoint): (&[T], &mut [T]),
        window: Window,
        mut f: impl FnMut(usize, &mut [T]),
        work: &mut Workspace<T>,
    ) {
        match self {
            Self::Identity => pairs(plane, window, work, |y, pair| {
                f(y, bytemuck::cast_slice_mut(pair));
                simd::add_rows(adjoint, window, y, pair);
            }),
            Self::Convolution(convolution) => {
                convolution.each_pair_and_back(channel, (plane, adjoint), window, f, work);
            }
            Self::Resampling(resampling) => {
                resampling.reading().with_spectrum(plane, window, work, |spectrum, work| {
                    resampling.each_pair_and_back(channel, spectrum, f, work);
                });
                resampling.reading().end(adjoint, window, work);
            }
            Self::Varying(varying) => {
                varying.each_pair_and_back(channel, (plane, adjoint), window, f, None, work);
            }
        }
    }

    /// Adds the adjoint of the rows that `f` makes, which come to it with arbitrary numbers, to the window of
    /// `adjoint`.
    ///
    /// The partner of a last row without one must become zeros.
    pub fn each_back(
        &self,
        channel: usize,
        adjoint: &mut [T],
        window: Window,
        mut f: impl FnMut(usize, &mut [T]),
        work: &mut Workspace<T>,
    ) {
        match self {
            Self::Identity => {
                let pair = &mut work.rows[..window.shape[1]];
                for y in (0..window.shape[0]).step_by(2) {
                    f(y, bytemuck::cast_slice_mut(pair));
                    simd::add_rows(adjoint, window, y, pair);
                }
            }
            Self::Convolution(convolution) => convolution.each_back(channel, adjoint, window, f, work),
            Self::Resampling(resampling) => {
                resampling.reading().begin_back(work);
                resampling.each_back(channel, f, work);
                resampling.reading().end(adjoint, window, work);
            }
            Self::Varying(varying) => varying.each_back(channel, adjoint, window, f, work),
        }
    }
}

/// One channel of an observation, as its renderer sees it in a window of a model's plane.
///
/// [`Sighting::each_pair_and_back`] does all in one pass. Where what is to be taken back depends on all pixels, there
/// are two: [`Sighting::each_pair`], then [`Sighting::each_back`].
#[derive(Debug, Clone, Copy)]
pub struct Sighting<'a, T: Pixel> {
    /// Of the observation.
    pub renderer: &'a Renderer<T>,
    /// Of the observation.
    pub channel: usize,
    /// What is read of the model's plane.
    pub window: Window,
    /// What the renderer's [`Reading`] reads of the plane, where others read it too: the plane is not looked at, and what
    /// is taken back is gathered for [`Reading::end`], the adjoint stays as it is until then.
    pub spectrum: Option<&'a [Complex<T>]>,
}

impl<T: Pixel> Sighting<'_, T> {
    /// As [`Renderer::each_pair`].
    pub fn each_pair(self, plane: &[T], f: impl FnMut(usize, &mut [T]), work: &mut Workspace<T>) {
        match (self.renderer, self.spectrum) {
            (Renderer::Resampling(resampling), Some(spectrum)) => {
                resampling.each_pair(self.channel, spectrum, f, work);
            }
            (renderer, _) => renderer.each_pair(self.channel, plane, self.window, f, work),
        }
    }

    /// As [`Renderer::each_pair_and_back`].
    pub fn each_pair_and_back(
        self,
        planes: (&[T], &mut [T]),
        f: impl FnMut(usize, &mut [T]),
        work: &mut Workspace<T>,
    ) {
        match (self.renderer, self.spectrum) {
            (Renderer::Resampling(resampling), Some(spectrum)) => {
                resampling.each_pair_and_back(self.channel, spectrum, f, work);
            }
            (renderer, _) => renderer.each_pair_and_back(self.channel, planes, self.window, f, work),
        }
    }

    /// As [`Renderer::each_back`].
    pub fn each_back(self, adjoint: &mut [T], f: impl FnMut(usize, &mut [T]), work: &mut Workspace<T>) {
        match (self.renderer, self.spectrum) {
            (Renderer::Resampling(resampling), Some(_)) => resampling.each_back(self.channel, f, work),
            (renderer, _) => renderer.each_back(self.channel, adjoint, self.window, f, work),
        }
    }

    /// As [`Resampling::each_pair_back_and_slopes`](crate::Resampling::each_pair_back_and_slopes); other renderers cannot
    /// move pixels and add no slopes.
    pub fn each_pair_back_and_slopes(
        self,
        planes: (&[T], &mut [T]),
        f: impl FnMut(usize, &mut [T]),
        slopes: &mut [[f64; 3]],
        work: &mut Workspace<T>,
    ) {
        match (self.renderer, self.spectrum) {
            (Renderer::Resampling(resampling), Some(spectrum)) => {
                resampling.each_pair_gathered_and_slopes(self.channel, spectrum, f, slopes, work);
            }
            (Renderer::Resampling(resampling), None) => {
                resampling.each_pair_back_and_slopes(self.channel, planes, self.window, f, slopes, work);
            }
            (Renderer::Varying(varying), _) => {
                varying.each_pair_and_back(self.channel, planes, self.window, f, Some(slopes), work);
            }
            _ => self.each_pair_and_back(planes, f, work),
        }
    }
}

/// Calls `f` with each pair of rows of a window.
fn pairs<T: Pixel>(
    plane: &[T],
    window: Window,
    work: &mut Workspace<T>,
    mut f: impl FnMut(usize, &mut [Complex<T>]),
) {
    let pair = &mut work.rows[..window.shape[1]];
    for y in (0..window.shape[0]).step_by(2) {
        simd::pair_rows(pair, plane, window, y);
        f(y, pair);
    }
}
