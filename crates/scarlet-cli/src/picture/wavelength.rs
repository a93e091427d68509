//! The order of channels by wavelength, from their names.

use super::channel_weights;
use ndarray::{Array2, Axis};

/// Wavelengths in nm that stand for bands, by their names in small letters.
const BANDS: [(&str, f64); 19] = [
    ("u", 365.0),
    ("b", 445.0),
    ("g", 480.0),
    ("v", 551.0),
    ("r", 622.0),
    ("vis", 710.0),
    ("i", 763.0),
    ("z", 905.0),
    ("y", 1000.0),
    ("j", 1250.0),
    ("h", 1650.0),
    ("k", 2150.0),
    ("ks", 2150.0),
    ("w1", 3400.0),
    ("w2", 4600.0),
    ("bp", 511.0),
    ("rp", 777.0),
    ("fuv", 153.0),
    ("nuv", 227.0),
];
/// Filters of JWST whose names count tens of nm though they look like those of HST, which count nm.
const JWST: [&str; 14] = [
    "f200w", "f210m", "f250m", "f277w", "f300m", "f322w2", "f335m", "f356w", "f360m", "f410m", "f430m",
    "f444w", "f460m", "f480m",
];

/// The indices of the channels from blue to red; as they come where a name is not that of a known band.
///
/// Known are letters of broad bands (`g`, `HSC-R`, `i@2`) and filters of HST and JWST (`F814W`).
#[must_use]
pub fn from_blue_to_red<S: AsRef<str>>(channels: &[S]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..channels.len()).collect();
    let wavelengths: Option<Vec<f64>> = channels.iter().map(|name| wavelength_nm(name.as_ref())).collect();
    if let Some(wavelengths) = wavelengths {
        order.sort_by(|&a, &b| wavelengths[a].total_cmp(&wavelengths[b]));
    }
    order
}

/// Weights `[3, channel]` of red, green and blue for channels in any order: [`channel_weights`] by wavelength.
#[must_use]
pub fn colour_weights<S: AsRef<str>>(channels: &[S]) -> Array2<f64> {
    let sorted = channel_weights(channels.len());
    let mut weights = Array2::zeros(sorted.raw_dim());
    for (rank, index) in from_blue_to_red(channels).into_iter().enumerate() {
        weights.index_axis_mut(Axis(1), index).assign(&sorted.index_axis(Axis(1), rank));
    }
    weights
}

/// Wavelength in nm that stands for a channel, by its name.
pub(crate) fn wavelength_nm(channel: &str) -> Option<f64> {
    let band = channel.split('@').next().unwrap_or_default().to_lowercase();
    let last = band.rsplit(['-', '_', '.', ' ', '/']).next().unwrap_or_default();
    let known = BANDS.iter().find(|(name, _)| *name == last).map(|(_, wavelength)| *wavelength);
    known.or_else(|| space_filter_nm(last))
}

/// A filter named by F and three digits.
fn space_filter_nm(name: &str) -> Option<f64> {
    let digits = name.strip_prefix('f')?.get(..3)?;
    let number = f64::from(digits.parse::<u16>().ok()?);
    Some(if number < 200.0 || JWST.contains(&name) { 10.0 * number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_bands_are_sorted_and_unknown_ones_left() {
        assert_eq!(from_blue_to_red(&["i", "g", "r"]), [1, 2, 0]);
        assert_eq!(from_blue_to_red(&["HSC-Y", "HSC-G", "HSC-Z"]), [1, 2, 0]);
        assert_eq!(from_blue_to_red(&["F814W", "F160W", "F444W", "F435W"]), [3, 0, 1, 2]);
        assert_eq!(from_blue_to_red(&["z@1", "g@1", "g@2"]), [1, 2, 0]);
        assert_eq!(from_blue_to_red(&["r", "g", "narrow"]), [0, 1, 2]);
        assert_eq!(from_blue_to_red(&["f8", "f\u{e9}\u{e9}\u{e9}"]), [0, 1]);
    }

    #[test]
    fn red_takes_the_reddest_channel_wherever_it_is() {
        let weights = colour_weights(&["y", "g", "r"]);
        assert_eq!(weights.column(0).to_vec(), [1.0, 0.0, 0.0]);
        assert_eq!(weights.column(1).to_vec(), [0.0, 0.0, 1.0]);
    }
}
