//! What profiles promise: flux 1, half-light radius, continuity, default boxes, checks, and repeatability.

mod profile_support;

use profile_support::{bessel_k, gradient, image, site, values};
use scarlet_frame::Frame;
use scarlet_model::profile::{
    DeVaucouleurs, Exponential, Gaussian, Moffat, Number, Profile, RadialLaw, Sersic, ShapeParameter, Spergel,
};
use scarlet_model::{ModelError, Morphology, Parameters, free};

fn flux(morphology: &dyn Morphology, center: [f64; 2], shape: [usize; 2]) -> f64 {
    image(morphology, &values(morphology), &site(center, shape)).iter().sum()
}

/// Flux of a round profile inside `radius`, from pixels of 1/40 of it.
fn flux_inside(make: impl Fn(f64) -> Box<dyn Morphology>) -> f64 {
    let morphology = make(40.0);
    let site = site([0.0, 0.0], [85, 85]);
    let image = image(morphology.as_ref(), &values(morphology.as_ref()), &site);
    let mut sum = 0.0;
    for (k, value) in image.iter().enumerate() {
        let (y, x) = ((k / 85) as f64 - 42.0, (k % 85) as f64 - 42.0);
        // the share of the pixel inside the circle, by 20 x 20 points
        let offset = |k: usize| (k as f64 + 0.5) / 20.0 - 0.5;
        let inside = (0..400).filter(|k| (y + offset(k / 20)).hypot(x + offset(k % 20)) < 40.0).count();
        sum += value * inside as f64 / 400.0;
    }
    sum
}

#[test]
fn the_flux_over_a_large_box_is_one() {
    let shape = [401, 401];
    for e in [[0.0, 0.0], [0.4, -0.3]] {
        for (flux, what) in [
            (flux(&Gaussian::new(1.3).distortion(e), [0.2, 0.1], shape), "Gaussian"),
            (flux(&Sersic::new(0.7, 1.3).distortion(e), [0.2, 0.1], shape), "Sersic 0.7"),
            (flux(&Exponential::new(1.3).distortion(e), [0.2, 0.1], shape), "Exponential"),
            (flux(&Spergel::new(2.0, 1.3).distortion(e), [0.2, 0.1], shape), "Spergel 2"),
            (flux(&Spergel::new(-0.5, 1.3).distortion(e), [0.2, 0.1], shape), "Spergel -0.5"),
            (flux(&Moffat::new(4.0, 1.3).distortion(e), [0.2, 0.1], shape), "Moffat 4"),
        ] {
            assert!((flux - 1.0).abs() < 5e-5, "{what}: {flux}");
        }
    }
}

#[test]
fn half_of_the_flux_is_inside_the_size() {
    for n in [0.5, 1.0, 2.5, 4.0, 6.0] {
        assert!((flux_inside(|size| Box::new(Sersic::new(n, size))) - 0.5).abs() < 2e-4, "n = {n}");
    }
    assert!((flux_inside(|size| Box::new(DeVaucouleurs::new(size))) - 0.5).abs() < 2e-4);
    for nu in [-0.6, 0.0, 0.5, 3.5] {
        assert!((flux_inside(|size| Box::new(Spergel::new(nu, size))) - 0.5).abs() < 2e-4, "nu = {nu}");
    }
    let gaussian = flux_inside(|size| Box::new(Gaussian::new(size / (2.0 * f64::ln(2.0)).sqrt())));
    assert!((gaussian - 0.5).abs() < 2e-4);
}

#[test]
fn moffat_is_at_half_its_peak_at_half_its_width() {
    let moffat = Moffat::new(3.0, 8.0).point_sampled();
    let image = image(&moffat, &values(&moffat), &site([0.0, 0.0], [1, 9]));
    assert!((image[8] / image[4] - 0.5).abs() < 1e-12);
}

#[test]
fn spergel_of_one_half_is_the_exponential() {
    let (a, b) = (Spergel::new(0.5, 2.0), Exponential::new(2.0));
    let site = site([0.3, 0.1], [21, 21]);
    let (a, b) = (image(&a, &values(&a), &site), image(&b, &values(&b), &site));
    let peak = b.iter().fold(0.0, |m: f64, v| m.max(*v));
    // the exponential's scale length is that of Sersic's series, 2.5e-5 off
    for (a, b) in a.iter().zip(&b) {
        assert!((a - b).abs() < 5e-5 * peak, "{a} {b}");
    }
}

#[test]
fn spergel_is_the_bessel_function() {
    for nu in [-0.84, -0.3, 0.0, 1.0, 3.9] {
        let spergel = Spergel::new(nu, 3.0).point_sampled();
        let image = image(&spergel, &values(&spergel), &site([0.0, 0.0], [1, 41]));
        let c = profile_support::spergel_c(nu);
        let law = |x: f64| (c * x / 3.0).powf(nu) * bessel_k(nu, c * x / 3.0);
        for x in 2..20 {
            let (ours, theirs) = (image[20 + x] / image[21], law(x as f64) / law(1.0));
            assert!((ours / theirs - 1.0).abs() < 1e-9, "nu = {nu}, x = {x}: {ours} {theirs}");
        }
    }
}

/// Steps of the image along a path of the centre through pixel edges and zone boundaries stay small.
#[test]
fn nothing_jumps_when_the_centre_moves() {
    for n in [0.5, 2.0, 6.0] {
        let sersic = Sersic::new(n, 0.8).distortion([0.5, 0.6]);
        let params = values(&sersic);
        let at = |x: f64| image(&sersic, &params, &site([0.3 + 0.1 * x, x], [45, 45]));
        for boundary in [0.0, 0.25, 0.5, 0.75, 1.0] {
            let (a, b) = (at(boundary - 1e-9), at(boundary + 1e-9));
            let jump = a.iter().zip(&b).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()));
            assert!(jump < 2e-8, "n = {n} at {boundary}: {jump:e}");
        }
    }
}

#[test]
fn parameters_are_named_in_order() {
    let names = |m: &dyn Morphology| m.parameters().iter().map(|(n, _)| (*n).to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&Sersic::new(free(2.0), 1.0)), ["n", "size", "distortion"]);
    assert_eq!(names(&Spergel::new(1.5, 1.0)), ["nu", "size", "distortion"]);
    assert_eq!(names(&Gaussian::new(1.0)), ["sigma", "distortion"]);
    assert_eq!(names(&Moffat::new(2.5, 1.0)), ["beta", "fwhm", "distortion"]);
    assert!(Sersic::new(free(2.0), 1.0).parameters()[0].1.is_free());
    assert_eq!(Sersic::new(2.0, 1.0).kind(), "Sersic");
}

#[test]
fn the_default_box_follows_size_and_ellipse() {
    assert_eq!(Gaussian::new(2.0).bbox([50.3, 40.7]).shape(), [17, 17]);
    let long = Gaussian::new(2.0).distortion([0.8, 0.0]).bbox([50.0, 40.0]).shape();
    assert!(long[1] > 2 * long[0], "{long:?}");
    assert_eq!(Sersic::new(4.0, 2.0).bbox([0.0, 0.0]).shape(), [41, 41]);
    assert_eq!(Sersic::new(4.0, 2.0).shape_px([15, 21]).bbox([0.0, 0.0]).shape(), [15, 21]);
}

#[test]
fn values_that_make_no_sense_are_named() {
    let frame = Frame::new([20, 20]);
    let argument = |mut m: Box<dyn Morphology>| match m.attach(&frame) {
        Err(ModelError::Argument { what, argument, range, .. }) => format!("{what} {argument}: {range}"),
        other => format!("{other:?}"),
    };
    assert_eq!(argument(Box::new(Sersic::new(9.0, 1.0))), "Sersic n: greater than 0.36 and less than 8");
    assert_eq!(argument(Box::new(Sersic::new(f64::NAN, 1.0))), "Sersic n: greater than 0.36 and less than 8");
    assert_eq!(argument(Box::new(Gaussian::new(0.0))), "Gaussian sigma: finite and greater than 0");
    assert!(argument(Box::new(Exponential::new(1.0).distortion([0.8, 0.7]))).contains("distortion"));
    assert!(argument(Box::new(Spergel::new([1.0, 2.0], 1.0))).contains("Shape"));
    assert_eq!(argument(Box::new(Sersic::new(4.0, 1.0))), "Ok(())");
}

#[test]
fn the_same_input_gives_the_same_bits() {
    let sersic = Sersic::new(2.2, 1.7).distortion([0.2, 0.3]);
    let (params, site) = (values(&sersic), site([0.123, -0.77], [33, 30]));
    let seed: Vec<f64> = (0..33 * 30).map(|k| (0.37 * f64::from(k)).cos()).collect();
    assert_eq!(image(&sersic, &params, &site), image(&sersic, &params, &site));
    assert_eq!(gradient(&sersic, &params, &site, &seed), gradient(&sersic, &params, &site, &seed));
}

#[test]
fn a_centre_far_outside_the_box_is_no_trouble() {
    let sersic = Sersic::new(1.0, 2.0);
    let params = values(&sersic);
    for center in [[0.0, 40.0], [-13.0, 2.0], [1e6, -1e6], [8.0, 8.0]] {
        let site = site(center, [9, 9]);
        let image = image(&sersic, &params, &site);
        assert!(image.iter().all(|v| v.is_finite() && *v >= 0.0));
        assert!(gradient(&sersic, &params, &site, &image).iter().all(|v| v.is_finite()));
    }
}

/// A user's Gaussian, by the defaults.
#[derive(Debug, Clone)]
struct Own;

impl RadialLaw for Own {
    const KIND: &'static str = "Own";
    const SHAPE: &'static [ShapeParameter] = &[];
    fn brightness<N: Number>(&self, r2: N, _: &[N]) -> N {
        (r2 * -0.5).exp() * 7.0
    }
}

#[test]
fn a_law_of_ones_own_is_normalised_and_sampled_as_the_built_in_one() {
    let none: [f64; 0] = [];
    let (own, gaussian) = (Profile::new(Own, none, 1.3).point_sampled(), Gaussian::new(1.3).point_sampled());
    let site = site([0.3, 0.1], [9, 9]);
    for (a, b) in image(&own, &values(&own), &site).iter().zip(image(&gaussian, &values(&gaussian), &site)) {
        assert!((a / b - 1.0).abs() < 1e-9);
    }
    assert_eq!(own.kind(), "Own");
}
