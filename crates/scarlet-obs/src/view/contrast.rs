//! What an observation sees of something in units of its noise: what errors are made of.

use super::View;
use crate::noise::{Noise, Planes, Whitening};
use crate::{ObsError, Observation};
use ndarray::{Array2, Array3, Axis};
use scarlet_frame::{BBox, Frame};
use scarlet_render::{Window, dot};

/// Rows and columns around a signal that are everywhere fainter than this share of its peak are left out.
const FAINT: f64 = 1e-7;
/// The same where the signal of a single pixel is compared with itself.
const FAINT_OF_PIXEL: f64 = 1e-3;

/// An observation, and how well each of its pixels is known.
///
/// The information that it has about changes u and v of the model is the sum over channels of [`Signal::dot`]: u' K' C^-1 K v,
/// K what is done to the model to be seen, C the covariance of the noise; for counts that of the best model.
///
/// ```
/// use ndarray::Array3;
/// use scarlet_frame::{BBox, Frame, Psf};
/// use scarlet_obs::{Contrast, Observation};
/// let frame = Frame::new([30, 30]).channels(["g"]).psf(Psf::gaussian(1.5)?);
/// let observation = Observation::new(Array3::zeros((1, 30, 30)), Array3::from_elem((1, 30, 30), 4.0), frame)?;
/// let model = Frame::enclosing([observation.frame()])?;
/// let mut contrast = Contrast::new(&observation, &model, &Array3::zeros((1, 30, 30)))?;
/// let point = Array3::ones((1, 1, 1));
/// let seen = contrast.signals(BBox::new([14, 15], [1, 1]), &point);
/// assert_eq!(seen[0].channel, 0);
/// assert!(seen[0].dot(&seen[0]) > 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Contrast<'a> {
    view: View<'a>,
    /// 1 / error of each pixel; 0 where it does not count.
    roots: Array3<f64>,
    /// Of each channel, where noise is correlated.
    correlated: Vec<(Whitening<f64>, Planes<f64>)>,
    /// Information about pairs of pixels of weight 1 up to some lag, for each own channel, once it is known to be the same
    /// everywhere.
    alike: Option<(usize, Vec<Lags>)>,
}

/// A channel, and information about pairs of its pixels by lag.
type Lags = (usize, Array2<f64>);

/// What one channel sees of something, in units of its noise and free of its correlations.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// The channel of the model.
    pub channel: usize,
    /// Pixels of the observation.
    pub bbox: BBox,
    /// What they see, in row order.
    pub pixels: Vec<f64>,
}

impl<'a> Contrast<'a> {
    /// How `observation` sees changes of a model with the frame `model`, where it should see `rendered`.
    ///
    /// # Errors
    /// A channel that the model does not have, a pixel that a WCS does not reach.
    ///
    /// # Panics
    /// `rendered` has not the observation's shape.
    pub fn new(
        observation: &'a Observation,
        model: &Frame,
        rendered: &Array3<f64>,
    ) -> Result<Self, ObsError> {
        let mut roots = observation.weights().mapv(f64::sqrt);
        if let Noise::Poisson(counts) = observation.noise() {
            assert_eq!(rendered.dim(), roots.dim(), "what an observation should see");
            for ((at, root), seen) in roots.indexed_iter_mut().zip(rendered).filter(|((_, r), _)| **r > 0.0) {
                *root = counts.weight(at.0, *seen).sqrt();
            }
        }
        let whitening = |(channel, weights)| match observation.noise() {
            Noise::Correlated(noise) => {
                let whitening: Whitening<f64> = noise.whitening(channel, weights);
                Some((whitening.planes(), whitening))
            }
            _ => None,
        };
        let planes = observation.weights().axis_iter(Axis(0)).enumerate();
        let correlated =
            planes.filter_map(whitening).map(|(planes, whitening)| (whitening, planes)).collect();
        Ok(Self { view: View::new(observation, model)?, roots, correlated, alike: None })
    }

    /// What is seen of the light `cube` `[channel of the model, y, x]` in `bbox` of the model frame; nothing for channels in
    /// which there is none.
    ///
    /// # Panics
    /// The cube is not of the box's shape, or has not the model's channels.
    #[must_use]
    pub fn signals(&mut self, bbox: BBox, cube: &Array3<f64>) -> Vec<Signal> {
        let Some(inside) = bbox.intersection(self.view.model) else { return Vec::new() };
        let Some([rows, columns]) = bbox.slices_of(inside) else { return Vec::new() };
        let channels = self.view.sight().channels().to_vec();
        let mut signals = Vec::new();
        for (own, channel) in channels.into_iter().enumerate() {
            let light = cube.slice(ndarray::s![channel, rows.clone(), columns.clone()]);
            let plane: Vec<f64> = light.iter().copied().collect();
            if plane.iter().all(|v| *v == 0.0) {
                continue;
            }
            let Some((bbox, mut pixels)) = self.view.stamp(own, inside, &plane) else { continue };
            self.weigh(own, bbox, &mut pixels);
            let (bbox, pixels) = self.whitened(own, bbox, pixels);
            signals.push(Signal { channel, bbox, pixels }.trimmed(FAINT));
        }
        signals
    }

    /// Information about pairs of pixels of the model near `at`, for each channel of the model that is observed: by lag up to
    /// `reach` `[y, x]`, lag 0 in the middle, as if pixels in `around` all had their mean weight and saw the same PSF.
    ///
    /// On another grid it is interpolated between the observation's pixels.
    #[must_use]
    pub fn of_pixels(&mut self, at: [i64; 2], around: BBox, reach: usize) -> Vec<(usize, Array2<f64>)> {
        let kernels = match &self.alike {
            Some((lags, kernels)) if *lags == reach => kernels.clone(),
            _ if self.view.is_uniform() && self.correlated.is_empty() => {
                let kernels = self.unweighted(self.view.model.center(), reach);
                self.alike = Some((reach, kernels.clone()));
                kernels
            }
            _ => self.unweighted(at, reach),
        };
        let Some(seen) = self.view.sight().footprint(around) else { return Vec::new() };
        let [rows, columns] = self.view.sight().pixels().slices_of(seen).expect("a footprint is inside");
        let weighted = |(own, mut kernel): Lags| {
            let roots = self.roots.slice(ndarray::s![own, rows.clone(), columns.clone()]);
            kernel *= roots.iter().map(|root| root * root).sum::<f64>() / roots.len() as f64;
            (self.view.sight().channels()[own], kernel)
        };
        kernels.into_iter().map(weighted).collect()
    }

    /// The same for each own channel where all pixels have a weight of 1.
    fn unweighted(&mut self, at: [i64; 2], reach: usize) -> Vec<Lags> {
        let channels = self.view.sight().channels().to_vec();
        let inverse = match self.view.sight().whole_pixel_shift() {
            Some(_) => [[1.0, 0.0], [0.0, 1.0]],
            None => self.view.sight().affine().inverse().map_or([[0.0; 2]; 2], |i| i.jacobian()),
        };
        let mut kernels = Vec::new();
        for (own, channel) in channels.into_iter().enumerate() {
            let Some((bbox, pixels)) = self.view.stamp(own, BBox::new(at, [1, 1]), &[1.0]) else { continue };
            let (bbox, pixels) = self.whitened(own, bbox, pixels);
            let signal = Signal { channel, bbox, pixels }.trimmed(FAINT_OF_PIXEL);
            kernels.push((own, signal.with_itself(reach, inverse)));
        }
        kernels
    }

    /// Takes pixels of a box in units of their errors.
    fn weigh(&self, own: usize, bbox: BBox, pixels: &mut [f64]) {
        let roots = self.roots.slice(self.view.window(bbox));
        pixels.iter_mut().zip(roots.index_axis(Axis(0), own)).for_each(|(pixel, root)| *pixel *= root);
    }

    /// Takes out the correlations of the noise; pixels that follow are then concerned, too.
    fn whitened(&mut self, own: usize, bbox: BBox, pixels: Vec<f64>) -> (BBox, Vec<f64>) {
        let Some((whitening, planes)) = self.correlated.get_mut(own) else { return (bbox, pixels) };
        let Some(wider) = bbox.grown(whitening.reach()).intersection(self.view.sight().pixels()) else {
            return (bbox, pixels);
        };
        let origin = self.view.sight().pixels().origin();
        let place = |of: BBox| [0, 1].map(|k| (of.origin()[k] - origin[k]) as usize);
        let ([y0, x0], [_, nx]) = (place(bbox), bbox.shape());
        for (y, row) in pixels.chunks_exact(nx).enumerate() {
            whitening.row(planes, y0 + y)[x0..x0 + nx].copy_from_slice(row);
        }
        let ([wy, wx], [ny, wide]) = (place(wider), wider.shape());
        whitening.whiten_rows(planes, wy..wy + ny);
        let white = (wy..wy + ny).flat_map(|y| whitening.white_row(planes, y)[wx..wx + wide].iter().copied());
        let white: Vec<f64> = white.collect();
        (0..bbox.shape()[0]).for_each(|y| whitening.row(planes, y0 + y)[x0..x0 + nx].fill(0.0));
        (wider, white)
    }
}

impl Signal {
    /// The sum over pixels of the products; 0 for signals of different channels.
    ///
    /// Meant for signals of one observation.
    #[must_use]
    pub fn dot(&self, other: &Self) -> f64 {
        if self.channel != other.channel {
            return 0.0;
        }
        let Some(common) = self.bbox.intersection(other.bbox) else { return 0.0 };
        dot(&self.pixels, self.window(common), &other.pixels, other.window(common))
    }

    /// The sum over pixels of the products with itself moved so many pixels.
    fn dot_moved(&self, by: [i64; 2]) -> f64 {
        let moved = |bbox: BBox, sign: i64| {
            let origin = [0, 1].map(|k| bbox.origin()[k] + sign * by[k]);
            BBox::new(origin, bbox.shape())
        };
        let Some(common) = self.bbox.intersection(moved(self.bbox, 1)) else { return 0.0 };
        dot(&self.pixels, self.window(common), &self.pixels, self.window(moved(common, -1)))
    }

    /// Where the pixels of a box inside this one are.
    fn window(&self, inner: BBox) -> Window {
        let stride = self.bbox.shape()[1];
        let [dy, dx] = [0, 1].map(|k| (inner.origin()[k] - self.bbox.origin()[k]) as usize);
        Window { shape: inner.shape(), stride, offset: dy * stride + dx }
    }

    /// Without faint rows and columns around it.
    fn trimmed(self, share: f64) -> Self {
        let least = share * self.pixels.iter().fold(0.0, |peak: f64, v| peak.max(v.abs()));
        let [ny, nx] = self.bbox.shape();
        let counts = |k: usize| self.pixels[k].abs() > least;
        let row = |y: &usize| (0..nx).any(|x| counts(y * nx + x));
        let column = |x: &usize| (0..ny).any(|y| counts(y * nx + x));
        let (Some(top), Some(bottom)) = ((0..ny).find(row), (0..ny).rev().find(row)) else {
            return Self { bbox: BBox::new(self.bbox.origin(), [0, 0]), pixels: Vec::new(), ..self };
        };
        let left = (0..nx).find(column).unwrap_or(0);
        let right = (0..nx).rev().find(column).unwrap_or(nx - 1);
        let [y0, x0] = self.bbox.origin();
        let bbox = BBox::new([y0 + top as i64, x0 + left as i64], [bottom + 1 - top, right + 1 - left]);
        let window = self.window(bbox);
        let pixels = (0..bbox.shape()[0]).flat_map(|y| self.pixels[window.row(y)].iter().copied()).collect();
        Self { channel: self.channel, bbox, pixels }
    }

    /// Its product with itself moved by lags of the model's pixels, each so many of its own as `inverse` says.
    fn with_itself(&self, reach: usize, inverse: [[f64; 2]; 2]) -> Array2<f64> {
        let widest = inverse.iter().map(|row| row[0].abs() + row[1].abs()).fold(0.0, f64::max);
        let own = (widest * reach as f64).ceil() as i64 + 2;
        let side = (2 * own + 1) as usize;
        let mut table = Array2::zeros((side, side));
        for y in 0..=own {
            for x in -own..=own {
                let product = self.dot_moved([y, x]);
                table[[(own + y) as usize, (own + x) as usize]] = product;
                table[[(own - y) as usize, (own - x) as usize]] = product;
            }
        }
        Array2::from_shape_fn((2 * reach + 1, 2 * reach + 1), |(y, x)| {
            let lag = [y as f64 - reach as f64, x as f64 - reach as f64];
            let at = inverse.map(|row| row[0] * lag[0] + row[1] * lag[1] + own as f64);
            interpolated(&table, at)
        })
    }
}

/// Cubic interpolation (Catmull-Rom) of a table, 0 outside.
fn interpolated(table: &Array2<f64>, at: [f64; 2]) -> f64 {
    let taps = |at: f64| {
        let (first, t) = (at.floor(), at - at.floor());
        let weights = [
            t * (t * (1.0 - 0.5 * t) - 0.5),
            1.0 + t * t * (1.5 * t - 2.5),
            t * (0.5 + t * (2.0 - 1.5 * t)),
            t * t * (0.5 * t - 0.5),
        ];
        (first as i64 - 1, weights)
    };
    let ((y0, along_y), (x0, along_x)) = (taps(at[0]), taps(at[1]));
    let value = |y: i64, x: i64| {
        let inside = y >= 0 && x >= 0;
        inside.then(|| table.get([y as usize, x as usize])).flatten().copied().unwrap_or_default()
    };
    let row = |y: i64| along_x.iter().zip(x0..).map(|(w, x)| w * value(y, x)).sum::<f64>();
    along_y.iter().zip(y0..).map(|(w, y)| w * row(y)).sum()
}
