//! Custom dfdx operations that act on each element, safe where a tensor is used twice.

use dfdx::prelude::*;

/// A dfdx tensor of `f64` in main memory, with or without a tape.
pub type CpuTensor<S, T = NoneTape> = Tensor<S, f64, Cpu, T>;
/// A tensor of one axis, as all expressions are inside.
pub(super) type Flat<T = NoneTape> = CpuTensor<(usize,), T>;
type CpuGradients = Gradients<f64, Cpu>;

const IN_MEMORY: &str = "a tensor in main memory fails only where memory ends";

/// Applies a function to each element; `f` gives value and derivative.
///
/// ```
/// use scarlet_render::expression::{dfdx::prelude::*, map};
/// let x = Cpu::default().tensor([0.5, 2.0]);
/// let y = map(x.leaky_trace(), |x| (x * x * x, 3.0 * x * x));
/// assert_eq!(y.sum().backward().get(&x).array(), [0.75, 12.0]);
/// ```
pub fn map<S: Shape, T: Tape<f64, Cpu>>(
    x: CpuTensor<S, T>,
    f: impl Fn(f64) -> (f64, f64),
) -> CpuTensor<S, T> {
    let shape = *x.shape();
    map_flat(flat(x), f).reshape_like(&shape)
}

/// Applies a function to each pair of elements; `f` gives value and both derivatives.
///
/// Both tensors may be the same one. The result is on the tape of the first with that of the second merged in.
///
/// # Panics
/// The shapes differ.
pub fn map2<S: Shape, T: Tape<f64, Cpu> + Merge<R>, R: Tape<f64, Cpu>>(
    a: CpuTensor<S, T>,
    b: CpuTensor<S, R>,
    f: impl Fn(f64, f64) -> (f64, f64, f64),
) -> CpuTensor<S, T> {
    let shape = *a.shape();
    assert_eq!(shape, *b.shape(), "map2 needs two tensors of the same shape");
    map2_flat(flat(a), flat(b), f).reshape_like(&shape)
}

/// The elements in row order.
pub(super) fn flat<S: Shape, T: Tape<f64, Cpu>>(x: CpuTensor<S, T>) -> Flat<T> {
    let len = x.shape().num_elements();
    x.reshape_like(&(len,))
}

/// The elements of a contiguous tensor; a single one is repeated to give `len`.
pub(super) fn read(x: &Flat, len: usize) -> Vec<f64> {
    let own = x.shape().0;
    let mut values = vec![0.0; own];
    x.copy_into(&mut values);
    values.resize(len, values.first().copied().unwrap_or(0.0));
    values
}

/// A tensor that holds `values`.
pub(super) fn write(device: &Cpu, values: Vec<f64>) -> Flat {
    let len = values.len();
    device.tensor_from_vec(values, (len,))
}

pub(super) fn map_flat<T: Tape<f64, Cpu>>(x: Flat<T>, f: impl Fn(f64) -> (f64, f64)) -> Flat<T> {
    let (x, mut tape) = x.split_tape();
    let mut values = read(&x, x.shape().0);
    if !T::OWNS_TAPE {
        values.iter_mut().for_each(|v| *v = f(*v).0);
        return write(x.device(), values).put_tape(tape);
    }
    let mut slopes = vec![0.0; values.len()];
    for (value, slope) in values.iter_mut().zip(&mut slopes) {
        (*value, *slope) = f(*value);
    }
    let out = write(x.device(), values);
    let key = out.clone();
    tape.add_backward_op(move |grads| with_gradient(grads, &key, |grads, g| add_each(grads, &x, g, &slopes)));
    out.put_tape(tape)
}

/// One of the two may have a single element, which then goes with each of the other.
pub(super) fn map2_flat<T: Tape<f64, Cpu> + Merge<R>, R>(
    a: Flat<T>,
    b: Flat<R>,
    f: impl Fn(f64, f64) -> (f64, f64, f64),
) -> Flat<T> {
    let (a, tape) = a.split_tape();
    let (b, other) = b.split_tape();
    let mut tape = tape.merge(other);
    let len = paired_len(&a, &b);
    let (mut u, mut v) = (read(&a, len), read(&b, len));
    if !T::OWNS_TAPE {
        u.iter_mut().zip(&v).for_each(|(u, v)| *u = f(*u, *v).0);
        return write(a.device(), u).put_tape(tape);
    }
    let mut values = vec![0.0; len];
    for ((value, u), v) in values.iter_mut().zip(&mut u).zip(&mut v) {
        (*value, *u, *v) = f(*u, *v);
    }
    let out = write(a.device(), values);
    let key = out.clone();
    tape.add_backward_op(move |grads| {
        with_gradient(grads, &key, |grads, g| {
            add_each(grads, &a, g, &u);
            add_each(grads, &b, g, &v);
        })
    });
    out.put_tape(tape)
}

/// `factor * x + offset`.
pub(super) fn affine<T: Tape<f64, Cpu>>(x: Flat<T>, factor: f64, offset: f64) -> Flat<T> {
    let (x, mut tape) = x.split_tape();
    let mut values = read(&x, x.shape().0);
    values.iter_mut().for_each(|v| *v = factor * *v + offset);
    let out = write(x.device(), values);
    let key = out.clone();
    tape.add_backward_op(move |grads| with_gradient(grads, &key, |grads, g| add_all(grads, &x, g, factor)));
    out.put_tape(tape)
}

/// `a + sign * b`, where one may have a single element.
pub(super) fn add_signed<T: Tape<f64, Cpu> + Merge<R>, R>(a: Flat<T>, b: Flat<R>, sign: f64) -> Flat<T> {
    let (a, tape) = a.split_tape();
    let (b, other) = b.split_tape();
    let mut tape = tape.merge(other);
    let len = paired_len(&a, &b);
    let (mut u, v) = (read(&a, len), read(&b, len));
    u.iter_mut().zip(&v).for_each(|(u, v)| *u += sign * v);
    let out = write(a.device(), u);
    let key = out.clone();
    tape.add_backward_op(move |grads| {
        with_gradient(grads, &key, |grads, g| {
            add_all(grads, &a, g, 1.0);
            add_all(grads, &b, g, sign);
        })
    });
    out.put_tape(tape)
}

/// The sum of all elements.
pub(super) fn sum<T: Tape<f64, Cpu>>(x: Flat<T>) -> Flat<T> {
    let (x, mut tape) = x.split_tape();
    let out = write(x.device(), vec![read(&x, x.shape().0).iter().sum()]);
    let key = out.clone();
    tape.add_backward_op(move |grads| {
        with_gradient(grads, &key, |grads, g| {
            let g = g[0];
            gradient(grads, &x).iter_mut().for_each(|gx| *gx += g);
        })
    });
    out.put_tape(tape)
}

/// Element `index`.
pub(super) fn element<T: Tape<f64, Cpu>>(x: Flat<T>, index: usize) -> Flat<T> {
    let (x, mut tape) = x.split_tape();
    let out = write(x.device(), vec![read(&x, x.shape().0)[index]]);
    let key = out.clone();
    tape.add_backward_op(move |grads| {
        with_gradient(grads, &key, |grads, g| gradient(grads, &x)[index] += g[0])
    });
    out.put_tape(tape)
}

/// All elements of all `parts`, one after the other.
pub(super) fn concatenate<T: Tape<f64, Cpu>>(device: &Cpu, parts: Vec<Flat>, mut tape: T) -> Flat<T> {
    let values = parts.iter().flat_map(|part| read(part, part.shape().0)).collect();
    let out = write(device, values);
    let key = out.clone();
    tape.add_backward_op(move |grads| {
        with_gradient(grads, &key, |grads, g| {
            let mut start = 0;
            for part in &parts {
                let end = start + part.shape().0;
                add_all(grads, part, &g[start..end], 1.0);
                start = end;
            }
        })
    });
    out.put_tape(tape)
}

fn paired_len(a: &Flat, b: &Flat) -> usize {
    let (m, n) = (a.shape().0, b.shape().0);
    assert!(m == n || m == 1 || n == 1, "{m} and {n} values cannot be paired");
    if m == 1 { n } else { m }
}

/// The gradient of `x`, zero where there was none.
pub(super) fn gradient<'g, S: Shape>(grads: &'g mut CpuGradients, x: &CpuTensor<S>) -> &'g mut [f64] {
    grads.get_or_alloc_mut(x).expect(IN_MEMORY)
}

/// Lends the gradient of `out` while others are changed.
pub(super) fn with_gradient<S: Shape>(
    grads: &mut CpuGradients,
    out: &CpuTensor<S>,
    f: impl FnOnce(&mut CpuGradients, &[f64]),
) -> Result<(), CpuError> {
    let g = std::mem::take(&mut **grads.get_or_alloc_mut(out)?);
    f(grads, &g);
    **grads.get_or_alloc_mut(out)? = g;
    Ok(())
}

/// Adds `g * slopes` to the gradient of `x`.
fn add_each(grads: &mut CpuGradients, x: &Flat, g: &[f64], slopes: &[f64]) {
    let gx = gradient(grads, x);
    if gx.len() < g.len() {
        gx[0] += dot(g, slopes);
        return;
    }
    for ((gx, g), slope) in gx.iter_mut().zip(g).zip(slopes) {
        *gx += g * slope;
    }
}

/// Adds `factor * g` to the gradient of `x`.
fn add_all(grads: &mut CpuGradients, x: &Flat, g: &[f64], factor: f64) {
    let gx = gradient(grads, x);
    if gx.len() < g.len() {
        gx[0] += factor * g.iter().sum::<f64>();
        return;
    }
    for (gx, g) in gx.iter_mut().zip(g) {
        *gx += factor * g;
    }
}

/// Sum of products in eight running sums, which compilers turn into vector code.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(x, y)| x * y).sum();
    let mut sums = [0.0; 8];
    for (a, b) in a.zip(b) {
        for k in 0..8 {
            sums[k] += a[k] * b[k];
        }
    }
    rest + sums.iter().sum::<f64>()
}
