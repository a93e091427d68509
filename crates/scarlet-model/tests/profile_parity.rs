//! Point samples and their gradients against scarlet2's profiles (`profiles.npz`, 60 cases).
//!
//! There a Gaussian with an ellipticity has the peak 1, a Sersic profile is 1 at the half-light radius, and
//! squared radii below 1e-3 are set to 1e-3; a Gaussian without ellipticity is integrated over pixels and has
//! flux 1, as ours. The normalisation is converted here; pixels inside the clipped core are left out.

mod profile_support;

use ndarray::{Array0, Array2};
use ndarray_npy::NpzReader;
use profile_support::{gradient, image, sersic_b, site, values};
use scarlet_model::Morphology;
use scarlet_model::profile::{Gaussian, Sersic};
use std::f64::consts::PI;
use std::fs::File;

const SHAPE: [usize; 2] = [25, 31];
const ELLIPTICITIES: [Option<[f64; 2]>; 3] = [None, Some([0.3, -0.2]), Some([-0.5, 0.4])];
const OFFSETS: [[f64; 2]; 2] = [[0.0, 0.0], [0.3, -0.45]];

/// One case, in the order of the file: no index for the Gaussian.
#[derive(Debug, Clone, Copy)]
struct Case {
    index: Option<f64>,
    ellipticity: Option<[f64; 2]>,
    size: f64,
    offset: [f64; 2],
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for index in [None, Some(0.5), Some(1.0), Some(2.5), Some(4.0)] {
        for ellipticity in ELLIPTICITIES {
            for size in [1.0, 2.7] {
                cases.extend(OFFSETS.map(|offset| Case { index, ellipticity, size, offset }));
            }
        }
    }
    cases
}

impl Case {
    fn is_integrated(&self) -> bool {
        self.index.is_none() && self.ellipticity.is_none()
    }

    fn morphology(&self) -> Box<dyn Morphology> {
        let e = self.ellipticity.unwrap_or_default();
        match self.index {
            Some(n) => Box::new(Sersic::new(n, self.size).distortion(e).point_sampled()),
            None if self.is_integrated() => Box::new(Gaussian::new(self.size)),
            None => Box::new(Gaussian::new(self.size).distortion(e).point_sampled()),
        }
    }

    /// What ours is to be multiplied with, and the derivatives of its logarithm with respect to n and size.
    fn factor(&self) -> (f64, f64, f64) {
        if self.is_integrated() {
            return (1.0, 0.0, 0.0);
        }
        let area = self.size * self.size;
        let Some(n) = self.index else {
            return (2.0 * PI * area, 0.0, 2.0 / self.size);
        };
        let ln_flux = |n: f64| {
            let b = sersic_b(n);
            b + (2.0 * PI * n).ln() - 2.0 * n * b.ln() + libm::lgamma(2.0 * n)
        };
        let h = 1e-4;
        let slope = (8.0 * (ln_flux(n + h) - ln_flux(n - h)) - ln_flux(n + 2.0 * h) + ln_flux(n - 2.0 * h))
            / (12.0 * h);
        (ln_flux(n).exp() * area, slope, 2.0 / self.size)
    }

    /// Whether the reference clips the squared radius of this pixel.
    fn is_clipped(&self, k: usize) -> bool {
        let [e1, e2] = self.ellipticity.unwrap_or_default();
        let y = (k / SHAPE[1]) as f64 - 12.0 - self.offset[0];
        let x = (k % SHAPE[1]) as f64 - 15.0 - self.offset[1];
        let r2 = ((1.0 - e1) * x * x - 2.0 * e2 * x * y + (1.0 + e1) * y * y)
            / (1.0 - e1 * e1 - e2 * e2).sqrt()
            / (self.size * self.size);
        !self.is_integrated() && r2 < 1e-3
    }
}

/// The reference's arrays, or none where the data are not there.
fn reference() -> Option<NpzReader<File>> {
    let Ok(data) = std::env::var("SCARLET_DATA") else {
        println!("SCARLET_DATA is not set: parity of the profiles not checked");
        return None;
    };
    let file = File::open(format!("{data}/../reference/scarlet2/profiles.npz")).expect("profiles.npz opens");
    Some(NpzReader::new(file).expect("profiles.npz is an archive"))
}

#[test]
fn point_samples_are_those_of_the_reference() {
    let Some(mut npz) = reference() else { return };
    for (k, case) in cases().into_iter().enumerate() {
        let theirs: Array2<f64> = npz.by_name(&format!("p{k:03}")).expect("the image is there");
        let morphology = case.morphology();
        let ours = image(morphology.as_ref(), &values(morphology.as_ref()), &site(case.offset, SHAPE));
        let (factor, ..) = case.factor();
        let peak = theirs.iter().fold(0.0, |m: f64, v| m.max(*v));
        // the Gaussian without ellipticity is integrated: by erf there, by quadrature here
        let tolerance = if case.is_integrated() { 1e-5 } else { 1e-6 };
        for (pixel, theirs) in theirs.iter().enumerate().filter(|(pixel, _)| !case.is_clipped(*pixel)) {
            let difference = (ours[pixel] * factor - theirs).abs() / peak;
            assert!(difference < tolerance, "{case:?}, pixel {pixel}: {difference:e}");
        }
    }
}

/// The seed of the reference's gradients, cos(0.37 k), without the clipped pixels: where there are some, the
/// gradients cannot be compared.
#[test]
fn gradients_are_those_of_the_reference() {
    let Some(mut npz) = reference() else { return };
    let mut compared = 0;
    for (k, case) in cases().into_iter().enumerate() {
        let seed: Vec<f64> = (0..SHAPE[0] * SHAPE[1]).map(|k| (0.37 * k as f64).cos()).collect();
        if case.is_integrated() || (0..seed.len()).any(|pixel| case.is_clipped(pixel)) {
            continue;
        }
        compared += 1;
        let morphology = case.morphology();
        let params = values(morphology.as_ref());
        let site = site(case.offset, SHAPE);
        let sum: f64 = image(morphology.as_ref(), &params, &site).iter().zip(&seed).map(|(a, b)| a * b).sum();
        let mut ours = gradient(morphology.as_ref(), &params, &site, &seed);
        let (factor, by_n, by_size) = case.factor();
        if case.index.is_some() {
            let by_n = factor * (ours.remove(0) + by_n * sum);
            compare(&mut npz, k, "n", &[by_n]);
        }
        compare(&mut npz, k, "size", &[factor * (ours[0] + by_size * sum)]);
        if case.ellipticity.is_some() {
            compare(&mut npz, k, "e", &[factor * ours[1], factor * ours[2]]);
        }
        compare(&mut npz, k, "d", &[factor * ours[3], factor * ours[4]]);
    }
    assert_eq!(compared, 28);
}

fn compare(npz: &mut NpzReader<File>, case: usize, name: &str, ours: &[f64]) {
    let member = format!("p{case:03}_grad_{name}");
    let theirs: Vec<f64> = match npz.by_name::<ndarray::OwnedRepr<f64>, ndarray::Ix1>(&member) {
        Ok(array) => array.to_vec(),
        Err(_) => {
            let scalar: Array0<f64> = npz.by_name(&member).expect("the gradient is there");
            vec![scalar.into_scalar()]
        }
    };
    assert_eq!(theirs.len(), ours.len(), "{member}");
    let scale = theirs.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert!((ours - theirs).abs() < 1e-6 * scale, "{member}: {ours} {theirs}");
    }
}
