//! Boxes of free-form images that follow the light.

use crate::{InferError, Posterior};
use scarlet_model::{Scene, Slot};
use scarlet_render::Edge;
use std::collections::BTreeMap;

/// By which rules the boxes of free-form images grow and shrink during a fit.
///
/// Boxes that were asked for ([`Source::boxed`](scarlet_model::Source::boxed)) stay as they are. The centre of an
/// image stays in the middle of its box: boxes change by the same number of pixels at both ends of an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoxRules {
    /// Steps from one look at the boxes to the next.
    pub every: usize,
    /// Signal over noise of light missing beyond the edges of an axis at which the box grows along it.
    pub grow_at: f64,
    /// Signal over noise of the light in the three outermost pixels at both ends from which the box grows, unless the data
    /// ask for less beyond them.
    pub light_at: f64,
    /// Signal over noise of the light in the three outermost pixels at both ends below which the box shrinks.
    pub shrink_at: f64,
    /// Pixels at each end that a box grows by at least; it grows by an eighth of its side otherwise.
    pub grow_px: usize,
    /// Pixels at each end that a box shrinks by.
    pub shrink_px: usize,
    /// Smallest and largest side, whatever the data say; the largest is also bounded by twice the frame's.
    pub sides_px: [usize; 2],
}

impl Default for BoxRules {
    fn default() -> Self {
        Self {
            every: 10,
            grow_at: 3.0,
            light_at: 1.5,
            shrink_at: 0.2,
            grow_px: 3,
            shrink_px: 2,
            sides_px: [21, 401],
        }
    }
}

/// A box that changed during a fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoxChange {
    /// Steps that were taken before.
    pub iteration: usize,
    /// Path of the image.
    pub path: String,
    /// Rows and columns from then on.
    pub shape: [usize; 2],
}

impl BoxRules {
    /// The shape that an image should have.
    fn shape(&self, edge: &Edge, frame: [usize; 2]) -> [usize; 2] {
        [0, 1].map(|k| {
            let (side, [least, most]) = (edge.shape[k], self.sides_px);
            let most = most.min(2 * frame[k]);
            if side < least.min(most) {
                return least.min(most);
            }
            let goes_on = edge.light[k] > self.light_at && edge.pull[k] > 0.0;
            if (edge.pull[k] > self.grow_at || goes_on) && side < most {
                return side + 2 * self.grow_px.max(side / 8).min((most - side).div_ceil(2));
            }
            let is_empty = edge.light[k] < self.shrink_at && edge.pull[k] < 0.5 * self.grow_at;
            if is_empty && side >= least + 2 * self.shrink_px { side - 2 * self.shrink_px } else { side }
        })
    }
}

/// A free image whose box changed: its path, and its shapes before and after.
type Changed = BTreeMap<String, [[usize; 2]; 2]>;

impl Posterior {
    /// Changes the boxes of `scene`, whose values are those of the last evaluation with gradient, and follows.
    ///
    /// Says which images changed, with their old and new shapes.
    pub(crate) fn change_boxes(
        &mut self,
        scene: &mut Scene,
        rules: &BoxRules,
    ) -> Result<Changed, InferError> {
        let frame = scene.frame().bbox().shape();
        let mut changed = Changed::new();
        for edge in self.edges() {
            let slot = self.layout().slots().iter().find(|slot| slot.values.start == edge.value);
            let (Some(slot), wanted) = (slot, rules.shape(&edge, frame)) else { continue };
            if wanted != edge.shape {
                changed.insert(slot.path.clone(), [edge.shape, wanted]);
            }
        }
        if changed.is_empty() {
            return Ok(changed);
        }
        self.store_values(scene);
        let mut refused = Vec::new();
        for (path, [_, shape]) in &changed {
            if !scene.regrid(path, *shape)? {
                refused.push(path.clone());
            }
        }
        refused.iter().for_each(|path| {
            changed.remove(path);
        });
        self.replan(scene, &|name| changed.keys().any(|path| path.split('.').next() == Some(name)))?;
        Ok(changed)
    }
}

/// `old`, one number for each unconstrained value, for a layout in which some images have other shapes: pixels that
/// are new have `fresh`.
pub(crate) fn carried(
    old: &[f64],
    old_slots: &[Slot],
    slots: &[Slot],
    changed: &Changed,
    fresh: impl Fn(usize) -> f64,
) -> Vec<f64> {
    let len = slots.last().map_or(0, |slot| slot.unconstrained.end);
    let mut new: Vec<f64> = (0..len).map(fresh).collect();
    for (before, after) in old_slots.iter().zip(slots) {
        let (from, to) = (&old[before.unconstrained.clone()], &mut new[after.unconstrained.clone()]);
        match changed.get(&after.path) {
            Some([old_shape, shape]) if to.len() == shape[0] * shape[1] => {
                copy_middle(from, *old_shape, to, *shape);
            }
            Some(_) => {}
            None => to.copy_from_slice(from),
        }
    }
    new
}

/// Copies the pixels that two images around the same pixel have in common.
fn copy_middle(from: &[f64], old: [usize; 2], to: &mut [f64], new: [usize; 2]) {
    let more = [0, 1].map(|k| (new[k] as i64 - old[k] as i64).div_euclid(2));
    for y in 0..new[0] {
        let row = y as i64 - more[0];
        for x in 0..new[1] {
            let column = x as i64 - more[1];
            let is_old = (0..old[0] as i64).contains(&row) && (0..old[1] as i64).contains(&column);
            if is_old {
                to[y * new[1] + x] = from[row as usize * old[1] + column as usize];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::scene_and_observation;

    fn edge(pull: [f64; 2], light: [f64; 2]) -> Edge {
        Edge { value: 0, shape: [21, 41], pull, light }
    }

    #[test]
    fn boxes_grow_where_they_are_pulled_and_shrink_where_they_are_empty() {
        let rules = BoxRules::default();
        assert_eq!(rules.shape(&edge([0.0, 0.0], [9.0, 9.0]), [100, 100]), [21, 41]);
        assert_eq!(rules.shape(&edge([9.0, 9.0], [9.0, 9.0]), [100, 100]), [27, 51]);
        assert_eq!(rules.shape(&edge([0.0, 0.0], [0.0, 0.0]), [100, 100]), [21, 37]);
        assert_eq!(rules.shape(&edge([0.5, -0.5], [9.0, 9.0]), [100, 100]), [27, 41]);
        assert_eq!(rules.shape(&edge([9.0, 9.0], [9.0, 9.0]), [12, 100]), [25, 51]);
        let too_small = Edge { shape: [11, 13], ..edge([0.0; 2], [0.0; 2]) };
        assert_eq!(rules.shape(&too_small, [100, 100]), [21, 21]);
    }

    #[test]
    fn a_posterior_that_followed_a_change_is_the_one_that_is_made_anew() {
        let (mut scene, observation) = scene_and_observation();
        let mut followed = Posterior::new(&scene, [&observation]).expect("valid");
        let start = followed.start().expect("inside");
        let mut grad = vec![0.0; start.len()];
        followed.value_and_gradient(&start, &mut grad);
        assert!(scene.regrid("1.morphology", [15, 25]).expect("a path"));
        followed.replan(&scene, &|name| name == "1").expect("valid");
        let mut anew = Posterior::new(&scene, [&observation]).expect("valid");
        let x: Vec<f64> = anew.start().expect("inside").iter().map(|v| v + 0.01).collect();
        let at = |posterior: &mut Posterior| {
            let mut grad = vec![0.0; x.len()];
            let value = posterior.value_and_gradient(&x, &mut grad);
            let mut pull = vec![0.0; x.len()];
            posterior.pull_of_light(&x, &mut pull);
            (value, grad, pull)
        };
        assert_eq!(at(&mut followed), at(&mut anew));
    }

    #[test]
    fn the_middle_of_an_image_is_carried_along() {
        let old: Vec<f64> = (0..15).map(f64::from).collect();
        let mut new = vec![-1.0; 35];
        copy_middle(&old, [3, 5], &mut new, [5, 7]);
        assert_eq!((new[0], new[8], new[12], new[26], new[34]), (-1.0, 0.0, 4.0, 14.0, -1.0));
        let mut less = vec![-1.0; 3];
        copy_middle(&old, [3, 5], &mut less, [1, 3]);
        assert_eq!(less, [6.0, 7.0, 8.0]);
    }
}
