//! Files of survey pipelines: HDUs by their usual names, mask planes, compression.

use scarlet::obs::Observation;
use scarlet_cli::scene_file::SceneFile;
use std::fs;
use std::path::Path;

/// A compressed exposure as Rubin lays it out; `data/make_rubin.py` writes it.
const RUBIN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/rubin.fits.fz");

fn read(folder: &Path, observation: &str) -> Result<Vec<Observation>, String> {
    let path = folder.join("scene.yaml");
    let text = format!("observations:\n  - {{ channels: [r], {observation} }}\ncatalog: none.csv\n");
    fs::write(&path, text.replace("RUBIN", RUBIN)).expect("written");
    let file = SceneFile::read(&path).map_err(|error| error.to_string())?;
    file.read_observations().map_err(|error| error.to_string())
}

#[test]
fn an_exposure_of_rubin_needs_the_name_of_its_file_only() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for layout in ["", ", layout: rubin", ", layout: hsc"] {
        let observations = read(folder.path(), &format!("image: RUBIN{layout}")).expect("readable");
        let [observation] = observations.as_slice() else { panic!("one observation") };
        let weights = observation.weights();
        assert_eq!(weights.dim(), (1, 40, 48));
        assert!(weights[[0, 3, 5]] == 0.0 && weights[[0, 7, 0]] == 0.0, "SAT and EDGE are left out");
        assert!((weights[[0, 20, 23]] - 4.0).abs() < 1e-6, "DETECTED is not");
        assert!((observation.data()[[0, 20, 23]] - 50.0).abs() < 3.0);
        assert!(observation.frame().wcs_ref().is_some());
    }
}

#[test]
fn what_is_said_goes_before_what_is_usual() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let own = "image: RUBIN, layout: rubin, mask: { image: \"RUBIN[MASK]\", bits: [DETECTED] }";
    let observation = &read(folder.path(), own).expect("readable")[0];
    assert!(observation.weights()[[0, 3, 5]] > 0.0 && observation.weights()[[0, 20, 23]] == 0.0);
    let measured = &read(folder.path(), "image: RUBIN, sigma: measured").expect("readable")[0];
    assert!((measured.weights()[[0, 20, 23]].powf(-0.5) - 0.5).abs() < 0.05, "the noise that was put in");
    let plain = read(folder.path(), "image: RUBIN, layout: plain").expect_err("no weights");
    assert!(plain.contains("observations[0].variance"), "{plain}");
}

#[test]
fn the_zero_point_of_the_file_is_found_in_its_first_header() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let plain = &read(folder.path(), "image: RUBIN").expect("readable")[0];
    let path = folder.path().join("scene.yaml");
    let text = fs::read_to_string(&path).expect("written") + "flux_unit: nJy\n";
    fs::write(&path, text).expect("written");
    let file = SceneFile::read(&path).expect("valid");
    let scaled = &file.read_observations().expect("readable")[0];
    let factor = 10_f64.powf(0.4 * (31.4 - 27.0));
    let at = [0, 20, 23];
    assert!((scaled.data()[at] / plain.data()[at] / factor - 1.0).abs() < 1e-9);
    assert!((scaled.weights()[at] * factor * factor / plain.weights()[at] - 1.0).abs() < 1e-9);
    assert_eq!(file.unit_of_fluxes(), "nJy");
}

#[test]
fn parameters_of_observations_are_read_and_mistakes_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let own = "image: RUBIN, flux_scale: { sigma: 0.05 }, background: plane, \
               astrometry: { shift: { sigma_px: 0.5 }, rotation: { sigma_deg: 0.1 }, scale: { sigma: 1.0e-3 } }";
    let observation = &read(folder.path(), own).expect("readable")[0];
    let parameters = observation.calibration().parameters("it");
    let names: Vec<&str> = parameters.iter().map(|(path, ..)| path.as_str()).collect();
    let expected = ["shift", "rotation", "scale", "flux_scale", "background", "background_slopes"];
    assert_eq!(names, expected.map(|name| format!("observations.it.{name}")));
    assert!(parameters.iter().all(|(.., param)| param.is_free()));
    for (wrong, field) in [
        ("astrometry: { shift: { sigma_px: -1.0 } }", "astrometry.shift.sigma_px"),
        ("flux_scale: { sigma: 0.0 }", "flux_scale.sigma"),
    ] {
        let text = read(folder.path(), &format!("image: RUBIN, {wrong}")).expect_err("wrong");
        assert!(text.contains(&format!("observations[0].{field}")), "{text}");
    }
}
