//! Weights: from variances, from weights, or from one standard deviation, given or measured.

use super::layout::has_hdu;
use super::observations::{OneOrMany, SigmaSpec, SigmaWord};
use super::reader::Reader;
use crate::error::CliError;
use ndarray::{Array3, ArrayView3, Zip};
use scarlet::frame::{Channel, Frame};
use scarlet::obs::check::sky_noise;

impl Reader<'_> {
    /// Weights of images `data`, masks left aside; 1 for every finite pixel where the noise will be measured.
    pub(super) fn weights(
        &mut self,
        channels: &[Channel],
        data: ArrayView3<'_, f64>,
    ) -> Result<Array3<f64>, CliError> {
        let shape = data.dim();
        let (field, pattern) = match (&self.spec.variance, &self.spec.weight, &self.spec.sigma) {
            (Some(pattern), None, None) => ("variance", pattern),
            (None, Some(pattern), None) => ("weight", pattern),
            (None, None, Some(SigmaSpec::Word(SigmaWord::Measured))) => {
                return Ok(data.mapv(|value| if value.is_finite() { 1.0 } else { 0.0 }));
            }
            (None, None, Some(SigmaSpec::Given(sigma))) => return self.uniform(sigma, shape),
            (None, None, None) => {
                let problem = "it is missing; give one of variance, weight and sigma (sigma: measured takes the noise \
                               from the images)";
                let more = match has_hdu(self.file, self.spec, self.files, "VARIANCE") {
                    true => {
                        ": the file has an HDU VARIANCE, which is taken where `image` names the file alone"
                    }
                    false => "",
                };
                return Err(self.problem("variance", format!("{problem}{more}")));
            }
            _ => return Err(self.problem("variance", "give only one of variance, weight and sigma")),
        };
        let pattern = pattern.clone();
        let cube = self.cube::<f64>(field, &pattern, channels)?.0;
        self.check_shape(field, cube.dim(), shape)?;
        if let Some(((c, y, x), v)) = cube.indexed_iter().find(|(_, v)| **v < 0.0) {
            let problem = format!(
                "channel {}, pixel (y, x) = ({y}, {x}) is {v}; it must not be negative: give 0 to leave a pixel out",
                channels[c]
            );
            return Err(self.problem(field, problem));
        }
        if field == "weight" {
            return Ok(cube);
        }
        Ok(cube.mapv_into(|v| if v > 0.0 && v.is_finite() { 1.0 / v } else { 0.0 }))
    }

    fn uniform(&self, sigma: &OneOrMany, shape: (usize, usize, usize)) -> Result<Array3<f64>, CliError> {
        let sigma = match sigma {
            OneOrMany::One(sigma) => vec![*sigma; shape.0],
            OneOrMany::Many(sigma) => sigma.clone(),
        };
        if sigma.len() != shape.0 || !sigma.iter().all(|s| *s > 0.0 && s.is_finite()) {
            let problem =
                format!("it is {sigma:?}; give one positive number for each of {} channels", shape.0);
            return Err(self.problem("sigma", problem));
        }
        Ok(Array3::from_shape_fn(shape, |(c, _, _)| 1.0 / (sigma[c] * sigma[c])))
    }

    /// Where the noise is to be measured: puts the weights of the pixels that are not masked to what it is.
    pub(super) fn measured_weights(
        &self,
        frame: &Frame,
        data: ArrayView3<'_, f64>,
        weights: &mut Array3<f64>,
    ) -> Result<(), CliError> {
        if !matches!(self.spec.sigma, Some(SigmaSpec::Word(_))) {
            return Ok(());
        }
        let planes = data.outer_iter().zip(weights.outer_iter_mut()).zip(frame.channel_names());
        for ((data, mut weights), channel) in planes {
            let sigma = sky_noise(data, weights.view()).ok_or_else(|| {
                let problem = format!(
                    "channel {channel} has too few pixels that differ for its noise to be measured; give numbers, or \
                     variance"
                );
                self.problem("sigma", problem)
            })?;
            Zip::from(&mut weights).for_each(|w| *w *= sigma.powi(-2));
        }
        Ok(())
    }
}
