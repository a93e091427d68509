//! Training: images a second beside a count of operations, and how close to scores that are known it comes.
//!
//! ```sh
//! cargo bench -p scarlet-nn --bench training            # both
//! cargo bench -p scarlet-nn --bench training -- speed
//! cargo bench -p scarlet-nn --bench training -- known 4000    # steps
//! ```

use rand::SeedableRng;
use scarlet_nn::device::Cpu;
use scarlet_nn::train::known::Fields;
use scarlet_nn::train::{Denoising, Event, ImageSet, Random, Settings, Trainer, Until};
use scarlet_nn::{Architecture, NnError};
use std::ops::ControlFlow;
use std::time::Instant;

/// Side of the known fields, and noise levels that are judged.
const SIDE: usize = 16;
const LEVELS: [f64; 5] = [0.1, 0.3, 0.5, 1.0, 2.0];

fn main() -> Result<(), NnError> {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let asked = |name: &str| args.is_empty() || args.iter().any(|arg| arg == name);
    if asked("speed") {
        speed()?;
    }
    if asked("known") {
        known(args.iter().find_map(|arg| arg.parse().ok()).unwrap_or(4000))?;
    }
    Ok(())
}

/// Floating-point operations of one image in the matrix products of a step: forward, and twice that backward.
fn operations(sizes: &Architecture) -> f64 {
    let Architecture { patch, features, depth, mix_patches, mix_features, .. } = *sizes;
    let (patches, kernel) = (sizes.patches(), patch * patch);
    let convolutions = 2 * features * patches * (2 * kernel + kernel);
    let block = 4 * features * patches * (mix_patches + mix_features);
    3.0 * (convolutions + depth * block) as f64
}

fn speed() -> Result<(), NnError> {
    println!("{:>22} {:>7} {:>10} {:>9}", "network", "threads", "images/s", "GFLOP/s");
    for (name, width) in [("32 px, width 128", 128), ("32 px, width 512", 512)] {
        let sizes = Architecture {
            side: 32,
            patch: 4,
            features: 64,
            depth: 4,
            mix_patches: width,
            mix_features: width,
        };
        let pixels = (0..20 * 1024).map(|k| (k as f32 * 0.37).sin()).collect();
        let images = ImageSet::as_they_are(32, pixels)?;
        let objective = Denoising::new(sizes, &images, [0.01, 20.0])?;
        for threads in [1, 2] {
            let device = Cpu::default();
            let mut trainer = Trainer::new(&objective, &device, Settings::default(), threads)?;
            trainer.step()?;
            let (started, mut steps) = (Instant::now(), 0);
            while started.elapsed().as_secs_f64() < 5.0 {
                trainer.step()?;
                steps += 1;
            }
            let rate = f64::from(steps) * Settings::default().batch as f64 / started.elapsed().as_secs_f64();
            println!("{name:>22} {threads:>7} {rate:>10.0} {:>9.1}", rate * operations(&sizes) / 1e9);
        }
    }
    Ok(())
}

fn known(steps: u64) -> Result<(), NnError> {
    for (name, fields) in [("Gaussian", Fields::gaussian(SIDE, 4.0)), ("mixture", Fields::mixture(SIDE, 4.0))]
    {
        let pixels =
            fields.draw(20_000, &mut Random::seed_from_u64(1)).into_iter().map(|v| v as f32).collect();
        let images = ImageSet::as_they_are(SIDE, pixels)?;
        let sizes =
            Architecture { side: SIDE, patch: 4, features: 64, depth: 3, mix_patches: 64, mix_features: 256 };
        let objective = Denoising::new(sizes, &images, [0.05, 2.0])?;
        let settings = Settings { validate_every: 500, rate: 4e-3, average: 0.9995, ..Settings::default() };
        let (device, started) = (Cpu::default(), Instant::now());
        let mut trainer = Trainer::new(&objective, &device, settings, 2)?;
        println!("\n{name}, {SIDE} x {SIDE} pixels\n{:>6} {:>9} {:>10}", "step", "training", "validation");
        trainer.run(Until { steps: Some(steps), time: None }, |_, event| {
            if let Event::Validation(record) = event {
                println!("{:>6} {:>9.4} {:>10.4}", record.step, record.training, record.validation);
            }
            Ok::<_, NnError>(ControlFlow::Continue(()))
        })?;
        let net = objective.network(trainer.state().best())?;
        for t in LEVELS {
            let error = fields.relative_error(&net, t, 500, 7)?;
            println!("t {t}: the score is off by {:.1}% of its length", 100.0 * error);
        }
        println!("{:.0} s", started.elapsed().as_secs_f64());
    }
    Ok(())
}
