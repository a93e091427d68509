//! Gradients of every profile against central differences of the image that it computes.

mod profile_support;

use profile_support::{gradient, image, site, values};
use scarlet_model::Morphology;
use scarlet_model::profile::{
    DeVaucouleurs, Exponential, Gaussian, Moffat, Number, Profile, RadialLaw, Sersic, ShapeParameter, Spergel,
};

const ELLIPSES: [[f64; 2]; 3] = [[0.0, 0.0], [0.3, -0.2], [0.65, 0.65]];
const CENTERS: [[f64; 2]; 4] = [[0.0, 0.0], [0.31, -0.44], [-0.2, 1e-7], [0.5, 0.5]];
/// With a cusp on a pixel's edge, the image has no third derivative there: no place for differences.
const OFF_EDGES: usize = 3;

/// Largest difference between gradient and central differences, relative to the scale of the gradient.
fn error(morphology: &dyn Morphology, params: &[f64], center: [f64; 2], shape: [usize; 2]) -> f64 {
    let seed: Vec<f64> = (0..shape[0] * shape[1]).map(|k| (0.37 * k as f64).cos()).collect();
    let weighted = |params: &[f64], center: [f64; 2]| -> f64 {
        let image = image(morphology, params, &site(center, shape));
        image.iter().zip(&seed).map(|(a, b)| a * b).sum()
    };
    let ours = gradient(morphology, params, &site(center, shape), &seed);
    let scale = ours.iter().fold(1e-3, |m: f64, g| m.max(g.abs()));
    let h = 1e-4;
    let mut worst: f64 = 0.0;
    for (k, ours) in ours.iter().enumerate() {
        let at = |step: f64| {
            let (mut params, mut center) = (params.to_vec(), center);
            match k.checked_sub(params.len()) {
                None => params[k] += step,
                Some(axis) => center[axis] += step,
            }
            weighted(&params, center)
        };
        // sixth order
        let numeric = (45.0 * (at(h) - at(-h)) - 9.0 * (at(2.0 * h) - at(-2.0 * h)) + at(3.0 * h)
            - at(-3.0 * h))
            / (60.0 * h);
        worst = worst.max((numeric - ours).abs() / scale);
    }
    worst
}

#[track_caller]
fn check(make: impl Fn([f64; 2]) -> Box<dyn Morphology>) {
    check_at(&CENTERS, make);
}

#[track_caller]
fn check_at(centers: &[[f64; 2]], make: impl Fn([f64; 2]) -> Box<dyn Morphology>) {
    for ellipse in ELLIPSES {
        let morphology = make(ellipse);
        let params = values(morphology.as_ref());
        for &center in centers {
            let shape = if center[0] == 0.0 { [7, 11] } else { [23, 20] };
            let error = error(morphology.as_ref(), &params, center, shape);
            assert!(error < 1e-6, "{morphology:?} at {center:?} in {shape:?}: {error:.1e}");
        }
    }
}

#[test]
fn sersic() {
    for (n, size) in [(0.5, 1.3), (1.0, 0.7)] {
        check(|e| Box::new(Sersic::new(n, size).distortion(e)));
    }
    for (n, size) in [(2.5, 3.0), (4.0, 0.8), (6.0, 2.0)] {
        check_at(&CENTERS[..OFF_EDGES], |e| Box::new(Sersic::new(n, size).distortion(e)));
    }
}

#[test]
fn laws_without_shape() {
    check(|e| Box::new(Gaussian::new(0.9).distortion(e)));
    check(|e| Box::new(Exponential::new(1.4).distortion(e)));
    check_at(&CENTERS[..OFF_EDGES], |e| Box::new(DeVaucouleurs::new(1.4).distortion(e)));
}

#[test]
fn moffat() {
    check(|e| Box::new(Moffat::new(2.5, 1.4).distortion(e)));
    check(|e| Box::new(Moffat::new(1.4, 3.0).distortion(e)));
}

#[test]
fn spergel() {
    for (nu, size) in [(0.5, 0.7), (3.5, 1.5)] {
        check(|e| Box::new(Spergel::new(nu, size).distortion(e)));
    }
    for (nu, size) in [(-0.6, 1.0), (0.0, 2.0)] {
        check_at(&CENTERS[..OFF_EDGES], |e| Box::new(Spergel::new(nu, size).distortion(e)));
    }
}

/// Through all zones, with the centre near one side.
#[test]
fn large_boxes() {
    for shape in [[45, 39], [60, 33]] {
        for center in [[0.31, -0.44], [12.2, -9.7]] {
            let sersic = Sersic::new(2.0, 6.0).distortion([0.3, 0.6]);
            let error = error(&sersic, &values(&sersic), center, shape);
            assert!(error < 1e-6, "{center:?} in {shape:?}: {error:.1e}");
        }
    }
}

#[test]
fn point_sampled() {
    for center in [[0.31, -0.44], [-0.2, 0.1]] {
        for e in ELLIPSES {
            let sersic = Sersic::new(2.5, 1.3).distortion(e).point_sampled();
            assert!(error(&sersic, &values(&sersic), center, [23, 20]) < 1e-6);
            let spergel = Spergel::new(0.5, 1.3).distortion(e).point_sampled();
            assert!(error(&spergel, &values(&spergel), center, [23, 20]) < 1e-6);
        }
    }
}

/// Two shape parameters and no closed form.
#[derive(Debug, Clone)]
struct CoreSersic;

impl RadialLaw for CoreSersic {
    const KIND: &'static str = "CoreSersic";
    const SHAPE: &'static [ShapeParameter] =
        &[ShapeParameter::new("n", 0.3, 8.0), ShapeParameter::new("core", 0.0, 1.0)];
    fn brightness<N: Number>(&self, r2: N, shape: &[N]) -> N {
        let [n, core] = [shape[0], shape[1]];
        let r2 = r2 + core * core;
        (-r2.powf(n.recip() * 0.5) * 3.0).exp()
    }
}

#[test]
fn a_law_of_ones_own() {
    check(|e| Box::new(Profile::new(CoreSersic, [2.0, 0.1], 1.2).distortion(e)));
}
