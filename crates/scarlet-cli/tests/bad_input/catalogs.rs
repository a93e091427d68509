//! Catalogues, sources and saved scenes that are wrong.

use crate::world::{Images, SIDE, World};
use crate::{Row, row};
use scarlet::prelude::{Frame, Gaussian, Psf, Scene, Source, free};
use std::fs;

fn catalog(world: &World, text: &str) {
    world.write("sources.csv", text);
}

/// A saved scene of one source, as text.
fn scene() -> String {
    let frame = Frame::new([SIDE, SIDE]).channels(["g", "r"]).psf(Psf::gaussian(0.7).expect("valid"));
    let profile = Gaussian::new(free(1.5).positive()).shape_px([7, 7]);
    let source = Source::new([9.0, 12.0], free([30.0, 40.0]).positive(), profile).named("red");
    let mut scene = Scene::new(frame).expect("valid");
    scene.add(source).expect("valid");
    scene.to_json().expect("built-in kinds")
}

/// The same, spoilt, in place of the catalogue.
fn saved(world: &World, from: &str, to: &str) {
    let text = scene();
    assert!(text.contains(from), "{from} is not in the saved scene: {text}");
    world.write("scene.json", text.replacen(from, to, 1));
    world.scene("catalog: sources.csv", "scene: scene.json");
}

pub(crate) const ROWS: &[Row] = &[
    row("no such catalogue", |w| w.scene("sources.csv", "source.csv"), &["source.csv", "check the name"]),
    row("a folder in place of the catalogue", |w| w.scene("sources.csv", "."), &["name a file in it"]),
    row("an empty catalogue file", |w| catalog(w, ""), &["sources.csv", "no columns for positions"]),
    row("a catalogue without sources", |w| catalog(w, "id,x,y\n"), &["sources.csv", "no sources"]),
    row(
        "a FITS table in place of the catalogue",
        |w| w.scene("sources.csv", "images.fits"),
        &["images.fits", "FITS", "CSV or Parquet"],
    ),
    row(
        "a catalogue that is not UTF-8",
        |w| w.write("sources.csv", b"id,x,y\nKr\xfcger,3,4\n"),
        &["sources.csv, line 2", "UTF-8"],
    ),
    row(
        "columns of other names",
        |w| catalog(w, "NUMBER,XCEN,YCEN\n1,3,4\n"),
        &["name them x and y", "XCEN"],
    ),
    row(
        "numbers without names of columns",
        |w| catalog(w, "12.2 9.1\n6.8 11.4\n"),
        &["sources.csv, line 1", "names the columns"],
    ),
    row(
        "a word where a number is needed",
        |w| catalog(w, "id,x,y\na,3,left\n"),
        &["sources.csv, line 2", "column y", "`left`"],
    ),
    row("an infinite position", |w| catalog(w, "id,x,y\na,inf,3\n"), &["sources.csv, line 2", "column x"]),
    row("half of a position", |w| catalog(w, "id,x,y\na,3,\n"), &["sources.csv, line 2", "column y"]),
    row(
        "a source without a position",
        |w| catalog(w, "id,x,y\na,3,4\nb,,\n"),
        &["sources.csv, line 3", "no position"],
    ),
    row("decimal commas", |w| catalog(w, "id,x,y\na,3,5,4,5\n"), &["sources.csv, line 2", "5 fields"]),
    row(
        "decimal commas between semicolons",
        |w| catalog(w, "id;x;y\na;3,5;4,5\n"),
        &["`4,5`", "decimal point"],
    ),
    row(
        "two sources of one id",
        |w| catalog(w, "id,x,y\na,3,4\nb,5,6\na,7,8\n"),
        &["sources.csv, line 4", "id a", "line 2"],
    ),
    row(
        "ids that differ by a dot only",
        |w| catalog(w, "id,x,y\na.1,6,11\na_1,12,9\n"),
        &["catalog, source a_1", "names must differ"],
    ),
    row(
        "a type that is not known",
        |w| catalog(w, "id,x,y,type\na,3,4,quasar\n"),
        &["`quasar`", "star, galaxy"],
    ),
    row(
        "a star that is not in the catalogue",
        |w| w.scene("galaxy: extended", "stars: [bleu]"),
        &["model.stars", "bleu", "did you mean \"blue\"?"],
    ),
    row(
        "a position off the image",
        |w| catalog(w, "id,x,y\nfar,12,90\n"),
        &["catalog, source far", "20 x 20 pixels", "x is the column"],
    ),
    row(
        "a source on masked pixels",
        |w| {
            w.images(|i| {
                ["MASK_g", "MASK_r"].iter().for_each(|m| {
                    i.plane(m).slice_mut(ndarray::s![4..19, 7..18]).fill(1.0);
                })
            });
        },
        &["catalog, source red", "no pixel within", "unmask"],
    ),
    row(
        "sky positions and images without a WCS",
        |w| catalog(w, "id,ra,dec\na,150.0,2.0\n"),
        &["catalog, source a", "needs a WCS", "x and y"],
    ),
    row(
        "ra and dec swapped",
        |w| {
            w.images(Images::wcs);
            catalog(w, "id,ra,dec\na,2.0,150.0\n");
        },
        &["sources.csv, line 2", "column dec", "swapped"],
    ),
    row(
        "ra and dec swapped near the equator",
        |w| {
            w.images(Images::wcs);
            catalog(w, "id,ra,dec\na,2.0,15.0\n");
        },
        &["catalog, source a"],
    ),
    row(
        "ra in hours",
        |w| {
            w.images(Images::wcs);
            catalog(w, "id,ra,dec\na,10.0,2.0\n");
        },
        &["catalog, source a"],
    ),
    row(
        "ra in hours, not far off",
        |w| {
            w.images(|i| {
                i.wcs();
                i.cards[2].1 = "5.0".to_owned();
            });
            catalog(w, "id,ra,dec\na,0.3333333,2.0\n");
        },
        &["catalog, source a", "(ra, dec) = (0.3333333, 2)", "in hours"],
    ),
    row(
        "sexagesimal positions",
        |w| {
            w.images(Images::wcs);
            catalog(w, "id,ra,dec\na,10:00:00.0,+02:00:00\n");
        },
        &["sources.csv, line 2", "column ra", "15 degrees"],
    ),
    row(
        "no such saved scene",
        |w| w.scene("catalog: sources.csv", "scene: scene.json"),
        &["scene.json", "check the name"],
    ),
    row(
        "a saved scene cut short",
        |w| {
            saved(w, "\"format\"", "\"format\"");
            w.write("scene.json", &fs::read(w.path("scene.json")).expect("written")[..500]);
        },
        &["scene.yaml, scene", "scene.json", "line 1"],
    ),
    row(
        "a saved scene of a later version",
        |w| saved(w, "\"version\":1", "\"version\":9"),
        &["scene.json", "version"],
    ),
    row(
        "a saved scene of an observation of more channels",
        |w| {
            let own = "{\"flux_scale\":{\"shape\":[3],\"values\":[1.0,1.1,0.9],\"free\":false}}";
            saved(w, "\"next\"", &format!("\"observations\":{{\"hsc\":{own}}},\"next\""));
        },
        &["scene.yaml, scene", "observations.hsc.flux_scale", "3 values", "give 2"],
    ),
    row(
        "a start outside its constraint",
        |w| saved(w, "\"values\":[30.0,40.0]", "\"values\":[30.0,-40.0]"),
        &["red.spectrum", "-40", "outside its constraint"],
    ),
    row(
        "a start that is not a number",
        |w| saved(w, "\"values\":[30.0,40.0]", "\"values\":[30.0,null]"),
        &["scene.json"],
    ),
    row(
        "a saved scene of other channels",
        |w| saved(w, "\"channels\":[{\"band\":\"g\"}", "\"channels\":[{\"band\":\"u\"}"),
        &["hsc", "channel g", "u, r"],
    ),
    row(
        "a box outside the frame",
        |w| saved(w, "\"origin\":[6,9]", "\"origin\":[600,9]"),
        &["red", "outside the frame"],
    ),
    row(
        "a box much larger than the frame",
        |w| saved(w, "[6,9],\"shape\":[7,7]", "[6,9],\"shape\":[400000,400000]"),
        &["memory"],
    )
    .args(&["fit", "scene.yaml", "--out", "out", "--memory-limit-mb", "1000"]),
];
