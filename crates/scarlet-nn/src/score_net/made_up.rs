//! Networks that have learnt nothing, to try things on.

use super::{Architecture, ScoreNet};
use crate::weights::{Values, Weights};

impl ScoreNet {
    /// A network of these sizes that has learnt nothing: its weights are waves that begin at `seed`, t1 is 10.
    ///
    /// For tests and examples, where any network will do.
    ///
    /// # Panics
    /// A size is 0.
    #[must_use]
    pub fn made_up(sizes: Architecture, seed: usize) -> Self {
        let arrays = sizes.arrays().into_iter().enumerate().map(|(k, (name, shape))| {
            let value = |i: usize| ((i + 17 * k + seed) as f32 * 0.7).sin() * 0.4;
            let n: usize = shape.iter().product();
            let values = if name == "t1" { vec![10.0] } else { (0..n).map(value).collect() };
            Weights::new(shape, Values::F32(values)).expect("as many values as the shape says")
        });
        Self::new(arrays.collect()).expect("sizes above 0 make a network")
    }
}
