//! PSFs that vary over the field.

use crate::world::{Images, World};
use crate::{Row, row};
use std::fs;

const PSF: &str = "psf: images.fits[PSF_{channel}]";

/// The scene seen through a PSFEx file and a grid of images, of which the scene file says `psf`.
fn seen_through(world: &World, psf: &str) {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../scarlet-obs/tests/data");
    for name in ["psfex.psf", "psf_grid.fits"] {
        fs::copy(format!("{data}/{name}"), world.path(name)).expect("copied");
    }
    world.scene(PSF, psf);
}

/// The PSFEx file with one text in the place of another of the same length.
fn spoilt(world: &World, from: &str, to: &str) {
    assert_eq!(from.len(), to.len());
    seen_through(world, "psf: { psfex: psfex.psf }");
    let mut bytes = fs::read(world.path("psfex.psf")).expect("copied before");
    let at = bytes.windows(from.len()).position(|text| text == from.as_bytes()).expect("it is in the header");
    bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    fs::write(world.path("psfex.psf"), bytes).expect("written");
}

pub(crate) const ROWS: &[Row] = &[
    row(
        "a PSF that PSFEx fitted",
        |w| seen_through(w, "psf: { psfex: psfex.psf, first_pixel: [300, 900] }"),
        &[],
    )
    .code(0),
    row("a grid of PSFs", |w| seen_through(w, "psf: { grid: \"psf_grid.fits[PSF]\" }"), &[]).code(0),
    row(
        "an image beyond the detector that a PSF was fitted to",
        |w| seen_through(w, "psf: { psfex: psfex.psf, first_pixel: [-50, 0] }"),
        &["warning: PSF of observation hsc", "50 px beyond", "first_pixel"],
    )
    .code(0),
    row(
        "an image so far away that its PSF has no light there",
        |w| seen_through(w, "psf: { psfex: psfex.psf, first_pixel: [0, -9000000] }"),
        &["observations[0].psf", "add up to", "is the image where the PSF was fitted?"],
    ),
    row(
        "a PSFEx file that is not there",
        |w| w.scene(PSF, "psf: { psfex: psf.psf }"),
        &["observations[0].psf", "there is no file", "psf.psf"],
    ),
    row(
        "an image in place of a PSFEx file",
        |w| seen_through(w, "psf: { psfex: \"images.fits[PSF_g]\" }"),
        &["observations[0].psf", "HDU PSF_g", "not a table"],
    ),
    row("a PSFEx file without its sampling", |w| spoilt(w, "PSF_SAMP", "PSF_STEP"), &["PSF_SAMP is missing"]),
    row(
        "a PSFEx file of another degree than it has images",
        |w| spoilt(w, "POLDEG1 =                    2", "POLDEG1 =                    3"),
        &["6 images of the basis, and its law asks for 10"],
    ),
    row(
        "a PSF that depends on more than the position",
        |w| spoilt(w, "POLNAME2= 'Y_IMAGE '", "POLNAME2= 'MAG_AUTO'"),
        &["depends on X_IMAGE, MAG_AUTO", "PSFVAR_KEYS"],
    ),
    row(
        "a grid of PSFs without its places",
        |w| seen_through(w, "psf: { grid: \"psf_grid.fits[PSF]\", places: NODES }"),
        &["no HDU named NODES", "PSF, PLACES"],
    ),
    row(
        "a PSFEx file and a sampling",
        |w| seen_through(w, "psf: { psfex: psfex.psf, samples_per_px: 2 }"),
        &["a PSFEx file says how it is sampled"],
    ),
    row(
        "a PSF that varies and one that does not",
        |w| seen_through(w, "psf: { psfex: psfex.psf, gaussian: { sigma_px: 1.2 } }"),
        &["a psf is one of image, gaussian, moffat, psfex and grid"],
    ),
    row(
        "places for a PSF that has none",
        |w| w.scene(PSF, "psf: { image: \"images.fits[PSF_{channel}]\", first_pixel: [0, 0] }"),
        &["only a psf of psfex or grid"],
    ),
    row(
        "a place on the detector that is no number",
        |w| seen_through(w, "psf: { psfex: psfex.psf, first_pixel: [.nan, 0] }"),
        &["observations[0].psf.first_pixel", "two finite numbers"],
    ),
    row(
        "a place on the detector in the header of the image, beyond its stars",
        |w| {
            w.images(|i: &mut Images| {
                i.cards.extend([("LTV1", "-900".to_owned()), ("LTV2", "20".to_owned())])
            });
            seen_through(w, "psf: { psfex: psfex.psf }");
        },
        &["warning: PSF of observation hsc", "20 px beyond"],
    )
    .code(0),
];
