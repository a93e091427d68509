//! How far a fit is: a bar on a terminal, lines for those who asked for more.

use crate::log::{Level, Log};
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use scarlet::infer::Progress;
use scarlet::infer::sample::SampleProgress;
use std::time::{Duration, Instant};

/// Redraws per second.
const RATE: u8 = 10;
/// Time between two lines.
const PAUSE: Duration = Duration::from_secs(1);

/// Shows the steps of a fit.
pub(super) struct Course {
    bar: ProgressBar,
    log: Log,
    said: Instant,
}

impl Course {
    /// Of a fit of `steps` at most; draws nothing where standard error is no terminal or nobody wants it.
    pub(super) fn new(steps: usize, log: Log) -> Self {
        Self { bar: if log.draws() { bar(steps) } else { ProgressBar::hidden() }, log, said: Instant::now() }
    }

    /// Shows one step.
    pub(super) fn step(&mut self, progress: &Progress) {
        if !self.bar.is_hidden() {
            self.bar.set_position(progress.iteration as u64);
            self.bar.set_message(format!("loss {:.1}", progress.loss));
        } else if self.log.says(Level::Detail) && self.said.elapsed() >= PAUSE {
            self.said = Instant::now();
            let message = format!("step {}: loss {:.1}", progress.iteration, progress.loss);
            let fields = [("step", progress.iteration.into()), ("loss", progress.loss.into())];
            self.log.say(Level::Detail, "step", &message, &fields);
        }
    }
}

impl Drop for Course {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Shows how far chains are.
pub(super) struct SampleCourse {
    bar: Option<ProgressBar>,
    log: Log,
    /// When the warm-up, or what follows, began, and how many draws there were.
    phase: (bool, Instant, usize),
    said: Instant,
}

impl SampleCourse {
    /// Of chains that begin now; draws nothing where standard error is no terminal or nobody wants it.
    pub(super) fn new(log: Log) -> Self {
        let now = Instant::now();
        Self { bar: None, log, phase: (true, now, 0), said: now }
    }

    /// Shows what is done.
    pub(super) fn step(&mut self, progress: &SampleProgress) {
        if self.phase.0 != progress.is_warmup {
            self.phase = (progress.is_warmup, Instant::now(), progress.done);
        }
        if self.said.elapsed() < PAUSE {
            return;
        }
        self.said = Instant::now();
        let message = self.message(progress);
        if self.log.draws() {
            let bar = self
                .bar
                .get_or_insert_with(|| styled(progress.total, "sample {bar:30} {pos}/{len} draws, {msg}"));
            bar.set_position(progress.done as u64);
            bar.set_message(message);
        } else if self.log.says(Level::Detail) {
            let message = format!("{} of {} draws, {message}", progress.done, progress.total);
            let fields = [("done", progress.done.into()), ("total", progress.total.into())];
            self.log.say(Level::Detail, "sampling", &message, &fields);
        }
    }

    /// What it does, how many gradients a draw takes, and how long all takes if it goes on as since the phase began.
    fn message(&self, progress: &SampleProgress) -> String {
        let (is_warmup, since, before) = self.phase;
        let phase = if is_warmup { "warm-up" } else { "draws" };
        let drawn = progress.done - before;
        if drawn == 0 {
            return format!("{phase}, the first one under way");
        }
        let left = since.elapsed().mul_f64((progress.total - progress.done) as f64 / drawn as f64);
        format!(
            "{phase}, {} divergent, {:.0} gradients a draw, {} left",
            progress.divergences,
            progress.gradients as f64 / progress.done as f64,
            HumanDuration(left),
        )
    }
}

impl Drop for SampleCourse {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn styled(length: usize, style: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(length as u64), ProgressDrawTarget::stderr_with_hz(RATE));
    bar.with_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn bar(steps: usize) -> ProgressBar {
    styled(steps, "fit {bar:30} {pos}/{len} steps, {msg}, {eta} left")
}
