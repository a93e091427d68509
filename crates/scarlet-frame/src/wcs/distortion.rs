//! Distortions around the linear part: SIP before it, TPV after it.

use super::axes::Axes;
use super::keywords::{Keywords, bad, is_parameter};
use super::newton::Forward;
use super::plane::Projection;
use super::sip::{Sip, is_sip};
use super::tpv::Tpv;
use crate::FrameError;

/// The distortion that CTYPE names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    Nothing,
    Sip,
    Tpv,
}

impl Said {
    /// From the part of CTYPE from the sixth character on.
    pub(super) fn from_code(code: &str) -> Self {
        match code {
            "TPV" => Self::Tpv,
            _ if code.ends_with("-SIP") => Self::Sip,
            _ => Self::Nothing,
        }
    }

    /// What CTYPE says of the projection with this distortion.
    pub(super) fn code(self, projection: Projection) -> String {
        match self {
            Self::Nothing => projection.to_string(),
            Self::Sip => format!("{projection}-SIP"),
            Self::Tpv => "TPV".to_owned(),
        }
    }
}

/// What bends the grid, besides the projection.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Distortion {
    /// Nothing.
    None,
    /// In pixels from the reference pixel, before the linear part.
    Sip(Sip),
    /// In degrees in the plane, after the linear part.
    Tpv(Tpv),
}

impl Distortion {
    /// Reads the SIP and PV cards, or refuses them, and forgets those that do nothing.
    pub(super) fn read(keywords: &mut Keywords, axes: &Axes) -> Result<Self, FrameError> {
        let sip = first_of(keywords, |name, value| {
            is_sip(name) && (!name.ends_with("_ORDER") || value != Some(0.0))
        });
        let parameter = first_of(keywords, |name, _| is_parameter(name));
        match (axes.said, sip, parameter) {
            (Said::Sip, _, Some(name)) => {
                Err(bad(name, "SCAMP's polynomial (PV) cannot stand beside SIP; leave the right one"))
            }
            (Said::Sip, ..) => Ok(Self::Sip(Sip::read(keywords)?)),
            (_, Some(name), _) => {
                let problem = "is of the SIP distortion, and CTYPE does not say so; write -SIP behind the projection \
                               in CTYPE1 and CTYPE2 if it holds, as in 'RA---TAN-SIP', or remove the SIP cards";
                Err(bad(name, problem))
            }
            (Said::Nothing, None, None) => {
                keywords.forget(is_sip);
                Ok(Self::None)
            }
            (Said::Nothing, None, Some(_)) if axes.projection != Projection::Tan => {
                keywords.forget(is_sip);
                refuse_parameters(keywords, axes.projection)?;
                Ok(Self::None)
            }
            (Said::Tpv | Said::Nothing, None, _) => {
                keywords.forget(is_sip);
                Ok(Self::Tpv(Tpv::read(keywords, axes)?))
            }
        }
    }

    /// In pixels from the reference pixel: where `[x, y]` is taken to, and the slopes there.
    pub(super) fn of_pixel(&self, at: [f64; 2]) -> Forward {
        match self {
            Self::Sip(sip) => sip.forward(at),
            _ => (at, IDENTITY),
        }
    }

    /// The inverse of [`Self::of_pixel`].
    pub(super) fn to_pixel(&self, target: [f64; 2]) -> Option<[f64; 2]> {
        match self {
            Self::Sip(sip) => sip.inverse(target),
            _ => Some(target),
        }
    }

    /// In degrees in the plane: where `[lon, lat]` is taken to, and the slopes there.
    pub(super) fn of_plane(&self, at: [f64; 2]) -> Forward {
        match self {
            Self::Tpv(tpv) => tpv.forward(at),
            _ => (at, IDENTITY),
        }
    }

    /// The inverse of [`Self::of_plane`].
    pub(super) fn to_plane(&self, target: [f64; 2]) -> Option<[f64; 2]> {
        match self {
            Self::Tpv(tpv) => tpv.inverse(target),
            _ => Some(target),
        }
    }
}

const IDENTITY: [[f64; 2]; 2] = [[1.0, 0.0], [0.0, 1.0]];

/// The first keyword that `picks` by name and value.
fn first_of(keywords: &Keywords, picks: impl Fn(&str, Option<f64>) -> bool) -> Option<String> {
    let mut names = keywords.names().filter(|name| is_sip(name) || is_parameter(name));
    names.find(|name| picks(name, keywords.number(name).ok().flatten())).map(str::to_owned)
}

/// The parameters of projections other than TAN: only the zeros of a SIN that is not slant.
fn refuse_parameters(keywords: &mut Keywords, projection: Projection) -> Result<(), FrameError> {
    for name in keywords.names().filter(|name| is_parameter(name)) {
        let is_plain_sin = projection == Projection::Sin && matches!(name, "PV2_1" | "PV2_2");
        if !(is_plain_sin && keywords.number(name)? == Some(0.0)) {
            let problem = format!(
                "projection parameters of {projection} (slant SIN, native longitude and latitude of the reference \
                 point) are not handled yet; resample the image to a plain TAN grid first"
            );
            return Err(bad(name, problem));
        }
    }
    keywords.forget(is_parameter);
    Ok(())
}
