//! How good fits are from nothing but images and positions: `cargo bench -p scarlet --bench quality -- CASE`.
//!
//! | case | what |
//! |---|---|
//! | `hsc`, `blend5` | real images; a simulated blend with its true images |
//! | `starts` | both again from perturbed positions and boxes |
//! | `blends` | simulated blends, `--blends=N`; with `--models=DIR` the peer's models are scored in place of a fit, with `--start=ours` those that began with our start values |
//! | `write` | the simulated blends as archives in `--models=DIR`, for the peer, with our start values |
//!
//! Prints one JSON object a figure: `{"case":..,"unit":..,"value":..}`. Every fit has default settings and one thread.
//! `cargo xtask bench quality` runs it and judges the figures.

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "quality/deblend.rs"]
mod deblend;
#[path = "quality/exchange.rs"]
mod exchange;
#[path = "quality/score.rs"]
mod score;
#[path = "quality/sky.rs"]
#[expect(dead_code, reason = "pairs and galaxies alone are for `priors`")]
mod sky;

use common::TrueBlend;
use common::deblend::seeds_of;
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
use score::{Score, median, scatter};
use sky::CLASSES;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Perturbed starts.
const STARTS: usize = 20;
/// Signal over noise from which a flux is bright.
const BRIGHT: f64 = 50.0;

struct Arguments {
    case: String,
    data: PathBuf,
    blends: usize,
    models: Option<PathBuf>,
    /// Whose start values the peer's models came from.
    start: String,
    details: bool,
}

impl Arguments {
    fn from_process() -> Outcome<Self> {
        let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
        let data = std::env::var_os("SCARLET_DATA").map_or(beside.into(), PathBuf::from);
        let (case, start) = (String::new(), "own".to_owned());
        let mut arguments = Self { case, data, blends: 200, models: None, start, details: false };
        for word in std::env::args().skip(1) {
            match word.split_once('=').unwrap_or((&word, "")) {
                ("--bench", _) => {}
                ("--details", _) => arguments.details = true,
                ("--data", value) => arguments.data = value.into(),
                ("--models", value) => arguments.models = Some(value.into()),
                ("--start", value) => arguments.start = value.to_owned(),
                ("--blends", value) => arguments.blends = value.parse()?,
                (option, _) if option.starts_with('-') => return Err(format!("unknown {option}").into()),
                _ => arguments.case = word,
            }
        }
        Ok(arguments)
    }
}

fn main() -> Outcome<()> {
    let arguments = Arguments::from_process()?;
    match arguments.case.as_str() {
        "hsc" => hsc(&arguments),
        "blend5" => blend5(&arguments),
        "starts" => starts(&arguments),
        "blends" => blends(&arguments),
        "write" => write(&arguments),
        _ => Err("name a case: hsc, blend5, starts, blends, write".into()),
    }
}

/// One figure.
fn say(case: &str, unit: &str, value: f64) {
    let value = if value.is_finite() { format!("{value:?}") } else { "null".to_owned() };
    println!("{{\"case\":\"{case}\",\"unit\":\"{unit}\",\"value\":{value}}}");
}

/// The HSC images, with positions and types in place of a truth.
fn hsc_images(data: &Path) -> TrueBlend {
    let quickstart = common::quickstart_in(data);
    let center = |k: usize| {
        let path = format!("{k}.center");
        let center = quickstart.scene.param(&path).expect("every source has one").values();
        [center[0], center[1]]
    };
    TrueBlend {
        centers: (0..7).map(center).collect(),
        is_star: (0..7).map(|k| k == 0).collect(),
        fluxes: Vec::new(),
        truth: Vec::new(),
        observation: quickstart.observation,
    }
}

fn fit(blend: &TrueBlend) -> Outcome<deblend::Fitted> {
    deblend::fit(&blend.observation, &seeds_of(blend), None)
}

fn hsc(arguments: &Arguments) -> Outcome<()> {
    let images = hsc_images(&arguments.data);
    let fits = (0..5).map(|_| fit(&images)).collect::<Outcome<Vec<_>>>()?;
    say("hsc chi2 per pixel", "1", fits[0].chi2);
    say("hsc fit", "s", median(fits.iter().map(|fit| fit.seconds).collect()));
    Ok(())
}

fn blend5(arguments: &Arguments) -> Outcome<()> {
    let blend = common::true_blend_in(&arguments.data);
    let fitted = fit(&blend)?;
    let score = Score::of(&blend, &fitted.models).ok_or("the fit is not finite")?;
    say("blend5 chi2 per pixel", "1", fitted.chi2);
    say("blend5 median flux error", "1", median(score.flux_errors.clone()));
    say("blend5 largest flux error", "1", score.worst(BRIGHT));
    Ok(())
}

fn starts(arguments: &Arguments) -> Outcome<()> {
    for (name, blend) in
        [("hsc", hsc_images(&arguments.data)), ("blend5", common::true_blend_in(&arguments.data))]
    {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let (mut chi2, mut fluxes): (Vec<f64>, Vec<Vec<f64>>) = (Vec::new(), Vec::new());
        let bright = bright_fluxes(&blend, &fit(&blend)?);
        for _ in 0..STARTS {
            let mut seeds = seeds_of(&blend);
            for seed in &mut seeds {
                seed.center = seed.center.map(|c| c + rng.random_range(-0.5..0.5));
            }
            let mut reshape = |shape: [usize; 2]| {
                let factor = rng.random_range(0.7..1.3);
                shape.map(|n| 2 * ((n as f64 * factor / 2.0) as usize) + 1)
            };
            let fitted = deblend::fit(&blend.observation, &seeds, Some(&mut reshape))?;
            chi2.push(fitted.chi2);
            let flux = |[s, c]: &[usize; 2]| fitted.models[*s].index_axis(ndarray::Axis(0), *c).sum();
            fluxes.push(bright.iter().map(flux).collect());
        }
        let scatters: Vec<f64> = (0..bright.len())
            .map(|k| scatter(&fluxes.iter().map(|run| run[k]).collect::<Vec<_>>()))
            .collect();
        if arguments.details {
            eprintln!("{name}: chi2 {chi2:.4?}");
            for (at, scatter) in bright.iter().zip(&scatters) {
                eprintln!("{name}: source {} band {}: {scatter:.4}", at[0], at[1]);
            }
        }
        say(&format!("starts {name} chi2 scatter"), "1", scatter(&chi2));
        say(
            &format!("starts {name} largest flux scatter"),
            "1",
            scatters.iter().copied().fold(0.0, f64::max),
        );
        say(&format!("starts {name} median flux scatter"), "1", median(scatters));
    }
    Ok(())
}

/// Sources and bands that are bright in the model.
fn bright_fluxes(blend: &TrueBlend, fitted: &deblend::Fitted) -> Vec<[usize; 2]> {
    let mut bright = Vec::new();
    for (s, model) in fitted.models.iter().enumerate() {
        for (c, plane) in model.outer_iter().enumerate() {
            let weights = blend.observation.weights().index_axis(ndarray::Axis(0), c);
            let snr2: f64 = plane.iter().zip(weights).map(|(m, w)| w * m * m).sum();
            if snr2.sqrt() > BRIGHT {
                bright.push([s, c]);
            }
        }
    }
    bright
}

fn blends(arguments: &Arguments) -> Outcome<()> {
    let mut scores: Vec<Vec<Score>> = vec![Vec::new(); CLASSES.len()];
    let (mut failures, mut seconds) = (0, Vec::new());
    for number in 0..arguments.blends {
        let blend = sky::blend(number);
        let scored = match &arguments.models {
            Some(folder) => {
                let file = folder.join(format!("models-{}-{number}.npz", arguments.start));
                exchange::read(&file, &blend)
                    .and_then(|models| Score::of(&blend, &models).ok_or_else(|| "not finite".into()))
            }
            None => catch_unwind(AssertUnwindSafe(|| fit(&blend)))
                .map_err(|_| "panic".into())
                .and_then(|fitted| fitted)
                .and_then(|fitted| {
                    seconds.push(fitted.seconds);
                    Score::of(&blend, &fitted.models).ok_or_else(|| "not finite".into())
                }),
        };
        match scored {
            Ok(score) => {
                if arguments.details {
                    details(number, &blend, &score);
                }
                scores[sky::class_of(number)].push(score);
            }
            Err(error) => {
                eprintln!("blend {number}: {error}");
                failures += 1;
            }
        }
    }
    for ([from, to], scores) in CLASSES.iter().zip(&scores) {
        let all = |of: &dyn Fn(&Score) -> Vec<f64>| median(scores.iter().flat_map(of).collect());
        let name = format!("blends {from}-{to}");
        say(&format!("{name} median flux error"), "1", all(&|s| s.flux_errors.clone()));
        say(
            &format!("{name} bright flux error"),
            "1",
            all(&|s| s.bright.iter().filter(|b| b[0] > BRIGHT).map(|b| b[1]).collect()),
        );
        say(&format!("{name} 1 - correlation"), "1", all(&|s| s.decorrelations.clone()));
        say(&format!("{name} leak"), "1", all(&|s| s.leaks.clone()));
        say(&format!("{name} chi2 per pixel"), "1", all(&|s| vec![s.chi2]));
    }
    say("blends failures", "1", f64::from(failures));
    if !seconds.is_empty() {
        say("blends fit", "s", median(seconds));
    }
    Ok(())
}

/// Every source of a blend, for people.
fn details(number: usize, blend: &TrueBlend, score: &Score) {
    eprintln!("blend {number} class {:?} chi2 {:.3}", CLASSES[sky::class_of(number)], score.chi2);
    let bands = blend.truth[0].len_of(ndarray::Axis(0));
    for (s, center) in blend.centers.iter().enumerate() {
        let own = s * bands..(s + 1) * bands;
        eprintln!(
            "  {} ({:.1}, {:.1}) snr {:.0?} errors {:.2?} decorrelation {:.3} leak {:.2}",
            if blend.is_star[s] { "star  " } else { "galaxy" },
            center[0],
            center[1],
            score.bright[own.clone()].iter().map(|b| b[0]).collect::<Vec<_>>(),
            &score.flux_errors[own],
            score.decorrelations[s],
            score.leaks[s],
        );
    }
}

/// Writes what the peer needs of each blend.
fn write(arguments: &Arguments) -> Outcome<()> {
    let folder = arguments.models.as_ref().ok_or("where to? --models=DIR")?;
    (0..arguments.blends).try_for_each(|number| exchange::write(folder, number, &sky::blend(number)))
}
