//! Scenes of the reference data, as the tests and benches of the whole use them.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part")]

pub mod blend;
pub mod deblend;
pub mod differences;
pub mod instruments;
pub mod multires;
pub mod pair;

use ndarray::{Array1, Array2, Array3, ArrayD, Axis, Ix0, Ix1, Ix2, Ix3, IxDyn};
use ndarray_npy::{NpzReader, ReadableElement};
use scarlet::prelude::*;
use std::fs::File;
use std::path::{Path, PathBuf};

/// The folder of the reference data; says so and gives nothing where it is not there.
pub fn data_folder() -> Option<PathBuf> {
    let folder = std::env::var_os("SCARLET_DATA").map(PathBuf::from);
    if folder.is_none() {
        println!("SCARLET_DATA is not set: this test has nothing to compare with and is skipped");
    }
    folder
}

/// An archive of arrays.
pub struct Arrays(NpzReader<File>);

impl Arrays {
    /// Opens `path` below the data folder.
    pub fn open(path: &str) -> Option<Self> {
        Some(Self::open_in(&data_folder()?, path))
    }

    /// Opens `path` below `folder`.
    pub fn open_in(folder: &Path, path: &str) -> Self {
        let path = folder.join(path);
        let file = File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Self(NpzReader::new(file).expect("an npz archive"))
    }

    /// Whether there is a member of this name.
    pub fn has(&mut self, name: &str) -> bool {
        self.0.names().expect("readable").iter().any(|n| n.trim_end_matches(".npy") == name)
    }

    fn get<T: ReadableElement, D: ndarray::Dimension>(&mut self, name: &str) -> ndarray::Array<T, D> {
        self.0.by_name(name).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    pub fn f64_1(&mut self, name: &str) -> Array1<f64> {
        self.get::<f64, Ix1>(name)
    }

    pub fn f64_2(&mut self, name: &str) -> Array2<f64> {
        self.get::<f64, Ix2>(name)
    }

    pub fn f64_3(&mut self, name: &str) -> Array3<f64> {
        self.get::<f64, Ix3>(name)
    }

    /// A single number.
    pub fn f64_0(&mut self, name: &str) -> f64 {
        self.get::<f64, Ix0>(name).into_scalar()
    }

    /// Of any number of axes.
    pub fn f64_d(&mut self, name: &str) -> ArrayD<f64> {
        self.get::<f64, IxDyn>(name)
    }

    pub fn i64_1(&mut self, name: &str) -> Array1<i64> {
        self.get::<i64, Ix1>(name)
    }

    /// A cube of the type that `_like` has.
    pub fn cube_like<T: ReadableElement>(&mut self, name: &str, _like: &[T]) -> Array3<T> {
        self.get::<T, Ix3>(name)
    }

    pub fn f32_1(&mut self, name: &str) -> Array1<f64> {
        self.get::<f32, Ix1>(name).mapv(f64::from)
    }

    pub fn f32_2(&mut self, name: &str) -> Array2<f64> {
        self.get::<f32, Ix2>(name).mapv(f64::from)
    }

    pub fn f32_3(&mut self, name: &str) -> Array3<f64> {
        self.get::<f32, Ix3>(name).mapv(f64::from)
    }
}

/// The scene that scarlet2's tutorial fits: HSC, five bands, a star and six galaxies.
pub struct Quickstart {
    pub observation: Observation,
    pub scene: Scene,
}

/// Builds it as the file says, with scarlet2's recipe for the steps.
pub fn quickstart() -> Option<Quickstart> {
    Some(quickstart_in(&data_folder()?))
}

/// The same from a data folder.
pub fn quickstart_in(folder: &Path) -> Quickstart {
    let mut arrays = Arrays::open_in(folder, "scenes/quickstart.npz");
    let frame = Frame::new([58, 48])
        .channels(["g", "r", "i", "z", "y"])
        .psf(Psf::images(arrays.f32_3("psf")).expect("a PSF"));
    let model = Frame::enclosing([&frame]).expect("a frame");
    let observation =
        Observation::new(arrays.f32_3("data"), arrays.f32_3("weights"), frame).expect("data").named("hsc");
    let mut scene = Scene::new(model).expect("a valid frame");
    for k in 0..7 {
        let center = arrays.f64_1(&format!("src{k}_center")).to_vec();
        let flux = arrays.f32_1(&format!("src{k}_spectrum")).to_vec();
        let spectrum = free(flux).positive().step(relative(0.05));
        let source = if k == 0 {
            Source::new(free(center).step(0.1), spectrum, Point::new())
        } else {
            let image = arrays.f32_2(&format!("src{k}_morph"));
            Source::new(center, spectrum, free(image).unit_interval().step(relative(1e-3)))
        };
        scene.add(source).expect("a source in the frame");
    }
    Quickstart { observation, scene }
}

/// The simulated blend of two galaxies and three stars.
pub struct TrueBlend {
    /// Its six bands.
    pub observation: Observation,
    /// `(y, x)` of the sources.
    pub centers: Vec<[f64; 2]>,
    /// Which of them are stars.
    pub is_star: Vec<bool>,
    /// Noise-free fluxes inside the image, `[source, channel]`.
    pub fluxes: Vec<Vec<f64>>,
    /// Their noise-free images, `[channel, y, x]`.
    pub truth: Vec<Array3<f64>>,
}

/// The simulated blend, where the data are.
pub fn true_blend() -> Option<TrueBlend> {
    Some(true_blend_in(&data_folder()?))
}

/// The same from a data folder.
pub fn true_blend_in(folder: &Path) -> TrueBlend {
    let mut arrays = Arrays::open_in(folder, "truth_sim/blend5.npz");
    let path = folder.join("truth_sim/blend5.npz");
    let mut own = NpzReader::new(File::open(path).expect("a file")).expect("an archive");
    let images = arrays.f32_3("images");
    let shape = images.dim();
    // The file's PSFs of u and g have changed places: the stars of its truth have the other's width, 2.12 px in u
    // and 1.92 in g, and the right ones in all other bands.
    let psfs = arrays.f32_3("psfs").select(Axis(0), &[1, 0, 2, 3, 4, 5]);
    let frame = Frame::new([shape.1, shape.2])
        .channels(["u", "g", "r", "i", "z", "y"])
        .psf(Psf::images(psfs).expect("a PSF"));
    let weights = arrays.f32_3("variance").mapv(|v| 1.0 / v);
    let (y, x) = (arrays.f64_1("y"), arrays.f64_1("x"));
    let truth: Vec<Array3<f64>> = own
        .by_name::<ndarray::OwnedRepr<f32>, ndarray::Ix4>("truth")
        .expect("an array")
        .outer_iter()
        .map(|t| t.mapv(f64::from))
        .collect();
    TrueBlend {
        observation: Observation::new(images, weights, frame).expect("valid").named("blend"),
        centers: y.iter().zip(&x).map(|(y, x)| [*y, *x]).collect(),
        is_star: own.by_name::<ndarray::OwnedRepr<bool>, Ix1>("is_star").expect("flags").to_vec(),
        fluxes: truth.iter().map(|t| scarlet::obs::measure::flux(t.view())).collect(),
        truth,
    }
}

/// A scene of many free images on one large grid, with scarlet2's recipe for the steps.
pub fn scaling_in(folder: &Path, name: &str) -> Quickstart {
    let mut arrays = Arrays::open_in(folder, &format!("scenes/scaling-{name}.npz"));
    let (data, weights) = (arrays.f32_3("data"), arrays.f32_3("weights"));
    let (_, ny, nx) = data.dim();
    let psf = Psf::images(arrays.f64_3("psf")).expect("a PSF");
    let frame = Frame::new([ny, nx]).channels(["0", "1", "2", "3", "4"]).psf(psf);
    let mut scene = Scene::new(Frame::enclosing([&frame]).expect("a frame")).expect("a valid frame");
    let observation = Observation::new(data, weights, frame).expect("data").named(name);
    let (centers, fluxes) = (arrays.f64_2("centers"), arrays.f32_2("init_spectrum"));
    let images = arrays.f32_3("init_morph");
    for ((center, flux), image) in centers.outer_iter().zip(fluxes.outer_iter()).zip(images.outer_iter()) {
        let spectrum = free(flux.to_vec()).positive().step(relative(0.05));
        let image = free(image.to_owned()).unit_interval().step(relative(1e-3));
        scene.add(Source::new(center.to_vec(), spectrum, image)).expect("a source in the frame");
    }
    Quickstart { observation, scene }
}
