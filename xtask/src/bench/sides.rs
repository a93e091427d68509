//! The two sides of a comparison: our bench program, run once a round, and a peer script that stays alive.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

use super::Context;

/// What `benches/step.rs` prints with `--json`: one object for the case it was asked for.
#[derive(Debug, Deserialize)]
pub(crate) struct OurSamples {
    /// Time of single steps after the warm-up, in ms.
    pub(crate) samples: Vec<f64>,
    /// Loss before the first step, of the start values.
    #[serde(default)]
    pub(crate) loss_first: Option<f64>,
    /// Time of the floor's FFTs (4 real 2-D FFTs per channel) over the time of a step.
    #[serde(default)]
    pub(crate) fft_share: Option<f64>,
    /// Heap allocations of one step after the warm-up.
    #[serde(default)]
    pub(crate) alloc_per_step: Option<f64>,
    /// Time of planning, in ms, where it was measured.
    #[serde(default)]
    pub(crate) setup_ms: Option<f64>,
    /// Peak memory of the process, in MB.
    #[serde(default)]
    pub(crate) peak_mb: Option<f64>,
    /// Threads that were used.
    pub(crate) threads: usize,
    /// Derivatives, where the case is a single image.
    #[serde(default)]
    pub(crate) gradient: Vec<f64>,
}

/// Our bench program, built.
#[derive(Debug)]
pub(crate) struct Ours {
    program: PathBuf,
}

impl Ours {
    /// Builds a bench of the facade that takes a case, threads and steps.
    pub(crate) fn build(context: &Context<'_>, bench: &str) -> Result<Self> {
        Ok(Self { program: build(context, bench)? })
    }

    /// Runs a case once from the start values.
    pub(crate) fn run(
        &self,
        context: &Context<'_>,
        case: &str,
        threads: usize,
        steps: usize,
    ) -> Result<OurSamples> {
        let words = [
            self.program.display().to_string(),
            case.to_owned(),
            "--json".to_owned(),
            format!("--data={}", context.data.display()),
            format!("--threads={threads}"),
            format!("--steps={steps}"),
        ];
        let mut command = pinned(&words, threads);
        let output = command.stderr(Stdio::inherit()).output().context("cannot run the bench step")?;
        let stdout = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "{command:?} failed");
        let line = stdout.lines().rfind(|line| line.starts_with('{'));
        let line = line.with_context(|| format!("{command:?} printed no JSON"))?;
        let samples: OurSamples = serde_json::from_str(line).context("what the bench step printed")?;
        ensure!(samples.threads == threads, "asked for {threads} threads, used {}", samples.threads);
        Ok(samples)
    }
}

/// Builds a bench of the facade and finds its program.
pub(crate) fn build(context: &Context<'_>, bench: &str) -> Result<PathBuf> {
    let mut cargo = context.workspace.cargo();
    cargo.args(["bench", "-p", "scarlet", "--bench", bench, "--no-run", "--message-format=json"]);
    let output = cargo.stderr(Stdio::inherit()).output().context("cannot run cargo bench")?;
    ensure!(output.status.success(), "cargo bench -p scarlet --bench {bench} --no-run failed");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == bench)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .with_context(|| format!("cargo built no program for the bench {bench}"))
}

/// A peer script that answers rounds: a number of samples in, one line of JSON out.
#[derive(Debug)]
pub(crate) struct PeerServer {
    child: Child,
    requests: Option<ChildStdin>,
    replies: BufReader<ChildStdout>,
    /// What it said once it was warm.
    pub(crate) ready: Value,
    /// What it said of the last round.
    pub(crate) last: Value,
}

impl PeerServer {
    /// Starts the script on as many processors as there are threads and waits until it is warm.
    pub(crate) fn start(words: &[String], threads: usize) -> Result<Self> {
        let mut command = pinned(words, threads);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("starting the peer")?;
        let requests = child.stdin.take();
        let replies = BufReader::new(child.stdout.take().context("the peer has no output")?);
        let mut server = Self { child, requests, replies, ready: Value::Null, last: Value::Null };
        server.ready = server.reply()?;
        Ok(server)
    }

    /// A round: samples in ms.
    pub(crate) fn round(&mut self, count: usize) -> Result<Vec<f64>> {
        let requests = self.requests.as_mut().context("the peer was stopped")?;
        writeln!(requests, "{count}").context("asking the peer for a round")?;
        self.last = self.reply()?;
        serde_json::from_value(self.last["samples"].clone()).context("the peer's samples")
    }

    fn reply(&mut self) -> Result<Value> {
        let mut line = String::new();
        self.replies.read_line(&mut line).context("reading from the peer")?;
        if line.is_empty() {
            bail!("the peer ended; its own message stands above");
        }
        serde_json::from_str(&line).with_context(|| format!("the peer said {line:?}"))
    }
}

impl Drop for PeerServer {
    fn drop(&mut self) {
        self.requests = None;
        if self.child.wait().is_err() {
            eprintln!("the peer could not be waited for");
        }
    }
}

/// A command held to the first `threads` processors that this process may use, where `taskset` can do that.
pub(crate) fn pinned(words: &[String], threads: usize) -> Command {
    let processors = allowed_processors();
    let mut command = match processors.len() >= threads && has_taskset() {
        true => {
            let list: Vec<String> = processors[..threads].iter().map(usize::to_string).collect();
            let mut command = Command::new("taskset");
            command.args(["-c", &list.join(","), &words[0]]);
            command
        }
        false => Command::new(&words[0]),
    };
    let threads = threads.to_string();
    command.args(&words[1..]).env("RAYON_NUM_THREADS", &threads).env("OMP_NUM_THREADS", &threads);
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

fn has_taskset() -> bool {
    Command::new("taskset").arg("--version").output().is_ok_and(|o| o.status.success())
}

/// Processors of this process by Linux's /proc; none elsewhere.
fn allowed_processors() -> Vec<usize> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    list.map(|list| processors_in(list.trim())).unwrap_or_default()
}

/// Numbers of a list such as `0-2,5`.
fn processors_in(list: &str) -> Vec<usize> {
    list.split(',')
        .filter_map(|range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            Some(first.parse::<usize>().ok()?..=last.parse::<usize>().ok()?)
        })
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_processors_are_read() {
        assert_eq!(processors_in("0-2,5"), [0, 1, 2, 5]);
        assert_eq!(processors_in("3"), [3]);
        assert_eq!(processors_in(""), Vec::<usize>::new());
    }

    #[test]
    fn the_contract_of_the_bench_is_read() {
        let line = r#"{"case":"quickstart","unit":"ms","samples":[0.3,0.31],"loss_first":3029200.6,"loss_last":41801.4,
            "fft_share":0.65,"alloc_per_step":0,"threads":1}"#;
        let ours: OurSamples = serde_json::from_str(line).expect("the documented line");
        assert_eq!(ours.samples, [0.3, 0.31]);
        assert_eq!(ours.alloc_per_step, Some(0.0));
    }
}
