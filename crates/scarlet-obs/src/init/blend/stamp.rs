//! What a plane sees of one source of flux 1, and of small changes of it.

use super::plane::{Plane, Spot};
use super::profile::{Profile, SHAPE};
use crate::kernel;
use ndarray::Array2;
use num_complex::Complex;
use scarlet_frame::BBox;
use scarlet_render::{RealFft2, Window, Workspace, good_length};
use std::collections::BTreeMap;
use std::f64::consts::TAU;

/// Half a side of a stamp goes in steps of this many pixels.
const HALF_STEP: usize = 8;
/// Largest half side, in pixels.
const LARGEST_HALF: usize = 120;
/// Share of the PSF that a star's stamp holds.
const PSF_SHARE: f64 = 0.99;

/// Images of the same pixels, one after the other: the source, its change with y and x and with its shape.
#[derive(Debug)]
pub(super) struct Stamp {
    pub(super) bbox: BBox,
    pub(super) columns: Vec<f32>,
}

impl Stamp {
    /// Adds by how much it is brighter in the pixels of `bbox` where it has moved by so much along `[y, x]`.
    pub(super) fn add_moved(&self, by: [f32; 2], bbox: BBox, into: &mut [f32]) {
        let n = self.bbox.len();
        let Some(both) = self.bbox.intersection(bbox) else { return };
        let (Some([rows, columns]), Some([to_rows, to_columns])) =
            (self.bbox.slices_of(both), bbox.slices_of(both))
        else {
            return;
        };
        let (width, to_width) = (self.bbox.shape()[1], bbox.shape()[1]);
        for (y, to_y) in rows.zip(to_rows) {
            let row = y * width + columns.start..y * width + columns.end;
            let to = to_y * to_width + to_columns.start..to_y * to_width + to_columns.end;
            let [of_y, of_x] = [1, 2].map(|k| &self.columns[k * n..(k + 1) * n][row.clone()]);
            for ((sum, y), x) in into[to].iter_mut().zip(of_y).zip(of_x) {
                *sum += by[0] * y + by[1] * x;
            }
        }
    }
}

/// Draws stamps for one plane.
#[derive(Debug)]
pub(super) struct Painter<'a> {
    plane: &'a Plane,
    psf_reach: f64,
    /// By half a side, and by which PSF it is.
    canvases: BTreeMap<(usize, usize), Canvas>,
}

/// Plans and buffers of stamps of one size.
#[derive(Debug)]
struct Canvas {
    fft: RealFft2<f32>,
    work: Workspace<f32>,
    /// Spectrum of the PSF around the first pixel, with the inverse's 1 / N in it.
    psf: Vec<Complex<f32>>,
    /// The same at the position of a source.
    placed: Vec<Complex<f32>>,
    transforms: Vec<f32>,
}

impl<'a> Painter<'a> {
    pub(super) fn new(plane: &'a Plane) -> Self {
        let psf_reach = plane.psf_radius(PSF_SHARE);
        Self { plane, psf_reach, canvases: BTreeMap::new() }
    }

    /// The stamp of a source at `spot`, a star where there is no profile; none where it reaches none of the pixels.
    pub(super) fn stamp(&mut self, spot: Spot, profile: Option<&Profile>) -> Option<Stamp> {
        let reach = self.psf_reach + profile.map_or(0.0, |profile| profile.reach_px(spot.jacobian));
        let half = (reach.ceil() as usize).next_multiple_of(HALF_STEP).min(LARGEST_HALF);
        let bbox = BBox::centered(spot.at, [2 * half + 1, 2 * half + 1]);
        bbox.intersection(self.plane.bbox)?;
        let (which, psf) = self.plane.psf_at(spot.at);
        let canvas = self.canvases.entry((half, which)).or_insert_with(|| Canvas::new(half, psf));
        let at = [0, 1].map(|k| spot.at[k] - bbox.origin()[k] as f64);
        Some(Stamp { bbox, columns: canvas.draw(Spot { at, ..spot }, profile, bbox.shape()) })
    }
}

impl Canvas {
    fn new(half: usize, psf: &Array2<f64>) -> Self {
        let n = good_length(2 * half + 2);
        let fft = RealFft2::<f32>::new([n, n]);
        let mut work = fft.workspace();
        let wrapped: Vec<f32> = kernel::wrapped(psf, [n, n]).into_iter().map(|v| v as f32).collect();
        fft.forward_rows(&wrapped, Window::whole([n, n]), &mut work);
        fft.forward_columns(&mut work);
        let scale = 1.0 / (n * n) as f32;
        let psf: Vec<_> = work.spectrum.iter().map(|v| *v * scale).collect();
        let transforms = vec![0.0; (1 + SHAPE) * psf.len()];
        Self { placed: psf.clone(), psf, fft, work, transforms }
    }

    /// All columns of a source at `spot`, pixels from the first one of a stamp of `shape`.
    fn draw(&mut self, spot: Spot, profile: Option<&Profile>, shape: [usize; 2]) -> Vec<f32> {
        self.place(spot.at);
        let pixels = shape[0] * shape[1];
        let of_shape = if profile.is_some() { SHAPE } else { 0 };
        let mut columns = vec![0.0; (3 + of_shape) * pixels];
        let n = self.fft.shape()[0];
        if let Some(profile) = profile {
            profile.transform(n, spot.jacobian, &mut self.transforms);
        }
        for k in 0..=of_shape {
            let len = self.placed.len();
            let real = &self.transforms[k * len..(k + 1) * len];
            let placed = &self.placed;
            self.fft.inverse_columns(&mut self.work, |column, into| {
                let own = column * n..(column + 1) * n;
                into.copy_from_slice(&placed[own.clone()]);
                if profile.is_some() {
                    into.iter_mut().zip(&real[own]).for_each(|(to, factor)| *to *= *factor);
                }
            });
            let first = if k == 0 { 0 } else { 2 + k };
            let into = &mut columns[first * pixels..(first + 1) * pixels];
            self.fft.inverse_rows(into, Window::whole(shape), &mut self.work);
        }
        let (image, rest) = columns.split_at_mut(pixels);
        let (of_y, rest) = rest.split_at_mut(pixels);
        shifts(image, spot.jacobian, [of_y, &mut rest[..pixels]], shape);
        columns
    }

    /// The PSF's spectrum shifted to a position; nothing at the highest frequencies, which have no direction.
    fn place(&mut self, at: [f64; 2]) {
        let n = self.fft.shape()[0];
        let turns = |p: f64| -> Vec<Complex<f32>> {
            let turn = |k: usize| {
                let signed = if k > n / 2 { k as f64 - n as f64 } else { k as f64 };
                let angle = -TAU * signed * p / n as f64;
                let is_highest = 2 * k == n;
                if is_highest {
                    Complex::new(0.0, 0.0)
                } else {
                    Complex::new(angle.cos() as f32, angle.sin() as f32)
                }
            };
            (0..n).map(turn).collect()
        };
        let (of_y, of_x) = (turns(at[0]), turns(at[1]));
        for ((placed, psf), along_x) in
            self.placed.chunks_exact_mut(n).zip(self.psf.chunks_exact(n)).zip(&of_x)
        {
            for ((to, value), along_y) in placed.iter_mut().zip(psf).zip(&of_y) {
                *to = value * along_x * along_y;
            }
        }
    }
}

/// Changes of an image with its position in the model frame, by central differences; zero at the edges.
///
/// `jacobian` is that of the position in the observation by that one.
fn shifts(image: &[f32], jacobian: [[f64; 2]; 2], [of_y, of_x]: [&mut [f32]; 2], [ny, nx]: [usize; 2]) {
    let jacobian = jacobian.map(|row| row.map(|v| v as f32));
    for y in 1..ny.saturating_sub(1) {
        for x in 1..nx.saturating_sub(1) {
            let at = y * nx + x;
            let along_y = 0.5 * (image[at - nx] - image[at + nx]);
            let along_x = 0.5 * (image[at - 1] - image[at + 1]);
            of_y[at] = jacobian[0][0] * along_y + jacobian[1][0] * along_x;
            of_x[at] = jacobian[0][1] * along_y + jacobian[1][1] * along_x;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::s;

    fn gaussian(center: [f64; 2], variance: f64, shape: [usize; 2]) -> Array2<f64> {
        Array2::from_shape_fn(shape, |(y, x)| {
            let r2 = (y as f64 - center[0]).powi(2) + (x as f64 - center[1]).powi(2);
            (-0.5 * r2 / variance).exp() / (TAU * variance)
        })
    }

    #[test]
    fn a_star_is_the_psf_at_its_position_and_a_galaxy_is_as_bright_as_its_image() {
        let psf = gaussian([20.0, 20.0], 3.0, [41, 41]);
        let mut canvas = Canvas::new(24, &psf);
        let spot = |jacobian| Spot { at: [24.3, 23.6], jacobian };
        let same = spot([[1.0, 0.0], [0.0, 1.0]]);
        let star = canvas.draw(same, None, [49, 49]);
        let expected = gaussian([24.3, 23.6], 3.0, [49, 49]);
        let worst = star.iter().zip(&expected).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
        assert!(worst < 2e-5, "{worst}");
        let profile = Profile::new([1.0, 0.2, 0.1, -2.0]);
        let galaxy = canvas.draw(same, Some(&profile), [49, 49]);
        let expected = profile.image([24.3, 23.6], 3.0, BBox::new([0, 0], [49, 49]));
        let inner = s![8..41, 8..41];
        let galaxy = Array2::from_shape_vec((49, 49), galaxy[..49 * 49].to_vec()).expect("one image");
        let worst = galaxy
            .slice(inner)
            .iter()
            .zip(expected.slice(inner))
            .map(|(a, b)| (f64::from(*a) - b).abs())
            .fold(0.0, f64::max);
        assert!(worst < 1e-4 * 0.05, "{worst}");
        turned_galaxies_are_drawn_as_seen_and_move_with_the_model(&mut canvas);
    }

    /// A quarter turn and half the scale of a round galaxy is a round one of half the size; a step in the model's y is half a
    /// step back in x.
    fn turned_galaxies_are_drawn_as_seen_and_move_with_the_model(canvas: &mut Canvas) {
        let at = [24.3, 23.6];
        let profile = Profile::new([1.5, 0.3, 0.2, -2.0]);
        let seen = Profile::new([1.5 - 2.0_f64.ln(), -0.3, -0.2, -2.0]);
        let turned = Spot { at, jacobian: [[0.0, 0.5], [-0.5, 0.0]] };
        let turned = canvas.draw(turned, Some(&profile), [49, 49]);
        let plain = Spot { at, jacobian: [[1.0, 0.0], [0.0, 1.0]] };
        let plain = canvas.draw(plain, Some(&seen), [49, 49]);
        let worst = |a: &[f32], b: &[f32], factor: f32| {
            let pixels = 49 * 49;
            a[..pixels].iter().zip(b).map(|(a, b)| (a - factor * b).abs()).fold(0.0, f32::max)
        };
        assert!(worst(&turned, &plain, 1.0) < 1e-7);
        let [of_y, of_x] = [1, 2].map(|k| k * 49 * 49);
        assert!(worst(&turned[of_y..], &plain[of_x..], -0.5) < 1e-7);
        assert!(worst(&turned[of_x..], &plain[of_y..], 0.5) < 1e-7);
    }
}
