//! Projections between the native sphere and the plane: TAN in two lines, the others by the `wcs` crate behind checks.
//!
//! The crate gets a header of unit scale whose reference point is at longitude and latitude 0, so that
//! its own rotation is the identity; ours stands in front of it (it carries FK5, LONPOLE and LATPOLE to rounding,
//! where the crate's is off by 8e-5 arcsec for CAR away from the equator). In debug builds the crate panics on
//! vectors that are not finite, not of unit length to 1e-15, or have a component above 1: those never reach it.

use super::rotation::normalized;
use crate::FrameError;
use serde_json::json;
use std::fmt;
use std::sync::Arc;

/// Beyond this distance from the reference point (degrees in the plane) no projection here is of use.
///
/// TAN is then within 2e-9 radians of its horizon.
const FARTHEST_DEG: f64 = 3e10;

/// The projections that are handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Projection {
    Tan,
    Sin,
    Arc,
    Stg,
    Zea,
    Car,
}

impl Projection {
    const ALL: [Self; 6] = [Self::Tan, Self::Sin, Self::Arc, Self::Stg, Self::Zea, Self::Car];

    /// The projection of `ctype`, whose part from the sixth character on is `code`; or what is wrong.
    ///
    /// `TPV` and the suffix `-SIP` are distortions around a projection: see [`Said`](super::distortion::Said).
    pub(super) fn from_ctype(ctype: &str, code: &str) -> Result<Self, String> {
        let plain = if code == "TPV" { "TAN" } else { code.strip_suffix("-SIP").unwrap_or(code) };
        if let Some(known) = Self::ALL.into_iter().find(|projection| projection.code() == plain) {
            return Ok(known);
        }
        let advice = "resample the image to a plain TAN grid first";
        Err(match code {
            "" => format!("{ctype:?} names no projection; it must be like 'RA---TAN' or 'DEC--TAN'"),
            "TNX" | "ZPX" => format!("{ctype:?}: IRAF's {code} distortion is not handled yet; {advice}"),
            "TAB" => format!("{ctype:?}: coordinates from a table (-TAB) are not handled yet; {advice}"),
            _ => format!(
                "{ctype:?}: the projection {plain} is not handled; handled are TAN, SIN, ARC, STG, ZEA and CAR, each \
                 with -SIP or without, and TPV; {advice}"
            ),
        })
    }

    /// Its three letters.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Tan => "TAN",
            Self::Sin => "SIN",
            Self::Arc => "ARC",
            Self::Stg => "STG",
            Self::Zea => "ZEA",
            Self::Car => "CAR",
        }
    }

    /// Whether the reference point is the native pole.
    pub(super) const fn is_zenithal(self) -> bool {
        !matches!(self, Self::Car)
    }
}

impl fmt::Display for Projection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// One projection, ready to use.
#[derive(Debug, Clone)]
pub(super) struct Plane {
    projection: Projection,
    backend: Arc<::wcs::WCS>,
}

impl Plane {
    /// Sets the projection up.
    pub(super) fn new(projection: Projection) -> Result<Self, FrameError> {
        let failed = |problem: String| super::keywords::bad("CTYPE1, CTYPE2", problem);
        let header = json!({
            "NAXIS": 2, "NAXIS1": 1, "NAXIS2": 1,
            "CTYPE1": format!("RA---{projection}"), "CTYPE2": format!("DEC--{projection}"),
            "CRPIX1": 0.0, "CRPIX2": 0.0, "CRVAL1": 0.0, "CRVAL2": 0.0,
            "CD1_1": 1.0, "CD1_2": 0.0, "CD2_1": 0.0, "CD2_2": 1.0,
            "LONPOLE": if projection.is_zenithal() { 180.0 } else { 0.0 },
        });
        let header = serde_json::from_value(header).map_err(|error| failed(error.to_string()))?;
        let backend = ::wcs::WCS::new(&header).map_err(|error| failed(error.to_string()))?;
        Ok(Self { projection, backend: Arc::new(backend) })
    }

    /// Which projection it is.
    pub(super) const fn projection(&self) -> Projection {
        self.projection
    }

    /// Plane position `[lon, lat]` in degrees of a native unit vector; `None` where it is not shown.
    pub(super) fn project(&self, native: [f64; 3]) -> Option<[f64; 2]> {
        if self.projection == Projection::Tan {
            let [x, y, z] = native;
            return in_reach([(y / z).to_degrees(), (-x / z).to_degrees()]).filter(|_| z > 0.0);
        }
        // to rounding it has length 1 already; no component may be above 1
        let [x, y, z] = normalized(native);
        // the crate looks along its first axis at the reference point
        let seen = if self.projection.is_zenithal() { (z, y, -x) } else { (x, y, z) };
        let plane = self.backend.proj_xyz(&seen)?;
        in_reach([plane.x(), plane.y()])
    }

    /// Native unit vector of a plane position `[lon, lat]` in degrees; `None` outside the projection.
    pub(super) fn unproject(&self, plane: [f64; 2]) -> Option<[f64; 3]> {
        let [lon, lat] = in_reach(plane)?;
        if self.projection == Projection::Tan {
            let (x, y) = (lon.to_radians(), lat.to_radians());
            let z = 1.0 / (1.0 + x * x + y * y).sqrt();
            return Some([-y * z, x * z, z]);
        }
        let seen = self.backend.unproj_xyz(&::wcs::ImgXY::new(lon, lat))?;
        let (x, y, z) = (seen.x(), seen.y(), seen.z());
        Some(if self.projection.is_zenithal() { [-z, y, x] } else { [x, y, z] })
    }
}

fn in_reach(plane: [f64; 2]) -> Option<[f64; 2]> {
    plane.iter().all(|value| value.abs() < FARTHEST_DEG).then_some(plane)
}
