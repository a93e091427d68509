//! PSFs moved so that their cores are on the central pixel.

use super::psf::core;
use crate::ObsError;
use ndarray::{Array2, Array3, ArrayView2, Axis, s};
use scarlet_frame::{FrameError, Psf};
use scarlet_render::{RealFft2, Window, good_length};

const ROUNDS: usize = 4;
const CLOSE_ENOUGH_PX: f64 = 1e-4;
/// Pixels of zeros around an image, so that what is moved out of it does not come back in.
const MARGIN_PX: usize = 8;

/// The PSF with each image moved so that its [`core()`] is on pixel `n / 2`, and of odd sides.
///
/// Whole pixels are moved as they are; the rest is a shift of phases of the image's Fourier transform, which is exact
/// for a well sampled PSF and rings where the core is narrower than about 2 pixels across. Images of even sides get
/// one more row or column of zeros at the end, which leaves pixel `n / 2` where it is. Analytic PSFs are centred
/// already and come back as they are.
///
/// # Errors
/// An image has no core to be centred on.
///
/// ```
/// use ndarray::Array2;
/// use scarlet_frame::Psf;
/// use scarlet_obs::check::{core, recentred};
/// let image = Array2::from_shape_fn((40, 40), |(y, x)| {
///     (-((y as f64 - 18.8).powi(2) + (x as f64 - 20.4).powi(2)) / 8.0).exp()
/// });
/// let centred = recentred(&Psf::image(image.view())?)?.sampled(0);
/// assert_eq!(centred.dim(), (41, 41));
/// let [dy, dx] = core(centred.view()).ok_or("no core")?.offset_px([41, 41]);
/// assert!(dy.abs() < 1e-3 && dx.abs() < 1e-3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn recentred(psf: &Psf) -> Result<Psf, ObsError> {
    if psf.gaussian_sigma_px(0).is_some() || psf.moffat_parameters(0).is_some() {
        return Ok(psf.clone());
    }
    let planes = psf.planes().unwrap_or(1);
    let moved = (0..planes).map(|plane| centred(&psf.sampled(plane), plane));
    let moved = moved.collect::<Result<Vec<_>, _>>()?;
    let views: Vec<_> = moved.iter().map(|image| image.view()).collect();
    let images: Array3<f64> = ndarray::stack(Axis(0), &views).expect("all planes have the same shape");
    Ok(Psf::images(images)?)
}

fn centred(image: &Array2<f64>, plane: usize) -> Result<Array2<f64>, FrameError> {
    let odd = |n: usize| n + 1 - n % 2;
    let (ny, nx) = image.dim();
    let mut moved = Array2::zeros((odd(ny), odd(nx)));
    moved.slice_mut(s![..ny, ..nx]).assign(image);
    for _ in 0..ROUNDS {
        let offset = core(moved.view()).map(|c| c.offset_px([moved.nrows(), moved.ncols()]));
        let offset = offset.ok_or_else(|| FrameError::PsfImage {
            plane,
            problem: "it has no peak that it could be centred on; give another image".to_owned(),
        })?;
        if offset[0].hypot(offset[1]) < CLOSE_ENOUGH_PX {
            break;
        }
        let whole = offset.map(f64::round);
        moved = by_whole_pixels(&moved, whole.map(|v| -v as i64));
        moved = by_part_of_a_pixel(moved.view(), [whole[0] - offset[0], whole[1] - offset[1]]);
    }
    Ok(moved)
}

/// The image moved by `shift`, zeros where nothing comes from.
fn by_whole_pixels(image: &Array2<f64>, shift: [i64; 2]) -> Array2<f64> {
    Array2::from_shape_fn(image.dim(), |(y, x)| {
        let from = [y as i64 - shift[0], x as i64 - shift[1]].map(|v| usize::try_from(v).ok());
        let [Some(y), Some(x)] = from else { return 0.0 };
        image.get([y, x]).copied().unwrap_or(0.0)
    })
}

/// The image moved by `shift`, less than a pixel along each axis.
fn by_part_of_a_pixel(image: ArrayView2<'_, f64>, shift: [f64; 2]) -> Array2<f64> {
    let inner = [image.nrows(), image.ncols()];
    let shape @ [ny, nx] = inner.map(|n| good_length(n + 2 * MARGIN_PX));
    let fft = RealFft2::<f64>::new(shape);
    let mut work = fft.workspace();
    let mut plane = vec![0.0; ny * nx];
    let window = Window { offset: MARGIN_PX * nx + MARGIN_PX, stride: nx, shape: inner };
    for (y, row) in image.rows().into_iter().enumerate() {
        plane[window.row(y)].iter_mut().zip(row).for_each(|(p, v)| *p = *v);
    }
    fft.forward_rows(&plane, Window::whole(shape), &mut work);
    let scale = 1.0 / (ny * nx) as f64;
    fft.each_column(&mut work, |kx, column| {
        for (ky, value) in column.iter_mut().enumerate() {
            let (re, im) = phase(kx, ky, shape, shift);
            (value.re, value.im) =
                (scale * (value.re * re - value.im * im), scale * (value.re * im + value.im * re));
        }
    });
    fft.inverse_rows(&mut plane, Window::whole(shape), &mut work);
    let whole = Array2::from_shape_vec((ny, nx), plane).expect("the plane has this many pixels");
    let [rows, columns] = inner.map(|n| MARGIN_PX..MARGIN_PX + n);
    whole.slice(s![rows, columns]).to_owned()
}

/// exp(-2 pi i k . shift / n) along each axis; its real part at the highest frequency of an even length, so that
/// images stay real.
fn phase(kx: usize, ky: usize, [ny, nx]: [usize; 2], [dy, dx]: [f64; 2]) -> (f64, f64) {
    let along = |k: usize, n: usize, shift: f64| {
        let signed = if 2 * k > n { k as f64 - n as f64 } else { k as f64 };
        let (sin, cos) = (-std::f64::consts::TAU * signed * shift / n as f64).sin_cos();
        if 2 * k == n { (cos, 0.0) } else { (cos, sin) }
    };
    let ((ay, by), (ax, bx)) = (along(ky, ny, dy), along(kx, nx, dx));
    (ay * ax - by * bx, ay * bx + by * ax)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaussian(center: [f64; 2]) -> Array2<f64> {
        Array2::from_shape_fn((31, 33), |(y, x)| {
            let r2 = (y as f64 - center[0]).powi(2) + (x as f64 - center[1]).powi(2);
            (-r2 / 8.0).exp()
        })
    }

    #[test]
    fn a_gaussian_is_moved_as_its_formula_is() {
        let moved = by_part_of_a_pixel(gaussian([15.0, 16.0]).view(), [0.3, -0.45]);
        let expected = gaussian([15.3, 15.55]);
        let worst = moved.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-6, "{worst}");
        assert_eq!(by_whole_pixels(&gaussian([15.0, 16.0]), [2, -3]), {
            let mut expected = gaussian([17.0, 13.0]);
            expected.slice_mut(s![..2, ..]).fill(0.0);
            expected.slice_mut(s![.., 30..]).fill(0.0);
            expected
        });
    }
}
