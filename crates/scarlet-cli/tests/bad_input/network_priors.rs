//! Networks as priors that cannot be used.

use crate::world::World;
use crate::{Row, row};
use scarlet::nn::{About, Architecture, ScoreNet};
use std::fs;

/// A network for images of 8 x 8 pixels.
fn network() -> ScoreNet {
    let sizes = Architecture { side: 8, patch: 4, features: 4, depth: 1, mix_patches: 5, mix_features: 6 };
    ScoreNet::made_up(sizes, 0)
}

fn safetensors(normalisation: &str) -> Vec<u8> {
    let about = About { normalisation: normalisation.to_owned(), ..About::default() };
    network().to_safetensors(&about).expect("it can be written")
}

/// The scene file with a prior that is used otherwise.
fn used(world: &World, how: &str) {
    world.network("net.safetensors", safetensors(""));
    world.scene("network: net.safetensors", &format!("network: net.safetensors, {how}"));
}

pub(crate) const ROWS: &[Row] = &[
    row(
        "a network that is not there",
        |w| w.scene("galaxy: extended", "galaxy: extended, prior: { network: net.eqx }"),
        &["model.prior.network", "net.eqx", "No such file"],
    ),
    row(
        "a catalogue in place of a network",
        |w| w.scene("galaxy: extended", "galaxy: extended, prior: { network: sources.csv }"),
        &["model.prior.network", "sources.csv", "not one of a score network"],
    ),
    row(
        "a network of other input than is known",
        |w| w.network("net.safetensors", safetensors("peak 1, asinh(x)")),
        &["net.safetensors", "asinh(x)", "log(x + 1) / 0.1"],
    ),
    row(
        "a safetensors file without metadata",
        |w| {
            let mut bytes = safetensors("");
            let at = bytes.windows(7).position(|part| part == b"scarlet").expect("the metadata's key");
            bytes[at..at + 7].copy_from_slice(b"foreign");
            w.network("net.safetensors", bytes);
        },
        &["net.safetensors", "metadata do not say what it is", "convert"],
    ),
    row(
        "a noise level of 0",
        |w| used(w, "noise_level: 0"),
        &["model.prior", "noise_level is 0", "greater than 0"],
    ),
    row(
        "a prior without strength",
        |w| used(w, "strength: -1"),
        &["model.prior", "strength is -1", "greater than 0"],
    ),
    row("a misspelt field of the prior", |w| used(w, "strenght: 1"), &["did you mean `strength`?"]),
    row(
        "a network as the prior of a profile",
        |w| {
            used(w, "strength: 1");
            w.scene("galaxy: extended", "galaxy: sersic");
        },
        &["model.prior", "free-form galaxies", "galaxy: extended"],
    ),
    row(
        "a network as the prior of a saved scene",
        |w| {
            used(w, "strength: 1");
            w.scene("catalog: sources.csv", "scene: scene.json");
        },
        &["model.prior", "a saved scene has its priors with it"],
    ),
    row(
        "NUTS with a network as a prior",
        |w| used(w, "strength: 1"),
        &["red.morphology", "only a score", "Langevin"],
    )
    .args(&["sample", "scene.yaml", "--out", "out"]),
    row(
        "results in place of the network",
        |w| {
            fs::create_dir(w.path("out")).expect("a folder");
            w.network("out/model.fits", vec![0; 2880]);
        },
        &["out/model.fits", "is an input of this fit"],
    ),
];
