//! Boxes of a model on another pixel grid: plans that are moved from box to box of one shape.

use super::{MOST_PLANS, Plan, positions};
use crate::kernel::TAIL;
use crate::variation::Variation;
use crate::{ObsError, Sight, choice};
use ndarray::Array2;
use scarlet_frame::{BBox, Frame};
use scarlet_render::{Geometry, Matching, Mixture, Renderer, Resampling, Varying};
use std::collections::BTreeMap;

/// Pixels of the model that interpolation reaches, as in whole renderings.
const INTERPOLATION_PX: f64 = 3.0;
/// Maps that deviate less from affine ones share plans.
const AFFINE_PX: f64 = 1e-3;
/// By how many pixels of the observation boxes may lie differently on them.
const SLACK_PX: f64 = 0.75;

/// What it takes to see boxes on another grid.
#[derive(Debug)]
pub(super) struct Resampled {
    matchings: Vec<Matching>,
    /// Where the PSF varies; the matchings are those of its components then.
    variation: Option<Variation>,
    /// Of the model's position by the observation's pixel, at its middle.
    jacobian: [[f64; 2]; 2],
    /// Of the observation's pixel by the model's.
    inverse: [[f64; 2]; 2],
    /// How far the PSF reaches, in pixels of the observation.
    reach_px: f64,
    is_affine: bool,
    /// The box whose plan was asked for last, in the model.
    last: Option<BBox>,
    plans: BTreeMap<[usize; 2], Plan>,
    /// The plan of that box, where it fits no other one.
    single: Option<Plan>,
}

impl Resampled {
    pub(super) fn new(
        sight: &Sight,
        frame: &Frame,
        model: &Frame,
        variation: Option<Variation>,
    ) -> Result<Self, ObsError> {
        let matchings = match &variation {
            Some(variation) => variation.matchings(frame, model),
            None => choice::matchings(frame, model),
        };
        let radius = |psf: &scarlet_frame::PsfSamples| {
            psf.radius_px(1.0 - TAIL) + if psf.has_pixel { 0.0 } else { 0.5 }
        };
        let reach_px = matchings.iter().filter_map(|m| m.observed.as_ref().map(radius)).fold(0.0, f64::max);
        let affine = sight.affine();
        let inverse = affine.inverse().map_or([[0.0; 2]; 2], |inverse| inverse.jacobian());
        Ok(Self {
            matchings,
            variation,
            jacobian: affine.jacobian(),
            inverse,
            reach_px,
            is_affine: sight.distortion_px()? < AFFINE_PX,
            last: None,
            plans: BTreeMap::new(),
            single: None,
        })
    }

    /// The plan of a box of the model; none where the observation sees nothing of it.
    pub(super) fn plan(&mut self, sight: &Sight, inside: BBox) -> Option<&mut Plan> {
        let is_last = self.last == Some(inside);
        self.last = Some(inside);
        match self.around(sight, inside).filter(|output| self.is_affine && sight.pixels().encloses(*output)) {
            Some(output) => {
                self.single = None;
                self.shared(sight, inside, output, is_last)
            }
            None if is_last => self.single.as_mut(),
            None => {
                self.single = self.alone(sight, inside);
                self.single.as_mut()
            }
        }
    }

    /// The pixels that see a box, so many for every box of a shape; none where the WCS does not reach its middle.
    fn around(&self, sight: &Sight, inside: BBox) -> Option<BBox> {
        let middle = sight.to_observation(inside.middle()).ok()?;
        let half = inside.shape().map(|n| 0.5 * n as f64 + INTERPOLATION_PX);
        let half = [0, 1].map(|k| {
            let [by_y, by_x] = self.inverse[k];
            (by_y.abs() * half[0] + by_x.abs() * half[1] + self.reach_px).ceil() as i64
        });
        let origin = [0, 1].map(|k| middle[k].round() as i64 - half[k]);
        Some(BBox::new(origin, half.map(|h| (2 * h + 1) as usize)))
    }

    /// A plan for boxes of this shape, moved to this one.
    fn shared(&mut self, sight: &Sight, inside: BBox, output: BBox, is_there: bool) -> Option<&mut Plan> {
        if is_there {
            return self.plans.get_mut(&inside.shape());
        }
        let geometry = self.geometry(sight, inside, output)?;
        if let Some(plan) = self.plans.get_mut(&inside.shape()) {
            let resampling = plan.renderer.resampling_mut()?;
            if resampling.place(geometry.positions(), geometry.areas()).is_ok() {
                plan.output = output;
                if let (Some(variation), Renderer::Varying(varying)) = (&self.variation, &mut plan.renderer) {
                    varying.set_mixtures(mixtures(variation, sight, inside, plan.input)?);
                }
                return self.plans.get_mut(&inside.shape());
            }
        }
        if self.plans.len() >= MOST_PLANS {
            self.plans.clear();
        }
        let slack = SLACK_PX * self.jacobian.iter().map(|row| row[0].hypot(row[1])).fold(0.0, f64::max);
        let plan = self.planned(sight, inside, &geometry, output, slack)?;
        self.plans.insert(inside.shape(), plan);
        self.plans.get_mut(&inside.shape())
    }

    /// A plan for this box alone.
    fn alone(&self, sight: &Sight, inside: BBox) -> Option<Plan> {
        let reach = self.reach_px + INTERPOLATION_PX * self.widest();
        let around = sight.unclipped(inside).map(|seen| seen.grown(reach.ceil() as usize));
        let output = around.map_or(Some(sight.pixels()), |around| around.intersection(sight.pixels()))?;
        let geometry = self.geometry(sight, inside, output)?;
        self.planned(sight, inside, &geometry, output, 0.0)
    }

    fn planned(
        &self,
        sight: &Sight,
        inside: BBox,
        geometry: &Geometry,
        output: BBox,
        slack: f64,
    ) -> Option<Plan> {
        let model = BBox::new([0, 0], inside.shape());
        let resampling = Resampling::new(model, geometry, &self.matchings, slack)?;
        let input = resampling.input();
        let renderer = match &self.variation {
            None => Renderer::Resampling(Box::new(resampling)),
            Some(variation) => {
                let mixtures = mixtures(variation, sight, inside, input)?;
                Renderer::Varying(Box::new(Varying::resampling(resampling, mixtures)))
            }
        };
        Some(Plan::new(renderer, input, output))
    }

    /// Where the pixels of `output` lie, counted from the first pixel of the box.
    fn geometry(&self, sight: &Sight, inside: BBox, output: BBox) -> Option<Geometry> {
        let mut positions = sight.positions(output).ok()?;
        let origin = inside.origin().map(|c| c as f64);
        positions.iter_mut().for_each(|at| *at = [at[0] - origin[0], at[1] - origin[1]]);
        Some(Geometry::new(output.shape(), positions, self.jacobian))
    }

    /// Pixels of the observation along one of the model, the largest.
    fn widest(&self) -> f64 {
        self.inverse.iter().map(|row| row[0].hypot(row[1])).fold(0.0, f64::max)
    }
}

/// How components come together in the pixels of `input`, counted from the first pixel of the box.
fn mixtures(variation: &Variation, sight: &Sight, inside: BBox, input: BBox) -> Option<Vec<Mixture<f64>>> {
    let origin = inside.origin().map(|c| c as f64);
    let there = |at: [f64; 2]| sight.to_observation([at[0] + origin[0], at[1] + origin[1]]).ok();
    let positions: Option<Vec<_>> = positions(input).into_iter().map(there).collect();
    Some(variation.mixtures(&positions?))
}

/// An image of the model's pixels around its centre n / 2, as the pixels at the middle of an observation see it.
pub(crate) fn carried(image: &Array2<f64>, sight: &Sight) -> Array2<f64> {
    let (jacobian, inverse) = (sight.affine().jacobian(), sight.affine().inverse());
    let inverse = inverse.map_or([[1.0, 0.0], [0.0, 1.0]], |inverse| inverse.jacobian());
    let (ny, nx) = image.dim();
    let half = [0, 1].map(|k| {
        let reach = 0.5 * (inverse[k][0].abs() * ny as f64 + inverse[k][1].abs() * nx as f64);
        reach.ceil() as usize + 1
    });
    let shape = half.map(|h| 2 * h + 1);
    let center = [(ny / 2) as f64, (nx / 2) as f64];
    let first = [0, 1].map(|k| center[k] - jacobian[k][0] * half[0] as f64 - jacobian[k][1] * half[1] as f64);
    let geometry = Geometry::affine(shape, jacobian, first);
    let sharp = Matching { observed: None, model: None };
    let output = BBox::new([0, 0], shape);
    let Some(resampling) = Resampling::new(BBox::new([0, 0], [ny, nx]), &geometry, &[sharp], 0.0) else {
        return image.clone();
    };
    let input = resampling.input();
    let mut plan = Plan::new(Renderer::Resampling(Box::new(resampling)), input, output);
    let pixels: Vec<f64> = image.iter().copied().collect();
    let (_, seen) = plan.apply(0, &pixels, [ny, nx]);
    Array2::from_shape_vec(shape, seen).expect("a value for each pixel")
}
