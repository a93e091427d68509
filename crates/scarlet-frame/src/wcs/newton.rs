//! Inverse of a distortion, by Newton's iteration on its forward polynomials.

/// A distorted position and its slopes: rows of the result, columns of the position.
pub(super) type Forward = ([f64; 2], [[f64; 2]; 2]);

/// More iterations than any distortion that can be inverted needs.
const MOST_ITERATIONS: usize = 40;

/// Most halvings of one step.
const MOST_HALVINGS: usize = 12;

/// The position that `forward` takes to `target`, `None` where none is found.
///
/// Begins at `target`: a distortion moves positions little. A step that makes the residual larger is halved. It ends
/// where a step is below 1e-10 of the position, or below `floor` (what follows is at the rounding, since steps fall
/// quadratically), and where the residual cannot be made smaller.
pub(super) fn invert(
    target: [f64; 2],
    floor: f64,
    forward: impl Fn([f64; 2]) -> Forward,
) -> Option<[f64; 2]> {
    let residual = |value: [f64; 2]| [value[0] - target[0], value[1] - target[1]];
    let mut at = target;
    let (mut value, mut slopes) = forward(at);
    for _ in 0..MOST_ITERATIONS {
        let off = residual(value);
        let mut step = solve(slopes, off)?;
        let mut halvings = 0;
        let (next, size) = loop {
            let next = [at[0] - step[0], at[1] - step[1]];
            let size = step[0].hypot(step[1]);
            if size <= floor.max(1e-10 * next[0].hypot(next[1])) {
                return next.iter().all(|v| v.is_finite()).then_some(next);
            }
            (value, slopes) = forward(next);
            if norm(residual(value)) < norm(off) {
                break (next, size);
            }
            halvings += 1;
            if halvings > MOST_HALVINGS {
                return None;
            }
            step = step.map(|v| 0.5 * v);
        };
        if !size.is_finite() {
            return None;
        }
        at = next;
    }
    None
}

fn norm(v: [f64; 2]) -> f64 {
    v[0].hypot(v[1])
}

/// `m^-1 v`, `None` where `m` is singular or not finite.
fn solve([[a, b], [c, d]]: [[f64; 2]; 2], [p, q]: [f64; 2]) -> Option<[f64; 2]> {
    let determinant = a * d - b * c;
    let solution = [(d * p - b * q) / determinant, (a * q - c * p) / determinant];
    solution.iter().all(|v| v.is_finite()).then_some(solution)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bent([x, y]: [f64; 2]) -> Forward {
        ([x + 0.1 * x * x, y - 0.05 * x * y], [[1.0 + 0.2 * x, 0.0], [-0.05 * y, 1.0 - 0.05 * x]])
    }

    #[test]
    fn positions_come_back_to_rounding() {
        for at in [[0.0, 0.0], [1.0, -2.0], [-3.0, 5.0], [1e-9, 2.0]] {
            let found = invert(bent(at).0, 1e-14, bent).expect("invertible");
            assert!((found[0] - at[0]).hypot(found[1] - at[1]) < 1e-14, "{at:?} {found:?}");
        }
    }

    #[test]
    fn what_nothing_is_taken_to_has_no_inverse() {
        // x + 0.1 x^2 is at least -2.5
        assert_eq!(invert([-3.0, 0.0], 1e-14, bent), None);
        assert_eq!(invert([f64::NAN, 0.0], 1e-14, bent), None);
    }
}
