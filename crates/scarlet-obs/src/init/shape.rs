//! Start images: a Gaussian of the measured moments, or the most compact source there is.

use super::footprint::{box_moments, kernel_moments};
use super::site::{Site, median, sites};
use super::{BoxSettings, FLUX_FLOOR, IMAGE_RANGE, best_box};
use crate::{ObsError, Observation};
use ndarray::{Array2, s};
use scarlet_frame::{BBox, Frame};

/// The centre of an image is sampled this far out, in units of its squared size: a peak a little below 1.
const MIN_RADIUS2: f64 = 1e-3;

/// Spectrum and image of a source at `center`, from its moments in `observation`.
///
/// - `center`: `(y, x)` in pixels of the frame `model`, which the image is made for.
/// - The image `[y, x]` is a Gaussian that peaks at 1 (inside [`IMAGE_RANGE`]), of the second moments in the best
///   box (see [`best_box`]), deconvolved to the PSF of `model`, the median of those channels that hold flux. It
///   is nowhere sharper than that PSF; it is [`compact`] where the moments say nothing.
/// - The spectrum has one value for each channel of the observation: spectrum x sum of the image is the flux in
///   the box, at least [`FLUX_FLOOR`](super::FLUX_FLOOR) times its noise.
///
/// scarlet2: `init.from_gaussian_moments`. The Gaussian of given moments agrees to 1e-9. It keeps the whole PSF's
/// wings when it deconvolves, which changes the image of the brightest galaxy of HSC by 0.05 of its peak, and takes
/// a size from negative moments, as for the star there (1.97 px instead of 0.85).
///
/// # Errors
/// The source is outside the image, or no pixel near it counts.
pub fn from_moments(
    observation: &Observation,
    model: &Frame,
    center: [f64; 2],
) -> Result<(Vec<f64>, Array2<f64>), ObsError> {
    let site = sites(&[observation], model, center)?[0];
    let (bbox, image) = image_at(&site, model, center)?;
    let total = image.sum();
    let channels = 0..observation.frame().channel_names().len();
    let spectrum = channels.map(|c| {
        let floor = FLUX_FLOOR * site.flux_error(c);
        box_flux(&site, c, model, bbox).filter(|f| f.is_finite()).map_or(floor, |f| f.max(floor)) / total
    });
    Ok((spectrum.collect(), image))
}

/// The box of a source, in the observation's frame, and its image.
pub(super) fn image_at(
    site: &Site<'_>,
    model: &Frame,
    center: [f64; 2],
) -> Result<(BBox, Array2<f64>), ObsError> {
    let origin = site.observation.frame().bbox().origin();
    let position = [0, 1].map(|k| site.position[k] + origin[k] as f64);
    let (bbox, moments) = best_box(site.observation, position, model, &BoxSettings::default())?;
    let seconds = moments.iter().enumerate().filter(|(_, m)| m.flux() > 0.0).map(|(c, m)| {
        let kernel = kernel_moments(site.observation, c, model, bbox.shape());
        kernel.map_or_else(|| m.clone(), |k| m.deconvolved(&k)).second_px2()
    });
    let seconds: Vec<[f64; 3]> = seconds.filter(|q| q.iter().all(|v| v.is_finite())).collect();
    let middle = |k: usize| median(&mut seconds.iter().map(|q| q[k]).collect::<Vec<_>>());
    let (Some(yy), Some(yx), Some(xx)) = (middle(0), middle(1), middle(2)) else {
        return Ok((bbox, compact(model)));
    };
    let least = model.psf_ref().map_or(0.5, |psf| psf_variance(&psf.sampled(0)));
    let second = at_least([yy, yx, xx], least);
    let offset = center.map(|c| c - c.trunc());
    Ok((bbox, gaussian(second, offset, bbox.shape())))
}

/// Flux in `bbox` of one channel, what the PSF takes out of the box brought back.
pub(super) fn box_flux(site: &Site<'_>, channel: usize, model: &Frame, bbox: BBox) -> Option<f64> {
    let kernel = kernel_moments(site.observation, channel, model, bbox.shape());
    let flux = box_moments(site, bbox)[channel].flux();
    Some(kernel.map_or(flux, |k| flux / k.flux()))
}

fn psf_variance(psf: &Array2<f64>) -> f64 {
    let moments = crate::measure::Moments::of(psf.view(), 2);
    moments.size_px().powi(2)
}

/// The second moments with both principal axes at least `least`, in pixels squared.
fn at_least([yy, yx, xx]: [f64; 3], least: f64) -> [f64; 3] {
    let (mean, half) = (0.5 * (yy + xx), 0.5 * (xx - yy));
    let length = half.hypot(yx);
    let (large, small) = ((mean + length).max(least), (mean - length).max(least));
    let (mean, scale) =
        (0.5 * (large + small), if length > 0.0 { 0.5 * (large - small) / length } else { 0.0 });
    [mean - half * scale, yx * scale, mean + half * scale]
}

/// A Gaussian of second moments `[yy, yx, xx]`, peak 1, `offset` from the central pixel.
fn gaussian([yy, yx, xx]: [f64; 3], offset: [f64; 2], [ny, nx]: [usize; 2]) -> Array2<f64> {
    let determinant = yy * xx - yx * yx;
    Array2::from_shape_fn((ny, nx), |(y, x)| {
        let dy = y as f64 - (ny / 2) as f64 - offset[0];
        let dx = x as f64 - (nx / 2) as f64 - offset[1];
        let r2 = (xx * dy * dy - 2.0 * yx * dy * dx + yy * dx * dx) / determinant;
        in_range((-0.5 * r2.max(MIN_RADIUS2)).exp())
    })
}

/// The most compact image there is: the PSF of the frame `model`, its peak brought to 1, inside [`IMAGE_RANGE`].
///
/// Without a PSF it is a single bright pixel in 3 x 3. scarlet2: `init.compact_morphology`, which is not brought
/// to a peak of 1.
#[must_use]
pub fn compact(model: &Frame) -> Array2<f64> {
    let Some(psf) = model.psf_ref() else {
        return Array2::from_shape_fn((3, 3), |at| in_range(f64::from(at == (1, 1))));
    };
    let image = psf.sampled(0);
    let peak = image.iter().copied().fold(0.0, f64::max);
    image.mapv(|v| in_range(v / peak))
}

fn in_range(value: f64) -> f64 {
    value.clamp(IMAGE_RANGE[0], IMAGE_RANGE[1])
}

/// Spectrum and image `[y, x]` of one layer of a source.
pub type Layer = (Vec<f64>, Array2<f64>);

/// Cuts a source into `count` layers of equal flux, the most compact first: `(spectrum, image)` of each.
///
/// The last layer is what lies below a level of the image, the one before what lies between this level and the
/// next. Each is brought to a peak of 1 and cut to where it has light; the sum of spectrum x image over the layers
/// is `spectrum x image`, to [`IMAGE_RANGE`]'s lower end.
///
/// # Errors
/// `count` is 0.
pub fn layers(spectrum: &[f64], image: &Array2<f64>, count: usize) -> Result<Vec<Layer>, ObsError> {
    match count {
        0 => return Err(ObsError::NoComponents),
        1 => return Ok(vec![(spectrum.to_vec(), image.clone())]),
        _ => {}
    }
    let peak = image.iter().copied().fold(0.0, f64::max);
    let mut levels: Vec<f64> = (1..count).map(|k| level(image, k as f64 / count as f64)).collect();
    levels.insert(0, 0.0);
    levels.push(peak);
    let layer = |pair: &[f64]| {
        let height = pair[1] - pair[0];
        let part = image.mapv(|v| in_range(((v - pair[0]) / height).min(1.0)));
        (spectrum.iter().map(|f| f * height).collect(), trimmed(&part))
    };
    Ok(levels.windows(2).rev().map(layer).collect())
}

/// The level below which there is this share of the light.
fn level(image: &Array2<f64>, share: f64) -> f64 {
    let wanted = share * image.sum();
    let (mut low, mut high) = (0.0, image.iter().copied().fold(0.0, f64::max));
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if image.iter().map(|v| v.min(middle)).sum::<f64>() < wanted { low = middle } else { high = middle }
    }
    high
}

/// The smallest central square that holds all pixels above the lower end of the range, and one pixel more.
fn trimmed(image: &Array2<f64>) -> Array2<f64> {
    let (cy, cx) = (image.nrows() / 2, image.ncols() / 2);
    let bright = image.indexed_iter().filter(|(_, v)| **v > IMAGE_RANGE[0]);
    let reach = bright.map(|((y, x), _)| y.abs_diff(cy).max(x.abs_diff(cx))).max().unwrap_or(0) + 1;
    let half = |n: usize| reach.min((n - 1) / 2);
    let (hy, hx) = (half(image.nrows()), half(image.ncols()));
    image.slice(s![cy - hy..=cy + hy, cx - hx..=cx + hx]).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray_npy::NpzReader;
    use std::fs::File;

    #[test]
    fn axes_are_kept_or_brought_to_the_least() {
        assert_eq!(at_least([3.0, 1.0, 2.0], 0.5), [3.0, 1.0, 2.0]);
        let round = at_least([-3.0, 0.4, -2.0], 0.5);
        assert!((round[0] - 0.5).abs() < 1e-15 && round[1].abs() < 1e-15 && (round[2] - 0.5).abs() < 1e-15);
        let [yy, yx, xx] = at_least([1.0, 2.0, 1.0], 0.25);
        assert!((yy * xx - yx * yx - 3.0 * 0.25).abs() < 1e-12 && (yy + xx - 3.25).abs() < 1e-12);
    }

    #[test]
    fn gaussians_of_given_moments_agree_with_scarlet2() {
        let Some(folder) = std::env::var_os("SCARLET_DATA").map(std::path::PathBuf::from) else {
            println!("SCARLET_DATA is not set: scarlet2's images are not compared with");
            return;
        };
        let path = folder.join("../reference/scarlet2/init_hsc35.npz");
        let mut file = NpzReader::new(File::open(path).expect("a file")).expect("an archive");
        let mut get = |name: String| -> Array2<f64> { file.by_name(&name).expect("an array") };
        for source in [1, 5] {
            let moments = get(format!("s{source}_best_box_moments"));
            let middle = |row: usize| {
                let mut shares: Vec<f64> = (0..5).map(|c| moments[[row, c]] / moments[[0, c]]).collect();
                median(&mut shares).expect("five channels")
            };
            let theirs = get(format!("s{source}_fgm_morph"));
            let ours =
                gaussian([middle(5), middle(4), middle(3)], [0.0; 2], [theirs.nrows(), theirs.ncols()]);
            let worst = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(worst < 1e-9, "source {source}: {worst}");
        }
    }
}
