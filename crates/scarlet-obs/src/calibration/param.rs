//! Parameters as calibrations need them: with ends, and as many values as channels.

use ndarray::{ArrayD, Axis, IxDyn};
use scarlet_model::{ModelError, Param, Transform, Unit, free};

/// Step of a first-order optimiser that knows no curvature, in unconstrained values of an interval.
const STEP: f64 = 0.02;

/// A free parameter without a constraint within +-`most`, or the support of its prior where that has ends.
pub(super) fn bounded(param: Param, most: f64) -> Param {
    if !param.is_free() {
        return param;
    }
    if *param.transform_ref() != Transform::Identity {
        return with_step(param, STEP);
    }
    let support = param.prior_ref().map(|prior| prior.as_score().support());
    let param = match support {
        Some(support @ (Transform::Interval { .. } | Transform::UnitInterval)) => param.transform(support),
        _ => param.interval(-most, most),
    };
    with_step(param, STEP)
}

/// With a step, where it was given none.
pub(super) fn with_step(param: Param, step: impl Into<scarlet_model::Step>) -> Param {
    if param.step_ref().is_none() { param.step(step) } else { param }
}

/// Least and largest value of an element that is `value` now.
pub(super) fn limits(param: &Param, value: f64) -> [f64; 2] {
    match *param.transform_ref() {
        _ if !param.is_free() => [value, value],
        Transform::Interval { low, high } => [low, high],
        Transform::UnitInterval => [0.0, 1.0],
        _ => [f64::NEG_INFINITY, f64::INFINITY],
    }
}

/// For each value the score of the prior and how fast that falls with the value; zeros without a prior.
pub(super) fn scores(param: &Param) -> Vec<[f64; 2]> {
    let n = param.len();
    let Some(prior) = param.prior_ref() else { return vec![[0.0; 2]; n] };
    let score = |k: usize, step: f64| {
        let (mut values, mut scores) = (param.values().to_vec(), vec![0.0; n]);
        values[k] += step;
        prior.as_score().score(&values, &mut scores);
        scores[k]
    };
    let with_fall = |k: usize| {
        let step = 1e-4 * param.values()[k].abs().max(1e-2);
        [score(k, 0.0), (score(k, -step) - score(k, step)) / (2.0 * step)]
    };
    (0..n).map(with_fall).collect()
}

/// Values for each of `n` channels, a `row` of them for one: a single row stands for all.
pub(super) fn for_each_channel(param: Param, n: usize, row: &[usize]) -> Param {
    if param.len() != row.iter().product::<usize>() {
        return param;
    }
    let shape: Vec<usize> = [1].iter().chain(row).copied().collect();
    let one = ArrayD::from_shape_vec(IxDyn(&shape), param.values().to_vec());
    let one = one.expect("as many values as a row has");
    let all = ndarray::concatenate(Axis(0), &vec![one.view(); n]).expect("rows of one shape");
    like(&param, all)
}

/// `values` with everything else that `param` has.
pub(super) fn like(param: &Param, values: ArrayD<f64>) -> Param {
    let mut new = Param::fixed(values).transform(param.transform_ref().clone());
    if let Some(prior) = param.prior_ref() {
        new = new.prior(prior.clone());
    }
    if let Some(step) = param.step_ref() {
        new = new.step(step);
    }
    if param.is_free() { free(new) } else { new }
}

/// Checks that there are `per_channel` values for each of `n` channels, without a unit of the sky.
pub(super) fn check_len(param: &Param, path: &str, n: usize, per_channel: usize) -> Result<(), ModelError> {
    let wanted = n * per_channel;
    let problem = if param.len() != wanted {
        let found = param.len();
        format!("it has {found} values; give {wanted}, {per_channel} for each channel")
    } else if param.unit() != Unit::Native {
        "it is an angle or a position on the sky; give plain numbers (pixels, radians, units of the data)"
            .to_owned()
    } else {
        return Ok(());
    };
    Err(ModelError::Parameter { parameter: path.to_owned(), problem })
}
