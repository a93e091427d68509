//! What a network's output has to do with the score.

use crate::NnError;
use serde::{Deserialize, Serialize};

/// What a network takes and gives, for an image z at noise level t.
///
/// Sources: Song & Ermon 2019 (arXiv:1907.05600) for scores as they come; Karras et al. 2022 (arXiv:2206.00364, eq. 7 and
/// table 1) for inputs and outputs of unit variance at any noise level.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Scaling {
    /// F(z, t / t1) is the score, as in the networks of galaxy-grad.
    #[default]
    Direct,
    /// The score is F(z / r, ln(t) / t1) sd / (t r) - z / r^2 with r^2 = sd^2 + t^2: F finds the noise where that is small,
    /// and the image where it is large.
    Preconditioned {
        /// sd: root mean square of a pixel of the images it was trained on.
        data_sd: f64,
        /// Lowest and highest noise level that it was trained on.
        levels: [f64; 2],
    },
}

/// The score is `keep` z + `network` F(`input` z, `level`).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Factors {
    pub(crate) input: f64,
    pub(crate) level: f64,
    pub(crate) keep: f64,
    pub(crate) network: f64,
}

impl Scaling {
    /// The factors at noise level `t`.
    ///
    /// # Errors
    /// [`NnError::NoiseLevel`]: `t` is not positive and the network is preconditioned, or it is no number.
    pub(crate) fn factors(self, t: f64, time_scale: f64) -> Result<Factors, NnError> {
        match self {
            Self::Direct if t.is_finite() => {
                Ok(Factors { input: 1.0, level: t / time_scale, keep: 0.0, network: 1.0 })
            }
            Self::Preconditioned { data_sd, .. } if t.is_finite() && t > 0.0 => {
                let r = data_sd.hypot(t);
                let network = data_sd / (t * r);
                Ok(Factors { input: 1.0 / r, level: t.ln() / time_scale, keep: -1.0 / (r * r), network })
            }
            _ => Err(NnError::NoiseLevel { t: t.to_string() }),
        }
    }

    /// Whether its numbers can be used.
    pub(crate) fn is_valid(self) -> bool {
        match self {
            Self::Direct => true,
            Self::Preconditioned { data_sd, levels: [low, high] } => {
                data_sd.is_finite() && data_sd > 0.0 && 0.0 < low && low < high && high.is_finite()
            }
        }
    }
}
