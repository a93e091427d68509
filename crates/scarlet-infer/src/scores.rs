//! Priors that are only a score: those that share a network together, and what they say along a fit's path.

use scarlet_model::prior::Shared;
use scarlet_model::{Layout, Score, Slot};
use scarlet_render::Workers;
use std::ops::Range;
use std::sync::Arc;

/// Priors that are evaluated together at most.
const TOGETHER: usize = 4;

/// All priors that are only a score.
#[derive(Debug, Default)]
pub(crate) struct Scores {
    pieces: Vec<Piece>,
}

/// A few of them, for one thread at a time.
#[derive(Debug)]
struct Piece {
    members: Vec<Member>,
    shared: Option<InCommon>,
    /// Values and scores of the members, one behind the other.
    now: Place,
    /// Where the path was last.
    before: Option<Place>,
}

/// What they share, and its inputs and outputs.
type InCommon = (Arc<dyn Shared>, Vec<f32>, Vec<f32>);

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
    /// Plans those of `layout`: priors that share a network in an even number of pieces, so that two threads have as much
    /// to do. The pieces do not depend on the threads, and so neither does what comes out.
    pub(crate) fn new(layout: &Layout, workers: &Workers) -> Self {
        let member = |(slot, score): (&Slot, &Arc<dyn Score>)| Member {
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
            let count = 2 * own.len().div_ceil(2 * TOGETHER);
            for to_come in (1..=count).rev() {
                let rest = own.split_off(own.len().div_ceil(to_come));
                pieces.push(Piece::new(std::mem::replace(&mut own, rest)));
            }
        }
        let mut all = Self { pieces };
        all.pieces.retain(|piece| !piece.members.is_empty());
        for (shared, ..) in all.pieces.iter().filter_map(|piece| piece.shared.as_ref()) {
            shared.prepare(workers.threads());
        }
        all
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
            (shared, zeros.clone(), zeros)
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
        let Some((shared, inputs, outputs)) = &mut self.shared else {
            self.members.iter().for_each(|member| member.score.score(own, scores));
            return;
        };
        let (size, mut start) = (shared.size(), 0);
        for (member, input) in self.members.iter().zip(inputs.chunks_exact_mut(size)) {
            let staged = member.score.staged().expect("a prior that shares something has stages");
            staged.write_input(&own[start..start + member.values.len()], input);
            start += member.values.len();
        }
        shared.evaluate(inputs, outputs);
        let mut start = 0;
        for (member, output) in self.members.iter().zip(outputs.chunks_exact(size)) {
            let staged = member.score.staged().expect("a prior that shares something has stages");
            let at = start..start + member.values.len();
            staged.add_score(&own[at.clone()], output, &mut scores[at.clone()]);
            start = at.end;
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

#[cfg(test)]
mod tests {
    use crate::testing::scene_and_observation;
    use crate::{Fit, Posterior, Precision, Scaled};
    use ndarray::Ix2;
    use scarlet_model::prior::{NearImage, Shared, Staged};
    use scarlet_model::{Param, Prior, Score};
    use std::sync::Arc;

    /// The gradient of a density, and nothing else of it.
    #[derive(Debug)]
    struct Gradient(NearImage);

    impl Score for Gradient {
        fn score(&self, x: &[f64], grad: &mut [f64]) {
            self.0.score(x, grad);
        }

        fn precisions(&self) -> Option<&[f64]> {
            self.0.precisions()
        }
    }

    /// -x to the third for each value, in stages; images may be smaller than what is shared.
    #[derive(Debug)]
    struct Cubes(Arc<Cube>);

    #[derive(Debug)]
    struct Cube(usize);

    impl Score for Cubes {
        fn score(&self, x: &[f64], grad: &mut [f64]) {
            grad.iter_mut().zip(x).for_each(|(grad, x)| *grad -= x.powi(3));
        }

        fn staged(&self) -> Option<&dyn Staged> {
            Some(self)
        }
    }

    impl Staged for Cubes {
        fn shared(&self) -> Arc<dyn Shared> {
            Arc::clone(&self.0) as Arc<dyn Shared>
        }

        fn write_input(&self, x: &[f64], input: &mut [f32]) {
            input.iter_mut().zip(x).for_each(|(input, x)| *input = *x as f32);
        }

        fn add_score(&self, _x: &[f64], output: &[f32], grad: &mut [f64]) {
            grad.iter_mut().zip(output).for_each(|(grad, out)| *grad += f64::from(*out));
        }
    }

    impl Shared for Cube {
        fn size(&self) -> usize {
            self.0
        }

        fn prepare(&self, _threads: usize) {}

        fn evaluate(&self, inputs: &[f32], outputs: &mut [f32]) {
            outputs.iter_mut().zip(inputs).for_each(|(out, x)| *out = -x.powi(3));
        }
    }

    fn with_priors(threads: usize, prior: &dyn Fn(&Param) -> Prior) -> Posterior {
        let (mut scene, observation) = scene_and_observation();
        scene.edit_all("*.morphology", |image| image.clone().prior(prior(image))).expect("two galaxies");
        let builder = Posterior::builder().precision(Precision::Double).threads(threads);
        builder.build(&scene, [&observation]).expect("valid")
    }

    fn near(image: &Param) -> NearImage {
        let expected = image.value().view().into_dimensionality::<Ix2>().expect("an image");
        NearImage::new(expected.mapv(|v| 0.8 * v), 0.1, 0.01)
    }

    #[test]
    fn along_a_fit_a_score_says_what_its_density_does() {
        let fit = |prior: &dyn Fn(&Param) -> Prior| -> Fit {
            let mut posterior = with_priors(1, prior);
            // the path of an earlier fit does not count
            posterior.fit(&Scaled { max_iter: 3, ..Scaled::default() }).expect("a fit");
            posterior.fit(&Scaled { max_iter: 30, ..Scaled::default() }).expect("a fit")
        };
        let density = fit(&|image| near(image).into());
        let score = fit(&|image| Prior::from_score(Gradient(near(image))));
        assert_eq!(density.x, score.x);
        assert_eq!((density.best, density.iterations), (score.best, score.iterations));
        let since_start = |fit: &Fit, k: usize| fit.loss[k] - fit.loss[0];
        for k in 0..density.loss.len() {
            let (a, b) = (since_start(&density, k), since_start(&score, k));
            assert!((a - b).abs() < 1e-7 * density.loss[0].abs(), "step {k}: {a} {b}");
        }
        let likelihood_alone = {
            let mut posterior = with_priors(1, &|image| near(image).into());
            let at = |posterior: &mut Posterior, x: &[f64]| -posterior.log_likelihood(x);
            let start = posterior.start().expect("inside");
            at(&mut posterior, &score.x) - at(&mut posterior, &start)
        };
        assert!((likelihood_alone - since_start(&score, score.best)).abs() > 1.0, "the prior says something");
    }

    #[test]
    fn shared_stages_give_what_each_gives_alone_on_any_number_of_threads() {
        let shared = Arc::new(Cube(21 * 21));
        let gradient = |threads: usize, is_staged: bool| {
            let mut posterior = with_priors(threads, &|_| {
                if is_staged {
                    Prior::from_score(Cubes(Arc::clone(&shared)))
                } else {
                    Prior::from_score(Alone)
                }
            });
            let start = posterior.start().expect("inside");
            let mut gradient = vec![0.0; start.len()];
            posterior.value_and_gradient(&start, &mut gradient);
            gradient
        };
        let alone = gradient(1, false);
        for threads in [1, 2, 3] {
            for (a, b) in gradient(threads, true).iter().zip(&alone) {
                assert!((a - b).abs() < 1e-6 * (1.0 + b.abs()), "{threads} threads: {a} {b}");
            }
        }
        assert_eq!(gradient(2, true), gradient(2, true));
    }

    /// The same in one stage.
    #[derive(Debug)]
    struct Alone;

    impl Score for Alone {
        fn score(&self, x: &[f64], grad: &mut [f64]) {
            grad.iter_mut().zip(x).for_each(|(grad, x)| *grad -= x.powi(3));
        }
    }
}
