//! Checks of PSFs: each planted fault is found, and none where there is none.

use ndarray::{Array2, Array3, Axis, s};
use scarlet_frame::{Frame, Psf};
use scarlet_obs::Observation;
use scarlet_obs::check::{self, Finding, Severity, core, recentred};

/// A Moffat-like PSF image of `n` pixels a side, its centre at `n / 2 + offset`.
fn image(n: usize, offset: [f64; 2], fwhm: f64) -> Array2<f64> {
    let scale2 = (fwhm / 2.0).powi(2) / (2f64.powf(1.0 / 3.5) - 1.0);
    let half = (n / 2) as f64;
    let mut image = Array2::from_shape_fn((n, n), |(y, x)| {
        let r2 = (y as f64 - half - offset[0]).powi(2) + (x as f64 - half - offset[1]).powi(2);
        (1.0 + r2 / scale2).powf(-3.5)
    });
    image /= image.sum();
    image
}

/// What the checks say of the PSF alone.
fn said(images: &[Array2<f64>]) -> Vec<Finding> {
    let views: Vec<_> = images.iter().map(|i| i.view()).collect();
    let psf = Psf::images(ndarray::stack(Axis(0), &views).expect("one shape")).expect("a PSF");
    let names = ["g", "r", "i", "z", "y"];
    let frame = Frame::new([40, 40]).channels(names[..images.len()].iter().copied()).psf(psf);
    let mut data = Array3::zeros(frame.shape());
    data.slice_mut(s![.., 20, 20]).fill(100.0);
    let observation = Observation::new(data, Array3::ones(frame.shape()), frame).expect("valid");
    let found = check::observation(&observation.named("sky"));
    found.into_iter().filter(|f| f.code.starts_with("psf")).collect()
}

fn only(found: &[Finding], code: &str) -> Finding {
    let with: Vec<_> = found.iter().filter(|f| f.code == code).collect();
    assert_eq!(with.len(), 1, "{code}: {found:?}");
    with[0].clone()
}

#[test]
fn good_psfs_pass() {
    assert_eq!(said(&[image(41, [0.0; 2], 4.0), image(41, [0.0; 2], 3.0)]), []);
    assert_eq!(said(&[image(41, [0.03, -0.02], 4.0)]), []);
}

#[test]
fn a_psf_off_its_centre_is_found_with_how_far_it_is() {
    let found = said(&[image(41, [0.0; 2], 4.0), image(41, [0.31, -0.12], 4.0)]);
    let finding = only(&found, "psf_off_centre");
    assert_eq!((finding.severity, found.len()), (Severity::Warning, 1));
    assert_eq!(finding.subject, "PSF of observation sky, channel r");
    assert!(finding.problem.contains("(+0.31, -0.12) px"), "{finding}");
    let far = only(&said(&[image(41, [1.16, 0.84], 4.0)]), "psf_off_centre");
    assert_eq!(far.severity, Severity::Error);
}

#[test]
fn even_sides_are_found_and_half_a_pixel_with_them() {
    let found = said(&[image(40, [-0.5, -0.5], 4.0)]);
    assert!(only(&found, "psf_even_size").problem.contains("40 x 40"));
    assert!(only(&found, "psf_off_centre").problem.contains("(-0.50, -0.50)"));
}

#[test]
fn negative_wings_are_found_with_their_share() {
    let mut ringing = image(41, [0.0; 2], 4.0);
    let share = 0.1;
    let wing = share / (1.0 - share) / 40.0;
    for k in 0..40 {
        ringing[[5 + 30 * (k % 2), k]] -= wing;
    }
    let finding = only(&said(&[ringing]), "psf_negative");
    assert_eq!(finding.severity, Severity::Warning);
    assert!(finding.problem.contains("9.9%") || finding.problem.contains("10.0%"), "{finding}");
}

#[test]
fn sums_are_told_and_sky_in_a_psf_is_found() {
    let found = said(&[image(41, [0.0; 2], 4.0) * 3.5]);
    assert!(only(&found, "psf_not_normalised").problem.contains("3.5000"));
    assert!(found.iter().all(|f| f.severity == Severity::Note));
    let sky = image(41, [0.0; 2], 4.0) + 0.1 / 41f64.powi(2);
    let found = said(&[sky]);
    assert_eq!(only(&found, "psf_edge").severity, Severity::Warning);
    assert!(only(&found, "psf_not_normalised").problem.contains("1.1000"));
}

#[test]
fn a_psf_without_core_is_an_error_and_none_a_note() {
    let mut flat = Array2::zeros((21, 21));
    flat[[0, 0]] = 1.0;
    let finding = only(&said(&[flat]), "psf_off_centre");
    assert_eq!(finding.severity, Severity::Error);
    let frame = Frame::new([40, 40]).channels(["g"]);
    let mut data = Array3::zeros(frame.shape());
    data[[0, 20, 20]] = 100.0;
    let without = Observation::new(data, Array3::ones(frame.shape()), frame).expect("valid");
    only(&check::observation(&without), "psf_missing");
}

#[test]
fn recentred_psfs_are_centred_of_odd_size_and_keep_their_shape() {
    let off = [image(40, [-0.5, -0.5], 4.0), image(40, [1.16, 0.84], 3.0)];
    let views: Vec<_> = off.iter().map(|i| i.view()).collect();
    let psf = Psf::images(ndarray::stack(Axis(0), &views).expect("one shape")).expect("a PSF");
    let centred = recentred(&psf).expect("it has cores");
    for (channel, fwhm) in [4.0, 3.0].into_iter().enumerate() {
        let found = centred.sampled(channel);
        assert_eq!(found.dim(), (41, 41));
        let offset = core(found.view()).expect("a core").offset_px([41, 41]);
        assert!(offset[0].hypot(offset[1]) < 1e-3, "{offset:?}");
        let expected = image(41, [0.0; 2], fwhm);
        let peak = expected[[20, 20]];
        let inner = s![3..38, 3..38];
        let pairs = found.slice(inner).into_iter().zip(expected.slice(inner));
        let worst = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(worst < 5e-3 * peak, "{worst} of {peak}");
    }
    let analytic = Psf::gaussian(1.0).expect("a width");
    assert_eq!(recentred(&analytic).expect("as it is"), analytic);
}

#[test]
fn a_psf_sharper_than_the_models_is_found() {
    let observed = |sigma: f64| {
        let frame = Frame::new([40, 40]).channels(["g"]).psf(Psf::gaussian(sigma).expect("a width"));
        Observation::new(Array3::zeros(frame.shape()), Array3::ones(frame.shape()), frame).expect("valid")
    };
    let model = |sigma: f64| Frame::new([40, 40]).channels(["g"]).psf(Psf::gaussian(sigma).expect("a width"));
    for sigma in [0.8, 1.0, 1.5, 2.0, 3.0] {
        assert_eq!(check::against_model(&observed(sigma), &model(0.7)), [], "{sigma}");
    }
    let found = check::against_model(&observed(0.6), &model(0.7));
    assert_eq!(only(&found, "psf_sharper_than_model").severity, Severity::Error);
    let found = check::against_model(&observed(1.5), &model(1.9));
    assert!(only(&found, "psf_sharper_than_model").problem.contains("sigma of 1.5"), "{found:?}");
}

/// The PSF image of the HST and HSC example that scarlet2's tutorial uses as it is.
#[test]
fn the_psf_of_hst_is_off_its_centre_and_can_be_recentred() {
    use scarlet_obs::fits::{FitsFiles, FitsSpec};
    let Some(data) = std::env::var_os("SCARLET_DATA") else {
        println!("SCARLET_DATA is not set: HST's PSF is left out");
        return;
    };
    let path = std::path::Path::new(&data).join("hst_hsc/PSF_HST.fits");
    let spec = FitsSpec::parse(&path.display().to_string()).expect("a path");
    let file = spec.resolve(&"g".into(), std::path::Path::new("")).expect("one file");
    let read = FitsFiles::new().image::<f64>(&file).expect("an image");
    let plane = if read.data.ndim() == 2 {
        read.plane()
    } else {
        read.cube().map(|c| c.index_axis(Axis(0), 0).to_owned())
    };
    let psf = Psf::image(plane.expect("an image").view()).expect("a PSF");
    let image = psf.sampled(0);
    let shape = [image.nrows(), image.ncols()];
    let found = core(image.view()).expect("a core").offset_px(shape);
    println!("HST PSF: {shape:?}, core off by {found:?}; {:#?}", said(&[image]));
    assert!((found[0].hypot(found[1]) - 1.16_f64.hypot(0.84)).abs() < 0.15, "{found:?}");
    let centred = recentred(&psf).expect("it has a core").sampled(0);
    let after = core(centred.view()).expect("a core").offset_px([centred.nrows(), centred.ncols()]);
    assert!(after[0].hypot(after[1]) < 1e-2, "{after:?}");
}
