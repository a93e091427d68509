//! How far a source reaches: a box that grows while its edge still looks like the source.

use super::pixel_spectrum;
use super::site::Site;
use crate::measure::{Moments, fwhm_px};
use crate::{ObsError, Observation};
use ndarray::{Array2, s};
use scarlet_frame::{BBox, Frame};

/// Side of the smallest box over the full width of the sharpest PSF, 6 / sqrt(pi).
///
/// scarlet2 has 6 and a width that is too small by sqrt(pi): the boxes are the same.
const FIRST_SIZE: f64 = 3.385_137_501_286_538;
/// From one box to the next.
const GROWTH: f64 = 1.5;
/// Smallest side.
const MIN_SIZE: usize = 5;

/// When a box stops growing.
#[derive(Debug, Clone, PartialEq)]
pub struct BoxSettings {
    /// Sides to try in pixels of the observation, odd and growing; without them 3.4 times the full width of the
    /// sharpest PSF and then each 1.5 times the last, rounded to odd.
    pub sizes: Option<Vec<usize>>,
    /// Least signal-to-noise ratio of edge pixels, mean over the edge, sum over channels.
    pub min_snr: f64,
    /// Least correlation of the edge's colour with that of the centre.
    pub min_correlation: f64,
}

impl Default for BoxSettings {
    fn default() -> Self {
        Self { sizes: None, min_snr: 3.0, min_correlation: 0.99 }
    }
}

impl BoxSettings {
    fn sizes(&self, observation: &Observation) -> Vec<usize> {
        let [_, ny, nx] = observation.frame().shape();
        let longest = ny.max(nx);
        let sizes = self.sizes.clone().unwrap_or_else(|| default_sizes(observation, longest));
        let mut fitting: Vec<usize> = sizes.iter().copied().filter(|n| *n <= longest && *n > 0).collect();
        if fitting.is_empty() {
            fitting.push(longest - (longest + 1) % 2);
        }
        fitting
    }
}

fn default_sizes(observation: &Observation, longest: usize) -> Vec<usize> {
    let frame = observation.frame();
    let channels = 0..frame.channel_names().len();
    let widths =
        frame.psf_ref().map(|psf| channels.map(|c| fwhm_px(psf.sampled(c).view())).collect::<Vec<_>>());
    let width = widths.map_or(1.0, |w| w.into_iter().fold(f64::INFINITY, f64::min));
    let sizes = std::iter::successors(Some(FIRST_SIZE * width), |side| Some(side * GROWTH));
    let odd = sizes.map(|side| ((side - 1.0) / 2.0).round() as usize * 2 + 1);
    odd.map(|n| n.max(MIN_SIZE)).take_while(|n| *n <= longest).collect()
}

/// The box that holds a source at `position`, and its moments there, one for each channel.
///
/// - `position`: `(y, x)` in pixels of the observation's own frame, as is the box. The moments are about it, up
///   to order 2, as seen: not deconvolved.
/// - `matched_to`: the frame whose PSF the colour of the centre is matched to.
///
/// A box grows while its edge is brighter than `min_snr`, has the colour of the centre and gets fainter outwards
/// in all channels. Where the edge is too faint the box is taken, where the source's own light ends in another's
/// the last one is. Pixels outside the image or of weight 0 count as the ones opposite, and as 0 where these do
/// not count either.
///
/// scarlet2: `init.best_box_moments`; the same boxes and moments for the sources of HSC. It adds up absolute
/// values at the edge, which noise alone takes above the limit from four channels on, and takes a pixel for masked
/// where its value is 0.
///
/// # Errors
/// The position is not in the image.
pub fn best_box(
    observation: &Observation,
    position: [f64; 2],
    matched_to: &Frame,
    settings: &BoxSettings,
) -> Result<(BBox, Vec<Moments>), ObsError> {
    let center_spectrum = pixel_spectrum(observation, position, Some(matched_to))?;
    let origin = observation.frame().bbox().origin();
    let site = Site { observation, position: [0, 1].map(|k| position[k] - origin[k] as f64) };
    let mut last: Option<(BBox, Vec<Moments>, Vec<f64>)> = None;
    for n in settings.sizes(observation) {
        let bbox = BBox::centered(position, [n, n]);
        let (edge, snr) = edge_of(observation, bbox);
        let moments = box_moments(&site, bbox);
        let faint = snr < settings.min_snr;
        if let Some((.., inner)) = last.as_ref().filter(|_| !faint) {
            let foreign = correlation(&edge, &center_spectrum) < settings.min_correlation
                || edge.iter().zip(inner).any(|(outer, inner)| outer > inner)
                || moments.iter().any(|m| m.flux() <= 0.0);
            if foreign {
                break;
            }
        }
        last = Some((bbox, moments, edge));
        if faint {
            break;
        }
    }
    let (bbox, moments, _) = last.expect("there is at least one size, and the first one is taken");
    Ok((bbox, moments))
}

/// Mean of the pixels along the edge of `bbox` that count, for each channel, and the sum of their mean ratios to noise.
fn edge_of(observation: &Observation, bbox: BBox) -> (Vec<f64>, f64) {
    let own = observation.frame().bbox();
    let (origin, end) = (bbox.origin(), bbox.end());
    let on_edge = |y: i64, x: i64| y == origin[0] || x == origin[1] || y == end[0] - 1 || x == end[1] - 1;
    let mut spectrum = Vec::new();
    let mut snr = 0.0;
    for channel in 0..observation.frame().channel_names().len() {
        let (mut sum, mut ratio, mut count) = (0.0, 0.0, 0.0);
        let Some(inside) = own.intersection(bbox) else { continue };
        let ([y0, x0], [y1, x1]) = (inside.origin(), inside.end());
        for (y, x) in (y0..y1).flat_map(|y| (x0..x1).map(move |x| (y, x))).filter(|(y, x)| on_edge(*y, *x)) {
            let at = [channel, (y - own.origin()[0]) as usize, (x - own.origin()[1]) as usize];
            let (value, weight) = (observation.data()[at], observation.weights()[at]);
            if weight > 0.0 {
                sum += value;
                ratio += value * weight.sqrt();
                count += 1.0;
            }
        }
        let count = f64::max(count, 1.0);
        spectrum.push(sum / count);
        snr += ratio / count;
    }
    (spectrum, snr)
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// Moments of the observation in `bbox` (in its frame) about the site.
pub(super) fn box_moments(site: &Site<'_>, bbox: BBox) -> Vec<Moments> {
    let origin = site.observation.frame().bbox().origin();
    let start = [0, 1].map(|k| bbox.origin()[k] - origin[k]);
    let center = [0, 1].map(|k| site.position[k] - start[k] as f64);
    let channels = 0..site.observation.frame().channel_names().len();
    channels.map(|c| Moments::about(filled(site, c, start, bbox.shape()).view(), center, 2)).collect()
}

/// A cut-out whose missing pixels are replaced by those opposite.
fn filled(site: &Site<'_>, channel: usize, start: [i64; 2], [ny, nx]: [usize; 2]) -> Array2<f64> {
    let (data, weights) = (site.observation.data(), site.observation.weights());
    let value = |y: i64, x: i64| {
        let (y, x) = (usize::try_from(y).ok()?, usize::try_from(x).ok()?);
        let weight = *weights.get([channel, y, x])?;
        (weight > 0.0).then(|| data[[channel, y, x]])
    };
    let middle = site.position.map(|p| (p + 0.5).floor() as i64);
    Array2::from_shape_fn((ny, nx), |(y, x)| {
        let (y, x) = (start[0] + y as i64, start[1] + x as i64);
        value(y, x).or_else(|| value(2 * middle[0] - y, 2 * middle[1] - x)).unwrap_or(0.0)
    })
}

/// Moments of the kernel between the model's PSF and the observed one, both cut to `shape` around their centres.
///
/// What is cut out of the image is cut out of the PSF too: a star then comes out with the model's width in every
/// box. scarlet2 takes the whole PSF, whose wings make the second moments of compact sources negative.
pub(super) fn kernel_moments(
    observation: &Observation,
    channel: usize,
    model: &Frame,
    shape: [usize; 2],
) -> Option<Moments> {
    let (psf, model_psf) = (observation.frame().psf_ref()?, model.psf_ref()?);
    let name = &observation.frame().channel_names()[channel];
    let of_model = model_psf.sampled(model.channel_index(name).unwrap_or(0));
    let moments = |image: Array2<f64>| {
        let image = central(&image, shape);
        let center = [0, 1].map(|k| (image.shape()[k] / 2) as f64);
        Moments::about(image.view(), center, 2)
    };
    Some(moments(psf.sampled(channel)).deconvolved(&moments(of_model)))
}

/// The part of `image` within `shape` around its centre.
fn central(image: &Array2<f64>, shape: [usize; 2]) -> Array2<f64> {
    let range = |k: usize| {
        let (n, center) = (image.shape()[k], image.shape()[k] / 2);
        let half = (shape[k] / 2).min(center).min(n - 1 - center);
        center - half..center + half + 1
    };
    let (y, x) = (range(0), range(1));
    image.slice(s![y, x]).to_owned()
}
