//! A point source: the model frame's PSF at a sub-pixel centre.

use super::{Morphology, Site};
use crate::{ModelError, Param, Parameters};
use scarlet_frame::{BBox, Frame};

/// A point source: the Gaussian PSF of the model frame, integrated over pixels, at a sub-pixel centre.
///
/// m(y, x) = P(y - cy) P(x - cx), P(d) = [erf((d + 1/2) / (sqrt 2 s)) - erf((d - 1/2) / (sqrt 2 s))] / 2
///
/// - Total flux 1 over the infinite plane. scarlet2: `PointSource` divides by the sum over its box of
///   15 sigma instead, which differs by less than 1e-12.
/// - Box: 15 sigma across, rounded up to odd.
#[derive(Debug, Clone, Default)]
pub struct Point {
    sigma_px: f64,
}

impl Parameters for Point {
    fn parameters(&self) -> Vec<(&str, &Param)> {
        Vec::new()
    }

    fn parameters_mut(&mut self) -> Vec<(&str, &mut Param)> {
        Vec::new()
    }
}

impl Point {
    /// A point source; the width comes from the scene's frame.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Profile along one axis and its derivative with respect to the centre, for pixel `i`.
    fn line(&self, i: f64, center: f64) -> (f64, f64) {
        let scale = 1.0 / (std::f64::consts::SQRT_2 * self.sigma_px);
        let (hi, lo) = ((i - center + 0.5) * scale, (i - center - 0.5) * scale);
        let value = 0.5 * (libm::erf(hi) - libm::erf(lo));
        let slope = scale * std::f64::consts::FRAC_2_SQRT_PI * 0.5 * ((-lo * lo).exp() - (-hi * hi).exp());
        (value, slope)
    }

    /// Writes the lines along y and x, values then slopes, into `scratch`.
    fn fill_lines(&self, site: &Site, scratch: &mut [f64]) {
        let (origin, [ny, nx]) = (site.bbox.origin(), site.bbox.shape());
        let (values, slopes) = scratch.split_at_mut(ny + nx);
        for k in 0..ny + nx {
            let (axis, i) = if k < ny { (0, k) } else { (1, k - ny) };
            (values[k], slopes[k]) = self.line((origin[axis] + i as i64) as f64, site.center[axis]);
        }
    }
}

impl Morphology for Point {
    fn kind(&self) -> &str {
        "Point"
    }

    fn moves(&self) -> bool {
        true
    }

    fn bbox(&self, center: [f64; 2]) -> BBox {
        let n = (15.0 * self.sigma_px).ceil() as usize;
        let odd = n + 1 - n % 2;
        BBox::centered(center.map(|c| (c + 0.5).floor()), [odd, odd])
    }

    fn attach(&mut self, frame: &Frame) -> Result<(), ModelError> {
        let sigma = frame.psf_ref().and_then(|psf| psf.gaussian_sigma_px(0));
        self.sigma_px = sigma.ok_or_else(|| ModelError::Parameter {
            parameter: "point source".to_owned(),
            problem: "the model frame needs a Gaussian PSF to draw one; give it .psf(Psf::gaussian(0.7)?)"
                .to_owned(),
        })?;
        Ok(())
    }

    fn scratch_len(&self, [ny, nx]: [usize; 2]) -> usize {
        2 * (ny + nx)
    }

    fn evaluate(&self, _params: &[f64], site: &Site, out: &mut [f64], scratch: &mut [f64]) {
        self.fill_lines(site, scratch);
        let [ny, nx] = site.bbox.shape();
        let (along_y, along_x) = scratch[..ny + nx].split_at(ny);
        for (row, py) in out.chunks_exact_mut(nx).zip(along_y) {
            for (o, px) in row.iter_mut().zip(along_x) {
                *o = py * px;
            }
        }
    }

    fn pull_back(
        &self,
        _params: &[f64],
        site: &Site,
        seed: &[f64],
        _grad: &mut [f64],
        grad_center: &mut [f64; 2],
        scratch: &mut [f64],
    ) {
        let [ny, nx] = site.bbox.shape();
        let (values, slopes) = scratch.split_at(ny + nx);
        for (j, row) in seed.chunks_exact(nx).enumerate() {
            let (mut with_value, mut with_slope) = (0.0, 0.0);
            for (i, s) in row.iter().enumerate() {
                with_value += s * values[ny + i];
                with_slope += s * slopes[ny + i];
            }
            grad_center[0] += slopes[j] * with_value;
            grad_center[1] += values[j] * with_slope;
        }
    }
}
