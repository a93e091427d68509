//! One free or fixed flux for each channel.

use super::{Spectrum, expect_len};
use crate::{ModelError, Param};
use scarlet_frame::Frame;

/// One flux for each channel of the frame, in the frame's order.
#[derive(Debug, Clone)]
pub struct ArraySpectrum {
    flux: Param,
}

crate::parameters!(ArraySpectrum { flux => "" });

impl ArraySpectrum {
    /// From as many fluxes as the frame has channels, in the unit of the data.
    #[must_use]
    pub fn new(flux: impl Into<Param>) -> Self {
        Self { flux: flux.into() }
    }
}

impl Spectrum for ArraySpectrum {
    fn kind(&self) -> &str {
        "ArraySpectrum"
    }

    fn attach(&mut self, frame: &Frame) -> Result<(), ModelError> {
        expect_len("spectrum (one flux for each channel)", frame.channel_names().len(), self.flux.len())
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn evaluate(&self, params: &[f64], out: &mut [f64]) {
        out.copy_from_slice(params);
    }

    fn pull_back(&self, _params: &[f64], seed: &[f64], grad: &mut [f64]) {
        for (g, s) in grad.iter_mut().zip(seed) {
            *g += s;
        }
    }
}
