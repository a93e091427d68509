//! Input that is unusual and has a meaning all the same.

use crate::world::{SIDE, integers};
use crate::{Row, row};
use std::fs;

pub(crate) const ROWS: &[Row] = &[
    row(
        "a catalogue with a byte-order mark, semicolons and blanks",
        |w| {
            w.write(
                "sources.csv",
                "\u{feff}id; x; y; type\r\nred; 12.2; 9.1; Galaxy\r\nblue; 6.8; 11.4; star\r\n",
            )
        },
        &[],
    )
    .code(0),
    row(
        "a catalogue between tabs with names in capitals",
        |w| w.write("sources.csv", "ID\tX\tY\nred\t12.2\t9.1\n"),
        &[],
    )
    .code(0),
    row(
        "a band called y, without quotes",
        |w| {
            w.images(|i| {
                for stem in ["IMAGE", "VARIANCE", "MASK", "PSF"] {
                    let plane = i.plane(&format!("{stem}_r")).clone();
                    i.planes.insert(format!("{stem}_y"), plane);
                }
            });
            w.scene("[g, r]", "[g, y]");
        },
        &[],
    )
    .code(0),
    row(
        "brackets in the name of a file",
        |w| {
            fs::rename(w.path("images.fits"), w.path("deep[2] (a).fits")).expect("renamed");
            let scene = fs::read_to_string(w.path("scene.yaml")).expect("written before");
            let scene = scene
                .replace("image: images.fits[IMAGE_{channel}]", "image: \"images.fits[IMAGE_{channel}]\"");
            w.write("scene.yaml", scene.replace("images.fits", "deep[2] (a).fits"));
        },
        &[],
    )
    .code(0),
    row(
        "integers with BSCALE and BZERO, and a mask of unsigned 16 bits",
        |w| {
            let scaled = ["BSCALE  =                 0.01", "BZERO   =                 -1.0"];
            w.write("one.fits", integers(16, [SIDE, SIDE], &scaled, 100));
            w.write("mask.fits", integers(16, [SIDE, SIDE], &["BZERO   =                32768"], 0));
            w.scene("images.fits[IMAGE_{channel}]", "one.fits");
            w.scene("images.fits[MASK_{channel}]\" }", "mask.fits\", bits: [0, 3] }");
            w.scene("images.fits[VARIANCE_{channel}]", "images.fits[VARIANCE_g]");
            w.scene("images.fits[PSF_{channel}]", "images.fits[PSF_g]");
            w.scene("[g, r]", "[g]");
        },
        &[],
    )
    .code(0),
    row("no steps at all", |w| w.scene("max_iter: 5", "max_iter: 0"), &[]).code(0),
    row(
        "pixels of NaN that are masked",
        |w| {
            w.images(|i| {
                i.plane("IMAGE_g")[[0, 0]] = f64::NAN;
                i.plane("MASK_g")[[0, 0]] = 1.0;
            });
        },
        &[],
    )
    .code(0),
];
