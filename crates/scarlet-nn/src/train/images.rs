//! Images that networks are trained on.

use super::{Random, Set};
use crate::NnError;
use crate::error::expect;
use rand::RngExt;

/// a in z = ln(x + 1) / a, the units of the networks of galaxy-grad.
pub const SOFTENING: f64 = 0.1;
/// One image of so many is held out for validation.
const HELD_OUT: usize = 10;

/// z = ln(x + 1) / 0.1 for x in units of the image's peak; NaN below -1.
#[must_use]
pub fn to_network_units(x: f64) -> f64 {
    x.ln_1p() / SOFTENING
}

/// x = exp(0.1 z) - 1, in units of the peak.
#[must_use]
pub fn from_network_units(z: f64) -> f64 {
    (z * SOFTENING).exp_m1()
}

/// Images of one size in network units, of which every tenth is held out for validation.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageSet {
    side: usize,
    /// `[image, y, x]`.
    pixels: Vec<f32>,
    has_symmetries: bool,
}

impl ImageSet {
    /// None yet, of `side` x `side` pixels; drawn in all eight orientations.
    #[must_use]
    pub const fn new(side: usize) -> Self {
        Self { side, pixels: Vec::new(), has_symmetries: true }
    }

    /// From images in network units, `[image, y, x]`, that are drawn as they are.
    ///
    /// # Errors
    /// [`NnError::Shape`]: not a whole number of images.
    pub fn as_they_are(side: usize, pixels: Vec<f32>) -> Result<Self, NnError> {
        let fits = side > 0 && pixels.len().is_multiple_of(side * side);
        expect(fits, "images", &[pixels.len()], || format!("a whole number of {side} x {side} pixels"))?;
        Ok(Self { side, pixels, has_symmetries: false })
    }

    /// Adds the image `pixels` of `[y, x]` = `shape`, scaled to a peak of 1 and taken to network units.
    ///
    /// # Errors
    /// [`NnError::Images`]: its size is not that of the set, a pixel is not finite, none is above 0, or one is below minus the
    /// peak.
    pub fn push(&mut self, name: &str, shape: [usize; 2], pixels: &[f64]) -> Result<(), NnError> {
        let refuse = |problem: String| Err(NnError::Images { image: name.to_owned(), problem });
        let ([rows, columns], side) = (shape, self.side);
        if rows != side || columns != side || pixels.len() != side * side {
            return refuse(format!("it has {rows} x {columns} pixels; all must have {side} x {side}"));
        }
        let place = |k: usize| format!("pixel (y, x) = ({}, {})", k / side, k % side);
        if let Some(k) = pixels.iter().position(|v| !v.is_finite()) {
            return refuse(format!("{} is {}; leave the image out or fill the pixel", place(k), pixels[k]));
        }
        let peak = pixels.iter().copied().fold(0.0, f64::max);
        if peak <= 0.0 {
            return refuse("it has no pixel above 0; leave it out".to_owned());
        }
        if let Some(k) = pixels.iter().position(|v| *v <= -peak) {
            return refuse(format!(
                "{} is {}, and the peak {peak}: log(x / peak + 1) has no value there; leave the image out",
                place(k),
                pixels[k]
            ));
        }
        self.pixels.extend(pixels.iter().map(|v| to_network_units(v / peak) as f32));
        Ok(())
    }

    /// Pixels along a side.
    #[must_use]
    pub const fn side(&self) -> usize {
        self.side
    }

    /// The number of images.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.pixels.len() / (self.side * self.side)
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.pixels.is_empty()
    }

    /// Image `k` in network units.
    #[must_use]
    pub fn image(&self, k: usize) -> &[f32] {
        let n = self.side * self.side;
        &self.pixels[k * n..(k + 1) * n]
    }

    /// Root mean square of a pixel.
    #[must_use]
    pub fn rms(&self) -> f64 {
        let squares: f64 = self.pixels.iter().map(|v| f64::from(*v).powi(2)).sum();
        (squares / self.pixels.len() as f64).sqrt()
    }

    pub(super) fn check(&self) -> Result<(), NnError> {
        if self.len() < HELD_OUT {
            let (n, least) = (self.len(), HELD_OUT);
            let problem = format!("{n} images are too few; {least} at least, of which one is held out");
            return Err(NnError::Training { problem });
        }
        Ok(())
    }

    /// Draws an image of `set` in one of its orientations and passes its pixels in row order to `each`.
    pub(super) fn draw(&self, set: Set, random: &mut Random, mut each: impl FnMut(f32)) {
        let held_out = self.len() / HELD_OUT;
        let k = match set {
            Set::Training => {
                let k = random.random_range(0..self.len() - held_out);
                if k / (HELD_OUT - 1) < held_out { k + k / (HELD_OUT - 1) } else { k + held_out }
            }
            Set::Validation => random.random_range(0..held_out) * HELD_OUT + HELD_OUT - 1,
        };
        let (image, side) = (self.image(k), self.side);
        let orientation: u8 = if self.has_symmetries { random.random_range(0..8) } else { 0 };
        let flipped = |k: usize, bit: u8| if orientation & bit == 0 { k } else { side - 1 - k };
        for y in 0..side {
            for x in 0..side {
                let (y, x) = if orientation & 4 == 0 { (y, x) } else { (x, y) };
                each(image[flipped(y, 1) * side + flipped(x, 2)]);
            }
        }
    }

    /// FNV-1a of all pixels.
    pub(super) fn fingerprint(&self) -> u64 {
        let bytes = self.pixels.iter().flat_map(|v| v.to_le_bytes());
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
    }
}
