//! Spectra of scenes that vary: constant over epochs, or shining in some of them only.

use super::{Spectrum, expect_len};
use crate::{ModelError, Param};
use scarlet_frame::{Channel, Frame};
use serde_json::{Value, json};

/// A source that does not vary in a scene with epochs: one flux for each band.
///
/// ```
/// use scarlet_model::{StaticSpectrum, Spectrum};
/// use scarlet_frame::Frame;
/// let frame = Frame::new([9, 9]).channels([("g", 0), ("g", 1), ("r", 0)]);
/// let mut spectrum = StaticSpectrum::new([5.0, 7.0]);
/// spectrum.attach(&frame)?;
/// let mut flux = [0.0; 3];
/// spectrum.evaluate(&[5.0, 7.0], &mut flux);
/// assert_eq!(flux, [5.0, 5.0, 7.0]);
/// # Ok::<(), scarlet_model::ModelError>(())
/// ```
#[derive(Debug, Clone)]
pub struct StaticSpectrum {
    flux: Param,
    band_of_channel: Vec<usize>,
}

crate::parameters!(StaticSpectrum { flux => "" });

impl StaticSpectrum {
    /// From one flux for each band, in the order in which the bands first appear among the channels.
    #[must_use]
    pub fn new(flux: impl Into<Param>) -> Self {
        Self { flux: flux.into(), band_of_channel: Vec::new() }
    }
}

impl Spectrum for StaticSpectrum {
    fn kind(&self) -> &str {
        "StaticSpectrum"
    }

    fn attach(&mut self, frame: &Frame) -> Result<(), ModelError> {
        let mut bands: Vec<&str> = Vec::new();
        self.band_of_channel = frame
            .channel_names()
            .iter()
            .map(|channel| {
                bands.iter().position(|b| *b == channel.band()).unwrap_or_else(|| {
                    bands.push(channel.band());
                    bands.len() - 1
                })
            })
            .collect();
        expect_len("static spectrum (one flux for each band)", bands.len(), self.flux.len())
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn evaluate(&self, params: &[f64], out: &mut [f64]) {
        for (o, &band) in out.iter_mut().zip(&self.band_of_channel) {
            *o = params[band];
        }
    }

    fn pull_back(&self, _params: &[f64], seed: &[f64], grad: &mut [f64]) {
        for (s, &band) in seed.iter().zip(&self.band_of_channel) {
            grad[band] += s;
        }
    }
}

/// A source that shines in some epochs only: one flux for each channel of an active epoch, 0 elsewhere.
///
/// scarlet2's `TransientArraySpectrum` keeps an unused value for every inactive channel; here there is none.
#[derive(Debug, Clone)]
pub struct TransientSpectrum {
    flux: Param,
    epochs: Vec<String>,
    active_channels: Vec<usize>,
}

crate::parameters!(TransientSpectrum { flux => "" });

impl TransientSpectrum {
    /// From the active epochs, and one flux for each channel that belongs to one, in the frame's order.
    #[must_use]
    pub fn new<E: ToString>(epochs: impl IntoIterator<Item = E>, flux: impl Into<Param>) -> Self {
        let epochs = epochs.into_iter().map(|e| e.to_string()).collect();
        Self { flux: flux.into(), epochs, active_channels: Vec::new() }
    }

    fn is_active(&self, channel: &Channel) -> bool {
        channel.epoch().is_some_and(|epoch| self.epochs.iter().any(|e| e == epoch))
    }
}

impl Spectrum for TransientSpectrum {
    fn kind(&self) -> &str {
        "TransientSpectrum"
    }

    fn settings(&self) -> Value {
        json!({ "epochs": self.epochs })
    }

    fn attach(&mut self, frame: &Frame) -> Result<(), ModelError> {
        let channels = frame.channel_names();
        if let Some(epoch) = self.epochs.iter().find(|e| !channels.iter().any(|c| c.epoch() == Some(e))) {
            let problem = format!("no channel of the frame has epoch {epoch}; name channels (band, epoch)");
            return Err(ModelError::Parameter { parameter: "transient spectrum".to_owned(), problem });
        }
        self.active_channels = (0..channels.len()).filter(|&c| self.is_active(&channels[c])).collect();
        expect_len(
            "transient spectrum (one flux for each active channel)",
            self.active_channels.len(),
            self.flux.len(),
        )
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn evaluate(&self, params: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        for (p, &channel) in params.iter().zip(&self.active_channels) {
            out[channel] = *p;
        }
    }

    fn pull_back(&self, _params: &[f64], seed: &[f64], grad: &mut [f64]) {
        for (g, &channel) in grad.iter_mut().zip(&self.active_channels) {
            *g += seed[channel];
        }
    }
}
