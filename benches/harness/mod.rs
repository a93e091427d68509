//! What the bench programs share: arguments, the clock, the count of allocations, and the line that they print.
//!
//! A program is called as `CASE --data=DIR --threads=N --steps=N [--warmup=N] [--json]` and prints one object:
//!
//! ```json
//! {"case":"quickstart","unit":"ms","threads":1,"samples":[0.31,0.30],"loss_first":3029200.6,"loss_last":41801.4,
//!  "fft_share":0.65,"alloc_per_step":0,"setup_ms":null,"peak_mb":41.0,"gradient":[]}
//! ```
//!
//! - `samples`: time of every step after the warm-up, in ms;
//! - `loss_first`: loss of the start values, before the first step; `loss_last`: loss that the last step began with;
//! - `fft_share`: time of 4 real 2-D FFTs per channel of the planned shape over the median step;
//! - `alloc_per_step`: heap allocations per step after the warm-up;
//! - `setup_ms`: time from observations and a scene to the first step, where that is measured;
//! - `peak_mb`: most memory that the process has had so far, by Linux's /proc;
//! - `gradient`: derivatives, for a case that is one image.
//!
//! What a case does not have is null. `cargo xtask bench` reads this line and sets it beside the peer's.

mod counting;

use scarlet::prelude::*;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

pub(crate) use counting::{Counting, allocations};

/// The command line of a bench program.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Arguments {
    /// Which case to run.
    pub(crate) case: String,
    /// Folder of the shared data; by default `SCARLET_DATA`, else the one beside the workspace.
    pub(crate) data: PathBuf,
    /// Threads to use.
    pub(crate) threads: usize,
    /// Timed steps.
    pub(crate) steps: usize,
    /// Steps before the clock starts.
    pub(crate) warmup: usize,
    /// Print one JSON object instead of a line to read.
    pub(crate) json: bool,
}

impl Arguments {
    /// Reads the process's arguments; cargo's own `--bench` is skipped.
    pub(crate) fn from_process() -> Result<Self, String> {
        Self::parse(std::env::args().skip(1))
    }

    fn parse(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
        let data = std::env::var_os("SCARLET_DATA").map_or(beside.into(), PathBuf::from);
        let mut arguments =
            Self { case: String::new(), data, threads: 1, steps: 200, warmup: 20, json: false };
        for word in words {
            let (name, value) = word.split_once('=').unwrap_or((&word, ""));
            let number =
                || value.parse::<usize>().map_err(|_| format!("{name} needs a number, as in {name}=2"));
            match name {
                "--bench" => {}
                "--json" => arguments.json = true,
                "--data" => arguments.data = value.into(),
                "--threads" => arguments.threads = number()?.max(1),
                "--steps" => arguments.steps = number()?.max(1),
                "--warmup" => arguments.warmup = number()?,
                _ if name.starts_with('-') => return Err(format!("unknown option {name}")),
                _ => arguments.case = word,
            }
        }
        match arguments.case.is_empty() {
            true => Err("name a case".to_owned()),
            false => Ok(arguments),
        }
    }
}

/// What was measured of a case.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Report {
    /// Time of every step, in ms.
    pub(crate) samples: Vec<f64>,
    /// Loss of the start values.
    pub(crate) loss_first: Option<f64>,
    /// Loss that the last step began with.
    pub(crate) loss_last: Option<f64>,
    /// Time of the floor's FFTs over the median step.
    pub(crate) fft_share: Option<f64>,
    /// Heap allocations per step.
    pub(crate) alloc_per_step: Option<f64>,
    /// Time of planning, in ms.
    pub(crate) setup_ms: Option<f64>,
    /// Derivatives, for a case that is one image.
    pub(crate) gradient: Vec<f64>,
}

impl Report {
    /// Times a short call: every sample is the mean of `calls` of them.
    pub(crate) fn of_calls(arguments: &Arguments, calls: usize, mut call: impl FnMut()) -> Self {
        (0..arguments.warmup).for_each(|_| call());
        let mut samples = Vec::with_capacity(arguments.steps);
        let before = allocations();
        for _ in 0..arguments.steps {
            let start = Instant::now();
            (0..calls).for_each(|_| call());
            samples.push(1e3 * start.elapsed().as_secs_f64() / calls as f64);
        }
        let made = allocations() - before;
        Self {
            samples,
            alloc_per_step: Some(made as f64 / (arguments.steps * calls) as f64),
            ..Self::default()
        }
    }

    /// Steps of a fit with Adam; the clock is read by its callback, after every step.
    pub(crate) fn of_steps(arguments: &Arguments, posterior: &mut Posterior) -> Self {
        let count = arguments.warmup + arguments.steps;
        let mut samples = Vec::with_capacity(count);
        let (mut last, mut before) = (Instant::now(), 0);
        let adam = Adam { max_iter: count, e_rel: 0.0, ..Adam::default() };
        let fit = posterior.fit_with(&adam, &mut |_| {
            if samples.len() + 1 == arguments.warmup {
                before = allocations();
            }
            samples.push(1e3 * last.elapsed().as_secs_f64());
            last = Instant::now();
            ControlFlow::Continue(())
        });
        let made = allocations() - before;
        let fit = fit.expect("a fit");
        Self {
            samples: samples.split_off(arguments.warmup),
            loss_first: Some(fit.loss[0]),
            loss_last: Some(fit.loss[count - 1]),
            alloc_per_step: Some(made as f64 / arguments.steps as f64),
            ..Self::default()
        }
    }

    /// Median of the samples, in ms; NaN where there are none.
    pub(crate) fn median_ms(&self) -> f64 {
        let mut sorted = self.samples.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// One JSON object, or a line for people.
    pub(crate) fn line(&self, arguments: &Arguments) -> String {
        if arguments.json {
            return self.json(arguments);
        }
        let share = self.fft_share.map(|s| format!(", {:.0}% in FFTs", 100.0 * s)).unwrap_or_default();
        let setup = self.setup_ms.map(|ms| format!(", planned in {ms:.0} ms")).unwrap_or_default();
        let memory = peak_mb().map(|mb| format!(", peak {mb:.0} MB")).unwrap_or_default();
        format!(
            "{}: {:.4} ms (min {:.4}), {} thread(s){share}, {} allocations per step{setup}{memory}",
            arguments.case,
            self.median_ms(),
            self.samples.iter().copied().fold(f64::INFINITY, f64::min),
            arguments.threads,
            self.alloc_per_step.unwrap_or(f64::NAN),
        )
    }

    fn json(&self, arguments: &Arguments) -> String {
        format!(
            "{{\"case\":\"{}\",\"unit\":\"ms\",\"threads\":{},\"samples\":{},\"loss_first\":{},\"loss_last\":{},\
             \"fft_share\":{},\"alloc_per_step\":{},\"setup_ms\":{},\"peak_mb\":{},\
             \"gradient\":{}}}",
            arguments.case,
            arguments.threads,
            list(&self.samples),
            number(self.loss_first),
            number(self.loss_last),
            number(self.fft_share),
            number(self.alloc_per_step),
            number(self.setup_ms),
            number(peak_mb()),
            list(&self.gradient),
        )
    }
}

/// Peak memory of this process, where Linux says it.
pub(crate) fn peak_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? / 1024.0)
}

/// A JSON number; null where there is none or it is not finite.
fn number(value: Option<f64>) -> String {
    value.filter(|v| v.is_finite()).map_or("null".to_owned(), |v| format!("{v:?}"))
}

fn list(values: &[f64]) -> String {
    let numbers: Vec<String> = values.iter().map(|v| number(Some(*v))).collect();
    format!("[{}]", numbers.join(","))
}
