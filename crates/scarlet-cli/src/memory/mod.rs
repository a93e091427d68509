//! How much memory a fit will need, and how much there is.

mod rendering;

use rendering::{Rendering, errors, of_observation, start_values};
use scarlet::infer::Precision;
use scarlet::model::{Component, Scene};
use scarlet::obs::Observation;
use std::fs;
use std::path::Path;

/// The program itself with its libraries, in bytes.
const PROGRAM: usize = 14_000_000;
/// Stack and buffers of a thread, in bytes.
const THREAD: usize = 300_000;
/// Vectors of double precision as long as all parameters: scene, layout, gradient, optimiser, copies.
const VECTORS: usize = 16;

/// Bytes that a fit needs at most, by what for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimate {
    parts: Vec<(&'static str, usize)>,
}

impl Estimate {
    /// For reading images of `pixels` pixels over all channels and observations.
    #[must_use]
    pub fn of_images(pixels: usize) -> Self {
        // Data and weights in double precision, and those of one channel as they come from the file.
        Self { parts: vec![("program", PROGRAM), ("images", pixels.saturating_mul(24))] }
    }

    /// For fitting `scene` to `observations` and writing the results.
    #[must_use]
    pub fn of_fit(scene: &Scene, observations: &[Observation], precision: Precision, threads: usize) -> Self {
        let pixel = match precision {
            Precision::Single => 4,
            Precision::Double => 8,
        };
        let threads = if threads == 0 { cores() } else { threads };
        let images: usize = observations.iter().map(|o| o.data().len()).sum();
        let model: usize = scene.frame().shape().iter().product();
        let values: usize = scene.params().iter().map(|(_, param)| param.len()).sum();
        let drawn: usize = scene.sources().map(|(_, source)| boxes(source.component())).sum();
        let channels = scene.frame().shape()[0];
        let cubes = |s: &scarlet::model::Source| s.component().outer_bbox().map_or(0, |b| b.len() * channels);
        let cubes: usize = scene.sources().map(|(_, source)| cubes(source)).sum();
        let each = observations.iter().map(|o| of_observation(o, scene, pixel, threads));
        let all = each.fold(Rendering::default(), |all, one| Rendering {
            kept: all.kept + one.kept,
            shared: all.shared.max(one.shared),
        });
        Self {
            parts: vec![
                ("program", PROGRAM + threads * THREAD),
                ("images", images * (16 + 2 * pixel)),
                ("model", 2 * model * pixel),
                ("rendering", all.kept + all.shared),
                ("start values", start_values(scene)),
                ("errors", errors(scene, observations)),
                ("sources", drawn * (2 * pixel + 8) + values * 8 * VECTORS),
                ("results", (2 * images + model) * 8 + images * 12 + cubes * 8),
            ],
        }
    }

    /// All of it, in 1e6 bytes.
    #[must_use]
    pub fn megabytes(&self) -> f64 {
        self.parts.iter().map(|(_, bytes)| *bytes as f64).sum::<f64>() / 1e6
    }

    /// The parts in words, the largest first: `images 12 MB, model 3 MB`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let mut parts = self.parts.clone();
        parts.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        let words = parts.iter().map(|(what, bytes)| format!("{what} {:.0} MB", *bytes as f64 / 1e6));
        words.collect::<Vec<_>>().join(", ")
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Pixels of the boxes of a component and all its parts.
fn boxes(component: &Component) -> usize {
    let own = component.bbox().map_or(0, |bbox| bbox.len());
    own + component.parts().iter().map(|(_, part)| boxes(part)).sum::<usize>()
}

/// Bytes that this process may still take, where the system tells: the free memory, or less in a container.
#[must_use]
pub fn available() -> Option<u64> {
    let free = meminfo(&fs::read_to_string("/proc/meminfo").ok()?);
    let limit = groups().into_iter().min();
    free.into_iter().chain(limit).min()
}

/// `MemAvailable` of `/proc/meminfo`, in bytes.
fn meminfo(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib * 1024)
}

/// What is left in each control group that this process is in, in bytes.
fn groups() -> Vec<u64> {
    let text = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let number = |path: &Path| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let mut left = Vec::new();
    for line in text.lines() {
        let mut fields = line.splitn(3, ':');
        let (_, controllers, path) = (fields.next(), fields.next(), fields.next().unwrap_or("/"));
        let (root, limit, used) = match controllers {
            Some("") => ("/sys/fs/cgroup", "memory.max", "memory.current"),
            Some("memory") => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
            _ => continue,
        };
        for folder in Path::new(path).ancestors() {
            let folder = Path::new(root).join(folder.strip_prefix("/").unwrap_or(folder));
            if let Some((limit, used)) = number(&folder.join(limit)).zip(number(&folder.join(used))) {
                left.push(limit.saturating_sub(used));
            }
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_read() {
        let text = "MemTotal:       24683520 kB\nMemFree:  9 kB\nMemAvailable:   23892412 kB\n";
        assert_eq!(meminfo(text), Some(23_892_412 * 1024));
        assert_eq!(meminfo("MemTotal: 3 kB\n"), None);
        if Path::new("/proc/meminfo").exists() {
            assert!(available().is_some_and(|bytes| bytes > 1_000_000));
        }
    }

    #[test]
    fn parts_add_up() {
        let estimate = Estimate::of_images(1_000_000);
        assert!((estimate.megabytes() - 38.0).abs() < 1e-9);
        assert_eq!(estimate.in_words(), "images 24 MB, program 14 MB");
    }
}
