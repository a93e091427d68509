//! How intensities become brightness.

use ndarray::{Array3, ArrayView2, Axis};

/// The asinh stretch: linear where faint, logarithmic where bright.
///
/// Brightness is asinh((I - minimum) / softening) / asinh((maximum - minimum) / softening): 0 at `minimum`, 1 at
/// `maximum`.
///
/// Source: Lupton et al. 2004, PASP 116, 133 (doi:10.1086/382245), section 2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    minimum: f64,
    maximum: f64,
    softening: f64,
}

impl Stretch {
    /// The intensities of black and white, and the one above black where the logarithm begins.
    ///
    /// What is not finite or not ordered is put right: the stretch is never without contrast.
    #[must_use]
    pub fn new(minimum: f64, maximum: f64, softening: f64) -> Self {
        let minimum = if minimum.is_finite() { minimum } else { 0.0 };
        let range = maximum - minimum;
        let range = if range.is_finite() && range > 0.0 { range } else { 1.0 };
        let softening = if softening.is_finite() && softening > 0.0 { softening } else { range };
        Self { minimum, maximum: minimum + range, softening }
    }

    /// The stretch that astropy's `make_lupton_rgb` and scarlet call `minimum`, `stretch` and `Q`.
    ///
    /// It gives a tenth of the full brightness at a tenth of `stretch` above `minimum`.
    #[must_use]
    pub fn lupton(minimum: f64, stretch: f64, q: f64) -> Self {
        let softening = stretch / q;
        Self::new(minimum, minimum + softening * (10.0 * (0.1 * q).asinh()).sinh(), softening)
    }

    /// A stretch for the red, green and blue planes of an image of faint and bright sources.
    ///
    /// Black is two standard deviations of the noise below the sky's level; the logarithm begins two deviations above
    /// black. White is where all but 0.1% of the pixels keep their brightest colour below full, and at least 10
    /// deviations above the level. Level and
    /// noise are taken from the fainter pixels.
    #[must_use]
    pub fn of_colours(colours: &Array3<f64>) -> Self {
        let pixels = colours.lanes(Axis(0)).into_iter();
        let extremes = pixels
            .map(|pixel| (pixel.sum() / pixel.len() as f64, pixel.fold(f64::NEG_INFINITY, |a, &b| a.max(b))));
        Self::of_values(extremes)
    }

    /// The same for one plane.
    #[must_use]
    pub fn of_plane(plane: ArrayView2<'_, f32>) -> Self {
        Self::of_values(plane.iter().map(|&value| (f64::from(value), f64::from(value))))
    }

    /// From the intensity and the brightest colour of each pixel.
    fn of_values(pixels: impl Iterator<Item = (f64, f64)>) -> Self {
        let pixels: Vec<_> = pixels.filter(|(intensity, _)| intensity.is_finite()).collect();
        if pixels.is_empty() {
            return Self::new(0.0, 1.0, 1.0);
        }
        let intensity = sorted(pixels.iter().map(|pixel| pixel.0));
        let (level, most) = (percentile(&intensity, 25.0), percentile(&intensity, 99.9));
        // Of normally distributed sky this spread is 1.29 standard deviations where no pixel holds a source, and 1.64
        // where half of them do.
        let spread = level - percentile(&intensity, 2.5);
        let noise = (spread / 1.45).max(1e-6 * most.abs());
        let (minimum, softening) = (level - 2.0 * noise, 2.0 * noise);
        let full = pixels.iter().filter(|pixel| pixel.0 > minimum).map(|&(intensity, brightest)| {
            let above = intensity - minimum;
            (above / softening).asinh() * (brightest - minimum) / above
        });
        let white = softening * percentile(&sorted(full), 99.9).sinh();
        Self::new(minimum, minimum + white.max(12.0 * noise), softening)
    }

    /// Brightness of an intensity, not cut at 0 and 1.
    #[must_use]
    pub fn brightness(&self, intensity: f64) -> f64 {
        let full = ((self.maximum - self.minimum) / self.softening).asinh();
        ((intensity - self.minimum) / self.softening).asinh() / full
    }

    /// The intensity of black.
    #[must_use]
    pub const fn minimum(&self) -> f64 {
        self.minimum
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// The value below which that many of 100 are; 0 of none.
fn percentile(sorted: &[f64], percent: f64) -> f64 {
    let index = (sorted.len().saturating_sub(1) as f64 * percent / 100.0).round() as usize;
    sorted.get(index).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn black_white_and_the_slope_between_are_where_they_should_be() {
        let stretch = Stretch::new(1.0, 101.0, 2.0);
        assert_eq!((stretch.brightness(1.0), stretch.brightness(101.0)), (0.0, 1.0));
        assert!((stretch.brightness(3.0) - 1.0_f64.asinh() / 50.0_f64.asinh()).abs() < 1e-15);
        let lupton = Stretch::lupton(0.5, 0.2, 10.0);
        assert!((lupton.brightness(0.5 + 0.02) - 0.1).abs() < 1e-12);
    }

    #[test]
    fn nothing_makes_it_lose_its_contrast() {
        let flat = Array3::from_elem((3, 4, 4), 5.0);
        let bad = Array3::from_elem((3, 4, 4), f64::NAN);
        for stretch in [Stretch::of_colours(&flat), Stretch::of_colours(&bad), Stretch::new(2.0, 1.0, 0.0)] {
            assert!(stretch.brightness(6.0).is_finite() && stretch.brightness(6.0) > stretch.brightness(5.0));
        }
    }
}
