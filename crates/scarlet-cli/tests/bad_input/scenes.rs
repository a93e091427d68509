//! Scene files that are wrong.

use crate::{Row, row};
use std::fs;

pub(crate) const ROWS: &[Row] = &[
    row(
        "no such scene file",
        |w| fs::remove_file(w.path("scene.yaml")).expect("it was there"),
        &["scene.yaml", "read"],
    ),
    row("a folder in place of the scene file", |_| {}, &["cannot read ."])
        .args(&["fit", ".", "--out", "out"]),
    row(
        "an empty scene file",
        |w| w.write("scene.yaml", "# nothing yet\n"),
        &["scene.yaml", "empty", "observations"],
    ),
    row("a FITS file in place of the scene file", |_| {}, &["images.fits", "UTF-8", "scene file"]).args(&[
        "fit",
        "images.fits",
        "--out",
        "out",
    ]),
    row(
        "a misspelt field",
        |w| w.scene("catalog:", "catalogue:"),
        &["`catalogue`", "did you mean `catalog`?"],
    ),
    row(
        "a misspelt field of an observation",
        |w| w.scene("variance:", "varience:"),
        &["did you mean `variance`?"],
    ),
    row(
        "a misspelt field of `fit`",
        |w| w.scene("max_iter", "max_itr"),
        &["`max_itr`", "did you mean `max_iter`?"],
    ),
    row(
        "a misspelt choice",
        |w| w.scene("max_iter: 5", "optimizer: yoggi"),
        &["`yoggi`", "did you mean `yogi`?"],
    ),
    row(
        "a misspelt kind of galaxy",
        |w| w.scene("galaxy: extended", "galaxy: sersik"),
        &["did you mean `sersic`?"],
    ),
    row(
        "a misspelt PSF formula",
        |w| w.scene("psf: images.fits[PSF_{channel}]", "psf: { gausian: { sigma_px: 1.2 } }"),
        &["`gausian`", "did you mean `gaussian`?"],
    ),
    row(
        "a PSF of two kinds",
        |w| {
            let both = "psf: { image: \"images.fits[PSF_{channel}]\", gaussian: { sigma_px: 1.2 } }";
            w.scene("psf: images.fits[PSF_{channel}]", both);
        },
        &["one of image, gaussian and moffat"],
    ),
    row(
        "a number where fields are needed",
        |w| w.scene("psf: images.fits[PSF_{channel}]", "psf: { gaussian: 1.2 }"),
        &["fields are needed", "gaussian: { sigma_px: 1.2 }"],
    ),
    row(
        "a placeholder within braces without quotes",
        |w| w.scene("\"images.fits[MASK_{channel}]\"", "mask_{channel}.fits"),
        &["{ has a meaning of its own", "quotes"],
    ),
    row(
        "a field that is indented otherwise",
        |w| w.scene("    image:", "   image:"),
        &["`image` is missing", "if line 4 is meant"],
    ),
    row("a catalogue in place of the scene file", |_| {}, &["sources.csv", "begins with `observations:`"])
        .args(&["fit", "sources.csv", "--out", "out"]),
    row("a text where a number is needed", |w| w.scene("max_iter: 5", "max_iter: many"), &["whole number"]),
    row(
        "a negative number of steps",
        |w| w.scene("max_iter: 5", "max_iter: -5"),
        &["whole number, 0 or greater"],
    ),
    row(
        "a negative time",
        |w| w.scene("max_iter: 5", "time_s: -1"),
        &["scene.yaml, fit.time_s", "greater than 0"],
    ),
    row("a million threads", |w| w.scene("max_iter: 5", "threads: 1000000"), &["fit.threads", "at most"]),
    row("a field twice", |w| w.scene("catalog:", "catalog: a.csv\ncatalog:"), &["catalog is there twice"]),
    row("tabs in place of blanks", |w| w.scene("    psf:", "\tpsf:"), &["tab", "spaces"]),
    row(
        "no observations",
        |w| w.write("scene.yaml", "observations: []\ncatalog: a.csv\n"),
        &["observations", "at least one"],
    ),
    row(
        "no catalogue and no saved scene",
        |w| w.scene("catalog: sources.csv\n", ""),
        &["catalog", "saved scene"],
    ),
    row(
        "a catalogue and a saved scene",
        |w| w.scene("catalog:", "scene: scene.json\ncatalog:"),
        &["scene", "give one of the two"],
    ),
    row(
        "no image given",
        |w| w.scene("    image: images.fits[IMAGE_{channel}]\n", ""),
        &["`image` is missing"],
    ),
    row(
        "variances and weights",
        |w| w.scene("    mask:", "    weight: images.fits[W_{channel}]\n    mask:"),
        &["observations[0].variance", "only one of"],
    ),
    row(
        "no weights at all",
        |w| w.scene("    variance: images.fits[VARIANCE_{channel}]\n", ""),
        &["one of variance, weight"],
    ),
    row(
        "fewer sigmas than channels",
        |w| w.scene("variance: images.fits[VARIANCE_{channel}]", "sigma: [0.1]"),
        &["observations[0].sigma", "2 channels"],
    ),
    row("channels as one word", |w| w.scene("[g, r]", "gr"), &["a list is needed", "[a, b]"]),
    row("a channel called true", |w| w.scene("[g, r]", "[g, true]"), &["channel is a name"]),
    row("a channel twice", |w| w.scene("[g, r]", "[g, g]"), &["observations[0]", "channel g is named twice"]),
    row(
        "an unknown placeholder",
        |w| w.scene("IMAGE_{channel}", "IMAGE_{filter}"),
        &["observations[0].image", "{channel}"],
    ),
    row(
        "a bracket without a partner",
        |w| w.scene("images.fits[IMAGE_{channel}]", "images.fits IMAGE]"),
        &["without a `[`"],
    ),
    row(
        "a path that matches no parameter",
        |w| w.scene("galaxy: extended", "fixed: [red.centre]"),
        &["model.fixed", "red.centre", "did you mean red.center?"],
    ),
    row(
        "a negative model PSF",
        |w| w.scene("galaxy: extended", "psf_sigma_px: -0.7"),
        &["model.psf_sigma_px", "greater than 0"],
    ),
    row(
        "a galaxy of no components",
        |w| w.scene("galaxy: extended", "galaxy: { extended: { components: 0 } }"),
        &["at least one component"],
    ),
];
