//! The real pair of HST and HSC images as scarlet2's multi-resolution scene has it.

use super::Arrays;
use ndarray::Array3;
use scarlet::obs::fits::{FitsFiles, FitsSpec};
use scarlet::prelude::*;
use std::path::Path;

fn wcs(folder: &Path, file: &str) -> Wcs {
    let spec = FitsSpec::parse(&format!("hst_hsc/{file}")).expect("a name");
    let place = spec.resolve(&"g".into(), folder).expect("a place");
    let image = FitsFiles::new().image::<f64>(&place).expect("a FITS image");
    Wcs::from_header(&image.header).expect("a WCS")
}

/// HST and HSC as scarlet2's scene has them.
pub fn observations(folder: &Path) -> [Observation; 2] {
    let mut arrays = Arrays::open_in(folder, "scenes/multires.npz");
    let mut read = |name: &str, channels: &[&str], file: &str| {
        let data = arrays.f32_3(&format!("{name}_data"));
        let psf = Psf::images(arrays.f32_3(&format!("{name}_psf"))).expect("a PSF");
        let scalars = arrays.f32_1(&format!("{name}_weights_scalar"));
        let weights = Array3::from_shape_fn(data.raw_dim(), |(c, ..)| scalars[c]);
        let (_, ny, nx) = data.dim();
        let frame = Frame::new([ny, nx]).channels(channels.iter().copied()).psf(psf).wcs(wcs(folder, file));
        Observation::new(data, weights, frame).expect("valid data").named(name)
    };
    let hst = read("hst", &["F814W"], "Cut_HST1.fits");
    [hst, read("hsc", &["g", "r", "i", "z", "y"], "Cut_HSC1.fits")]
}

/// Its nine sources with their start values.
pub fn scene(folder: &Path, hst: &Observation) -> Scene {
    let mut arrays = Arrays::open_in(folder, "scenes/multires.npz");
    // its frame has 14 rows and columns more before those of HST
    let wcs = hst.frame().wcs_ref().expect("it has one").shifted([-11, -14]).expect("a TAN");
    let frame = Frame::new([275, 276]).channels(["F814W", "g", "r", "i", "z", "y"]);
    let frame = frame.psf(Psf::gaussian(0.7).expect("a width")).wcs(wcs);
    let mut scene = Scene::new(frame).expect("a frame");
    for k in 0..9 {
        let center = arrays.f64_1(&format!("src{k}_center"));
        let spectrum = arrays.f32_1(&format!("src{k}_spectrum"));
        let image = arrays.f32_2(&format!("src{k}_morph")).mapv(|v| v.clamp(1e-4, 0.9995));
        let center = [center[0].floor(), center[1].floor()];
        scene.add(Source::extended(center, vec![(spectrum.to_vec(), image)])).expect("inside");
    }
    scene
}
