//! Scenes with networks as priors are saved and read back.

use ndarray::Array2;
use scarlet_frame::{Frame, Psf};
use scarlet_model::file::Kinds;
use scarlet_model::prior::NearImage;
use scarlet_model::{Scene, Source};
use scarlet_nn::{About, Architecture, Learned, PriorSettings, ScoreNet, with_networks};

fn network(seed: usize) -> ScoreNet {
    let sizes = Architecture { side: 8, patch: 4, features: 4, depth: 1, mix_patches: 5, mix_features: 6 };
    ScoreNet::made_up(sizes, seed)
}

#[test]
fn scenes_with_networks_come_back_and_other_networks_are_refused() {
    let folder = std::env::temp_dir().join(format!("scarlet-stored-prior-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("net.safetensors");
    std::fs::write(&path, network(0).to_safetensors(&About::default()).expect("bytes")).expect("written");
    let settings = PriorSettings { noise_level: 0.05, strength: 0.5, ..PriorSettings::default() };
    let learned = Learned::read(&path, settings).expect("a network");
    let frame = Frame::new([30, 30]).channels(["g"]).psf(Psf::gaussian(0.7).expect("a width"));
    let mut scene = Scene::new(frame).expect("a frame");
    let image = Array2::from_shape_fn((9, 9), |(y, x)| 0.5 / (1.0 + (y as f64 - 4.0).hypot(x as f64 - 4.0)));
    for (center, name) in [([10.0, 12.0], "a"), ([18.0, 17.0], "b")] {
        let galaxy = Source::extended(center, vec![(vec![3.0], image.clone())]).named(name);
        let near = NearImage::new(image.clone(), 0.5, 0.003);
        let galaxy = galaxy.edit_all("*morphology", |p| p.clone().prior(near.clone()));
        scene.add(learned.prior_of(galaxy)).expect("inside");
    }
    let text = scene.to_json().expect("the network has a file");
    let back = Scene::from_json(&text, &with_networks(Kinds::default())).expect("it is read");
    assert_eq!(back.to_json().expect("stored again"), text);
    let score = |scene: &Scene| {
        let param = scene.param("b.morphology").expect("there");
        let mut grad = vec![0.0; param.len()];
        param.prior_ref().expect("a prior").as_score().score(param.values(), &mut grad);
        grad
    };
    assert_eq!(score(&back), score(&scene));
    assert!(score(&scene).iter().any(|v| *v != 0.0));
    let mut grown = back;
    assert!(grown.regrid("b.morphology", [13, 11]).expect("a path"));
    assert_eq!(score(&grown).len(), 143);

    let error = |text: &str, kinds: &Kinds| Scene::from_json(text, kinds).expect_err("refused").to_string();
    assert!(error(&text, &Kinds::default()).contains("ScorePrior"));
    std::fs::write(&path, network(1).to_safetensors(&About::default()).expect("bytes")).expect("written");
    let other = error(&text, &with_networks(Kinds::default()));
    assert!(other.contains("another network") && other.contains("a, Image"), "{other}");
    std::fs::remove_dir_all(&folder).expect("a folder");
    let gone = error(&text, &with_networks(Kinds::default()));
    assert!(gone.contains("net.safetensors"), "{gone}");
}
