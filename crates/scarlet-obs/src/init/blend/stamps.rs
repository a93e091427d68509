//! Small images seen through the detection image's kernel.

use ndarray::Array2;
use scarlet_frame::BBox;
use scarlet_render::{Convolution, Window, Workspace};
use std::collections::BTreeMap;

/// Convolutions of square stamps, planned once for every size.
#[derive(Debug)]
pub(super) struct Stamps {
    kernel: Array2<f64>,
    plans: BTreeMap<usize, (Convolution<f64>, Workspace<f64>)>,
}

impl Stamps {
    pub(super) const fn new(kernel: Array2<f64>) -> Self {
        Self { kernel, plans: BTreeMap::new() }
    }

    /// How far an image reaches out of its box once it is seen.
    pub(super) fn reach(&self) -> usize {
        self.kernel.nrows() / 2
    }

    /// What is seen of a square image, in its box grown by [`Stamps::reach`].
    pub(super) fn seen(&mut self, image: &Array2<f64>) -> Array2<f64> {
        let (side, reach) = (image.nrows(), self.reach());
        let kernel = &self.kernel;
        let (plan, work) = self.plans.entry(side).or_insert_with(|| {
            let input = BBox::new([0, 0], [side, side]);
            let plan = Convolution::new(input, input.grown(reach), std::slice::from_ref(kernel));
            let work = plan.workspace();
            (plan, work)
        });
        let mut seen = Array2::zeros((side + 2 * reach, side + 2 * reach));
        let (from, to) = (image.as_slice(), seen.as_slice_mut());
        let (from, to) = (from.expect("made in row order"), to.expect("made in row order"));
        plan.apply(0, from, Window::whole([side, side]), to, work);
        seen
    }
}
