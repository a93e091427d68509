//! What was seen: data, weights, PSFs, and how a model becomes what an instrument would see.
//!
//! Conventions: cubes `[channel, y, x]`; weights are inverse variances, 0 where a pixel does not count;
//! log L = -chi2 / 2 + sum ln(w / 2 pi) / 2 over the pixels that count.

mod calibration;
pub mod catalog;
pub mod check;
mod choice;
mod error;
pub mod fits;
pub mod init;
pub mod kernel;
mod likelihood;
pub mod measure;
pub mod noise;
mod observation;
mod plan;
mod redistribute;
mod sight;
mod variation;
mod view;

pub use calibration::{Astrometry, Background, Calibration};
pub use error::ObsError;
pub use likelihood::{Likelihood, plan_likelihood};
pub use observation::Observation;
pub use plan::{JointPlan, ObservationPlan, PixelImage, render};
pub use redistribute::{DARK, Share, redistribute};
pub use sight::{Cost, PsfSize, Sight, SightSummary};
pub use view::{Contrast, Seen, Signal, View};
