//! Images that are wrong.

use crate::world::{Images, SIDE, World, integers};
use crate::{Row, row};
use ndarray::{Array2, ArrayD, IxDyn};
use std::fs;

fn plane(world: &World, name: &str, change: impl Fn(&mut ArrayD<f64>)) {
    world.images(|images: &mut Images| change(images.plane(name)));
}

fn all(world: &World, stem: &str, change: impl Fn(&mut ArrayD<f64>)) {
    world.images(|images| ["g", "r"].iter().for_each(|c| change(images.plane(&format!("{stem}_{c}")))));
}

fn truncated(world: &World, length: usize) {
    let bytes = fs::read(world.path("images.fits")).expect("written before");
    world.write("images.fits", &bytes[..length]);
}

/// The same patterns in a file of one primary image.
fn primary(world: &World, bytes: &[u8]) {
    world.write("one.fits", bytes);
    world.scene("images.fits[IMAGE_{channel}]", "one.fits");
}

pub(crate) const ROWS: &[Row] = &[
    row(
        "no such image",
        |w| w.scene("images.fits[IMAGE", "image.fits[IMAGE"),
        &["observations[0].image", "image.fits", "check the name"],
    ),
    row(
        "a folder in place of an image",
        |w| w.scene("images.fits[IMAGE_{channel}]", "."),
        &["observations[0].image", "name a file in it"],
    ),
    row("an empty file", |w| w.write("images.fits", ""), &["images.fits", "is not a FITS file"]),
    row(
        "a picture in place of FITS",
        |w| w.write("images.fits", b"\x89PNG\r\n\x1a\n0000"),
        &["images.fits", "is not a FITS file"],
    ),
    row("a FITS file cut in its header", |w| truncated(w, 1000), &["images.fits", "cut short"]),
    row(
        "a FITS file cut in its data",
        |w| truncated(w, 2880 * 5),
        &["images.fits", "cut short", "copy the file again"],
    ),
    row(
        "a gzip file cut short",
        |w| {
            w.write("images.fits", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\x4c\x4a");
        },
        &["images.fits"],
    ),
    row(
        "no such HDU",
        |w| w.scene("IMAGE_{channel}", "SCI_{channel}"),
        &["has no HDU named SCI_g", "it has: PRIMARY"],
    ),
    row("a misspelt HDU", |w| w.scene("IMAGE_{channel}", "IMAGES_{channel}"), &["did you mean IMAGE_g?"]),
    row(
        "an HDU without data",
        |w| w.scene("images.fits[IMAGE_{channel}]", "images.fits[0]"),
        &["observations[0].image", "holds no data"],
    ),
    row("a channel that the file has not", |w| w.scene("[g, r]", "[g, z]"), &["has no HDU named IMAGE_z"]),
    row(
        "one image for two channels",
        |w| w.scene("IMAGE_{channel}", "IMAGE_g"),
        &["1 plane", "2 channels", "{channel}"],
    ),
    row(
        "a cube for each channel",
        |w| {
            w.images(|i| {
                i.planes.insert("IMAGE_g".to_owned(), ArrayD::zeros(IxDyn(&[3, SIDE, SIDE])));
            })
        },
        &["IMAGE_g", "[3, 20, 20]", "an image [y, x]"],
    ),
    row(
        "a spectrum in place of an image",
        |w| {
            w.images(|i| {
                i.planes.insert("IMAGE_g".to_owned(), ArrayD::zeros(IxDyn(&[SIDE])));
            })
        },
        &["IMAGE_g", "an image [y, x]"],
    ),
    row(
        "channels of different shapes",
        |w| {
            w.images(|i| {
                i.planes.insert("IMAGE_r".to_owned(), Array2::zeros((SIDE, SIDE + 1)).into_dyn());
            })
        },
        &["observations[0].image", "channel r", "one grid"],
    ),
    row(
        "variances of another shape",
        |w| {
            w.images(|i| {
                for c in ["g", "r"] {
                    i.planes.insert(format!("VARIANCE_{c}"), Array2::ones((SIDE, SIDE - 1)).into_dyn());
                }
            })
        },
        &["observations[0].variance", "(2, 20, 19)", "(2, 20, 20)"],
    ),
    row(
        "masks of another shape",
        |w| {
            w.images(|i| {
                for c in ["g", "r"] {
                    i.planes.insert(format!("MASK_{c}"), Array2::zeros((SIDE - 1, SIDE)).into_dyn());
                }
            })
        },
        &["observations[0].mask", "(2, 19, 20)"],
    ),
    row(
        "a NaN pixel that has a weight",
        |w| plane(w, "IMAGE_r", |p| p[[3, 4]] = f64::NAN),
        &["hsc, channel r, pixel (y, x) = (3, 4)", "NaN", "its weight 0"],
    ),
    row("an infinite pixel", |w| plane(w, "IMAGE_g", |p| p[[0, 0]] = f64::INFINITY), &["channel g", "inf"]),
    row(
        "everything masked",
        |w| all(w, "MASK", |p| p.fill(1.0)),
        &["hsc: no pixel has a positive weight", "mask"],
    ),
    row(
        "variances that are all NaN",
        |w| all(w, "VARIANCE", |p| p.fill(f64::NAN)),
        &["hsc: no pixel has a positive weight"],
    ),
    row(
        "a negative variance",
        |w| plane(w, "VARIANCE_g", |p| p[[1, 2]] = -3.0),
        &["observations[0].variance", "channel g", "(1, 2)", "not be negative"],
    ),
    row(
        "a negative weight",
        |w| {
            plane(w, "VARIANCE_r", |p| p[[1, 2]] = -3.0);
            w.scene("variance:", "weight:");
        },
        &["observations[0].weight", "channel r", "give 0 to leave a pixel out"],
    ),
    row(
        "an infinite weight",
        |w| {
            plane(w, "VARIANCE_r", |p| p[[5, 6]] = f64::INFINITY);
            w.scene("variance:", "weight:");
        },
        &["hsc, channel r", "(5, 6)", "weight is inf"],
    ),
    row("variances given as weights", |w| w.scene("variance:", "weight:"), &["observation hsc", "weights"])
        .code(0),
    row(
        "a mask that is no integers",
        |w| plane(w, "MASK_g", |p| p[[2, 2]] = 0.5),
        &["MASK_g", "0.5", "whole numbers"],
    ),
    row(
        "a bit that the mask has not",
        |w| {
            w.write("mask.fits", integers(16, [SIDE, SIDE], &[], 0));
            w.scene("{ image: \"images.fits[MASK_{channel}]\" }", "{ image: mask.fits, bits: [16] }");
        },
        &["mask.bits", "bit 16", "16 bits"],
    ),
    row(
        "a mask plane that is not there",
        |w| {
            w.write("mask.fits", integers(16, [SIDE, SIDE], &["MP_SAT  =                    1"], 0));
            w.scene("{ image: \"images.fits[MASK_{channel}]\" }", "{ image: mask.fits, bits: [SATT] }");
        },
        &["mask.bits", "no plane called SATT", "did you mean SAT?"],
    ),
    row(
        "a PSF of zeros",
        |w| plane(w, "PSF_r", |p| p.fill(0.0)),
        &["observations[0].psf", "PSF plane 1", "positive flux"],
    ),
    row(
        "a PSF with NaN",
        |w| plane(w, "PSF_g", |p| p[[0, 1]] = f64::NAN),
        &["observations[0].psf", "PSF plane 0", "(0, 1)"],
    ),
    row(
        "a PSF of another number of planes",
        |w| {
            w.images(|i| drop(i.planes.insert("PSFS".to_owned(), ArrayD::ones(IxDyn(&[3, 11, 11])))));
            w.scene("images.fits[PSF_{channel}]", "images.fits[PSFS]");
        },
        &["observations[0].psf", "3 plane", "2 channels"],
    ),
    row(
        "a PSF of negative width",
        |w| w.scene("images.fits[PSF_{channel}]", "{ gaussian: { sigma_px: -1.2 } }"),
        &["observations[0].psf", "sigma is -1.2", "positive"],
    ),
    row(
        "widths for more channels than there are",
        |w| w.scene("images.fits[PSF_{channel}]", "{ gaussian: { sigma_px: [1, 2, 3] } }"),
        &["observations[0]", "3 planes", "2 channels"],
    ),
    row(
        "a Moffat PSF of infinite flux",
        |w| w.scene("images.fits[PSF_{channel}]", "{ moffat: { fwhm_px: 3, beta: 1 } }"),
        &["observations[0].psf", "beta is 1"],
    ),
    row(
        "a PSF of even size",
        |w| {
            w.images(|i| {
                for c in ["g", "r"] {
                    let own = i.plane(&format!("PSF_{c}")).clone();
                    let part = own.slice_move(ndarray::s![..12, ..12]);
                    i.planes.insert(format!("PSF_{c}"), part.into_dyn());
                }
            })
        },
        &["observation hsc", "even"],
    )
    .code(0),
    row(
        "a PSF larger than the image",
        |w| w.scene("images.fits[PSF_{channel}]", "{ moffat: { fwhm_px: 4, beta: 2.5 } }"),
        &[],
    )
    .code(0),
    row(
        "half of a WCS",
        |w| {
            w.images(|i| {
                i.wcs();
                i.cards.retain(|(key, _)| *key != "CTYPE2");
            })
        },
        &["observations[0].image", "WCS header", "CTYPE2"],
    ),
    row(
        "a projection that is not known",
        |w| {
            w.images(|i| {
                i.wcs();
                i.cards[0].1 = "RA---XYZ".to_owned();
                i.cards[1].1 = "DEC--XYZ".to_owned();
            })
        },
        &["observations[0].image", "WCS header", "XYZ"],
    ),
    row(
        "a header that promises more pixels than there are",
        |w| {
            primary(w, &integers(16, [SIDE, SIDE], &[], 1).into_iter().take(2880 + 10).collect::<Vec<u8>>());
        },
        &["observations[0].image", "one.fits", "cut short"],
    ),
    row(
        "an image of a million by a million pixels",
        |w| {
            let mut bytes = integers(8, [1, 1], &[], 1);
            let header = String::from_utf8_lossy(&bytes[..2880])
                .replace("NAXIS1  =                    1", "NAXIS1  =              1000000");
            let header = header.replace("NAXIS2  =                    1", "NAXIS2  =              1000000");
            bytes[..2880].copy_from_slice(header.as_bytes());
            primary(w, &bytes);
            w.scene("[g, r]", "[g]");
        },
        &["reading the images needs about 24", "memory_mb"],
    )
    .args(&["fit", "scene.yaml", "--out", "out", "--memory-limit-mb", "1000"]),
];
