//! PSFs that vary over the field: a sum of renderings of the model times weights.
//!
//! sum_k K_k * (w_k m), w_k a weight for each pixel of the model that is read and K_k the kernel of a component of the PSF;
//! w_0 = 1. All of them come together in Fourier space, so that K components cost K + 1 transforms, not 2 K, and their
//! adjoint sum_k w_k (K_k^T * r) as many.

use crate::{Convolution, Pixel, Resampling, Window, Workspace, simd};
use num_complex::Complex;
use std::sync::Arc;

/// One component of the PSF beyond the first: a kernel, and its weight in every pixel that is read, row by row.
#[derive(Debug, Clone)]
pub struct Component<T> {
    /// Index of its kernel, or of its matching, in what is mixed.
    pub kernel: usize,
    /// Weights, as many as pixels are read.
    pub weights: Arc<Vec<T>>,
}

/// How one channel is put together.
#[derive(Debug, Clone)]
pub struct Mixture<T> {
    /// Index of the kernel of the first component, which has the weight 1 everywhere.
    pub kernel: usize,
    /// The others.
    pub others: Vec<Component<T>>,
}

/// What an observation sees of a model through a PSF that varies over the field.
#[derive(Debug, Clone)]
pub struct Varying<T: Pixel> {
    way: Way<T>,
    input: [usize; 2],
    channels: Vec<Mixture<T>>,
}

#[derive(Debug, Clone)]
enum Way<T: Pixel> {
    Convolution(Convolution<T>),
    Resampling(Box<Resampling<T>>),
}

/// Buffers of a [`Varying`]: weighted pixels of the model, and the transform that components come together in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mixed<T> {
    pub(crate) plane: Vec<T>,
    pub(crate) spectrum: Vec<Complex<T>>,
}

/// Renderings that can be put together in Fourier space; `kernel` is the index of one of their kernels.
pub(crate) trait Mixing<T: Pixel> {
    /// Takes the pixels in `window` of `plane` to Fourier space.
    fn take(&self, plane: &[T], window: Window, work: &mut Workspace<T>);

    /// Makes what was taken the first of a sum, or adds it to that.
    fn mix(&self, kernel: usize, is_first: bool, work: &mut Workspace<T>);

    /// Calls `f` with each pair of rows of the sum.
    fn each_mixed(&self, f: &mut dyn FnMut(usize, &mut [T]), work: &mut Workspace<T>);

    /// The same, and keeps the transform of what `f` makes of them; adds slopes as
    /// [`Resampling::each_pair_back_and_slopes`] does.
    fn each_mixed_and_keep(
        &self,
        f: &mut dyn FnMut(usize, &mut [T]),
        slopes: Option<&mut [[f64; 3]]>,
        work: &mut Workspace<T>,
    );

    /// Keeps the transform of the rows that `f` makes of arbitrary ones.
    fn each_kept(&self, f: &mut dyn FnMut(usize, &mut [T]), work: &mut Workspace<T>);

    /// Adds the adjoint of what is kept to the window of `plane`.
    fn give(&self, kernel: usize, plane: &mut [T], window: Window, work: &mut Workspace<T>);

    /// Elements of the transform that components come together in; 0 where it has a place of its own.
    fn spectrum_len(&self) -> usize;

    /// Buffers but for those of the mixture.
    fn plain_workspace(&self) -> Workspace<T>;
}

impl<T: Pixel> Varying<T> {
    /// From a convolution with the kernels of all components, which reads `input` pixels.
    #[must_use]
    pub const fn convolution(
        convolution: Convolution<T>,
        input: [usize; 2],
        channels: Vec<Mixture<T>>,
    ) -> Self {
        Self { way: Way::Convolution(convolution), input, channels }
    }

    /// From a resampling with the matchings of all components.
    #[must_use]
    pub fn resampling(resampling: Resampling<T>, channels: Vec<Mixture<T>>) -> Self {
        let input = resampling.input().shape();
        Self { way: Way::Resampling(Box::new(resampling)), input, channels }
    }

    /// The same with other weights.
    pub fn set_mixtures(&mut self, channels: Vec<Mixture<T>>) {
        self.channels = channels;
    }

    /// The resampling, if it is one.
    pub fn resampling_mut(&mut self) -> Option<&mut Resampling<T>> {
        match &mut self.way {
            Way::Convolution(_) => None,
            Way::Resampling(resampling) => Some(resampling),
        }
    }

    /// Components of each channel.
    pub fn components(&self) -> impl Iterator<Item = usize> {
        self.channels.iter().map(|mixture| 1 + mixture.others.len())
    }

    /// Shape of the transforms of the model, `[y, x]`.
    #[must_use]
    pub fn fft_shape(&self) -> [usize; 2] {
        match &self.way {
            Way::Convolution(convolution) => convolution.fft_shape(),
            Way::Resampling(resampling) => resampling.fft_shape(),
        }
    }

    /// How components are rendered, as [`crate::Renderer`] writes it.
    pub(crate) fn name_of_way(&self) -> String {
        match &self.way {
            Way::Convolution(convolution) => crate::Renderer::Convolution(convolution.clone()).to_string(),
            Way::Resampling(resampling) => crate::Renderer::Resampling(resampling.clone()).to_string(),
        }
    }

    fn mixing(&self) -> &dyn Mixing<T> {
        match &self.way {
            Way::Convolution(convolution) => convolution,
            Way::Resampling(resampling) => resampling.as_ref(),
        }
    }

    /// Buffers for one channel at a time.
    pub(crate) fn workspace(&self) -> Workspace<T> {
        let (plane, spectrum) = (self.input[0] * self.input[1], self.mixing().spectrum_len());
        let zero = Complex::new(T::default(), T::default());
        let mixed = Mixed { plane: vec![T::default(); plane], spectrum: vec![zero; spectrum] };
        Workspace { mixed: Some(Box::new(mixed)), ..self.mixing().plain_workspace() }
    }

    /// Takes all components together.
    fn see(&self, channel: usize, plane: &[T], window: Window, work: &mut Workspace<T>) {
        let (mixing, mixture) = (self.mixing(), &self.channels[channel]);
        mixing.take(plane, window, work);
        mixing.mix(mixture.kernel, true, work);
        for Component { kernel, weights } in &mixture.others {
            let mut weighted = lent(work);
            simd::weigh(&mut weighted, weights, plane, window);
            mixing.take(&weighted, Window::whole(self.input), work);
            give_back(work, weighted);
            mixing.mix(*kernel, false, work);
        }
    }

    /// Adds the adjoint of what is kept, of all components.
    fn back(&self, channel: usize, adjoint: &mut [T], window: Window, work: &mut Workspace<T>) {
        let (mixing, mixture) = (self.mixing(), &self.channels[channel]);
        mixing.give(mixture.kernel, adjoint, window, work);
        for Component { kernel, weights } in &mixture.others {
            let mut given = lent(work);
            given[..self.input[0] * self.input[1]].fill(T::default());
            mixing.give(*kernel, &mut given, Window::whole(self.input), work);
            simd::add_weighed(adjoint, window, weights, &given);
            give_back(work, given);
        }
    }

    pub(crate) fn each_pair(
        &self,
        channel: usize,
        plane: &[T],
        window: Window,
        mut f: impl FnMut(usize, &mut [T]),
        work: &mut Workspace<T>,
    ) {
        self.see(channel, plane, window, work);
        self.mixing().each_mixed(&mut f, work);
    }

    pub(crate) fn each_pair_and_back(
        &self,
        channel: usize,
        (plane, adjoint): (&[T], &mut [T]),
        window: Window,
        mut f: impl FnMut(usize, &mut [T]),
        slopes: Option<&mut [[f64; 3]]>,
        work: &mut Workspace<T>,
    ) {
        self.see(channel, plane, window, work);
        self.mixing().each_mixed_and_keep(&mut f, slopes, work);
        self.back(channel, adjoint, window, work);
    }

    pub(crate) fn each_back(
        &self,
        channel: usize,
        adjoint: &mut [T],
        window: Window,
        mut f: impl FnMut(usize, &mut [T]),
        work: &mut Workspace<T>,
    ) {
        self.mixing().each_kept(&mut f, work);
        self.back(channel, adjoint, window, work);
    }
}

/// The plane of weighted pixels, while something else is done with the other buffers.
fn lent<T>(work: &mut Workspace<T>) -> Vec<T> {
    work.mixed.as_deref_mut().map(|mixed| std::mem::take(&mut mixed.plane)).unwrap_or_default()
}

fn give_back<T>(work: &mut Workspace<T>, plane: Vec<T>) {
    if let Some(mixed) = work.mixed.as_deref_mut() {
        mixed.plane = plane;
    }
}
