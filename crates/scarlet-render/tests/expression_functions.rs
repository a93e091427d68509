//! Operators and functions of expressions, and the operations for dfdx's own tensors: closed forms and central
//! differences.

use scarlet_model::{Density, Score};
use scarlet_render::expression::dfdx::prelude::*;
use scarlet_render::expression::{
    Expr, ExpressionPrior, atan2, duplicate, erf, ln_gamma, map2, pow, softplus,
};

/// Asserts that the gradient of a scalar expression agrees with central differences at `x`.
fn assert_gradient<F>(what: &str, x: &[f64], f: F)
where
    F: for<'t> Fn(Expr<'t>) -> Expr<'t> + Send + Sync + 'static,
{
    let f = ExpressionPrior::new(what, f);
    let mut grad = vec![0.0; x.len()];
    f.score(x, &mut grad);
    for (k, grad) in grad.iter().enumerate() {
        let h = 1e-5;
        let at = |d: f64| {
            f.log_density(
                &x.iter().enumerate().map(|(i, v)| v + if i == k { d } else { 0.0 }).collect::<Vec<_>>(),
            )
        };
        let expected = (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h);
        let error = (grad - expected).abs() / expected.abs().max(1.0);
        assert!(error < 1e-8, "{what}: d/dx{k} at {x:?} is {grad}, differences give {expected}");
    }
}

fn value<F>(x: &[f64], f: F) -> f64
where
    F: for<'t> Fn(Expr<'t>) -> Expr<'t> + Send + Sync + 'static,
{
    ExpressionPrior::new("value", f).log_density(x)
}

#[test]
fn functions_of_one_element_have_the_right_slopes() {
    let positive = [0.3, 1.7, 5.2];
    let any = [-2.3, -0.4, 0.6, 3.1];
    assert_gradient("exp", &any, |x| (x.exp() * 0.7).sum());
    assert_gradient("ln", &positive, |x| x.ln().sum());
    assert_gradient("sqrt", &positive, |x| x.sqrt().sum());
    assert_gradient("square", &any, |x| x.square().sum());
    assert_gradient("recip", &any, |x| x.recip().sum());
    assert_gradient("abs", &any, |x| x.abs().sum());
    assert_gradient("sin", &any, |x| x.sin().sum());
    assert_gradient("cos", &any, |x| x.cos().sum());
    assert_gradient("tan", &[-0.7, 0.4], |x| x.tan().sum());
    assert_gradient("atan", &any, |x| x.atan().sum());
    assert_gradient("tanh", &any, |x| x.tanh().sum());
    assert_gradient("sigmoid", &any, |x| x.sigmoid().sum());
    assert_gradient("softplus", &any, |x| x.softplus().sum());
    assert_gradient("exp_m1", &any, |x| x.exp_m1().sum());
    assert_gradient("ln_1p", &positive, |x| x.ln_1p().sum());
    assert_gradient("erf", &any, |x| x.erf().sum());
    assert_gradient("ln_gamma", &[0.3, 1.7, 12.5, -1.4], |x| x.ln_gamma().sum());
    assert_gradient("powi", &any, |x| x.powi(3).sum() + x.powi(-2).sum() + x.powi(0).sum());
    assert_gradient("powf", &positive, |x| x.powf(2.3).sum());
    assert_gradient("clamp", &any, |x| (x.clamp(-1.0, 2.0) * x).sum());
}

#[test]
fn functions_of_two_have_the_right_slopes() {
    let x = [0.7, 2.1, -1.3, 0.4];
    assert_gradient("operators", &x, |x| {
        let (a, b) = (x.at(0), x.at(2));
        (a + b) * (a - b) / (b * b + 1.0) - 2.0 / a + (1.0 - b) * 3.0 - (a / 4.0 - 0.5) + -b
    });
    assert_gradient("broadcast", &x, |x| {
        let (a, image) = (x.at(1), x.square());
        (image * a + a * image - image / a + a / (image + 1.0) + (a - image) + (image - a)).square().sum()
    });
    assert_gradient("atan2", &x, |x| x.atan2(x.at(3)).sum() + x.at(2).atan2(-0.3));
    assert_gradient("hypot", &x, |x| x.hypot(x.at(1)).sum());
    assert_gradient("pow", &x, |x| x.square().pow(x).sum() + x.at(0).pow(1.7));
    assert_gradient("max, min", &x, |x| (x.max(0.5) * x.min(x.at(3))).sum());
    assert_gradient("where", &x, |x| x.square().where_positive(x, x.exp()).sum());
    assert_gradient("chain", &x, |x| (x.at(1).chain(&[x.at(0), x.at(1), x]) * x.at(2)).square().mean());
}

#[test]
fn a_value_may_be_used_any_number_of_times() {
    assert_gradient("x x", &[1.5], |x| x * x);
    assert_gradient("x + x", &[1.5], |x| x + x - x / x);
    assert_gradient("x^x", &[1.5], |x| x.pow(x) + x.max(x) + x.atan2(x) + x.hypot(x));
    assert_eq!(value(&[3.0], |x| x * x + x), 12.0);
}

#[test]
fn special_values_are_those_of_the_tables() {
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12 * b.abs().max(1.0), "{a} is not {b}");
    close(value(&[0.5], |x| x.erf()), 0.520_499_877_813_046_5);
    close(value(&[0.5], |x| x.ln_gamma()), 0.5 * std::f64::consts::PI.ln());
    close(value(&[800.0], |x| x.softplus()), 800.0);
    close(value(&[-800.0], |x| x.softplus()), 0.0);
    close(value(&[0.0], |x| x.softplus()), 2f64.ln());
    close(value(&[-800.0], |x| x.sigmoid()), 0.0);
    // digamma(1) = -0.5772156649015329 (Euler's constant)
    let mut slope = [0.0];
    ExpressionPrior::new("ln_gamma", |x| x.ln_gamma()).score(&[1.0], &mut slope);
    close(slope[0], -0.577_215_664_901_532_9);
}

#[test]
fn a_radius_has_no_slope_at_the_origin_and_no_nan() {
    let mut grad = [0.0; 2];
    let f = ExpressionPrior::new("radius", |x| {
        x.square().sum().sqrt()
            + x.at(0).hypot(x.at(1))
            + x.at(0).atan2(x.at(1))
            + x.square().powf(0.25).sum()
    });
    f.score(&[0.0, 0.0], &mut grad);
    assert_eq!(grad, [0.0, 0.0]);
}

#[test]
fn gradients_are_added_to_what_is_there() {
    let mut grad = [10.0, 20.0];
    ExpressionPrior::new("sum", |x| (x * 2.0).sum()).score(&[1.0, 1.0], &mut grad);
    assert_eq!(grad, [12.0, 22.0]);
}

#[test]
fn dfdx_tensors_and_expressions_go_into_each_other() {
    let through = |x: Expr<'_>| -> f64 { x.values().iter().sum() };
    assert_gradient("there and back", &[0.3, -0.8, 1.2, 0.1, 0.9, -0.2], |x| {
        let t = (x * x.at(0)).into_tensor((2, 3));
        let t = t.permute::<(usize, usize), Axes2<1, 0>>().exp();
        (x.from_tensor(t) * x + x).square().sum()
    });
    assert_eq!(value(&[1.0, 2.0], move |x| x.constant(&[through(x)])), 3.0);
}

#[test]
fn operations_for_dfdx_tensors_follow_strides_and_duplicates() {
    let dev = Cpu::default();
    let x = dev.tensor([[0.4, 1.3, 2.2], [0.9, 1.7, 0.6]]);
    let permuted = x.leaky_trace().permute::<Rank2<3, 2>, _>();
    let (a, b) = duplicate(permuted);
    let weights = dev.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    let y = (pow(a, b) * weights).sum();
    let by_x = y.backward().get(&x).array();
    for (i, row) in [[0.4, 1.3, 2.2f64], [0.9, 1.7, 0.6]].iter().enumerate() {
        for (j, v) in row.iter().enumerate() {
            let expected = (2 * j + i + 1) as f64 * v.powf(*v) * (1.0 + v.ln());
            assert!((by_x[i][j] - expected).abs() < 1e-12, "{i}, {j}: {} is not {expected}", by_x[i][j]);
        }
    }
    let x = dev.tensor([0.3, 0.8]);
    let both = map2(x.leaky_trace(), x.clone(), |a, b| (a * b, b, a));
    assert_eq!(both.sum().backward().get(&x).array(), [0.6, 1.6]);
}

#[test]
fn functions_for_dfdx_tensors_have_the_right_slopes() {
    let dev = Cpu::default();
    let f = |at: [f64; 3]| {
        let x = dev.tensor(at);
        let t = softplus(x.leaky_trace()) + erf(x.leaky_trace()) + ln_gamma(x.leaky_trace());
        let y = (t + atan2(x.leaky_trace(), x.clone() * 0.0 + 0.7)).sum();
        (y.array(), y.backward().get(&x).array())
    };
    let at = [0.4, 1.1, 2.6];
    let (_, grad) = f(at);
    for k in 0..3 {
        let shifted = |d: f64| {
            let mut x = at;
            x[k] += d;
            f(x).0
        };
        let expected = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
        assert!((grad[k] - expected).abs() < 1e-8, "element {k}: {} is not {expected}", grad[k]);
    }
}
