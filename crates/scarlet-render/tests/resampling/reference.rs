//! Against the arrays that scarlet2 computed: its Lanczos images without PSFs, and those in Fourier space where the
//! offset of the frames, which has the wrong sign there, is 0.

use crate::seen::Seen;
use ndarray::{Array2, Array3, s};
use ndarray_npy::NpzReader;
use scarlet_frame::{BBox, PsfSamples};
use scarlet_render::{Geometry, Matching, Resampling};
use std::fs::File;

struct Arrays(NpzReader<File>);

impl Arrays {
    fn open() -> Option<Self> {
        let Some(data) = std::env::var_os("SCARLET_DATA") else {
            println!("SCARLET_DATA is not set: no comparison with the reference arrays");
            return None;
        };
        let path = std::path::Path::new(&data).join("../reference/scarlet2/resampling.npz");
        let file = File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Some(Self(NpzReader::new(file).expect("an npz file")))
    }

    fn image(&mut self, name: &str) -> Array2<f64> {
        self.0.by_name(name).expect("an image")
    }

    fn cube(&mut self, name: &str) -> Array3<f64> {
        self.0.by_name(name).expect("a cube")
    }
}

/// Where the reference says that pixels lie.
fn geometry(arrays: &mut Arrays, case: &str) -> Geometry {
    let warp = arrays.cube(&format!("{case}_psf0_warp_yx"));
    let (ny, nx, _) = warp.dim();
    let at = |y: usize, x: usize| [warp[[y, x, 0]], warp[[y, x, 1]]];
    let positions = (0..ny).flat_map(|y| (0..nx).map(move |x| (y, x))).map(|(y, x)| at(y, x)).collect();
    let (first, down, right) = (at(0, 0), at(ny - 1, 0), at(0, nx - 1));
    let jacobian =
        [0, 1].map(|i| [(down[i] - first[i]) / (ny - 1) as f64, (right[i] - first[i]) / (nx - 1) as f64]);
    Geometry::new([ny, nx], positions, jacobian)
}

/// Largest difference to the reference over its peak, of all channels.
fn difference(arrays: &mut Arrays, case: &str, name: &str, with_psf: bool) -> f64 {
    let (planes, theirs) = (arrays.cube("model"), arrays.cube(name));
    let (of_model, of_obs) = (arrays.image("psf_model"), arrays.cube("psf_obs"));
    let geometry = geometry(arrays, case);
    let model = BBox::new([0, 0], [planes.dim().1, planes.dim().2]);
    let samples = |image: Array2<f64>| with_psf.then_some(PsfSamples { image, per_px: 1.0, has_pixel: true });
    let mut worst = 0.0_f64;
    for channel in 0..2 {
        let observed = samples(of_obs.slice(s![channel, .., ..]).to_owned());
        let matching = Matching { observed, model: samples(of_model.clone()) };
        let plan = Resampling::<f64>::new(model, &geometry, &[matching], 0.0).expect("it sees the model");
        let plane: Vec<f64> = planes.slice(s![channel, .., ..]).iter().copied().collect();
        let ours = Seen::new(model, geometry.shape(), plan).apply(&plane);
        let reference = theirs.slice(s![channel, .., ..]);
        let peak = reference.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
        worst = ours.iter().zip(&reference).fold(worst, |w, (a, b)| w.max((a - b).abs() / peak));
    }
    println!("{name}: largest difference {worst:.1e} of the peak");
    worst
}

#[test]
fn lanczos_images_agree_as_well_as_lanczos_allows() {
    let Some(mut arrays) = Arrays::open() else { return };
    for case in ["scale1.7", "rot30", "flip", "shift", "all"] {
        let worst = difference(&mut arrays, case, &format!("{case}_psf0_lanczos5"), false);
        assert!(worst < 4e-3, "{case}: {worst}");
    }
}

#[test]
fn images_made_in_fourier_space_agree() {
    let Some(mut arrays) = Arrays::open() else { return };
    for (case, psf, limit) in [
        ("scale1.7", 0, 4e-3),
        ("rot30", 0, 3e-4),
        ("flip", 0, 3e-4),
        ("scale1.7", 1, 1e-3),
        ("rot30", 1, 2e-4),
        ("flip", 1, 2e-4),
    ] {
        let worst = difference(&mut arrays, case, &format!("{case}_psf{psf}_kspace"), psf == 1);
        assert!(worst < limit, "{case}, PSF {psf}: {worst}");
    }
}
