//! Checks on data that others made: a simulated blend with its truth, and HST and HSC images of one field.

use ndarray::{Array1, Array3, Array4, Axis, Ix1, Ix3, Ix4};
use ndarray_npy::NpzReader;
use scarlet_frame::{Frame, Psf};
use scarlet_model::{Scene, Source};
use scarlet_obs::Observation;
use scarlet_obs::catalog::measure_sources;
use scarlet_obs::check::{self, Finding, Severity};
use scarlet_obs::fits::{FitsFiles, FitsSpec};
use std::fs::File;
use std::path::{Path, PathBuf};

fn data(path: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("SCARLET_DATA");
    if folder.is_none() {
        println!("SCARLET_DATA is not set: {path} is left out");
    }
    folder.map(|f| Path::new(&f).join(path))
}

/// All findings but notes.
fn loud(found: &[Finding]) -> Vec<String> {
    found.iter().filter(|f| f.severity > Severity::Note).map(ToString::to_string).collect()
}

#[test]
fn nothing_is_said_of_a_simulated_blend_and_its_truth() {
    let Some(path) = data("truth_sim/blend5.npz") else { return };
    let mut file = NpzReader::new(File::open(path).expect("there")).expect("a npz file");
    let mut cube = |name: &str| -> Array3<f64> {
        let array: Array3<f32> = file.by_name::<_, Ix3>(name).expect(name);
        array.mapv(f64::from)
    };
    let (images, variance, psfs) = (cube("images"), cube("variance"), cube("psfs"));
    let truth: Array4<f32> = file.by_name::<_, Ix4>("truth").expect("truth");
    let mut line = |name: &str| -> Array1<f64> { file.by_name::<_, Ix1>(name).expect(name) };
    let (y, x) = (line("y"), line("x"));
    let psf = Psf::images(psfs).expect("a PSF");
    let frame = Frame::new([40, 59]).channels(["u", "g", "r", "i", "z", "y"]).psf(psf);
    let observation = Observation::new(images, variance.mapv(|v| 1.0 / v), frame).expect("valid");
    let mut scene = Scene::new(Frame::enclosing([observation.frame()]).expect("a frame")).expect("a scene");
    for (y, x) in y.iter().zip(&x) {
        scene.add(Source::point([*y, *x], [1e3; 6])).expect("inside");
    }
    let found = check::before_fit(&scene, &[&observation]).expect("it fits");
    found.iter().for_each(|f| println!("{f}"));
    assert_eq!(loud(&found), Vec::<String>::new());

    let rendered = vec![truth.mapv(f64::from).sum_axis(Axis(0))];
    let measured = measure_sources(&scene, &[&observation], &rendered).expect("measured");
    let found = check::fitted(&scene, &[&observation], &rendered, &measured).expect("it fits");
    found.iter().for_each(|f| println!("{f}"));
    assert_eq!(loud(&found), Vec::<String>::new());
}

/// Images `[channel, y, x]` of a file, one of them or a cube.
fn images(path: &Path) -> Array3<f64> {
    let spec = FitsSpec::parse(&path.display().to_string()).expect("a path");
    let place = spec.resolve(&"g".into(), Path::new("")).expect("one file");
    let image = FitsFiles::new().image::<f64>(&place).expect("an image");
    if image.data.ndim() == 2 {
        image.plane().expect("a plane").insert_axis(Axis(0))
    } else {
        image.cube().expect("a cube")
    }
}

#[test]
fn of_hst_and_hsc_only_the_centres_of_the_psfs_are_wrong() {
    let Some(folder) = data("hst_hsc") else { return };
    for (name, channels) in [("HSC", vec!["g", "r", "i", "z", "y"]), ("HST", vec!["F814W"])] {
        let cube = images(&folder.join(format!("Cut_{name}1.fits")));
        let psf = Psf::images(images(&folder.join(format!("PSF_{name}.fits")))).expect("a PSF");
        let (_, ny, nx) = cube.dim();
        // The files say nothing of the noise: it is taken from differences of neighbours.
        let mut weights = Array3::ones(cube.dim());
        for (plane, mut weights) in cube.axis_iter(Axis(0)).zip(weights.axis_iter_mut(Axis(0))) {
            let mut steps: Vec<f64> = plane
                .rows()
                .into_iter()
                .flat_map(|r| (1..r.len()).map(move |k| (r[k] - r[k - 1]).abs()))
                .collect();
            steps.sort_by(f64::total_cmp);
            let sigma = 1.4826 * steps[steps.len() / 2] / std::f64::consts::SQRT_2;
            weights.fill(1.0 / (sigma * sigma));
        }
        let frame = Frame::new([ny, nx]).channels(channels).psf(psf);
        let observation = Observation::new(cube, weights, frame).expect("valid").named(name);
        let mut found = check::observation(&observation);
        let model = Frame::enclosing([observation.frame()]).expect("a frame");
        found.extend(check::against_model(&observation, &model));
        found.iter().for_each(|f| println!("{f}"));
        let loud: Vec<&Finding> = found.iter().filter(|f| f.severity > Severity::Note).collect();
        assert!(loud.iter().all(|f| f.code == "psf_off_centre"), "{loud:#?}");
        // By (-0.32, +0.13) px in all five channels of HSC, by (+1.21, +0.78) px in the one of HST.
        let (count, severity, off) = if name == "HST" {
            (1, Severity::Error, "+1.21, +0.78")
        } else {
            (5, Severity::Warning, "-0.32, +0.13")
        };
        assert_eq!(loud.len(), count);
        assert!(loud.iter().all(|f| f.severity == severity && f.problem.contains(off)), "{loud:#?}");
    }
}
