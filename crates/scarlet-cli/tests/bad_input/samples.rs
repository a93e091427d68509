//! Posteriors that cannot be sampled, and chains that cannot be used.

use crate::world::{SIDE, World};
use crate::{Row, row};
use scarlet::prelude::{Frame, Gaussian, Psf, Scene, Source, Transform, Uniform, free};

const SAMPLE: &[&str] = &[
    "sample",
    "scene.yaml",
    "--out",
    "out",
    "--chains",
    "2",
    "--draws",
    "20",
    "--warmup",
    "40",
    "--rhat-limit",
    "9",
];

/// A saved scene of one source in place of the catalogue.
fn saved(world: &World, source: Source) {
    let frame = Frame::new([SIDE, SIDE]).channels(["g", "r"]).psf(Psf::gaussian(0.7).expect("valid"));
    let mut scene = Scene::new(frame).expect("valid");
    scene.add(source.named("red")).expect("valid");
    world.write("scene.json", scene.to_json().expect("built-in kinds"));
    world.scene("catalog: sources.csv", "scene: scene.json");
}

fn galaxy() -> Gaussian {
    Gaussian::new(1.5).shape_px([9, 9])
}

pub(crate) const ROWS: &[Row] = &[
    row("no draws", |_| {}, &["draws is 0", "at least 1"]).args(&[
        "sample",
        "scene.yaml",
        "--out",
        "out",
        "--draws",
        "0",
    ]),
    row("an acceptance of 1", |_| {}, &["target_acceptance is 1", "between 0 and 1"]).args(&[
        "sample",
        "scene.yaml",
        "--out",
        "out",
        "--target-acceptance",
        "1",
    ]),
    row(
        "parameters without a prior",
        |w| saved(w, Source::new([9.0, 12.0], free([60.0, 90.0]).positive(), galaxy())),
        &["without a prior", "red.spectrum"],
    )
    .args(SAMPLE)
    .code(0),
    row(
        "a parameter that neither prior nor data hold",
        |w| {
            w.images(|i| i.plane("MASK_r").fill(1.0));
            saved(w, Source::new([9.0, 12.0], free([60.0, 90.0]).positive(), galaxy()));
        },
        &["red.spectrum (value 1) has no prior", "cannot be normalised"],
    )
    .args(SAMPLE),
    row(
        "a start where a prior is 0",
        |w| {
            let flux = free([60.0, 90.0]).transform(Transform::Exp).prior(Uniform::new(0.0, 50.0));
            saved(w, Source::new([9.0, 12.0], flux, galaxy()));
        },
        &["-inf at the start", "red.spectrum"],
    )
    .args(SAMPLE),
    row(
        "chains that disagree, or a limit that none can keep",
        |w| saved(w, Source::new([9.0, 12.0], free([60.0, 90.0]).positive(), galaxy())),
        &["chains disagree: R-hat is", "above 0.5", "--warmup"],
    )
    .args(&[
        "sample",
        "scene.yaml",
        "--out",
        "out",
        "--chains",
        "2",
        "--draws",
        "20",
        "--warmup",
        "40",
        "--rhat-limit",
        "0.5",
    ])
    .code(5),
    row(
        "no time left to draw",
        |w| w.scene("max_iter: 5", "max_iter: 5, time_s: 0.001"),
        &["sampling ended in the warm-up", "nothing to write", "posterior_scene.json"],
    )
    .args(SAMPLE)
    .code(3),
    row("chains to go on with that are not there", |_| {}, &["chains.parquet", "cannot open"]).args(&[
        "sample",
        "scene.yaml",
        "--out",
        "out",
        "--resume",
    ]),
    row(
        "one chain",
        |w| saved(w, Source::new([9.0, 12.0], free([60.0, 90.0]).positive(), galaxy())),
        &["one chain only", "at least two"],
    )
    .args(&["sample", "scene.yaml", "--out", "out", "--chains", "1", "--draws", "20", "--warmup", "40"])
    .code(0),
];
