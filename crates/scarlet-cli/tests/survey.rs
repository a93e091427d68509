//! Several instruments and epochs from outside: simulated surveys, what `check` says of them, fits, and the real pair.

mod outside;

use outside::{edited, fitted, number, run, simulated, summary, table};
use scarlet::obs::fits::{FitsFiles, read_image};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

const SURVEY: &str = "\
seed: 3
sky: { ra: 150.1, dec: 2.2, size_arcsec: 6, stars: 1, galaxies: 2, transients: 1 }
instruments:
  - { name: space, channels: [F814W], shape: [90, 90], pixel_arcsec: 0.08, fwhm_arcsec: 0.2, sigma_njy: 1 }
  - name: ground
    channels: [g, r]
    shape: [44, 44]
    pixel_arcsec: 0.168
    fwhm_arcsec: 0.7
    sigma_njy: 2
    position_angle_deg: 30
    mirrored: true
    zero_point: 27.0
    epochs: 3
    vary: { angle_deg: 180, shift_arcsec: 0.3, scale: 0.01, fwhm: 0.1 }
";

#[test]
fn a_survey_is_written_with_its_truth_in_the_unit_that_its_headers_say() {
    let folder = simulated(SURVEY);
    let sky = folder.path().join("sky");
    let image = read_image::<f64>(sky.join("ground_2.fits"), "IMAGE_r").expect("readable");
    let truth = read_image::<f64>(sky.join("ground_2.fits"), "TRUTH_r").expect("readable");
    let sigma = 2.0 / 10_f64.powf(0.4 * (31.4 - 27.0));
    let noise = (&image.data - &truth.data).mapv(|v| v * v).mean().expect("pixels").sqrt();
    assert!((noise / sigma - 1.0).abs() < 0.05, "{noise} {sigma}");
    let other = read_image::<f64>(sky.join("ground_1.fits"), "TRUTH_r").expect("readable");
    let card = |image: &scarlet::obs::fits::FitsImage<f64>, name: &str| {
        image.header.iter().find(|card| card.keyword == name).expect("it is there").value.clone()
    };
    assert_ne!(card(&truth, "CD1_1"), card(&other, "CD1_1"));
    assert_eq!(card(&image, "MAGZERO"), "27.0");
    // the light of all sources is in the image, or nearly
    let flux: f64 = table(&sky.join("truth.csv")).values().map(|row| number(row, "flux_F814W")).sum();
    let transient = number(&table(&sky.join("truth.csv"))["transient0"], "flux_F814W");
    let space = read_image::<f64>(sky.join("space.fits"), "TRUTH_F814W").expect("readable");
    assert!((space.data.sum() / (flux - transient) - 1.0).abs() < 0.03, "{} {flux}", space.data.sum());
    let same = simulated(SURVEY);
    let bytes =
        |folder: &tempfile::TempDir| fs::read(folder.path().join("sky/ground_3.fits")).expect("there");
    assert!(bytes(&folder) == bytes(&same), "the same seed gives the same images");
}

#[test]
fn check_says_how_each_observation_lies_on_the_sky() {
    let folder = simulated(SURVEY);
    let output = run(folder.path(), &["check", "sky/scene.yaml", "--json"]);
    let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let observations = said["observations"].as_array().expect("a list");
    assert_eq!(observations.len(), 4);
    let number = |k: usize, name: &str| observations[k][name].as_f64().expect("a number");
    assert!((number(0, "pixel_arcsec") - 0.08).abs() < 1e-6 && number(0, "model_pixels_per_pixel") == 1.0);
    assert_eq!(observations[0]["is_mirrored"], false);
    assert!((number(1, "model_pixels_per_pixel") - 2.1).abs() < 0.03);
    assert_eq!(observations[1]["is_mirrored"], true);
    assert!(observations[1]["renderer"].as_str().is_some_and(|name| name.contains("resampling")));
    assert!(number(1, "step_ms") > 0.0 && number(1, "overlap") > 0.99 && number(1, "distortion_px") < 1e-3);
    let fwhm = observations[1]["psf"][0]["fwhm_arcsec"].as_f64().expect("a PSF");
    assert!((fwhm - 0.7).abs() < 0.2, "{fwhm}");
    let output = run(folder.path(), &["check", "sky/scene.yaml"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("ground 3") && text.contains("right") && text.contains("resampling"), "{text}");
}

#[test]
fn static_sources_are_tied_over_epochs_and_transients_have_a_light_curve() {
    let folder = simulated(SURVEY);
    run(folder.path(), &["fit", "sky/scene.yaml", "--out", "out", "--png", "--redistribute", "--quiet"]);
    let found = summary(&folder.path().join("out"));
    let chi2 = found["chi2_per_pixel"].as_f64().expect("a number");
    assert!((0.9..1.1).contains(&chi2), "{chi2}");
    let (fitted, truth) =
        (table(&folder.path().join("out/catalog.csv")), table(&folder.path().join("sky/truth.csv")));
    let star = &fitted["star0"];
    assert_eq!(star["flux_r@1"], star["flux_r@3"]);
    let ratio = number(star, "flux_r@1") / number(&truth["star0"], "flux_r");
    assert!((ratio - 1.0).abs() < 0.05, "{ratio}");
    let text = fs::read_to_string(folder.path().join("sky/light_curves.csv")).expect("written");
    for line in text.lines().filter(|line| line.starts_with("transient0")) {
        let cells: Vec<&str> = line.split(',').collect();
        let flux = number(&fitted["transient0"], &format!("flux_{}@{}", cells[2], cells[1]));
        let expected: f64 = cells[3].parse().expect("a number");
        assert!((flux - expected).abs() < 0.06 * expected + 60.0, "{line}: {flux}");
    }
    let mut files = FitsFiles::new();
    let model = files.reader(&folder.path().join("out/model.fits")).expect("written");
    let names: Vec<&str> = model.hdus().iter().map(|hdu| hdu.name.as_str()).collect();
    for name in ["MODEL", "SPACE_RENDERED", "GROUND_2_RENDERED", "GROUND_3_RESIDUAL", "SOURCE_star0"] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
    assert!(folder.path().join("out/ground_2_data.png").exists());
    let report = fs::read_to_string(folder.path().join("out/report.html")).expect("written");
    assert!(report.contains("turned for north to be up and east left"));
}

#[test]
fn without_transients_epochs_of_a_band_are_one_channel() {
    let folder = simulated(&SURVEY.replace(", transients: 1", ""));
    edited(folder.path(), "epochs: { from: 1, to: 3 }", "epochs: all");
    let output = run(folder.path(), &["check", "sky/scene.yaml", "--json"]);
    let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(said["observations"].as_array().expect("a list").len(), 4);
    assert_eq!(said["observations"][2]["psf"][0]["channel"], "g");
    run(folder.path(), &["fit", "sky/scene.yaml", "--out", "out", "--max-iter", "3", "--quiet"]);
    let catalog = table(&folder.path().join("out/catalog.csv"));
    assert!(catalog["star0"].contains_key("flux_g") && !catalog["star0"].contains_key("flux_g@1"));
}

#[test]
fn a_fit_goes_on_from_a_saved_scene_with_epochs() {
    let folder = simulated(SURVEY);
    run(folder.path(), &["fit", "sky/scene.yaml", "--out", "out", "--max-iter", "2", "--quiet"]);
    edited(folder.path(), "catalog: sources.csv", "scene: ../out/scene.json");
    run(folder.path(), &["fit", "sky/scene.yaml", "--out", "again", "--max-iter", "1", "--quiet"]);
    assert!(folder.path().join("again/catalog.csv").exists());
}

#[test]
fn parameters_of_observations_are_in_the_summary_and_go_on_from_the_saved_scene() {
    let survey = SURVEY.replace("epochs: 3", "epochs: 1").replace(", transients: 1", "");
    let folder = simulated(&survey);
    let own = "    astrometry: { shift: { sigma_px: 0.5 } }\n    background: constant\n  - name: ground\n";
    edited(folder.path(), "  - name: ground\n", own);
    let parameters = fitted(folder.path())["observations"]["space"].clone();
    let numbers = |value: &Value| -> Vec<f64> {
        value.as_array().expect("a list").iter().map(|v| v.as_f64().expect("a number")).collect()
    };
    let (values, errors) = (&parameters["shift"]["values"], &parameters["shift"]["errors"]);
    let (values, errors) = (numbers(values), numbers(errors));
    assert!(values.len() == 2 && errors.iter().all(|error| *error > 0.0 && *error < 0.5), "{parameters}");
    assert_eq!(parameters["shift"]["unit"], "pix");
    assert_eq!(numbers(&parameters["background"]["values"]).len(), 1);
    let text = fs::read_to_string(folder.path().join("out/scene.json")).expect("written");
    assert!(text.contains("\"version\":2"));
    // without a word on the shift it is as it was saved, free and with its prior
    edited(folder.path(), "catalog: sources.csv", "scene: ../out/scene.json");
    edited(folder.path(), "    astrometry: { shift: { sigma_px: 0.5 } }\n", "");
    let args = ["fit", "sky/scene.yaml", "--out", "again", "--max-iter", "0", "--quiet"];
    run(folder.path(), &args);
    let again = summary(&folder.path().join("again"));
    assert_eq!(numbers(&again["observations"]["space"]["shift"]["values"]), values);
    let found = |summary: &Value| summary["log_likelihood"].as_f64().expect("a number");
    let before = found(&summary(&folder.path().join("out")));
    assert!((found(&again) - before).abs() < 1e-3 * before.abs(), "{} {before}", found(&again));
}

/// Asserts that the memory that was estimated is enough, and not much more than was taken.
fn assert_estimate(summary: &Value) {
    const FACTOR: f64 = 2.25;
    let Some(peak) = summary["peak_rss_mb"].as_f64() else {
        println!("the system does not say how much memory a process takes: not compared");
        return;
    };
    let ratio = summary["estimated_mb"].as_f64().expect("a number") / peak;
    println!("estimate / peak memory = {ratio:.2} ({peak:.0} MB)");
    assert!(ratio > 0.8 && ratio < FACTOR, "{ratio} of {peak} MB");
}

#[test]
fn the_memory_of_many_epochs_is_estimated() {
    for own in ["", "    noise: measured\n", "    background: plane\n"] {
        let folder = simulated(&SURVEY.replace("epochs: 3", "epochs: 20"));
        edited(folder.path(), "    zero_point: 27.0\n", &format!("    zero_point: 27.0\n{own}"));
        run(folder.path(), &["fit", "sky/scene.yaml", "--out", "out", "--max-iter", "2", "--quiet"]);
        print!("{own:?}: ");
        assert_estimate(&summary(&folder.path().join("out")));
    }
}

/// The scene file of the real pair: HST in one band, HSC in five, what their headers say, but for a shift of HSC.
const REAL: &str = "\
observations:
  - name: HST
    channels: [F814W]
    image: DATA/hst_hsc/Cut_HST1.fits
    sigma: measured
    psf: { image: DATA/hst_hsc/PSF_HST.fits, recentre: true }
  - name: HSC
    channels: [g, r, i, z, y]
    image: DATA/hst_hsc/Cut_HSC1.fits
    sigma: measured
    psf: { image: DATA/hst_hsc/PSF_HSC.fits, recentre: true }
    astrometry: { shift: { sigma_px: 0.5 } }
catalog: sources.csv
";

#[test]
fn hst_and_hsc_are_fitted_together_from_their_headers() {
    let Some(data) = std::env::var_os("SCARLET_DATA").map(PathBuf::from) else {
        println!("SCARLET_DATA is not set: the pair of HST and HSC is not fitted");
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("scene.yaml");
    fs::write(&path, REAL.replace("DATA", &data.to_string_lossy())).expect("written");
    // of scenes/multires.npz: (y, x) in pixels of HST
    let centers = [
        [114.989, 162.390],
        [117.424, 170.789],
        [181.138, 142.743],
        [116.552, 41.185],
        [111.793, 142.243],
        [96.913, 44.459],
        [107.779, 46.445],
        [138.621, 177.263],
        [149.464, 179.426],
    ];
    let header = read_image::<f64>(data.join("hst_hsc/Cut_HST1.fits"), "0").expect("readable").header;
    let wcs = scarlet::frame::Wcs::from_header(&header).expect("a WCS");
    let mut catalog = "id,ra,dec\n".to_owned();
    for (k, center) in centers.into_iter().enumerate() {
        let sky = wcs.to_sky(center).expect("inside");
        catalog += &format!("{k},{},{}\n", sky.ra_deg, sky.dec_deg);
    }
    fs::write(folder.path().join("sources.csv"), catalog).expect("written");
    run(folder.path(), &["fit", "scene.yaml", "--out", "out", "--png", "--quiet"]);
    let found = summary(&folder.path().join("out"));
    let chi2 = found["chi2_per_pixel"].as_f64().expect("a number");
    println!("chi2 per pixel {chi2:.3} after {} steps, {}", found["iterations"], found["seconds"]);
    assert!((0.8..1.6).contains(&chi2), "{chi2}");
    assert_estimate(&found);
    assert_eq!(table(&folder.path().join("out/catalog.csv")).len(), 9);
    let catalog = fs::read_to_string(folder.path().join("out/catalog.csv")).expect("written");
    let shift = catalog.lines().find(|line| line.contains("observations.HSC.shift")).expect("in the header");
    println!("{shift}");
    assert!(shift.contains(" +- ") && shift.contains("pix"), "{shift}");
    if let Some(keep) = std::env::var_os("SCARLET_KEEP_RESULTS") {
        for name in ["report.html", "summary.json", "catalog.csv"] {
            fs::copy(folder.path().join("out").join(name), Path::new(&keep).join(name)).expect("copied");
        }
    }
}
