//! An observation that may lie otherwise than its WCS says: what it sees changes with its shift, rotation and scale.

use super::equations::Equations;
use super::plane::{Plane, Spot};
use super::stamp::Stamp;
use crate::{Astrometry, Observation};

/// Longest change of a round, in pixels at the corners.
const LONGEST_PX: f64 = 1.0;

/// The astrometry of one observation as far as it is found. For the equations it is one more source, of flux 1, whose
/// image is dark.
#[derive(Debug)]
pub(super) struct Alignment {
    observation: usize,
    astrometry: Astrometry,
    /// Which of shift y, shift x, rotation and scale are free.
    free: Vec<usize>,
    middle: [f64; 2],
    /// Distance of the corners from the middle.
    corner_px: f64,
}

impl Alignment {
    /// Of `observation`, number `k`; none where nothing of its astrometry is free.
    pub(super) fn new(k: usize, observation: &Observation) -> Option<Self> {
        let astrometry = observation.calibration().astrometry()?.clone();
        let is_free = [astrometry.shift_ref(), astrometry.shift_ref()];
        let is_free = is_free.into_iter().chain([astrometry.rotation_ref(), astrometry.scale_ref()]);
        let free: Vec<usize> = is_free.enumerate().filter(|(_, p)| p.is_free()).map(|(k, _)| k).collect();
        let bbox = observation.frame().bbox();
        let [ny, nx] = bbox.shape().map(|n| 0.5 * n as f64);
        let all = Self { observation: k, astrometry, free, middle: bbox.middle(), corner_px: ny.hypot(nx) };
        (!all.free.is_empty()).then_some(all)
    }

    pub(super) const fn observation(&self) -> usize {
        self.observation
    }

    /// Shift y, shift x, rotation, scale.
    pub(super) fn values(&self) -> [f64; 4] {
        self.astrometry.values()
    }

    /// How many images it has: the dark one, and one for each value that is free.
    pub(super) const fn columns(&self) -> usize {
        1 + self.free.len()
    }

    /// What `plane` sees otherwise where one of the values changes by 1, of sources at `spots` with these `stamps` and
    /// `fluxes`; none of another observation's planes.
    pub(super) fn stamp(
        &self,
        plane: &Plane,
        spots: &[Option<Spot>],
        stamps: &[Option<Stamp>],
        fluxes: &[f64],
    ) -> Option<Stamp> {
        if plane.observation != self.observation {
            return None;
        }
        let n = plane.bbox.len();
        let mut columns = vec![0.0; self.columns() * n];
        for ((spot, stamp), flux) in spots.iter().zip(stamps).zip(fluxes) {
            let (Some(spot), Some(stamp)) = (spot, stamp) else { continue };
            for (free, column) in self.free.iter().zip(columns[n..].chunks_exact_mut(n)) {
                let [y, x] = spot.in_model(self.velocity(*free, spot.at)).map(|v| (flux * v) as f32);
                stamp.add_moved([y, x], plane.bbox, column);
            }
        }
        Some(Stamp { bbox: plane.bbox, columns })
    }

    /// How what is seen at a position moves with value number `k`.
    fn velocity(&self, k: usize, [y, x]: [f64; 2]) -> [f64; 2] {
        let values = self.values();
        let off = [y - self.middle[0] - values[0], x - self.middle[1] - values[1]];
        match k {
            0 => [1.0, 0.0],
            1 => [0.0, 1.0],
            2 => [off[1], -off[0]],
            _ => off,
        }
    }

    /// Tells the equations what its values are expected to be; `own` is its number among the sources.
    pub(super) fn expect(&self, own: usize, equations: &mut Equations) {
        let all = self.astrometry.scores();
        for (at, k) in self.free.iter().enumerate() {
            let [score, fall] = all[*k];
            if fall > 0.0 {
                equations.expect(own, at, score / fall, fall.sqrt().recip());
            }
        }
    }

    /// By how much each free value may change at least and at most.
    pub(super) fn room(&self) -> impl Iterator<Item = [f64; 2]> {
        let (limits, values) = (self.astrometry.limits(), self.values());
        self.free.iter().map(move |k| {
            let longest = LONGEST_PX / self.pixels(*k);
            let [low, high] = limits[*k].map(|end| 0.99 * (end - values[*k]));
            [low.max(-longest), high.min(longest)]
        })
    }

    /// Changes the free values and returns by how many pixels that moves a corner at most.
    pub(super) fn change(&mut self, by: &[f64]) -> f64 {
        let (mut values, mut most) = (self.values(), 0.0_f64);
        for (k, change) in self.free.iter().zip(by) {
            values[*k] += change;
            most = most.max(change.abs() * self.pixels(*k));
        }
        self.astrometry = self.astrometry.clone().with_values(values);
        most
    }

    /// Pixels by which a corner moves where value number `k` changes by 1.
    const fn pixels(&self, k: usize) -> f64 {
        if k < 2 { 1.0 } else { self.corner_px }
    }
}
