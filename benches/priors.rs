//! What priors of galaxies do to blends: `cargo bench -p scarlet --bench priors -- --network=hsc32.eqx`.
//!
//! Pairs of galaxies of one colour, galaxies alone and the blend of the reference data are fitted with default settings on
//! one thread: without a prior, with the one that free-form galaxies have by default, and with each `--network`. Prints one
//! JSON object a case and prior: the medians of what [`Score`] has, and how much brighter galaxies come out than they are.
//! `cargo xtask bench priors` runs it and judges the figures.
//!
//! | option | what |
//! |---|---|
//! | `--data=DIR` | folder of the reference data |
//! | `--network=PATH` | a network; may be given several times |
//! | `--pairs=N` | pairs, and galaxies alone |
//! | `--noise-level=T`, `--strength=S` | how networks are used |
//! | `--write=DIR` | nothing but `DIR/pairs/blend-K.npz` and the same in `alone`, for the peer |
//! | `--peer=DIR` | the models that the peer wrote there are scored as those of one more prior, and all others on the images that it fitted |

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "quality/deblend.rs"]
#[expect(dead_code, reason = "boxes keep their start shapes here")]
mod deblend;
#[path = "quality/exchange.rs"]
mod exchange;
#[path = "quality/score.rs"]
#[expect(dead_code, reason = "only what is judged here")]
mod score;
#[path = "quality/sky.rs"]
#[expect(dead_code, reason = "only pairs and galaxies alone")]
mod sky;

use common::TrueBlend;
use common::deblend::{seeds_of, start};
use ndarray::Array3;
use scarlet::nn::{Learned, PriorSettings};
use scarlet::prelude::*;
use score::{Score, median};
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Signal over noise from which a flux is bright.
const BRIGHT: f64 = 50.0;

struct Arguments {
    data: PathBuf,
    networks: Vec<PathBuf>,
    pairs: usize,
    settings: PriorSettings,
    write: Option<PathBuf>,
    peer: Option<PathBuf>,
}

impl Arguments {
    fn from_process() -> Outcome<Self> {
        let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
        let data = std::env::var_os("SCARLET_DATA").map_or(beside.into(), PathBuf::from);
        let settings = PriorSettings::default();
        let mut all = Self { data, networks: Vec::new(), pairs: 100, settings, write: None, peer: None };
        for word in std::env::args().skip(1) {
            match word.split_once('=').unwrap_or((&word, "")) {
                ("--bench", _) => {}
                ("--data", value) => all.data = value.into(),
                ("--network", value) => all.networks.push(value.into()),
                ("--pairs", value) => all.pairs = value.parse()?,
                ("--write", value) => all.write = Some(value.into()),
                ("--peer", value) => all.peer = Some(value.into()),
                ("--noise-level", value) => all.settings.noise_level = value.parse()?,
                ("--strength", value) => all.settings.strength = value.parse()?,
                _ => return Err(format!("unknown {word}").into()),
            }
        }
        Ok(all)
    }
}

/// The prior of free-form galaxies.
enum Choice {
    Nothing,
    NearStart,
    Network(Arc<Learned>),
}

impl Choice {
    fn scene(&self, blend: &TrueBlend) -> Outcome<Scene> {
        let scene = start(&blend.observation, &seeds_of(blend));
        let mut changed = Scene::new(scene.frame().clone())?;
        for (name, source) in scene.sources() {
            let source = source.clone().named(name);
            changed.add(match self {
                Self::NearStart => source,
                Self::Nothing => source.edit_all("*morphology", without_prior),
                Self::Network(learned) => learned.prior_of(source),
            })?;
        }
        Ok(changed)
    }
}

fn without_prior(image: &Param) -> Param {
    let plain = free(image.value().clone()).transform(image.transform_ref().clone());
    image.step_ref().into_iter().fold(plain, |param, step| param.step(step))
}

fn main() -> Outcome<()> {
    let arguments = Arguments::from_process()?;
    let mut choices =
        vec![("none".to_owned(), Choice::Nothing), ("near start".to_owned(), Choice::NearStart)];
    for path in &arguments.networks {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        for (how, near_start) in [("alone", false), ("near start", true)] {
            let settings = PriorSettings { near_start, ..arguments.settings };
            choices.push((format!("{name} {how}"), Choice::Network(Learned::read(path, settings)?)));
        }
    }
    let cases: [(&str, Vec<TrueBlend>); 3] = [
        ("pairs", (0..arguments.pairs).map(sky::pair).collect()),
        ("alone", (0..arguments.pairs).map(sky::alone).collect()),
        ("blend5", vec![common::true_blend_in(&arguments.data)]),
    ];
    if let Some(folder) = &arguments.write {
        for (case, blends) in cases.iter().take(2) {
            for (k, blend) in blends.iter().enumerate() {
                exchange::write(&folder.join(case), k, blend)?;
            }
        }
        return Ok(());
    }
    // the peer has the simulated images only
    let judged = if arguments.peer.is_some() { &cases[..2] } else { &cases[..] };
    for (case, blends) in judged {
        let theirs = arguments.peer.as_ref().map(|folder| folder.join(case));
        let images: Vec<Image<'_>> =
            blends.iter().enumerate().filter_map(|(k, b)| image(b, k, &theirs)).collect();
        for (prior, choice) in &choices {
            judge(case, prior, &images, |image| {
                let fitted = deblend::fit_scene(choice.scene(image.blend)?, &image.blend.observation)?;
                Ok((fitted.models, fitted.seconds))
            })?;
        }
        if theirs.is_some() {
            judge(case, "peer", &images, |image| Ok((image.theirs.clone(), f64::NAN)))?;
        }
    }
    Ok(())
}

/// An image, and the peer's models of it where these are asked for.
struct Image<'a> {
    blend: &'a TrueBlend,
    theirs: Vec<Array3<f64>>,
}

/// Number `k` of a case; none where the peer did not fit it: it has not come to it, or writes models without light.
fn image<'a>(blend: &'a TrueBlend, k: usize, theirs: &Option<PathBuf>) -> Option<Image<'a>> {
    let Some(folder) = theirs else { return Some(Image { blend, theirs: Vec::new() }) };
    let models = exchange::read(&folder.join(format!("models-ours-{k}.npz")), blend).ok()?;
    let is_fitted = models.iter().all(|model| model.sum() != 0.0);
    is_fitted.then_some(Image { blend, theirs: models })
}

/// Says how near the models that `fitted` gives, with its seconds, come to the blends of a case; those that are not finite count
/// as failures.
fn judge(
    case: &str,
    prior: &str,
    images: &[Image<'_>],
    fitted: impl Fn(&Image<'_>) -> Outcome<(Vec<Array3<f64>>, f64)>,
) -> Outcome<()> {
    let (mut scores, mut excesses, mut seconds) = (Vec::new(), Vec::new(), Vec::new());
    let mut failures = 0;
    for image in images {
        let (models, took) = fitted(image)?;
        let Some(score) = Score::of(image.blend, &models) else {
            failures += 1;
            continue;
        };
        for (model, truth) in models.iter().zip(&image.blend.truth) {
            excesses.push(model.sum() / truth.sum() - 1.0);
        }
        seconds.push(took);
        scores.push(score);
    }
    let all = |of: &dyn Fn(&Score) -> Vec<f64>| median(scores.iter().flat_map(of).collect());
    let figures = [
        ("flux_error", all(&|s| s.flux_errors.clone())),
        ("bright_flux_error", all(&|s| s.bright.iter().filter(|b| b[0] > BRIGHT).map(|b| b[1]).collect())),
        ("decorrelation", all(&|s| s.decorrelations.clone())),
        ("leak", all(&|s| s.leaks.clone())),
        ("flux_excess", median(excesses)),
        ("chi2_per_pixel", all(&|s| vec![s.chi2])),
        ("seconds", median(seconds)),
    ];
    let number = |v: f64| if v.is_finite() { format!("{v:.5}") } else { "null".to_owned() };
    let figures: Vec<String> =
        figures.iter().map(|(name, value)| format!("\"{name}\":{}", number(*value))).collect();
    let counts = format!("\"images\":{},\"failures\":{failures}", images.len());
    println!("{{\"case\":\"{case}\",\"prior\":\"{prior}\",{counts},{}}}", figures.join(","));
    Ok(())
}
