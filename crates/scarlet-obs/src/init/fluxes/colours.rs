//! Fluxes in channels in which a source is not seen, from those in which it is.

use crate::init::FLUX_FLOOR;
use crate::init::median::median;

/// Least signal-to-noise ratio, in both channels, of sources whose colours count.
const LEAST_SNR: f64 = 3.0;

/// A flux and its standard error, infinite where nothing measures it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Measured {
    pub(super) flux: f64,
    pub(super) error: f64,
}

impl Measured {
    const fn is_there(self) -> bool {
        self.error.is_finite()
    }

    fn snr(self) -> f64 {
        if self.is_there() { self.flux / self.error } else { 0.0 }
    }
}

/// Fills in what is not measured of sources that are seen in other channels; `[channel][source]`.
pub(super) fn fill(measured: &mut [Vec<Measured>]) {
    for channel in 0..measured.len() {
        for source in 0..measured[channel].len() {
            if !measured[channel][source].is_there()
                && let Some(flux) = guess(measured, channel, source)
            {
                measured[channel][source].flux = flux;
            }
        }
    }
}

/// Flux of the source in its best channel times the median colour of the sources that are bright in both, at least a small part
/// of a typical error; its flux in its best channel where nothing is in this one, none where it is seen nowhere.
fn guess(measured: &[Vec<Measured>], channel: usize, source: usize) -> Option<f64> {
    let seen = (0..measured.len()).filter(|c| measured[*c][source].is_there());
    let best = seen.max_by(|a, b| measured[*a][source].snr().total_cmp(&measured[*b][source].snr()))?;
    let mut errors: Vec<f64> = measured[channel].iter().filter(|m| m.is_there()).map(|m| m.error).collect();
    let Some(typical) = median(&mut errors) else { return Some(measured[best][source].flux) };
    let least = FLUX_FLOOR * typical;
    let pairs = measured[channel].iter().zip(&measured[best]);
    let bright = pairs.filter(|(a, b)| a.snr() > LEAST_SNR && b.snr() > LEAST_SNR);
    let colour = median(&mut bright.map(|(a, b)| a.flux / b.flux).collect::<Vec<_>>());
    Some(colour.map_or(least, |colour| (colour * measured[best][source].flux).max(least)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(flux: f64) -> Measured {
        Measured { flux, error: 1.0 }
    }

    const UNSEEN: Measured = Measured { flux: 1.0, error: f64::INFINITY };

    #[test]
    fn what_is_not_seen_has_the_median_colour_or_a_small_flux() {
        let mut measured = vec![
            vec![seen(10.0), seen(20.0), seen(1.0), UNSEEN, UNSEEN],
            vec![seen(30.0), seen(80.0), seen(500.0), seen(12.0), UNSEEN],
        ];
        fill(&mut measured);
        // 1 / 3 and 1 / 4; the third source is too faint in the first channel
        assert!((measured[0][3].flux - 12.0 * 0.5 * (1.0 / 3.0 + 0.25)).abs() < 1e-12);
        assert_eq!([measured[0][4], measured[1][4]], [UNSEEN, UNSEEN]);
        let mut faint = vec![vec![seen(1.0), UNSEEN], vec![seen(1.0), seen(12.0)]];
        fill(&mut faint);
        assert_eq!(faint[0][1].flux, FLUX_FLOOR);
        let mut dark = vec![vec![UNSEEN], vec![seen(12.0)]];
        fill(&mut dark);
        assert_eq!(dark[0][0].flux, 12.0);
    }
}
