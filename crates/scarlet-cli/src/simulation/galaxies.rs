//! Single galaxies to train networks on: discs and bulges, some with arms or clumps, without noise.

use crate::error::CliError;
use ndarray::{Array2, Axis};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use scarlet::frame::{Angle, Frame, Psf, degrees};
use scarlet::model::profile::{Gaussian, Sersic, distortion_from_axes};
use scarlet::model::{Scene, Source};
use scarlet::obs::render;

/// Width of the model's PSF, in pixels.
const PSF_SIGMA_PX: f64 = 0.7;
/// Longest half-light radius of a disc, of the side; the shortest is in pixels.
const MOST_OF_SIDE: f64 = 0.16;
const LEAST_SIZE_PX: f64 = 0.8;
/// Largest distance of a galaxy from the middle, in pixels.
const OFF_CENTER_PX: f64 = 1.0;

/// A galaxy's disc, which bulge and clumps follow.
#[derive(Debug, Clone, Copy)]
struct Disc {
    center: [f64; 2],
    /// With its arms and clumps.
    flux: f64,
    size_px: f64,
    axis_ratio: f64,
    angle: Angle,
}

/// Draws `count` galaxies in the middle of `side` x `side` pixels, seen through the model's PSF of 0.7 pixels.
///
/// Half-light radii are between 0.8 pixels and 0.16 of the side, evenly in their logarithm; a bulge has up to 0.7 of the
/// light; three in ten have two or three arms, two in ten clumps.
///
/// # Errors
/// The side is too short for the profiles.
pub fn galaxy_images(side: usize, count: usize, seed: u64) -> Result<Vec<Array2<f64>>, CliError> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| galaxy(side, &mut rng)).collect()
}

fn galaxy(side: usize, rng: &mut ChaCha8Rng) -> Result<Array2<f64>, CliError> {
    let frame = Frame::new([side, side]).channels(["light"]);
    let mut scene = Scene::new(frame.clone())?;
    let middle = (side as f64 - 1.0) / 2.0;
    let longest = (MOST_OF_SIDE * side as f64).max(2.0 * LEAST_SIZE_PX);
    let bulge: f64 = if rng.random_bool(0.6) { rng.random_range(0.05..0.7) } else { 0.0 };
    let disc = Disc {
        flux: 1.0 - bulge,
        center: [0; 2].map(|_| middle + rng.random_range(-OFF_CENTER_PX..OFF_CENTER_PX)),
        size_px: rng.random_range(LEAST_SIZE_PX.ln()..longest.ln()).exp(),
        axis_ratio: rng.random_range(0.25..1.0),
        angle: degrees(rng.random_range(0.0..180.0)),
    };
    let shape = [2 * side + 1; 2];
    let patchy: f64 = match rng.random_range(0..10) {
        0..3 => arms(&mut scene, disc, shape, rng)?,
        3..5 => clumps(&mut scene, disc, shape, rng)?,
        _ => 0.0,
    };
    let flat = distortion_from_axes(disc.axis_ratio, disc.angle);
    let profile = Sersic::new(rng.random_range(0.6..1.6), disc.size_px).distortion(flat).shape_px(shape);
    scene.add(Source::new(disc.center, [disc.flux * (1.0 - patchy)], profile))?;
    if bulge > 0.0 {
        let round = distortion_from_axes(disc.axis_ratio.max(0.6), disc.angle);
        let size = disc.size_px * rng.random_range(0.2..0.6);
        let profile = Sersic::new(rng.random_range(1.5..4.0), size).distortion(round).shape_px(shape);
        scene.add(Source::new(disc.center, [bulge], profile))?;
    }
    let seen = render(&scene, &frame.psf(Psf::gaussian(PSF_SIGMA_PX)?))?;
    Ok(seen.index_axis_move(Axis(0), 0))
}

/// Beads along logarithmic spirals; the share of the disc's light in them.
fn arms(scene: &mut Scene, disc: Disc, shape: [usize; 2], rng: &mut ChaCha8Rng) -> Result<f64, CliError> {
    let (share, count) = (rng.random_range(0.1..0.4), rng.random_range(2..4_usize));
    let (phase, turn) = (rng.random_range(0.0..std::f64::consts::TAU), rng.random_range(1.5..4.0));
    let sense = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
    let beads = 8;
    for arm in 0..count {
        for bead in 0..beads {
            let along = (f64::from(bead) + 0.5) / f64::from(beads);
            let radius = disc.size_px * (0.4 + 1.8 * along);
            let angle = phase + sense * turn * along + std::f64::consts::TAU * arm as f64 / count as f64;
            let flux = disc.flux * share * 2.0 * (1.0 - along) / (count as f64 * f64::from(beads));
            bead_at(scene, disc, [radius, angle], flux, 0.3 * disc.size_px, shape)?;
        }
    }
    Ok(share)
}

/// A few clumps anywhere in the disc; the share of its light in them.
fn clumps(scene: &mut Scene, disc: Disc, shape: [usize; 2], rng: &mut ChaCha8Rng) -> Result<f64, CliError> {
    let (share, count) = (rng.random_range(0.05..0.4), rng.random_range(1..6_usize));
    for _ in 0..count {
        let place = [disc.size_px * rng.random_range(0.2..2.0), rng.random_range(0.0..std::f64::consts::TAU)];
        let size = disc.size_px * rng.random_range(0.1..0.4);
        bead_at(scene, disc, place, disc.flux * share / count as f64, size, shape)?;
    }
    Ok(share)
}

/// A round spot at a radius and an angle in the plane of the disc.
fn bead_at(
    scene: &mut Scene,
    disc: Disc,
    [radius, angle]: [f64; 2],
    flux: f64,
    size_px: f64,
    shape: [usize; 2],
) -> Result<(), CliError> {
    let (along, across) = (radius * angle.cos(), radius * angle.sin() * disc.axis_ratio);
    let (sin, cos) = disc.angle.radians().sin_cos();
    let center = [disc.center[0] + along * sin + across * cos, disc.center[1] + along * cos - across * sin];
    let profile = Gaussian::new(size_px.max(0.3)).shape_px(shape);
    Ok(scene.add(Source::new(center, [flux], profile)).map(|_| ())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn galaxies_are_whole_differ_and_are_the_same_for_a_seed() {
        let images = galaxy_images(32, 12, 5).expect("drawn");
        assert_eq!(images, galaxy_images(32, 12, 5).expect("drawn"));
        for image in &images {
            assert_eq!(image.dim(), (32, 32));
            let (sum, most) = (image.sum(), image.iter().copied().fold(0.0, f64::max));
            assert!((0.85..1.01).contains(&sum), "{sum}");
            let (y, x) = image.indexed_iter().find(|(_, v)| **v == most).expect("a peak").0;
            assert!(y.abs_diff(15) < 8 && x.abs_diff(15) < 8, "peak at {y}, {x}");
            assert!(image.iter().all(|v| *v > -0.01 * most));
        }
        assert!(images.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
