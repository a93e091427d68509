//! The real pair of HST and HSC images: how far their WCS are apart, and what is left of sources when that is free.

mod common;

use common::pair;
use scarlet::obs::Astrometry;

/// Largest height of a dipole, as a share of the peak.
const MOST: f64 = 0.03;
/// Largest chi2 per pixel of HST and HSC; 1.079 and 1.079 where the shift is held (`tests/instruments.rs`).
const CHI2: [f64; 2] = [1.1, 1.0];

#[test]
fn dipoles_of_the_brightest_are_small_when_the_shift_is_free() {
    let Some([hst, hsc]) = pair::observations() else { return };
    let fitted = pair::fit(&mut [hst, hsc.astrometry(Astrometry::within(0.5)).expect("valid")]);
    for (name, dipole) in fitted.dipoles.iter().flatten() {
        assert!(dipole.height < MOST, "{name}: {dipole:?}");
    }
    assert!(fitted.chi2[0] < CHI2[0] && fitted.chi2[1] < CHI2[1], "{:?}", fitted.chi2);
    let [shift] = fitted.estimates.as_slice() else { panic!("{:?}", fitted.estimates) };
    let error = shift.errors[0].hypot(shift.errors[1]);
    assert!(shift.values[0].hypot(shift.values[1]) > 10.0 * error && error < 0.02, "{shift:?}");
}
