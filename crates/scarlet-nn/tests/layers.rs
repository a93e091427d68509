//! The layers against closed forms written as loops, and their gradients against central differences.

use dfdx::prelude::*;
use scarlet_nn::{Cube, LayerNorm2, Matrix, MixerBlock, Mlp, NnError, PatchConv, PatchConvTranspose, Vector};

/// Values between -1 and 1 that look random.
fn values(n: usize, seed: usize) -> Vec<f64> {
    (0..n).map(|k| (((k + 31 * seed) * 7919 % 1009) as f64 / 504.0) - 1.0).collect()
}

fn cube(shape: [usize; 3], seed: usize) -> Cube<f64, Cpu> {
    let [a, b, c] = shape;
    Cpu::default().tensor_from_vec(values(a * b * c, seed), (a, b, c))
}

fn matrix(rows: usize, columns: usize, seed: usize) -> Matrix<f64, Cpu> {
    Cpu::default().tensor_from_vec(values(rows * columns, seed), (rows, columns))
}

fn vector(n: usize, seed: usize) -> Vector<f64, Cpu> {
    Cpu::default().tensor_from_vec(values(n, seed), (n,))
}

fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (k, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance * b.abs().max(1.0), "element {k}: {a} is not {b}");
    }
}

/// Gradient of a weighted sum of what `f` makes of `x`, against central differences.
fn assert_gradient<S: Shape>(
    x: &Tensor<S, f64, Cpu>,
    f: impl Fn(Tensor<S, f64, Cpu, OwnedTape<f64, Cpu>>) -> Matrix<f64, Cpu, OwnedTape<f64, Cpu>>,
) {
    let total = |x: &Tensor<S, f64, Cpu>| {
        let out = f(x.leaky_trace());
        let (rows, columns) = *out.shape();
        (out * matrix(rows, columns, 5)).sum::<Rank0, _>()
    };
    let grads = total(x).backward();
    let found = grads.get(x).as_vec();
    let at = x.as_vec();
    let expected: Vec<f64> = (0..at.len())
        .map(|k| {
            let shifted = |d: f64| {
                let mut values = at.clone();
                values[k] += d;
                total(&Cpu::default().tensor_from_vec(values, *x.shape())).array()
            };
            (shifted(1e-5) - shifted(-1e-5)) / 2e-5
        })
        .collect();
    assert_close(&found, &expected, 1e-6);
}

const CHANNELS: usize = 2;
const SIZE: usize = 4;
const FEATURES: usize = 3;

fn conv() -> PatchConv<f64, Cpu> {
    let weight = values(FEATURES * CHANNELS * SIZE * SIZE, 1);
    let weight = Cpu::default().tensor_from_vec(weight, (FEATURES, CHANNELS, SIZE, SIZE));
    PatchConv::new(weight, vector(FEATURES, 2)).expect("fitting shapes")
}

#[test]
fn a_patch_convolution_is_its_sum() {
    let (rows, columns) = (8, 12);
    let (image, weight, bias) = (
        values(CHANNELS * rows * columns, 3),
        values(FEATURES * CHANNELS * SIZE * SIZE, 1),
        values(FEATURES, 2),
    );
    let mut expected = Vec::new();
    for o in 0..FEATURES {
        for y in 0..rows / SIZE {
            for x in 0..columns / SIZE {
                let mut sum = bias[o];
                for i in 0..CHANNELS {
                    for a in 0..SIZE {
                        for b in 0..SIZE {
                            sum += weight[((o * CHANNELS + i) * SIZE + a) * SIZE + b]
                                * image[(i * rows + SIZE * y + a) * columns + SIZE * x + b];
                        }
                    }
                }
                expected.push(sum);
            }
        }
    }
    let out = conv().forward(cube([CHANNELS, rows, columns], 3));
    assert_eq!(*out.shape(), (FEATURES, 6));
    assert_close(&out.as_vec(), &expected, 1e-13);
}

#[test]
fn a_transposed_convolution_is_its_sum() {
    let (h, w) = (2, 3);
    let (rows, columns) = (h * SIZE, w * SIZE);
    let (weight, input) = (values(FEATURES * SIZE * SIZE, 1), values(FEATURES * h * w, 4));
    let mut expected = vec![0.25; rows * columns];
    for (k, out) in expected.iter_mut().enumerate() {
        let (y, x) = (k / columns, k % columns);
        for c in 0..FEATURES {
            let (a, b) = (SIZE - 1 - y % SIZE, SIZE - 1 - x % SIZE);
            *out += weight[(c * SIZE + a) * SIZE + b] * input[(c * h + y / SIZE) * w + x / SIZE];
        }
    }
    let bias = Cpu::default().tensor(0.25);
    let layer = PatchConvTranspose::new(cube([FEATURES, SIZE, SIZE], 1), bias, [rows, columns]);
    let out = layer.expect("fitting shapes").forward(matrix(FEATURES, h * w, 4));
    assert_close(&out.as_vec(), &expected, 1e-13);
}

#[test]
fn convolution_and_transposed_are_adjoint() {
    let dev = Cpu::default();
    let (rows, columns) = (8, 12);
    let weight = values(FEATURES * SIZE * SIZE, 1);
    let kernel = dev.tensor_from_vec(weight.clone(), (FEATURES, 1, SIZE, SIZE));
    let forward = PatchConv::new(kernel, dev.zeros_like(&(FEATURES,))).expect("fitting shapes");
    let mut flipped = weight;
    flipped.chunks_mut(SIZE * SIZE).for_each(<[f64]>::reverse);
    let flipped = dev.tensor_from_vec(flipped, (FEATURES, SIZE, SIZE));
    let back = PatchConvTranspose::new(flipped, dev.tensor(0.0), [rows, columns]).expect("fitting shapes");
    let (x, z) = (cube([1, rows, columns], 3), matrix(FEATURES, 6, 4));
    let dot = |a: Vec<f64>, b: Vec<f64>| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let one = dot(forward.forward(x.clone()).as_vec(), z.as_vec());
    let other = dot(x.as_vec(), back.forward(z).as_vec());
    assert!((one - other).abs() < 1e-12 * one.abs(), "{one} is not {other}");
}

#[test]
fn normalised_arrays_have_mean_0_and_variance_1() {
    let (rows, columns) = (5, 7);
    let x = values(rows * columns, 6);
    let (weight, bias) = (values(rows * columns, 7), values(rows * columns, 8));
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let var = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    let expected: Vec<f64> =
        (0..x.len()).map(|k| (x[k] - mean) / (var + 1e-5).sqrt() * weight[k] + bias[k]).collect();
    let norm = LayerNorm2::new(matrix(rows, columns, 7), matrix(rows, columns, 8)).expect("same shapes");
    assert_close(&norm.forward(matrix(rows, columns, 6)).as_vec(), &expected, 1e-13);
}

fn mlp(n: usize, hidden: usize, seed: usize) -> Mlp<f64, Cpu> {
    let first = (matrix(hidden, n, seed), vector(hidden, seed + 1));
    Mlp::new(first, (matrix(n, hidden, seed + 2), vector(n, seed + 3))).expect("fitting shapes")
}

#[test]
fn an_mlp_acts_on_each_row() {
    let (rows, n, hidden) = (3, 4, 6);
    let x = values(rows * n, 9);
    let (w1, b1, w2, b2) =
        (values(hidden * n, 10), values(hidden, 11), values(n * hidden, 12), values(n, 13));
    let mut expected = Vec::new();
    for row in x.chunks(n) {
        let inner = |j: usize| (0..n).map(|k| w1[j * n + k] * row[k]).sum::<f64>() + b1[j];
        for o in 0..n {
            expected.push((0..hidden).map(|j| w2[o * hidden + j] * inner(j).max(0.0)).sum::<f64>() + b2[o]);
        }
    }
    assert_close(&mlp(n, hidden, 10).forward(matrix(rows, n, 9)).as_vec(), &expected, 1e-13);
}

fn block(hidden: usize, patches: usize) -> MixerBlock<f64, Cpu> {
    let norm = |a, b, seed| LayerNorm2::new(matrix(a, b, seed), matrix(a, b, seed + 1)).expect("same shapes");
    MixerBlock {
        norm1: norm(hidden, patches, 14),
        patches: mlp(patches, 5, 16),
        norm2: norm(patches, hidden, 20),
        hidden: mlp(hidden, 5, 22),
    }
}

#[test]
fn a_block_adds_to_what_goes_in_along_both_axes() {
    let (hidden, patches) = (3, 6);
    let block = block(hidden, patches);
    let y = matrix(hidden, patches, 26);
    let first = y.clone() + block.patches.forward(block.norm1.forward(y.clone()));
    let turned = first.permute::<_, Axes2<1, 0>>().contiguous();
    let second = turned.clone() + block.hidden.forward(block.norm2.forward(turned));
    let expected = second.permute::<(usize, usize), Axes2<1, 0>>().as_vec();
    assert_close(&block.forward(y).as_vec(), &expected, 1e-13);
}

#[test]
fn gradients_agree_with_differences() {
    assert_gradient(&cube([CHANNELS, 8, 4], 3), |x| conv().forward(x));
    let back = PatchConvTranspose::new(cube([FEATURES, SIZE, SIZE], 1), Cpu::default().tensor(0.2), [8, 4]);
    let back = back.expect("fitting shapes");
    assert_gradient(&matrix(FEATURES, 2, 4), |x| back.forward(x));
    let norm = LayerNorm2::new(matrix(3, 5, 7), matrix(3, 5, 8)).expect("same shapes");
    assert_gradient(&matrix(3, 5, 6), |x| norm.forward(x));
    assert_gradient(&matrix(3, 4, 9), |x| mlp(4, 6, 10).forward(x));
    assert_gradient(&matrix(3, 6, 26), |x| block(3, 6).forward(x));
    assert_gradient(&cube([CHANNELS, 8, 12], 3), |x| block(FEATURES, 6).forward(conv().forward(x)));
}

#[test]
fn weights_get_gradients_too() {
    let (dev, x) = (Cpu::default(), matrix(3, 4, 9));
    let weight = matrix(5, 4, 10);
    let layer = |weight: Matrix<f64, Cpu>| {
        let second = (matrix(4, 5, 12), vector(4, 13));
        Mlp::new((weight, vector(5, 11)), second).expect("fitting shapes")
    };
    let total = |weight: &Matrix<f64, Cpu>| layer(weight.clone()).forward(x.leaky_trace()).sum::<Rank0, _>();
    let found = total(&weight).backward().get(&weight).as_vec();
    let shifted = |d: f64| {
        let mut values = weight.as_vec();
        values[7] += d;
        total(&dev.tensor_from_vec(values, (5, 4))).array()
    };
    assert_close(&found[7..8], &[(shifted(1e-5) - shifted(-1e-5)) / 2e-5], 1e-6);
}

#[test]
fn shapes_that_do_not_fit_are_errors() {
    let error = conv().try_forward(cube([CHANNELS, 8, 13], 3)).expect_err("13 is no multiple of 4");
    let expected = "PatchConv input has shape [1, 2, 8, 13]; it must be 2 channels of images whose sides are multiples of 4";
    assert_eq!(error.to_string(), expected);
    assert!(matches!(mlp(4, 6, 10).try_forward(matrix(3, 5, 1)), Err(NnError::Shape { .. })));
    assert!(matches!(LayerNorm2::new(matrix(3, 5, 7), matrix(5, 3, 8)), Err(NnError::Shape { .. })));
    let odd = PatchConvTranspose::new(cube([3, 4, 4], 1), Cpu::default().tensor(0.0), [8, 9]);
    assert!(matches!(odd, Err(NnError::Shape { .. })));
    let unequal = Mlp::new((matrix(5, 4, 1), vector(5, 2)), (matrix(4, 6, 3), vector(4, 4)));
    assert!(matches!(unequal, Err(NnError::Shape { .. })));
}
