//! `scarlet check`, and the checks after a fit, on simulated blends and on HSC.

use scarlet::infer::{Adam, Posterior};
use scarlet::obs::Observation;
use scarlet::obs::catalog::measure_sources;
use scarlet::obs::check::{self, Finding, Severity};
use scarlet_cli::command::check::check_scene;
use scarlet_cli::findings;
use scarlet_cli::scene_file::SceneFile;
use scarlet_cli::simulation::{Settings, simulate};
use std::fs;
use std::path::{Path, PathBuf};

/// A folder with a simulated blend, and its scene file.
fn blend(seed: u64) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let settings = Settings { seed, ..Settings::default() };
    simulate(settings).expect("room for all").write(folder.path()).expect("written");
    let scene = folder.path().join("scene.yaml");
    (folder, scene)
}

fn edited(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).expect("there");
    assert!(text.contains(from), "{from:?} in {text}");
    fs::write(path, text.replace(from, to)).expect("written");
}

fn loud(found: &[Finding]) -> Vec<String> {
    found.iter().filter(|f| f.severity > Severity::Note).map(ToString::to_string).collect()
}

/// What is said after a fit of `steps` steps.
fn fitted(path: &Path, steps: usize) -> Vec<Finding> {
    let file = SceneFile::read(path).expect("a scene file");
    let mut observations = file.read_observations().expect("images");
    let mut scene = file.make_scene(&mut observations).expect("start values");
    let mut posterior = Posterior::builder().build(&scene, &observations).expect("a posterior");
    let optimizer = Adam { max_iter: steps, e_rel: 1e-6, ..Adam::default() };
    let fit = posterior.fit(&optimizer).expect("a fit");
    posterior.store(&fit.x, &mut scene);
    posterior.log_likelihood(&fit.x);
    let chi2: f64 = posterior.chi2().iter().sum();
    println!("chi2 per pixel {:.3} after {} steps", chi2 / posterior.pixels() as f64, fit.iterations);
    let (rendered, seen) = (posterior.rendered(), observations.iter().collect::<Vec<&Observation>>());
    let sources = measure_sources(&scene, &seen, &rendered).expect("measured");
    check::fitted(&scene, &seen, &rendered, &sources).expect("checked")
}

#[test]
fn simulated_blends_give_no_warning() {
    for seed in 1..=6 {
        let (_folder, scene) = blend(seed);
        let found = check_scene(&scene).expect("readable").found;
        assert_eq!(loud(&found), Vec::<String>::new(), "seed {seed}");
    }
}

#[test]
fn faults_of_a_scene_file_are_found() {
    let (_folder, scene) = blend(2);
    edited(&scene, "variance:", "weight:");
    let found = check_scene(&scene).expect("readable").found;
    assert!(found.iter().any(|f| f.code == "weights_not_inverse_variances"), "{found:#?}");
    assert!(findings::has_errors(&found));

    let (folder, scene) = blend(2);
    let catalog = folder.path().join("sources.csv");
    let text = fs::read_to_string(&catalog).expect("there");
    let header: Vec<&str> =
        text.lines().find(|l| !l.starts_with('#')).expect("a header").split(',').collect();
    let cell = |name: &str| match name {
        "id" => "far",
        "x" | "y" => "500.0",
        "ra" => "151.5",
        "dec" => "2.2",
        _ => "star",
    };
    let row: Vec<&str> = header.iter().map(|name| cell(name)).collect();
    fs::write(&catalog, format!("{}\n{}\n", text.trim_end(), row.join(","))).expect("written");
    let found = check_scene(&scene).expect("readable").found;
    let outside: Vec<_> = found.iter().filter(|f| f.code == "source_outside").collect();
    assert_eq!(outside.len(), 1, "{found:#?}");
    assert_eq!(outside[0].subject, "source far");
}

/// Prints what is said of HSC, for a person to judge; nothing of it may be an error, and before the fit only one kind a
/// warning.
#[test]
fn no_error_is_said_of_hsc() {
    let Some(data) = std::env::var_os("SCARLET_DATA") else {
        println!("SCARLET_DATA is not set: HSC is left out");
        return;
    };
    let images = Path::new(&data).join("hsc_cosmos_35");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let scene = folder.path().join("scene.yaml");
    let at = |file: &str| images.join(file).display().to_string();
    let all = at("hsc_cosmos_35_all.fits");
    let text = format!(
        "observations:\n  - name: hsc\n    channels: [g, r, i, z, y]\n    image: \"{all}[IMAGE_{{channel}}]\"\n    \
         variance: \"{all}[VARIANCE_{{channel}}]\"\n    psf: \"{all}[PSF_{{channel}}]\"\ncatalog: {}\n\
         model: {{ stars: [\"0\"], galaxy: extended }}\n",
        at("hsc_cosmos_35_catalog.csv")
    );
    fs::write(&scene, text).expect("written");
    let before = check_scene(&scene).expect("readable").found;
    println!("{}{}", findings::text(&before), findings::counts(&before));
    let after = fitted(&scene, 200);
    println!("{}{}", findings::text(&after), findings::counts(&after));
    // coadds were resampled: neighbours do share noise, most of all in z
    let others: Vec<Finding> = before.into_iter().filter(|f| f.code != "noise_correlated").collect();
    assert_eq!(loud(&others), Vec::<String>::new());
    assert!(!findings::has_errors(&after));
}

#[test]
fn fits_of_simulated_blends_give_no_warning() {
    for seed in 1..=4 {
        let (_folder, scene) = blend(seed);
        let found = fitted(&scene, 300);
        println!("seed {seed}\n{}{}", findings::text(&found), findings::counts(&found));
        assert_eq!(loud(&found), Vec::<String>::new(), "seed {seed}");
    }
}
