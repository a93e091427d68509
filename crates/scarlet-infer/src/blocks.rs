//! Runs of parameters that threads work on independently.

use scarlet_model::Slot;
use scarlet_render::Workers;
use std::ops::Range;

/// Below this number of values a second thread costs more than it saves.
const LEAST: usize = 8192;

/// Where to cut the slots in two halves of about equally many values, if that is worth it.
pub(crate) fn middle(slots: &[Slot], workers: &Workers) -> Option<usize> {
    let all = slots.first()?.values.start..slots.last()?.values.end;
    if workers.threads() == 1 || all.len() < LEAST {
        return None;
    }
    let half = all.start + all.len() / 2;
    let cut = slots.iter().position(|slot| slot.values.end > half)?;
    (cut > 0).then_some(cut)
}

/// Calls `f` with ranges of slots and the part of `values` that belongs to each, at once where that is worth it.
pub(crate) fn for_each_part(
    slots: &[Slot],
    range: Range<usize>,
    values: &mut [f64],
    part: &(dyn Fn(&Slot) -> usize + Sync),
    workers: &Workers,
    f: &(dyn Fn(Range<usize>, &mut [f64]) + Sync),
) {
    let Some(cut) = middle(&slots[range.clone()], workers) else { return f(range, values) };
    let cut = range.start + cut;
    let (left, right) = values.split_at_mut(part(&slots[cut]) - part(&slots[range.start]));
    workers.join(
        || for_each_part(slots, range.start..cut, left, part, workers, f),
        || for_each_part(slots, cut..range.end, right, part, workers, f),
    );
}
