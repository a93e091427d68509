//! Priors that are only a score: those that share a network together, and what they say along a fit's path.

use scarlet_model::prior::Stage;
use scarlet_model::{Layout, Score};
use scarlet_render::Workers;
use std::ops::Range;
use std::sync::Arc;

/// All priors that are only a score, planned for a number of threads.
#[derive(Debug, Default)]
pub(crate) struct Scores {
    pieces: Vec<Piece>,
}

/// Some of them, for one thread.
#[derive(Debug)]
struct Piece {
    members: Vec<Member>,
    /// What they share, and its inputs and outputs.
    shared: Option<(Box<dyn Stage>, Vec<f32>, Vec<f32>)>,
    /// Values and scores of the members, one behind the other.
    now: Place,
    /// Where the path was last.
    before: Option<Place>,
}

/// Values and the scores there.
#[derive(Debug, Clone)]
struct Place {
    values: Vec<f64>,
    scores: Vec<f64>,
}

/// The prior of one parameter.
#[derive(Debug)]
struct Member {
    score: Arc<dyn Score>,
    values: Range<usize>,
}

impl Scores {
    /// Plans those of `layout`: the priors that share a network in one piece for each thread.
    pub(crate) fn new(layout: &Layout, workers: &Workers) -> Self {
        let member = |(slot, score): (&scarlet_model::Slot, &Arc<dyn Score>)| Member {
            score: Arc::clone(score),
            values: slot.values.clone(),
        };
        let mut left: Vec<Member> = layout.scores().map(member).collect();
        let mut pieces = Vec::new();
        while let Some(first) = left.first() {
            let Some(shared) = shared_address(first) else {
                pieces.push(Piece::new(vec![left.remove(0)]));
                continue;
            };
            let (mut own, others): (Vec<Member>, Vec<Member>) =
                left.into_iter().partition(|member| shared_address(member) == Some(shared));
            left = others;
            let each = own.len().div_ceil(workers.threads());
            while !own.is_empty() {
                let rest = own.split_off(each.min(own.len()));
                pieces.push(Piece::new(std::mem::replace(&mut own, rest)));
            }
        }
        Self { pieces }
    }

    /// Adds the scores at `values` to `grad`.
    pub(crate) fn add(&mut self, values: &[f64], grad: &mut [f64], workers: &Workers) {
        workers.for_each(&mut self.pieces, |_, piece| piece.evaluate(values));
        for piece in &self.pieces {
            let mut scores = piece.now.scores.as_slice();
            for member in &piece.members {
                let (own, others) = scores.split_at(member.values.len());
                grad[member.values.clone()].iter_mut().zip(own).for_each(|(grad, score)| *grad += score);
                scores = others;
            }
        }
    }

    /// Forgets where the path was.
    pub(crate) fn begin_path(&mut self) {
        self.pieces.iter_mut().for_each(|piece| piece.before = None);
    }

    /// The integral of the scores from where it was asked for last to where they were evaluated last, along a straight
    /// line by the trapezoid rule; 0 the first time.
    pub(crate) fn work(&mut self) -> f64 {
        self.pieces.iter_mut().map(Piece::work).sum()
    }
}

/// What tells what a prior shares from what others do.
fn shared_address(member: &Member) -> Option<*const ()> {
    member.score.staged().map(|staged| Arc::as_ptr(&staged.shared()).cast())
}

impl Piece {
    /// Of members that share the same, or of one that shares nothing.
    fn new(members: Vec<Member>) -> Self {
        let len = members.iter().map(|member| member.values.len()).sum();
        let shared = members.first().and_then(|member| member.score.staged()).map(|staged| {
            let shared = staged.shared();
            let zeros = vec![0.0; members.len() * shared.size()];
            (shared.plan(), zeros.clone(), zeros)
        });
        let now = Place { values: vec![0.0; len], scores: vec![0.0; len] };
        Self { members, shared, now, before: None }
    }

    fn evaluate(&mut self, values: &[f64]) {
        let Place { values: own, scores } = &mut self.now;
        let mut start = 0;
        for member in &self.members {
            own[start..start + member.values.len()].copy_from_slice(&values[member.values.clone()]);
            start += member.values.len();
        }
        scores.fill(0.0);
        let Some((stage, inputs, outputs)) = &mut self.shared else {
            self.members.iter().for_each(|member| member.score.score(own, scores));
            return;
        };
        let size = inputs.len() / self.members.len();
        let (mut rest, mut start) = (inputs.chunks_exact_mut(size), 0);
        for (member, input) in self.members.iter().zip(&mut rest) {
            let staged = member.score.staged().expect("a prior that shares something has stages");
            staged.write_input(&own[start..start + member.values.len()], input);
            start += member.values.len();
        }
        stage.evaluate(inputs, outputs);
        let stages = inputs.chunks_exact(size).zip(outputs.chunks_exact(size));
        let mut start = 0;
        for (member, (input, output)) in self.members.iter().zip(stages) {
            let staged = member.score.staged().expect("a prior that shares something has stages");
            staged.add_score(input, output, &mut scores[start..start + member.values.len()]);
            start += member.values.len();
        }
    }

    fn work(&mut self) -> f64 {
        let now = &self.now;
        let Some(before) = &mut self.before else {
            self.before = Some(now.clone());
            return 0.0;
        };
        let ends = before.values.iter().zip(&now.values).zip(before.scores.iter().zip(&now.scores));
        let work = ends.map(|((from, to), (first, last))| 0.5 * (first + last) * (to - from)).sum();
        before.values.copy_from_slice(&now.values);
        before.scores.copy_from_slice(&now.scores);
        work
    }
}
