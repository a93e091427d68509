//! Parameters of an observation that go on from where an earlier fit left them.

use super::param::like;
use super::{Astrometry, Background, Calibration, path};
use scarlet_model::{ModelError, Param};
use std::collections::BTreeMap;

impl Calibration {
    /// The same going on from `saved` parameters, by name: what is free begins with their values, all else is as they are.
    ///
    /// `name` is that of the observation, `channels` the number of its channels.
    pub(crate) fn resumed(
        &self,
        saved: &BTreeMap<String, Param>,
        name: &str,
        channels: usize,
    ) -> Result<Self, ModelError> {
        let mut all: BTreeMap<&str, Param> = self.named().map(|(of, own)| (of, own.clone())).collect();
        for (of, saved) in saved {
            let merged = match all.get(of.as_str()) {
                Some(own) if own.is_free() => like(own, saved.value().clone()),
                _ => saved.clone(),
            };
            all.insert(of, merged);
        }
        let mut astrometry = Astrometry::default();
        for (of, param) in astrometry.parameters_mut() {
            if let Some(own) = all.remove(of) {
                *param = own;
            }
        }
        let mut resumed = Self::default();
        if astrometry.is_used() {
            resumed = resumed.with_astrometry(astrometry, name)?;
        }
        if let Some(scale) = all.remove("flux_scale") {
            resumed = resumed.with_flux_scale(scale, name, channels)?;
        }
        if let Some(level) = all.remove("background") {
            let background = match all.remove("background_slopes") {
                Some(slopes) => Background::plane(level, slopes),
                None => Background::constant(level),
            };
            resumed = resumed.with_background(background, name, channels)?;
        }
        match all.pop_first() {
            None => Ok(resumed),
            Some((of, _)) => {
                let problem = "no observation has a parameter of this name".to_owned();
                Err(ModelError::Parameter { parameter: format!("{}.{of}", path(name)), problem })
            }
        }
    }
}
