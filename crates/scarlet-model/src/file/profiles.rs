//! Reading the built-in radial profiles.

use super::kinds::{Kinds, StoredPart};
use crate::profile::{DeVaucouleurs, Exponential, Gaussian, Moffat, Sersic, Spergel};
use crate::{ModelError, Morphology};

/// Applies what every profile can have beyond its size and shape.
macro_rules! finish {
    ($part:ident, $profile:expr) => {{
        let mut profile = $profile;
        if let Ok(distortion) = $part.take("distortion") {
            profile = profile.distortion(distortion);
        }
        if let Some(shape) = $part.setting::<Option<[usize; 2]>>("shape_px")? {
            profile = profile.shape_px(shape);
        }
        if $part.setting::<bool>("point_sampled")? {
            profile = profile.point_sampled();
        }
        Ok(Box::new(profile) as Box<dyn Morphology>)
    }};
}

type Read = fn(&mut StoredPart) -> Result<Box<dyn Morphology>, ModelError>;

/// Adds the built-in profiles to `kinds`.
pub(super) fn with_profiles(kinds: Kinds) -> Kinds {
    let profiles: [(&str, Read); 6] = [
        ("Gaussian", |part| finish!(part, Gaussian::new(part.take("sigma")?))),
        ("Sersic", |part| finish!(part, Sersic::new(part.take("n")?, part.take("size")?))),
        ("Exponential", |part| finish!(part, Exponential::new(part.take("size")?))),
        ("DeVaucouleurs", |part| finish!(part, DeVaucouleurs::new(part.take("size")?))),
        ("Moffat", |part| finish!(part, Moffat::new(part.take("beta")?, part.take("fwhm")?))),
        ("Spergel", |part| finish!(part, Spergel::new(part.take("nu")?, part.take("size")?))),
    ];
    profiles.into_iter().fold(kinds, |kinds, (kind, read)| kinds.with_morphology(kind, read))
}
