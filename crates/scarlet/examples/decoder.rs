//! How to put a scene inside a larger dfdx program: a decoder makes a galaxy's image from three numbers, and the scene's
//! log-likelihood, one operation on dfdx's tape, finds them.
//!
//! `cargo run --example decoder`

use rand::SeedableRng;
use rand_distr::{Distribution, Normal};
use scarlet::prelude::{Frame, Observation, Param, Point, Posterior, Psf, Scene, Source, free};
use scarlet::render::expression::{Part, dfdx::optim, dfdx::optim::Optimizer, dfdx::prelude::*};

const SIDE: usize = 21;
type Decoder = (Linear<3, { SIDE * SIDE }>, Sigmoid);

/// An ellipse with a soft edge; its latent code is its size and its two ellipticities. A trained network goes here.
fn decoder(dev: &Cpu) -> <Decoder as BuildOnDevice<Cpu, f64>>::Built {
    let mut decoder = dev.build_module::<Decoder, f64>();
    let offset = |k: usize| ((k / SIDE) as f64 - 10.0, (k % SIDE) as f64 - 10.0);
    let row = |(y, x): (f64, f64)| [(y * y + x * x) / -10.0, (x * x - y * y) / 10.0, x * y / 5.0];
    let weights: Vec<f64> = (0..SIDE * SIDE).flat_map(|k| row(offset(k))).collect();
    decoder.0.weight.copy_from(&weights);
    decoder.0.bias.copy_from(&[2.0; SIDE * SIDE]);
    decoder
}

fn main() -> anyhow::Result<()> {
    let dev = Cpu::default();
    let decoder = decoder(&dev);
    let image = |code: Tensor<Rank1<3>, f64, Cpu>| {
        ndarray::Array2::from_shape_vec((SIDE, SIDE), decoder.forward(code).as_vec())
    };
    let frame = Frame::new([32, 32]).channels(["g", "r"]).psf(Psf::gaussian(1.0)?);
    let scene = |image: Param| -> anyhow::Result<Scene> {
        let mut scene = Scene::new(Frame::enclosing([&frame])?)?;
        scene.add(Source::new([16.0, 16.0], [2.0, 3.0], image).named("galaxy"))?;
        scene.add(Source::new([9.3, 22.1], [40.0, 20.0], Point::new()).named("star"))?;
        Ok(scene)
    };
    let truth = [1.3, 0.4, -0.5];
    let (mut rng, noise) = (rand::rngs::StdRng::seed_from_u64(1), Normal::new(0.0, 0.1)?);
    let sky = scene(image(dev.tensor(truth))?.into())?;
    let data = scarlet::obs::render(&sky, &frame)?.mapv(|v| v + noise.sample(&mut rng));
    let observation = Observation::new(data.clone(), data.mapv(|_| 100.0), frame.clone())?;

    // the image is free and without a constraint: the decoder has its own
    let mut code = dev.tensor([1.0, 0.0, 0.0]);
    let mut posterior = Posterior::new(&scene(free(image(code.clone())?))?, [&observation])?;
    let mut part = Part::new(posterior.layout(), "galaxy.morphology")?;
    let mut adam = optim::Adam::new(&code, AdamConfig { lr: 0.02, ..Default::default() });
    for step in 0..200 {
        let image = decoder.forward(code.leaky_trace());
        let loss = -part.log_density(image, |x, gradient| posterior.value_and_gradient(x, gradient))?;
        if step % 50 == 0 {
            println!("step {step:3}: -log L = {:.1}, code {:.3?}", loss.array(), code.array());
        }
        adam.update(&mut code, &loss.backward())?;
    }
    println!("code {:.3?}, truth {truth:.3?}", code.array());
    anyhow::ensure!(code.array().iter().zip(truth).all(|(found, wanted)| (found - wanted).abs() < 0.05));
    Ok(())
}
