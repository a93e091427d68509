//! Where everything is in the scratch space between an evaluation and its pull-back.

use super::edges::{EDGES, PLACE};
use super::lane::MAX_LANES;

/// Pixels on a side of the patch around the centre that is integrated with more than two nodes a pixel.
pub(crate) const PATCH: usize = 16;
/// Pixels of the patch.
pub(crate) const PATCH_LEN: usize = PATCH * PATCH;
/// Nodes a pixel has in the patch.
pub(crate) const PATCH_NODES: usize = 9;

/// Lengths of the parts of the scratch space for one box.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    pub(crate) shape: [usize; 2],
    /// Derivatives kept for every node: the squared radius and the shape parameters.
    planes: usize,
    /// Whether pixels are integrated, not sampled.
    integrated: bool,
}

/// The parts of the scratch space.
#[derive(Debug)]
pub(crate) struct Scratch<'a> {
    /// The image, rows padded to [`Layout::stride`].
    pub(crate) image: &'a mut [f64],
    /// Seeds of the pixel centres, laid out the same.
    pub(crate) seeds: &'a mut [f64],
    /// Derivatives at the pixel centres.
    pub(crate) centers: &'a mut [f64],
    /// Brightness at the pixel corners in an evaluation, their seeds in a pull-back.
    pub(crate) corner_values: &'a mut [f64],
    pub(crate) corners: &'a mut [f64],
    pub(crate) patch: Patch<'a>,
}

/// The part around the centre.
#[derive(Debug)]
pub(crate) struct Patch<'a> {
    /// Integral by the nodes of the patch, then their seeds.
    pub(crate) values: &'a mut [f64],
    /// One set of nodes.
    pub(crate) node_values: &'a mut [f64],
    pub(crate) nodes: &'a mut [f64],
    /// Edge integral minus node integral.
    pub(crate) near_excess: &'a mut [f64],
    /// Node integral minus outer rule.
    pub(crate) far_excess: &'a mut [f64],
    pub(crate) edge_values: &'a mut [f64],
    pub(crate) edges: &'a mut [f64],
}

const fn padded(n: usize) -> usize {
    n.div_ceil(MAX_LANES) * MAX_LANES
}

impl Layout {
    pub(crate) const fn new(shape: [usize; 2], shape_parameters: usize, integrated: bool) -> Self {
        Self { shape, planes: shape_parameters + 1, integrated }
    }

    pub(crate) const fn stride(self) -> usize {
        padded(self.shape[1])
    }

    pub(crate) const fn corner_stride(self) -> usize {
        padded(self.shape[1] + 1)
    }

    const fn parts(self) -> [usize; 12] {
        let image = self.shape[0] * self.stride();
        let n = self.planes;
        if !self.integrated {
            return [image, image, n * image, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        }
        let corners = (self.shape[0] + 1) * self.corner_stride();
        [
            image,
            image,
            n * image,
            corners,
            n * corners,
            PATCH_LEN,
            PATCH_LEN,
            n * PATCH_NODES * PATCH_LEN,
            PATCH_LEN,
            PATCH_LEN,
            EDGES,
            (PLACE + n - 1) * EDGES,
        ]
    }

    pub(crate) fn len(self) -> usize {
        self.parts().iter().sum()
    }

    /// Cuts `scratch`, of at least [`Layout::len`] values, into its parts.
    pub(crate) fn split(self, mut scratch: &mut [f64]) -> Scratch<'_> {
        let parts = self.parts().map(|len| {
            let (part, rest) = std::mem::take(&mut scratch).split_at_mut(len);
            scratch = rest;
            part
        });
        let [image, seeds, centers, corner_values, corners, rest @ ..] = parts;
        let [values, node_values, nodes, near_excess, far_excess, edge_values, edges] = rest;
        let patch = Patch { values, node_values, nodes, near_excess, far_excess, edge_values, edges };
        Scratch { image, seeds, centers, corner_values, corners, patch }
    }
}
