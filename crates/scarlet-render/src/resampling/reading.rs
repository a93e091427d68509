//! Which part of a model resamplings read: those that read nearly the same share its transforms.

use super::region::Region;
use crate::{Pixel, RealFft2, Window, Workspace};
use num_complex::Complex;
use scarlet_frame::BBox;

/// What the transforms of a resampling's own grid cost, in those of a model of its period.
const OWN_COST: f64 = 0.6;

/// The part of a model that one or more resamplings read, in Fourier space while they do.
#[derive(Debug, Clone)]
pub struct Reading<T: Pixel> {
    input: BBox,
    fft: RealFft2<T>,
}

impl<T: Pixel> Reading<T> {
    /// For as many columns of the spectrum as the resampling with the widest band takes.
    pub(super) fn new(region: &Region, columns: usize) -> Self {
        Self { input: region.input, fft: RealFft2::with_columns(region.period, columns) }
    }

    /// The pixels of the model that are read.
    #[must_use]
    pub const fn input(&self) -> BBox {
        self.input
    }

    /// Shape of the transforms, `[y, x]`.
    #[must_use]
    pub const fn fft_shape(&self) -> [usize; 2] {
        self.fft.shape()
    }

    pub(super) const fn spectrum_len(&self) -> usize {
        self.fft.spectrum_len()
    }

    pub(super) fn workspace(&self) -> Workspace<T> {
        self.fft.workspace()
    }

    /// A spectrum of zeros, for [`Reading::transform`] and [`Reading::swap_gathered`].
    #[must_use]
    pub fn spectrum(&self) -> Vec<Complex<T>> {
        vec![Complex::new(T::default(), T::default()); self.spectrum_len()]
    }

    /// Makes `spectrum` that of the pixels in `window` of `plane`.
    pub fn transform(
        &self,
        plane: &[T],
        window: Window,
        spectrum: &mut Vec<Complex<T>>,
        work: &mut Workspace<T>,
    ) {
        std::mem::swap(&mut work.spectrum, spectrum);
        self.forward(plane, window, work);
        std::mem::swap(&mut work.spectrum, spectrum);
    }

    /// Leaves the spectrum of the pixels in `window` of `plane` in `work`.
    pub(super) fn forward(&self, plane: &[T], window: Window, work: &mut Workspace<T>) {
        debug_assert_eq!(window.shape, self.input.shape());
        self.fft.forward_rows(plane, window, work);
        self.fft.forward_columns(work);
    }

    /// Calls `f` with the spectrum of the pixels in `window` of `plane`; the adjoint that is gathered begins with 0.
    pub fn with_spectrum(
        &self,
        plane: &[T],
        window: Window,
        work: &mut Workspace<T>,
        f: impl FnOnce(&[Complex<T>], &mut Workspace<T>),
    ) {
        self.forward(plane, window, work);
        self.begin_back(work);
        let spectrum = std::mem::take(&mut work.spectrum);
        f(&spectrum, work);
        work.spectrum = spectrum;
    }

    /// Exchanges the adjoint that is gathered in `work` for `gathered`.
    pub fn swap_gathered(gathered: &mut Vec<Complex<T>>, work: &mut Workspace<T>) {
        if let Some(fine) = work.fine.as_deref_mut() {
            std::mem::swap(&mut fine.gathered, gathered);
        }
    }

    /// Adds `part` to the adjoint that is gathered.
    pub fn add_gathered(&self, part: &[Complex<T>], work: &mut Workspace<T>) {
        if let Some(fine) = work.fine.as_deref_mut() {
            fine.gathered.iter_mut().zip(part).for_each(|(sum, more)| *sum = *sum + *more);
        }
    }

    /// Makes the adjoint that is gathered zeros.
    pub fn begin_back(&self, work: &mut Workspace<T>) {
        if let Some(fine) = work.fine.as_deref_mut() {
            fine.gathered[..self.spectrum_len()].fill(Complex::new(T::default(), T::default()));
        }
    }

    /// Adds the adjoint that has been gathered to the window of `adjoint`.
    pub fn end(&self, adjoint: &mut [T], window: Window, work: &mut Workspace<T>) {
        let Some(mut fine) = work.fine.take() else { return };
        std::mem::swap(&mut work.spectrum, &mut fine.gathered);
        self.fft.inverse_columns(work, |_, _| {});
        self.fft.add_inverse_rows(adjoint, window, work);
        std::mem::swap(&mut work.spectrum, &mut fine.gathered);
        work.fine = Some(fine);
    }
}

/// The group of each of `regions`, by consecutive numbers, and what each group reads: shared where that costs less
/// than reading alone.
///
/// Transforms of the model are made once for a group, but every member's own grid is as much larger as its period.
pub(super) fn groups(regions: &[Region]) -> (Vec<usize>, Vec<Region>) {
    let mut order: Vec<usize> = (0..regions.len()).collect();
    let size = |region: &Region| region.period[0] * region.period[1];
    order.sort_by_key(|&i| std::cmp::Reverse(size(&regions[i])));
    let (mut group_of, mut groups) = (vec![0; regions.len()], Vec::<(Region, usize)>::new());
    for i in order {
        let own = &regions[i];
        let more = |(group, members): &(Region, usize)| {
            let both = group.with(own);
            let members = *members as f64;
            let cost =
                cost(&both) * (1.0 + OWN_COST * (members + 1.0)) - cost(group) * (1.0 + OWN_COST * members);
            (both, cost)
        };
        let joined = groups.iter().enumerate().map(|(k, group)| (k, more(group)));
        let cheapest = joined.min_by(|a, b| a.1.1.total_cmp(&b.1.1));
        match cheapest {
            Some((k, (both, more))) if more < (1.0 + OWN_COST) * cost(own) => {
                groups[k] = (both, groups[k].1 + 1);
                group_of[i] = k;
            }
            _ => {
                group_of[i] = groups.len();
                groups.push((own.clone(), 1));
            }
        }
    }
    (group_of, groups.into_iter().map(|(region, _)| region).collect())
}

/// Of a pair of transforms of a region's period.
fn cost(region: &Region) -> f64 {
    let pixels = (region.period[0] * region.period[1]) as f64;
    pixels * pixels.log2()
}

#[cfg(test)]
mod tests {
    use super::super::{Geometry, Matching};
    use super::*;

    fn region(origin: [f64; 2], side: usize) -> Region {
        let geometry = Geometry::affine([side, side], [[1.0, 0.01], [-0.01, 1.0]], origin);
        let matching = Matching { observed: None, model: None };
        Region::new(BBox::new([0, 0], [400, 400]), &geometry, &[matching], 0.0, [0.5; 2]).expect("it sees it")
    }

    #[test]
    fn those_that_overlap_share_and_small_ones_do_not_pay_for_large_ones() {
        let near: Vec<_> = (0..6).map(|i| region([100.3 + f64::from(i), 99.7], 64)).collect();
        let (of, groups_of_near) = groups(&near);
        assert_eq!((of, groups_of_near.len()), (vec![0; 6], 1));
        for region in &near {
            let all = &groups_of_near[0];
            assert_eq!(all.input.intersection(region.input), Some(region.input));
            assert!((0..2).all(|k| all.period[k] >= region.period[k]));
        }
        let apart = [region([20.0, 20.0], 20), region([350.0, 330.0], 20), region([0.0, 0.0], 400)];
        assert_eq!(groups(&apart).1.len(), 3);
    }
}
