//! Keys of scene files, each in a fit: noise, the model's pixels and extent, PSFs finer than the pixels.

mod outside;

use ndarray::{Array2, Array3};
use outside::{edited, fitted, number, run, simulated, summary, table};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Poisson, StandardNormal};
use scarlet::obs::fits::{FitsImage, FitsKey, FitsWriter, read_image};
use serde_json::Value;
use std::fs;
use std::path::Path;

const SURVEY: &str = "\
seed: 5
sky: { ra: 150.1, dec: 2.2, size_arcsec: 8, stars: 1, galaxies: 1 }
instruments:
  - { name: ground, channels: [g, r], shape: [64, 64], pixel_arcsec: 0.2, fwhm_arcsec: 0.8, sigma_njy: 2 }
";

/// What noise is smoothed with, along both axes.
const SMOOTHING: [f64; 3] = [0.25, 0.5, 0.25];
/// Standard deviation of the noise that is put in.
const SIGMA: f64 = 2.0;

fn image(folder: &Path, file: &str, hdu: &str) -> FitsImage<f64> {
    read_image(folder.join("sky").join(file), hdu).expect("readable")
}

/// What the program says went well: chi2 per pixel, the warnings, the log-likelihood.
fn outcome(summary: &Value) -> (f64, Vec<String>, f64) {
    let number = |name: &str| summary[name].as_f64().expect("a number");
    let codes = summary["findings"].as_array().expect("a list").iter();
    let codes =
        codes.filter(|finding| finding["severity"] != "note").map(|finding| finding["code"].to_string());
    (number("chi2_per_pixel"), codes.collect(), number("log_likelihood"))
}

/// Asserts that fluxes in `band` are those that were put in, to a share of themselves.
fn assert_fluxes(folder: &Path, band: &str, share: f64) {
    let (fitted, truth) = (table(&folder.join("out/catalog.csv")), table(&folder.join("sky/truth.csv")));
    for (id, row) in &truth {
        let (flux, expected) =
            (number(&fitted[id], &format!("flux_{band}")), number(row, &format!("flux_{band}")));
        println!("{id} {band}: {flux:.1} of {expected:.1}");
        assert!((flux / expected - 1.0).abs() < share, "{id}: {flux} of {expected}");
    }
}

/// Coefficient of correlation of smoothed noise along one axis.
fn along(lag: i64) -> f64 {
    let sum = |lag: i64| -> f64 {
        let pairs = (0..3_i64).filter(|k| (0..3).contains(&(k + lag)));
        pairs.map(|k| SMOOTHING[k as usize] * SMOOTHING[(k + lag) as usize]).sum()
    };
    sum(lag) / sum(0)
}

/// Power spectrum of smoothed noise along one axis of `n` pixels, in no unit.
fn power(k: usize, n: usize) -> f64 {
    let phase = std::f64::consts::TAU * k as f64 / n as f64;
    (SMOOTHING[1] + 2.0 * SMOOTHING[0] * phase.cos()).powi(2)
}

/// Smoothed noise of standard deviation [`SIGMA`].
fn smoothed(shape: (usize, usize), random: &mut ChaCha8Rng) -> Array2<f64> {
    let (ny, nx) = shape;
    let white = Array2::from_shape_fn((ny + 2, nx + 2), |_| random.sample::<f64, _>(StandardNormal));
    let norm: f64 = SMOOTHING.iter().map(|v| v * v).sum();
    Array2::from_shape_fn(shape, |(y, x)| {
        let terms = (0..9).map(|k| SMOOTHING[k / 3] * SMOOTHING[k % 3] * white[[y + k / 3, x + k % 3]]);
        SIGMA / norm * terms.sum::<f64>()
    })
}

/// Writes `sky/own.fits` with what `of` makes of the images without noise, and planes that describe noise.
fn own_images(folder: &Path, mut of: impl FnMut(&Array2<f64>) -> Array2<f64>) {
    let mut file = FitsWriter::create(folder.join("sky/own.fits"), &[]).expect("writable");
    for band in ["g", "r"] {
        let truth = image(folder, "ground.fits", &format!("TRUTH_{band}"));
        let data = of(&truth.plane().expect("a plane"));
        let unit = [FitsKey::new("BUNIT", "nJy", "")];
        let wcs: Vec<_> = truth.header.iter().filter(|card| is_of_wcs(&card.keyword)).cloned().collect();
        file.image(&format!("IMAGE_{band}"), &data, &wcs, &unit).expect("written");
        file.image(&format!("RHO_{band}"), &correlation(1).remove_axis(ndarray::Axis(0)), &[], &[])
            .expect("written");
    }
    let spectrum = Array2::from_shape_fn((16, 24), |(y, x)| power(y, 16) * power(x, 24));
    file.image("RHO", &correlation(1), &[], &[]).expect("written");
    file.image("POWER", &spectrum, &[], &[]).expect("written");
    file.finish().expect("written");
    edited(folder, "image: \"ground.fits", "image: \"own.fits");
}

fn is_of_wcs(keyword: &str) -> bool {
    ["CTYPE", "CRVAL", "CRPIX", "CD", "CUNIT"].iter().any(|start| keyword.starts_with(start))
}

/// The correlation function, `[plane, 5, 5]`.
fn correlation(planes: usize) -> Array3<f64> {
    Array3::from_shape_fn((planes, 5, 5), |(_, y, x)| along(y as i64 - 2) * along(x as i64 - 2))
}

#[test]
fn correlated_noise_is_as_likely_as_it_is_however_it_is_told() {
    let folder = simulated(SURVEY);
    let mut random = ChaCha8Rng::seed_from_u64(7);
    own_images(folder.path(), |truth| truth + &smoothed(truth.dim(), &mut random));
    let (chi2, warnings, independent) = outcome(&fitted(folder.path()));
    assert!(
        chi2 < 1.1 && warnings.iter().any(|code| code.contains("noise_correlated")),
        "{chi2} {warnings:?}"
    );
    let mut before = "    psf:".to_owned();
    for noise in [
        "measured",
        "{ correlation: \"own.fits[RHO]\" }",
        "{ correlation: \"own.fits[RHO_{band}]\" }",
        "{ power_spectrum: \"own.fits[POWER]\" }",
    ] {
        let now = format!("    noise: {noise}\n    psf:");
        edited(folder.path(), &before, &now);
        before = now;
        let (chi2, warnings, log_likelihood) = outcome(&fitted(folder.path()));
        println!(
            "{noise}: chi2 per pixel {chi2:.3}, log L {log_likelihood:.0} ({independent:.0} independent)"
        );
        assert!((0.9..1.06).contains(&chi2), "{noise}: {chi2}");
        assert!(!warnings.iter().any(|code| code.contains("noise")), "{noise}: {warnings:?}");
        // half a unit a pixel is what the prediction from neighbours gains
        assert!(log_likelihood > independent + 0.5 * 8192.0, "{noise}");
        assert_fluxes(folder.path(), "r", 0.08);
    }
}

#[test]
fn counts_are_fitted_as_counts() {
    const GAIN: f64 = 0.5;
    const BACKGROUND: f64 = 6.0;
    let folder = simulated(SURVEY);
    let mut random = ChaCha8Rng::seed_from_u64(8);
    own_images(folder.path(), |truth| {
        truth.mapv(|light| {
            let counts = Poisson::new(GAIN * light + BACKGROUND).expect("positive");
            (random.sample::<f64, _>(counts) - BACKGROUND) / GAIN
        })
    });
    let sigma = BACKGROUND.sqrt() / GAIN;
    edited(folder.path(), "variance: \"ground.fits[VARIANCE_{band}]\"", &format!("sigma: {sigma}"));
    let noise = format!("    noise: {{ poisson: {{ gain: {GAIN}, background: {BACKGROUND} }} }}\n    psf:");
    edited(folder.path(), "    psf:", &noise);
    let (deviance, ..) = outcome(&fitted(folder.path()));
    let expected = scarlet::obs::noise::Poisson::expected_deviance(BACKGROUND);
    println!("deviance {deviance:.3} per pixel, {expected:.3} expected in the sky");
    assert!((deviance / expected - 1.0).abs() < 0.06, "{deviance} of {expected}");
    assert_fluxes(folder.path(), "r", 0.1);
}

#[test]
fn the_model_may_have_pixels_of_its_own() {
    let folder = simulated(SURVEY);
    edited(folder.path(), "model: {", "model: { pixel_scale_arcsec: 0.15, position_angle_deg: 25,");
    let (chi2, ..) = outcome(&fitted(folder.path()));
    assert!((0.9..1.1).contains(&chi2), "{chi2}");
    let header = image(folder.path(), "../out/model.fits", "MODEL").header;
    let wcs = scarlet::frame::Wcs::from_header(&header).expect("a WCS");
    let pixel = wcs.pixel_scale([40.0, 40.0]).expect("inside").arcsec();
    assert!((pixel - 0.15).abs() < 1e-6, "{pixel}");
    assert_fluxes(folder.path(), "g", 0.08);
}

#[test]
fn the_intersection_of_images_is_what_all_see() {
    let two = "  - { name: deep, channels: [i], shape: [40, 40], pixel_arcsec: 0.2, fwhm_arcsec: 0.7, sigma_njy: 1 }\n";
    let folder = simulated(&(SURVEY.to_owned() + two));
    let rows = |folder: &Path| image(folder, "../out/model.fits", "MODEL").data.shape()[1];
    run(folder.path(), &["fit", "sky/scene.yaml", "--out", "out", "--max-iter", "0", "--quiet"]);
    let union = rows(folder.path());
    edited(folder.path(), "model: {", "model: { extent: intersection,");
    fitted(folder.path());
    let both = rows(folder.path());
    assert!(union >= 64 && (40..44).contains(&both), "{union} {both}");
    assert_fluxes(folder.path(), "i", 0.05);
}

#[test]
fn a_psf_may_be_finer_than_the_pixels() {
    let folder = simulated(SURVEY);
    let (plain, ..) = outcome(&fitted(folder.path()));
    // the same Moffat profile, 3 samples along a pixel, without the pixel
    let fine = scarlet::frame::Psf::moffat(&[3.0 * 0.8 / 0.2], 3.5).expect("positive").sampled(0);
    let mut file = FitsWriter::create(folder.path().join("sky/psf.fits"), &[]).expect("writable");
    file.image("PSF", &fine, &[], &[]).expect("written");
    file.finish().expect("written");
    let psf = "psf: { image: psf.fits, samples_per_px: 3 }";
    edited(folder.path(), "psf: \"ground.fits[PSF_{band}]\"", psf);
    let (chi2, ..) = outcome(&fitted(folder.path()));
    println!("chi2 per pixel {chi2:.3}, {plain:.3} with the PSF at the pixels");
    assert!((chi2 - plain).abs() < 0.05, "{chi2} {plain}");
    assert_fluxes(folder.path(), "r", 0.05);
    assert_eq!(summary(&folder.path().join("out"))["stop"], "converged");
    let text = fs::read_to_string(folder.path().join("sky/scene.yaml")).expect("written");
    assert!(text.contains("samples_per_px"));
}
