//! Scenes of a thousand sources: whole processes, start values, and how the cost of a step grows.
//!
//! The skies are simulated by `scarlet simulate`, a quarter of them stars, so crowded that each source overlaps its
//! neighbours. There is no peer: the goals are absolute.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::Context;
use super::case::{Goal, Rounds, Row};
use super::process::{measure, program};
use super::sides::Ours;

const THREADS: usize = 2;
/// Most seconds and megabytes of a fit of 1,000 sources, and most seconds for the start values of 200.
const WHOLE_SECONDS: f64 = 300.0;
const PEAK_MB: f64 = 1500.0;
const START_SECONDS: f64 = 2.0;
/// Largest exponent of what is called linear.
const EXPONENT: f64 = 1.15;
/// Sides of the images without crowd: one source each, so that only the pixels count.
const SIDES: [usize; 5] = [256, 384, 512, 768, 1024];
/// Numbers of sources on images of 512 x 512.
const COUNTS: [usize; 5] = [50, 100, 200, 400, 800];

/// A simulated sky to fit.
struct Sky {
    stars: usize,
    galaxies: usize,
    side: usize,
    steps: usize,
    rounds: usize,
}

const LARGE: Sky = Sky { stars: 250, galaxies: 750, side: 1024, steps: 50, rounds: 1 };
const MEDIUM: Sky = Sky { stars: 50, galaxies: 150, side: 512, steps: 1, rounds: 3 };

/// A fit of 1,000 sources, the start values of 200, and the exponents of a step.
pub(crate) fn run(context: &Context<'_>) -> Result<Vec<Row>> {
    if !context.ours {
        return Ok(Vec::new());
    }
    let folder = context.workspace.target.join("bench-scale");
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let program = program(context)?;
    let mut rows = whole(context, &program, &folder)?;
    rows.push(start(context, &program, &folder)?);
    let ours = Ours::build(context, "scale")?;
    let pixels = SIDES.map(|side| ((side * side) as f64, format!("{side}x1")));
    let sources = COUNTS.map(|count| (count as f64, format!("512x{count}")));
    rows.push(exponent(context, &ours, "step over pixels", &pixels)?);
    rows.push(exponent(context, &ours, "step over sources", &sources)?);
    Ok(rows)
}

fn row(case: &str, unit: &'static str, goal: Goal) -> Row {
    Row::new("scale", case, unit, goal)
}

/// Seconds and peak memory of `scarlet fit` for 1,000 sources, from the files to the report.
fn whole(context: &Context<'_>, program: &Path, folder: &Path) -> Result<Vec<Row>> {
    let scene = LARGE.simulate(context, program, folder)?;
    let mut seconds = row("1000 sources 5x1024x1024", "s", Goal::OursAtMost(WHOLE_SECONDS));
    let mut memory = row("1000 sources peak memory", "MB", Goal::OursAtMost(PEAK_MB));
    for _ in 0..context.rounds.unwrap_or(LARGE.rounds) {
        let fitted = LARGE.fit(context, program, &scene)?;
        seconds.ours.push(vec![fitted.seconds]);
        memory.ours.push(vec![fitted.peak_mb]);
        seconds.note = format!("{} steps, {THREADS} threads, {}", LARGE.steps, fitted.note);
    }
    Ok(vec![seconds, memory])
}

/// Seconds of the start values of 200 sources, from the summary of a fit of one step.
fn start(context: &Context<'_>, program: &Path, folder: &Path) -> Result<Row> {
    let scene = MEDIUM.simulate(context, program, folder)?;
    let mut row = row("200 sources 5x512x512 start values", "s", Goal::OursAtMost(START_SECONDS));
    for _ in 0..context.rounds.unwrap_or(MEDIUM.rounds) {
        let fitted = MEDIUM.fit(context, program, &scene)?;
        row.ours.push(vec![fitted.setup_seconds]);
        row.note = format!("{THREADS} threads, {}", fitted.note);
    }
    Ok(row)
}

/// What a fit took.
struct Fitted {
    seconds: f64,
    setup_seconds: f64,
    peak_mb: f64,
    note: String,
}

impl Sky {
    fn sources(&self) -> usize {
        self.stars + self.galaxies
    }

    /// Simulates it unless that was done before, and returns its scene file.
    fn simulate(&self, context: &Context<'_>, program: &Path, folder: &Path) -> Result<PathBuf> {
        let sky = folder.join(format!("{}-sources", self.sources()));
        let side = self.side.to_string();
        let options = [
            ("--out", sky.display().to_string()),
            ("--stars", self.stars.to_string()),
            ("--galaxies", self.galaxies.to_string()),
            ("--rows", side.clone()),
            ("--columns", side),
            ("--seed", "3".to_owned()),
        ];
        let mut words = vec![program.display().to_string(), "simulate".to_owned()];
        words.extend(options.into_iter().flat_map(|(name, value)| [name.to_owned(), value]));
        measure(context, &words, None).context("simulating the sky")?;
        let scene = sky.join("scene.yaml");
        let text = fs::read_to_string(&scene).with_context(|| format!("reading {}", scene.display()))?;
        let fitted = sky.join("bench.yaml");
        fs::write(&fitted, with_steps(&text, self.steps))
            .with_context(|| format!("writing {}", fitted.display()))?;
        Ok(fitted)
    }

    /// One process; refuses a fit that made another number of steps.
    fn fit(&self, context: &Context<'_>, program: &Path, scene: &Path) -> Result<Fitted> {
        let out = scene.with_extension("out");
        let threads = THREADS.to_string();
        let paths = [program.display(), scene.display(), out.display()].map(|path| path.to_string());
        let [program, scene, out_word] = &paths;
        let words = [program, "fit", scene, "--out", out_word, "--threads", &threads, "--quiet"];
        let measured = measure(context, &words.map(str::to_owned), None)?;
        let path = out.join("summary.json");
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let summary: Value = serde_json::from_str(&text).context("summary.json")?;
        let steps = summary["iterations"].as_u64().context("summary.json has no iterations")?;
        ensure!(steps == self.steps as u64, "{steps} steps instead of {}", self.steps);
        let setup = summary["seconds"]["setup"].as_f64().context("summary.json has no seconds.setup")?;
        let chi2 = summary["chi2_per_pixel"].as_f64().context("summary.json has no chi2_per_pixel")?;
        Ok(Fitted {
            seconds: measured.seconds,
            setup_seconds: setup,
            peak_mb: measured.peak_mb,
            note: format!(
                "seconds {}, peak {:.0} MB, chi2 per pixel {chi2:.4}",
                summary["seconds"], measured.peak_mb
            ),
        })
    }
}

/// A scene file that asks for exactly `steps` steps.
fn with_steps(scene: &str, steps: usize) -> String {
    let kept: Vec<&str> = scene.lines().filter(|line| !line.starts_with("fit:")).collect();
    format!("{}\nfit: {{ max_iter: {steps}, e_rel: 0.0, e_chi2: 0.0 }}\n", kept.join("\n"))
}

/// The exponent of the time of a step over a size; every round goes through all sizes.
fn exponent(context: &Context<'_>, ours: &Ours, case: &str, sizes: &[(f64, String)]) -> Result<Row> {
    let mut row = row(case, "exponent", Goal::OursAtMost(EXPONENT));
    let mut times: Vec<Rounds> = vec![Rounds::default(); sizes.len()];
    for _ in 0..context.rounds.unwrap_or(3) {
        for ((_, name), times) in sizes.iter().zip(&mut times) {
            times.push(ours.run(context, name, THREADS, 15)?.samples);
        }
    }
    let points: Option<Vec<(f64, f64)>> =
        sizes.iter().zip(&times).map(|((size, _), times)| Some((*size, times.median()?))).collect();
    let points = points.context("the bench scale gave no samples")?;
    row.ours.push(vec![slope(&points)]);
    let texts: Vec<String> =
        sizes.iter().zip(&points).map(|((_, name), (_, ms))| format!("{name} {ms:.2}")).collect();
    row.note = format!("{THREADS} threads, ms per step: {}", texts.join(", "));
    let steepest = points.windows(2).map(slope).fold(f64::NEG_INFINITY, f64::max);
    row.note += &format!("; steepest between neighbours {steepest:.2}");
    Ok(row)
}

/// Slope of the straight line through the logarithms, by least squares.
pub(super) fn slope(points: &[(f64, f64)]) -> f64 {
    let logs: Vec<(f64, f64)> = points.iter().map(|(size, time)| (size.ln(), time.ln())).collect();
    let count = logs.len() as f64;
    let (x, y) = logs.iter().fold((0.0, 0.0), |sum, p| (sum.0 + p.0 / count, sum.1 + p.1 / count));
    let along: f64 = logs.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    along / logs.iter().map(|p| (p.0 - x).powi(2)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponent_of_a_power_law_is_found() {
        let points: Vec<(f64, f64)> =
            COUNTS.iter().map(|n| (*n as f64, 0.02 * (*n as f64).powf(1.3))).collect();
        assert!((slope(&points) - 1.3).abs() < 1e-12);
    }

    #[test]
    fn scene_files_get_the_steps_that_were_asked_for() {
        let text = with_steps("catalog: sources.csv\nfit: { max_iter: 200 }\n", 50);
        assert_eq!(text, "catalog: sources.csv\nfit: { max_iter: 50, e_rel: 0.0, e_chi2: 0.0 }\n");
    }
}
