//! The sizes of a score network and the arrays that they ask for.

use crate::NnError;
use crate::weights::Weights;
use serde::{Deserialize, Serialize};

/// Arrays before the blocks, in each block, and after them.
const BEFORE: usize = 4;
const IN_A_BLOCK: usize = 12;
const AFTER: usize = 3;

/// The sizes of a score network of the `ScoreNet` family of galaxy-grad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Architecture {
    /// Pixels along a side of the image.
    pub side: usize,
    /// Pixels along a side of a patch.
    pub patch: usize,
    /// Features of a patch.
    pub features: usize,
    /// Mixer blocks.
    pub depth: usize,
    /// Width of the hidden layer that mixes patches.
    pub mix_patches: usize,
    /// Width of the hidden layer that mixes features.
    pub mix_features: usize,
}

impl Architecture {
    /// The number of patches.
    #[must_use]
    pub const fn patches(&self) -> usize {
        let along = self.side / self.patch;
        along * along
    }

    /// Whether there is a network of these sizes.
    ///
    /// # Errors
    /// [`NnError::Training`]: a size is 0, or the side is not a multiple of the patch.
    pub fn check(&self) -> Result<(), NnError> {
        let Self { side, patch, features, depth, mix_patches, mix_features } = *self;
        let problem = if [side, patch, features, depth, mix_patches, mix_features].contains(&0) {
            format!("all sizes of a network must be at least 1, and they are {self:?}")
        } else if !side.is_multiple_of(patch) {
            format!("a side of {side} pixels is not a multiple of a patch of {patch}")
        } else {
            return Ok(());
        };
        Err(NnError::Training { problem })
    }

    /// Name and shape of every array, in the order of an `.eqx` file.
    #[must_use]
    pub fn arrays(&self) -> Vec<(String, Vec<usize>)> {
        let (f, n, p) = (self.features, self.patch, self.patches());
        let mut all = vec![
            ("conv_in.weight".to_owned(), vec![f, 2, n, n]),
            ("conv_in.bias".to_owned(), vec![f, 1, 1]),
            ("conv_out.weight".to_owned(), vec![1, f, n, n]),
            ("conv_out.bias".to_owned(), vec![1, 1, 1]),
        ];
        for k in 0..self.depth {
            let own = |name: &str| format!("blocks.{k}.{name}");
            for (mixer, inner, outer) in
                [("patch_mixer", self.mix_patches, p), ("hidden_mixer", self.mix_features, f)]
            {
                all.push((own(&format!("{mixer}.0.weight")), vec![inner, outer]));
                all.push((own(&format!("{mixer}.0.bias")), vec![inner]));
                all.push((own(&format!("{mixer}.1.weight")), vec![outer, inner]));
                all.push((own(&format!("{mixer}.1.bias")), vec![outer]));
            }
            for (norm, shape) in [("norm1", [f, p]), ("norm2", [p, f])] {
                all.push((own(&format!("{norm}.weight")), shape.to_vec()));
                all.push((own(&format!("{norm}.bias")), shape.to_vec()));
            }
        }
        all.push(("norm.weight".to_owned(), vec![f, p]));
        all.push(("norm.bias".to_owned(), vec![f, p]));
        all.push(("t1".to_owned(), vec![]));
        all
    }

    /// The sizes that arrays in the order of an `.eqx` file have.
    ///
    /// # Errors
    /// [`NnError::Record`]: the first array that is missing, too many, or of another shape than those before it ask for.
    pub fn of(arrays: &[Weights]) -> Result<Self, NnError> {
        let shape = |record: usize| arrays.get(record).map_or(&[][..], Weights::shape);
        let wrong = |record, expected: &str| NnError::Record {
            record,
            problem: format!("its shape is {:?}; this network asks for {expected}", shape(record)),
        };
        let &[features, 2, patch, width] = shape(0) else {
            return Err(wrong(0, "[features, 2, patch, patch], the weights of its first convolution"));
        };
        if patch != width || patch == 0 {
            return Err(wrong(0, "[features, 2, patch, patch], the weights of its first convolution"));
        }
        let between = arrays.len().saturating_sub(BEFORE + AFTER);
        if between == 0 || !between.is_multiple_of(IN_A_BLOCK) {
            let problem = format!(
                "the file has {} arrays; a network of k blocks has {} + {IN_A_BLOCK} k",
                arrays.len(),
                BEFORE + AFTER
            );
            return Err(NnError::Record { record: arrays.len(), problem });
        }
        let &[mix_patches, patches] = shape(BEFORE) else {
            return Err(wrong(BEFORE, "[width, patches], weights of the first patch mixer"));
        };
        let &[mix_features, _] = shape(BEFORE + 4) else {
            return Err(wrong(BEFORE + 4, "[width, features], weights of the first hidden mixer"));
        };
        let along = patches.isqrt();
        if along * along != patches {
            return Err(wrong(BEFORE, "a square number of patches"));
        }
        let side = along * patch;
        let found = Self { side, patch, features, depth: between / IN_A_BLOCK, mix_patches, mix_features };
        for (record, (name, expected)) in found.arrays().into_iter().enumerate() {
            if shape(record) != expected {
                return Err(wrong(record, &format!("{expected:?} as {name}")));
            }
        }
        Ok(found)
    }
}
