//! How a file stores a prior.

use super::product::{Product, StoredPart};
use super::{
    Beta, DiagonalNormal, FullNormal, Gamma, HalfNormal, LogNormal, NearImage, Normal, StudentT, Uniform,
};
use crate::{ModelError, Prior};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Kind and arguments: `{"kind": "Normal", "mean": 0.0, "sd": 1.0}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub(super) enum Stored {
    Normal(Normal),
    DiagonalNormal(DiagonalNormal),
    FullNormal(FullNormal),
    NearImage(NearImage),
    StudentT(StudentT),
    LogNormal(LogNormal),
    Gamma(Gamma),
    HalfNormal(HalfNormal),
    Uniform(Uniform),
    Beta(Beta),
    Product { parts: Vec<StoredPart> },
    Scaled { factor: f64, prior: Value },
}

impl Stored {
    pub(super) fn write(&self) -> Value {
        serde_json::to_value(self).expect("names, numbers and lists of them can be written")
    }

    fn into_prior(self) -> Result<Prior, ModelError> {
        Ok(match self {
            Self::Normal(prior) => prior.into(),
            Self::DiagonalNormal(prior) => prior.into(),
            Self::FullNormal(prior) => prior.into(),
            Self::NearImage(prior) => prior.into(),
            Self::StudentT(prior) => prior.into(),
            Self::LogNormal(prior) => prior.into(),
            Self::Gamma(prior) => prior.into(),
            Self::HalfNormal(prior) => prior.into(),
            Self::Uniform(prior) => prior.into(),
            Self::Beta(prior) => prior.into(),
            Self::Product { parts } => product(parts)?.into(),
            Self::Scaled { factor, prior } => read(&prior)?.scaled(factor),
        })
    }
}

fn product(parts: Vec<StoredPart>) -> Result<Product, ModelError> {
    let mut product = Product::new();
    for StoredPart { start, end, prior } in parts {
        match read(&prior)? {
            Prior::Density(density) => product = product.with_arc(start..end, density),
            Prior::Score(_) => return Err(wrong("a part of a Product must have a density".into())),
        }
    }
    Ok(product)
}

pub(super) fn read(settings: &Value) -> Result<Prior, ModelError> {
    if settings.is_null() {
        let problem = "it was written in a program, which a file cannot store; set it again after loading";
        return Err(wrong(problem.into()));
    }
    let stored = Stored::deserialize(settings).map_err(|error| wrong(error.to_string()))?;
    let prior = stored.into_prior()?;
    prior.as_score().validate()?;
    Ok(prior)
}

fn wrong(problem: String) -> ModelError {
    ModelError::File { place: "prior".into(), problem }
}
