//! Input that is unusual and has a meaning all the same.

use crate::world::{SIDE, integers};
use crate::{Row, row};
use ndarray::{Axis, Slice};
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
    row(
        "a PSF off its centre, recentred",
        |w| {
            w.images(|i| {
                for name in ["PSF_g", "PSF_r"] {
                    let psf = i.plane(name).clone();
                    let last = psf.len_of(Axis(1)) - 1;
                    let moved = i.plane(name);
                    moved
                        .slice_axis_mut(Axis(1), Slice::from(1..))
                        .assign(&psf.slice_axis(Axis(1), Slice::from(..last)));
                    moved.index_axis_mut(Axis(1), 0).fill(0.0);
                }
            });
            let recentred = "psf: { image: \"images.fits[PSF_{channel}]\", recentre: true }";
            w.scene("psf: images.fits[PSF_{channel}]", recentred);
        },
        &[],
    )
    .code(0)
    .args(&["check", "scene.yaml"]),
    row(
        "a mask without fields",
        |w| w.scene("{ image: \"images.fits[MASK_{channel}]\" }", "images.fits[MASK_{channel}]"),
        &[],
    )
    .code(0),
    row(
        "bits of a mask by name",
        |w| {
            let planes = ["MP_BAD  =                    0", "MP_SAT  =                    1"];
            w.write("mask.fits", integers(16, [SIDE, SIDE], &planes, 1));
            w.scene("images.fits[MASK_{channel}]\" }", "mask_{band}.fits\", bits: [SAT] }");
            fs::copy(w.path("mask.fits"), w.path("mask_g.fits")).expect("copied");
            fs::copy(w.path("mask.fits"), w.path("mask_r.fits")).expect("copied");
        },
        &[],
    )
    .code(0),
    row(
        "a table of SExtractor",
        |w| {
            let header = "#   1 NUMBER   Running object number\n#   2 X_IMAGE\n#   3 Y_IMAGE\n";
            w.write("sources.csv", format!("{header}   1   13.2   10.1\n   2    7.8   12.4\n"));
        },
        &[],
    )
    .code(0),
    row(
        "settings of the model on lines of their own",
        |w| w.scene("model: { galaxy: extended }", "model:\n  galaxy: extended\n  fixed: [\"*.center\"]"),
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
