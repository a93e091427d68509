//! Pixels to the plane of the projection and back: the linear part with the distortion around it.

use super::axes::Axes;
use super::distortion::Distortion;
use super::keywords::Keywords;
use super::linear::Linear;
use crate::FrameError;

/// `[y, x]` pixels, 0-based, to plane positions `[lon, lat]` in degrees.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pixels {
    linear: Linear,
    distortion: Distortion,
}

impl Pixels {
    /// Reads the linear part and the distortion; forgets the cards that neither of them needs.
    pub(super) fn read(keywords: &mut Keywords, axes: &Axes) -> Result<Self, FrameError> {
        let linear = Linear::new(keywords, axes)?;
        let distortion = Distortion::read(keywords, axes)?;
        let has_cd = keywords.any(&["CD1_1", "CD1_2", "CD2_1", "CD2_2"]);
        keywords.forget(|name| has_cd && (name.starts_with("CDELT") || name.starts_with("CROTA")));
        Ok(Self { linear, distortion })
    }

    /// Whether there is a distortion.
    pub(super) const fn is_distorted(&self) -> bool {
        !matches!(self.distortion, Distortion::None)
    }

    /// Plane position `[lon, lat]` in degrees of a pixel `[y, x]`.
    pub(super) fn plane(&self, position: [f64; 2]) -> [f64; 2] {
        let offset = self.linear.offset(position);
        match &self.distortion {
            Distortion::None => self.linear.plane(offset),
            distortion => {
                let (moved, _) = distortion.of_pixel(offset);
                distortion.of_plane(self.linear.plane(moved)).0
            }
        }
    }

    /// Pixel `[y, x]` of a plane position; `None` where the distortion has no inverse.
    pub(super) fn pixel(&self, plane: [f64; 2]) -> Option<[f64; 2]> {
        let offset = match &self.distortion {
            Distortion::None => self.linear.offset_of_plane(plane),
            distortion => distortion.to_pixel(self.linear.offset_of_plane(distortion.to_plane(plane)?))?,
        };
        Some(self.linear.pixel(offset))
    }

    /// Degrees per pixel at `[y, x]`: rows `[lon, lat]`, columns `[y, x]`.
    pub(super) fn slopes(&self, position: [f64; 2]) -> [[f64; 2]; 2] {
        let (moved, by_pixel) = self.distortion.of_pixel(self.linear.offset(position));
        let (_, by_plane) = self.distortion.of_plane(self.linear.plane(moved));
        multiply(by_plane, multiply(self.linear.matrix(), by_pixel)).map(|[x, y]| [y, x])
    }
}

fn multiply(a: [[f64; 2]; 2], b: [[f64; 2]; 2]) -> [[f64; 2]; 2] {
    a.map(|row| [0, 1].map(|k| row[0] * b[0][k] + row[1] * b[1][k]))
}
