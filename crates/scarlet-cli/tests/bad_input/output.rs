//! Folders, disks, time and memory that are not there.

use crate::{Row, row};
use std::fs;

pub(crate) const ROWS: &[Row] = &[
    row(
        "a file in place of the output folder",
        |w| w.write("out", "x"),
        &["out is there and is not a folder"],
    ),
    row("an output folder below a file", |_| {}, &["cannot make the folder", "sources.csv/out"]).args(&[
        "fit",
        "scene.yaml",
        "--out",
        "sources.csv/out",
    ]),
    row("an output folder that cannot be written to", |_| {}, &["/proc/scarlet"]).args(&[
        "fit",
        "scene.yaml",
        "--out",
        "/proc/scarlet",
    ]),
    row(
        "an output folder with files of others",
        |w| {
            fs::create_dir(w.path("out")).expect("made");
            w.write("out/thesis.tex", "x");
        },
        &["out holds thesis.tex", "--overwrite"],
    ),
    row(
        "results that would replace the catalogue",
        |w| {
            fs::rename(w.path("sources.csv"), w.path("catalog.csv")).expect("renamed");
            w.scene("sources.csv", "catalog.csv");
        },
        &["catalog.csv", "input", "another folder"],
    )
    .args(&["fit", "scene.yaml", "--out", ".", "--overwrite"]),
    row("a disk that is full", |_| {}, &["cannot write", "out/"]).shell("trap '' XFSZ; ulimit -f 12;"),
    row("a disk that is full before the fit", |_| {}, &["cannot write", "out/.scarlet"])
        .shell("trap '' XFSZ; ulimit -f 0;"),
    row("no time left when the fit begins", |_| {}, &["it ended after 0 steps", "--time"])
        .args(&["fit", "scene.yaml", "--out", "out", "--time", "0.000001"])
        .code(3),
    row("less memory than the fit needs", |_| {}, &["needs about", "the limit that was set is 1 MB"])
        .args(&["fit", "scene.yaml", "--out", "out", "--memory-limit-mb", "1"]),
    row("a negative time on the command line", |_| {}, &["--time", "greater than 0"])
        .args(&["fit", "scene.yaml", "--out", "out", "--time=-5"])
        .code(2),
    row("a misspelt option", |_| {}, &["--thread", "--threads"])
        .args(&["fit", "scene.yaml", "--out", "out", "--thread", "2"])
        .code(2),
    row("a misspelt command", |_| {}, &["unrecognized subcommand", "fit"])
        .args(&["fitt", "scene.yaml", "--out", "out"])
        .code(2),
    row("no output folder given", |_| {}, &["--out"]).args(&["fit", "scene.yaml"]).code(2),
    row("a simulation without room for its sources", |_| {}, &["50 sources", "more pixels or fewer sources"])
        .args(&["simulate", "--out", "out", "--galaxies", "47", "--rows", "30", "--columns", "30"]),
];
