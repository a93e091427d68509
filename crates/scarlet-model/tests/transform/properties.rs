//! Transforms at random places.

use crate::battery::{assert_close, every_transform, forward, run};
use proptest::prelude::*;
use scarlet_model::Transform;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_battery_passes_anywhere(x in prop::collection::vec(-4.0..4.0_f64, 4)) {
        for (transform, n) in every_transform() {
            run(&transform, n, &x[..transform.unconstrained_len(n)]);
        }
    }

    #[test]
    fn intervals_of_any_width_round_trip(low in -1e6..1e6_f64, width in 1e-3..1e6_f64, at in 0.001..0.999_f64) {
        let transform = Transform::Interval { low, high: low + width };
        let y = [low + at * width];
        let mut x = [0.0];
        transform.inverse("p", &y, &mut x).expect("inside");
        assert_close("interval", &forward(&transform, 1, &x), &y, 1e-12);
    }

    #[test]
    fn values_of_any_size_round_trip(exponent in -300.0..300.0_f64) {
        let y = [10.0_f64.powf(exponent)];
        for transform in [Transform::Exp, Transform::Softplus, Transform::GreaterThan(0.0)] {
            let mut x = [0.0];
            transform.inverse("p", &y, &mut x).expect("positive");
            let back = forward(&transform, 1, &x)[0];
            prop_assert!((back / y[0] - 1.0).abs() < 1e-12, "{transform:?}: {back:e}, not {:e}", y[0]);
        }
    }

    #[test]
    fn pairs_of_any_length_stay_in_the_disk(length in -20.0..300.0_f64, angle in 0.0..6.3_f64) {
        let r = 10.0_f64.powf(length);
        let y = forward(&Transform::UnitDisk, 2, &[r * angle.cos(), r * angle.sin()]);
        prop_assert!(y[0] * y[0] + y[1] * y[1] < 1.0, "{y:?}");
    }

    #[test]
    fn ordered_values_increase_and_a_simplex_adds_up(x in prop::collection::vec(-60.0..60.0_f64, 1..9)) {
        let ordered = forward(&Transform::Ordered, x.len(), &x);
        prop_assert!(ordered.windows(2).all(|pair| pair[0] < pair[1]), "{ordered:?}");
        let simplex = forward(&Transform::Simplex, x.len() + 1, &x);
        prop_assert!(simplex.iter().all(|&y| y > 0.0) && (simplex.iter().sum::<f64>() - 1.0).abs() < 1e-14);
    }
}
