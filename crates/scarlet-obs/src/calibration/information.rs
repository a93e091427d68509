//! How much the pixels of one channel say about the parameters of their observation.

use super::placement::middle;
use super::plan::{Moving, Places};
use scarlet_render::Pixel;

/// Number of parameters that one channel depends on: shift, rotation, scale, flux scale, level and slopes.
const PARAMETERS: usize = 8;

/// Fisher information sum(w g g'), g the derivatives of a pixel by the parameters.
#[derive(Debug, Default)]
pub(crate) struct Information {
    sums: [[f64; PARAMETERS]; PARAMETERS],
}

/// All pixels of a channel in pairs of rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a, T> {
    pub(crate) shape: [usize; 2],
    pub(crate) weights: &'a [T],
    /// As rendered, without flux scale and background.
    pub(crate) rendered: &'a [T],
    pub(crate) factor: f64,
    /// Derivatives of what is rendered by the places of pixels; empty where those are fixed.
    pub(crate) slopes: &'a [[f64; 3]],
}

impl Information {
    /// Of the pixels that are `seen`; `moving` says where they are.
    pub(crate) fn of<T: Pixel>(seen: &Seen<'_, T>, moving: Option<&Moving>) -> Self {
        let Seen { shape: [ny, nx], weights, rendered, factor, slopes } = *seen;
        let mut all = Self::default();
        for (k, (weight, value)) in weights.iter().zip(rendered).enumerate() {
            let (y, x) = (2 * (k / (2 * nx)) + k % 2, k % (2 * nx) / 2);
            if y >= ny || weight.wide() == 0.0 {
                continue;
            }
            let offset = [y as f64 - middle(ny), x as f64 - middle(nx)];
            let moved = moving.zip(slopes.get(k)).map(|(moving, slopes)| moving.gradient_at(offset, *slopes));
            let [a, b, c, d] = moved.unwrap_or_default().map(|slope| factor * slope);
            all.add(weight.wide(), [a, b, c, d, value.wide(), 1.0, offset[0], offset[1]]);
        }
        all
    }

    fn add(&mut self, weight: f64, gradient: [f64; PARAMETERS]) {
        for (row, slope) in self.sums.iter_mut().zip(gradient) {
            *row = std::array::from_fn(|k| row[k] + weight * slope * gradient[k]);
        }
    }

    /// Adds it to that of all values of the observation, row by row.
    pub(crate) fn add_to(&self, places: &Places, channel: usize, all: &mut [f64]) {
        let at = places.of_channel(channel);
        for (row, sums) in at.iter().zip(&self.sums) {
            for (column, sum) in at.iter().zip(sums) {
                if let (Some(row), Some(column)) = (row, column) {
                    all[row * places.len() + column] += sum;
                }
            }
        }
    }
}
