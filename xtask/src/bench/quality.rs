//! How good fits are with default settings: real and simulated images, perturbed starts, two hundred blends.
//!
//! Figures of ours come from `benches/quality.rs`. On simulated blends the peer has the same images and positions, and the
//! steps of its quickstart, once from its own start values and once from ours; it compiles anew for each blend, so that it
//! gets fewer of them, and both sides are compared on those. Models of both are scored by the same code.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use super::Context;
use super::case::{Goal, Row};
use super::sides;

/// Figures of ours alone, with the most that they may be.
const ALONE: [(&str, f64); 9] = [
    ("hsc chi2 per pixel", 1.17),
    ("hsc fit", 0.15),
    ("blend5 chi2 per pixel", 1.03),
    ("blend5 median flux error", 0.04),
    ("blend5 largest flux error", 0.15),
    ("starts hsc chi2 scatter", 0.01),
    ("starts hsc largest flux scatter", 0.01),
    ("starts blend5 chi2 scatter", 0.01),
    ("starts blend5 largest flux scatter", 0.01),
];
/// Figures of each class of separations, and the largest ratio to the peer's.
const BESIDE: [(&str, f64); 3] = [("median flux error", 0.8), ("1 - correlation", 1.0), ("leak", 1.0)];
/// Separations of neighbours, in half-light radii.
const CLASSES: [&str; 3] = ["0.5-1", "1-2", "2-4"];
/// After so many seconds the peer begins no other blend.
const PEER_SECONDS: usize = 1800;

/// One figure that the bench program prints.
#[derive(Debug, Deserialize)]
struct Figure {
    case: String,
    unit: String,
    value: Option<f64>,
}

/// Figures by name, with their units.
pub(super) type Figures = BTreeMap<String, (String, Option<f64>)>;

/// Runs all cases.
pub(crate) fn run(context: &Context<'_>) -> Result<Vec<Row>> {
    let program = sides::build(context, "quality")?;
    let folder = context.workspace.target.join("bench-quality");
    let mut rows = if context.ours { alone(context, &program)? } else { Vec::new() };
    if context.ours {
        let blends = format!("--blends={}", context.blends);
        let figures = figures(context, &program, &["blends", &blends])?;
        rows.push(row(&figures, "blends failures", Goal::OursAtMost(0.0), &note(context, &figures))?);
    }
    if context.peer.is_some() {
        rows.extend(beside(context, &program, &folder)?);
    }
    Ok(rows)
}

/// What else came out of all blends.
fn note(context: &Context<'_>, figures: &Figures) -> String {
    let names = BESIDE.iter().flat_map(|(figure, _)| classes(figure));
    let said = names.filter_map(|name| {
        let (_, value) = figures.get(&name)?;
        Some(format!("{} {:.3}", name.trim_start_matches("blends "), (*value)?))
    });
    format!("of all {} blends: {}", context.blends, said.collect::<Vec<_>>().join(", "))
}

/// Figures of ours that have goals of their own.
fn alone(context: &Context<'_>, program: &Path) -> Result<Vec<Row>> {
    let mut known = Figures::new();
    for case in ["hsc", "blend5", "starts"] {
        known.extend(figures(context, program, &[case])?);
    }
    ALONE.iter().map(|(figure, goal)| row(&known, figure, Goal::OursAtMost(*goal), "")).collect()
}

/// Both sides on the blends that the peer fitted, from its own start values and from ours.
fn beside(context: &Context<'_>, program: &Path, folder: &Path) -> Result<Vec<Row>> {
    let Some(peer) = &context.peer else { return Ok(Vec::new()) };
    let models = format!("--models={}", folder.display());
    let blends = format!("--blends={}", context.peer_blends);
    figures(context, program, &["write", &blends, &models])?;
    let mut rows = Vec::new();
    for (start, said_of_start) in [("own", ""), ("ours", ", peer from our start values")] {
        let start = format!("--start={start}");
        let mut words = peer.script("scarlet2_quality.py");
        words.extend([folder.display().to_string(), start.clone(), blends.clone()]);
        words.push(format!("--seconds={PEER_SECONDS}"));
        let said = last_line(&mut sides::pinned(&words, 2))?;
        let said: Value = serde_json::from_str(&said).context("what the peer printed")?;
        let done = said["done"].as_u64().context("the peer did not say how many blends it fitted")?;
        let blends = format!("--blends={done}");
        let theirs = figures(context, program, &["blends", &blends, &models, &start])?;
        let ours = context.ours.then(|| figures(context, program, &["blends", &blends])).transpose()?;
        let note = format!(
            "{done} blends that both fitted; peer scarlet2 {}, its failures {}, {:.0} s",
            said["versions"]["scarlet2"].as_str().unwrap_or("?"),
            said["failed"],
            said["seconds"].as_f64().unwrap_or(f64::NAN),
        );
        for (figure, goal) in BESIDE {
            for figure in classes(figure) {
                let mut row = match &ours {
                    Some(ours) => row(ours, &figure, Goal::RatioAtMost(goal), &note)?,
                    None => Row::single("quality", figure.clone(), "1", None, Goal::RatioAtMost(goal)),
                };
                row.case.push_str(said_of_start);
                row.peer.push(theirs.get(&figure).and_then(|(_, value)| *value).into_iter().collect());
                rows.push(row);
            }
        }
    }
    Ok(rows)
}

/// The names of a figure in all classes.
fn classes(figure: &str) -> impl Iterator<Item = String> {
    CLASSES.iter().map(move |class| format!("blends {class} {figure}"))
}

fn row(figures: &Figures, figure: &str, goal: Goal, note: &str) -> Result<Row> {
    row_of("quality", figures, figure, goal, note)
}

/// A row of the benchmark `bench` for a figure that was printed.
pub(super) fn row_of(
    bench: &'static str,
    figures: &Figures,
    figure: &str,
    goal: Goal,
    note: &str,
) -> Result<Row> {
    let (unit, value) = figures.get(figure).with_context(|| format!("no figure {figure:?} was printed"))?;
    let unit = if unit == "s" { "s" } else { "1" };
    let mut row = Row::single(bench, figure.to_owned(), unit, *value, goal);
    row.note = note.to_owned();
    Ok(row)
}

/// Runs the bench program on one thread and reads its figures.
pub(super) fn figures(context: &Context<'_>, program: &Path, words: &[&str]) -> Result<Figures> {
    let mut all = vec![program.display().to_string()];
    all.extend(words.iter().map(|word| (*word).to_owned()));
    all.push(format!("--data={}", context.data.display()));
    read(&stdout(&mut sides::pinned(&all, 1))?)
}

fn read(text: &str) -> Result<Figures> {
    let figures = text.lines().map(|line| {
        let figure: Figure =
            serde_json::from_str(line).with_context(|| format!("the bench said {line:?}"))?;
        Ok((figure.case, (figure.unit, figure.value)))
    });
    figures.collect()
}

/// The last line that a command prints.
pub(super) fn last_line(command: &mut Command) -> Result<String> {
    let text = stdout(command)?;
    Ok(text.lines().last().context("nothing was printed")?.to_owned())
}

/// All that a command prints.
pub(super) fn stdout(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("cannot run {}", command.get_program().display()))?;
    ensure!(output.status.success(), "{command:?} failed");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_and_judged() {
        let text = "{\"case\":\"hsc fit\",\"unit\":\"s\",\"value\":0.05}\n{\"case\":\"a\",\"unit\":\"1\",\"value\":null}\n";
        let figures = read(text).expect("two figures");
        let fit = row(&figures, "hsc fit", Goal::OursAtMost(0.15), "").expect("it is there");
        assert_eq!((fit.unit, fit.holds()), ("s", Some(true)));
        assert_eq!(row(&figures, "a", Goal::OursAtMost(1.0), "").expect("it is there").holds(), None);
        assert!(row(&figures, "b", Goal::OursAtMost(1.0), "").is_err());
    }
}
