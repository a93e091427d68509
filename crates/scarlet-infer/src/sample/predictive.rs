//! Posterior predictive checks: whether data like these are what the model draws.

use super::{Chains, PosteriorStart};
use crate::InferError;
use scarlet_obs::check::{Finding, Severity};
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// A p-value nearer to 0 or 1 than this is told.
const UNUSUAL: f64 = 0.005;

/// How the chi2 of an observation compares with that of data drawn from the model.
#[derive(Debug, Clone, PartialEq)]
pub struct PredictiveCheck {
    /// Name of the observation.
    pub observation: String,
    /// Pixels that count.
    pub pixels: usize,
    /// Mean chi2 over draws.
    pub chi2: f64,
    /// Probability that data drawn from the posterior's models have a larger chi2: the mean over draws of that of a
    /// chi-squared number with as many degrees of freedom as pixels.
    pub p_value: f64,
}

impl PosteriorStart<'_> {
    /// Compares the chi2 of each observation with what the model predicts, over about `most` draws evenly from all
    /// chains.
    ///
    /// With normal noise the chi2 of replicated data about their own model is chi-squared with N degrees of freedom,
    /// whatever the model, so that replications need not be drawn. Since the data were fitted, p-values
    /// crowd around 1/2: values near 0 or 1 mean more than they say.
    ///
    /// Source: Gelman, Meng & Stern 1996, Statistica Sinica 6, 733, section 2.3.
    ///
    /// # Errors
    /// Chains of another posterior.
    pub fn predictive(&self, chains: &Chains, most: usize) -> Result<Vec<PredictiveCheck>, InferError> {
        let mut posterior = self.posterior()?;
        let pixels: Vec<usize> = self.observations().iter().map(|o| o.pixels_with_weight()).collect();
        let mut sums = vec![(0.0, 0.0); pixels.len()];
        let all = chains.chains() * chains.draws();
        let every = all.div_ceil(most.max(1)).max(1);
        let mut count = 0.0;
        for at in (0..all).step_by(every) {
            let x = self.unconstrained(chains, [at / chains.draws(), at % chains.draws()])?;
            posterior.log_likelihood(&x);
            for ((sum, chi2), pixels) in sums.iter_mut().zip(posterior.chi2()).zip(&pixels) {
                sum.0 += chi2;
                sum.1 += ChiSquared::new(*pixels as f64).map_or(f64::NAN, |expected| expected.sf(chi2));
            }
            count += 1.0;
        }
        let check = |((observation, pixels), (chi2, p)): ((&scarlet_obs::Observation, usize), (f64, f64))| {
            let observation = observation.name().to_owned();
            PredictiveCheck { observation, pixels, chi2: chi2 / count, p_value: p / count }
        };
        Ok(self.observations().iter().zip(pixels).zip(sums).map(check).collect())
    }
}

impl PredictiveCheck {
    /// What is to be said, if the data are unusual for the model.
    #[must_use]
    pub fn finding(&self) -> Option<Finding> {
        if (UNUSUAL..=1.0 - UNUSUAL).contains(&self.p_value) || self.pixels == 0 {
            return None;
        }
        let per_pixel = self.chi2 / self.pixels as f64;
        let (what, advice) = if self.p_value < 0.5 {
            (
                "larger",
                "errors are too small where light is left over or weights are too high: look at the residuals and at \
                 `scarlet check`",
            )
        } else {
            (
                "smaller",
                "weights are too low, so that errors are too large: look at the noise with `scarlet check`",
            )
        };
        Some(Finding {
            severity: Severity::Warning,
            code: "predictive",
            subject: format!("observation {}", self.observation),
            problem: format!(
                "chi2 per pixel of the draws is {per_pixel:.3}, {what} than that of data drawn from the model (p = {:.1e})",
                self.p_value
            ),
            advice: advice.to_owned(),
            position: None,
        })
    }
}
