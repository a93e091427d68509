//! How a file stores a transform.

use super::Transform;
use crate::ModelError;
use serde::{Deserialize, Serialize};

/// Tagged form of [`Transform`], every argument named: `{"kind": "greater_than", "bound": 0.5}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Stored {
    Identity,
    Exp,
    Softplus,
    UnitInterval,
    Interval { low: f64, high: f64 },
    GreaterThan { bound: f64 },
    LessThan { bound: f64 },
    UnitDisk,
    Ordered,
    Simplex,
}

impl From<Transform> for Stored {
    fn from(transform: Transform) -> Self {
        match transform {
            Transform::Identity => Self::Identity,
            Transform::Exp => Self::Exp,
            Transform::Softplus => Self::Softplus,
            Transform::UnitInterval => Self::UnitInterval,
            Transform::Interval { low, high } => Self::Interval { low, high },
            Transform::GreaterThan(bound) => Self::GreaterThan { bound },
            Transform::LessThan(bound) => Self::LessThan { bound },
            Transform::UnitDisk => Self::UnitDisk,
            Transform::Ordered => Self::Ordered,
            Transform::Simplex => Self::Simplex,
        }
    }
}

impl TryFrom<Stored> for Transform {
    type Error = ModelError;

    fn try_from(stored: Stored) -> Result<Self, ModelError> {
        let transform = match stored {
            Stored::Identity => Self::Identity,
            Stored::Exp => Self::Exp,
            Stored::Softplus => Self::Softplus,
            Stored::UnitInterval => Self::UnitInterval,
            Stored::Interval { low, high } => Self::Interval { low, high },
            Stored::GreaterThan { bound } => Self::GreaterThan(bound),
            Stored::LessThan { bound } => Self::LessThan(bound),
            Stored::UnitDisk => Self::UnitDisk,
            Stored::Ordered => Self::Ordered,
            Stored::Simplex => Self::Simplex,
        };
        transform.validate()?;
        Ok(transform)
    }
}
