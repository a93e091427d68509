//! Another network with the same trainer: from the moments of a noisy image, how large the source is.
//!
//! ```sh
//! cargo run --release -p scarlet-nn --example moments
//! ```

use dfdx::prelude::*;
use rand::RngExt;
use scarlet_nn::train::{Event, Loss, Objective, Random, Set, Settings, Trainer, Until};
use scarlet_nn::{Arrays, Matrix, Mlp, NnError};
use std::ops::ControlFlow;

/// Two layers from the fluxes in three apertures to the logarithm of a Gaussian's width.
struct Widths;

const APERTURES_PX: [f64; 3] = [1.5, 3.0, 6.0];

impl<D: Device<f32>> Objective<D> for Widths {
    type Layers = Mlp<f32, D>;
    type Examples = (Vec<f32>, Vec<f32>);

    fn arrays(&self) -> Vec<(String, Vec<usize>)> {
        [("0.weight", vec![32, 3]), ("0.bias", vec![32]), ("1.weight", vec![1, 32]), ("1.bias", vec![1])]
            .map(|(name, shape)| (name.to_owned(), shape))
            .to_vec()
    }

    fn layers(&self, arrays: &mut Arrays<'_, f32, D>) -> Result<Self::Layers, NnError> {
        arrays.mlp([3, 32, 1])
    }

    fn draw(&self, _: Set, count: usize, random: &mut Random) -> Self::Examples {
        let (mut fluxes, mut widths) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let width: f64 = random.random_range(0.0..2.0);
            let flux = |r: &f64| 1.0 - (-0.5 * (r / width.exp()).powi(2)).exp();
            fluxes.extend(APERTURES_PX.iter().map(|r| (flux(r) + random.random_range(-0.02..0.02)) as f32));
            widths.push(width as f32);
        }
        (fluxes, widths)
    }

    fn loss(
        &self,
        layers: &Self::Layers,
        (fluxes, widths): &Self::Examples,
        device: &D,
    ) -> Result<Loss<D>, NnError> {
        let n = widths.len();
        let x: Matrix<f32, D> = device.tensor_from_vec(fluxes.clone(), (n, 3));
        let off = layers.try_forward(x.leaky_traced())? - device.tensor_from_vec(widths.clone(), (n, 1));
        Ok(off.square().mean())
    }
}

fn main() -> Result<(), NnError> {
    let (device, settings) = (Cpu::default(), Settings { rate: 1e-2, ..Settings::default() });
    let mut trainer = Trainer::new(&Widths, &device, settings, 1)?;
    trainer.run(Until { steps: Some(2000), time: None }, |state, event| {
        if let (Event::Validation(record), 0) = (event, state.step % 500) {
            println!("step {}: ln(width) is off by {:.3}", record.step, record.validation.sqrt());
        }
        Ok::<_, NnError>(ControlFlow::Continue(()))
    })?;
    Ok(())
}
