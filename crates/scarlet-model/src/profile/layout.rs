//! Where everything is in the scratch space between an evaluation and its pull-back.

use super::edges::{EDGES, PLACE};
use super::lane::MAX_LANES;

/// Pixels on a side of the patch around the centre that has nine nodes a pixel, and the edges inside.
pub(crate) const PATCH: usize = 16;
/// Pixels of the patch.
pub(crate) const PATCH_LEN: usize = PATCH * PATCH;
/// Nodes of a pixel of the patch.
pub(crate) const PATCH_NODES: usize = 9;

/// Pixels on a side of the zone whose corners are sampled.
pub(crate) const OUTER: usize = 32;
/// Pixels of that zone.
pub(crate) const OUTER_LEN: usize = OUTER * OUTER;
/// Its corners, in padded rows.
const CORNERS: usize = (OUTER + 1) * padded(OUTER + 1);

/// Lengths of the parts of the scratch space for one box.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    pub(crate) shape: [usize; 2],
    /// Derivatives kept for every node: the squared radius and the shape parameters.
    planes: usize,
    /// Whether pixels are integrated, not sampled.
    pub(crate) integrated: bool,
}

/// The parts of the scratch space.
#[derive(Debug)]
pub(crate) struct Scratch<'a> {
    /// The image, where pixels are integrated.
    pub(crate) image: &'a mut [f64],
    /// Brightness at the pixel centres, then their seeds: [`Layout::rows`] by [`Layout::stride`].
    pub(crate) centers: &'a mut [f64],
    /// Derivatives there.
    pub(crate) center_slopes: &'a mut [f64],
    /// Seeds of the pixels with two pixels of zeros around them: [`Layout::seed_stride`].
    pub(crate) seeds: &'a mut [f64],
    pub(crate) outer: Outer<'a>,
    pub(crate) patch: Patch<'a>,
}

/// The zone whose corners are sampled.
#[derive(Debug)]
pub(crate) struct Outer<'a> {
    /// Brightness at the corners, then their seeds.
    pub(crate) corners: &'a mut [f64],
    /// Derivatives there.
    pub(crate) corner_slopes: &'a mut [f64],
    /// Rule with corners minus rule without.
    pub(crate) excess: &'a mut [f64],
    /// Seeds of the rule with corners.
    pub(crate) seeds: &'a mut [f64],
}

/// The part around the centre.
#[derive(Debug)]
pub(crate) struct Patch<'a> {
    /// Integral by the nodes, then their seeds.
    pub(crate) values: &'a mut [f64],
    /// One set of nodes.
    pub(crate) node_values: &'a mut [f64],
    pub(crate) node_slopes: &'a mut [f64],
    /// Integral by the edges minus integral by the nodes.
    pub(crate) near_excess: &'a mut [f64],
    /// Integral by the nodes minus rule with corners.
    pub(crate) far_excess: &'a mut [f64],
    pub(crate) edges: &'a mut [f64],
    pub(crate) edge_slopes: &'a mut [f64],
}

/// A length that all lanes fit in.
pub(crate) const fn padded(n: usize) -> usize {
    n.div_ceil(MAX_LANES) * MAX_LANES
}

impl Layout {
    pub(crate) const fn new(shape: [usize; 2], shape_parameters: usize, integrated: bool) -> Self {
        Self { shape, planes: shape_parameters + 1, integrated }
    }

    /// Pixels around the box whose centres are sampled.
    pub(crate) const fn ring(self) -> usize {
        if self.integrated { 1 } else { 0 }
    }

    /// Rows of pixel centres.
    pub(crate) const fn rows(self) -> usize {
        self.shape[0] + 2 * self.ring()
    }

    /// Length of a row of pixel centres, padded.
    pub(crate) const fn stride(self) -> usize {
        padded(self.shape[1] + 2 * self.ring())
    }

    /// Length of a row of seeds.
    pub(crate) const fn seed_stride(self) -> usize {
        self.shape[1] + 4
    }

    /// Where the seed of a pixel is.
    pub(crate) const fn seed_at(self, y: usize, x: usize) -> usize {
        (y + 2) * self.seed_stride() + x + 2
    }

    const fn parts(self) -> [usize; 15] {
        let image = self.shape[0] * self.shape[1];
        let centers = self.rows() * self.stride();
        let n = self.planes;
        if !self.integrated {
            return [0, centers, n * centers, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        }
        [
            image,
            centers,
            n * centers,
            (self.shape[0] + 4) * self.seed_stride(),
            CORNERS,
            n * CORNERS,
            OUTER_LEN,
            OUTER_LEN,
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
        let [image, centers, center_slopes, seeds, corners, corner_slopes, rest @ ..] = parts;
        let [
            excess,
            outer_seeds,
            values,
            node_values,
            node_slopes,
            near_excess,
            far_excess,
            edges,
            edge_slopes,
        ] = rest;
        let outer = Outer { corners, corner_slopes, excess, seeds: outer_seeds };
        let patch = Patch { values, node_values, node_slopes, near_excess, far_excess, edges, edge_slopes };
        Scratch { image, centers, center_slopes, seeds, outer, patch }
    }
}
