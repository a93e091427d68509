//! Fields in closed form: Gaussians whose width changes over the detector.

use super::*;

const SIDE: usize = 31;

/// Sum of second derivatives along both axes is that by sigma, over sigma.
fn gaussian(sigma: f64) -> Array2<f64> {
    let c = (SIDE / 2) as f64;
    let image = Array2::from_shape_fn((SIDE, SIDE), |(y, x)| {
        (-((y as f64 - c).powi(2) + (x as f64 - c).powi(2)) / (2.0 * sigma * sigma)).exp()
    });
    let sum = image.sum();
    image / sum
}

/// Nodes of Gaussians that widen along x.
fn widening() -> PsfField {
    let nodes = vec![0.0, 50.0, 100.0];
    let images: Vec<_> = [2.0, 2.3, 2.6].map(gaussian).to_vec();
    PsfField::new(stacked(&images), PsfLaw::Grid { y: vec![0.0], x: nodes }).expect("valid")
}

fn polynomial(degree: usize) -> PsfField {
    let law = PsfLaw::Polynomial { zero: [10.0, 20.0], scale: [40.0, 80.0], degree };
    let basis: Vec<_> = (0..law.coefficients_len())
        .map(|k| {
            let scale = if k == 0 { 1.0 } else { 0.05 / k as f64 };
            gaussian(1.6 + 0.2 * k as f64) * scale
        })
        .collect();
    PsfField::new(stacked(&basis), law).expect("valid")
}

#[test]
fn polynomials_are_in_the_order_of_psfex() {
    let law = PsfLaw::Polynomial { zero: [10.0, 20.0], scale: [40.0, 80.0], degree: 2 };
    let mut values = vec![0.0; law.coefficients_len()];
    law.coefficients_into([30.0, 100.0], &mut values);
    let (u, v) = (1.0, 0.5);
    assert_eq!(values, [1.0, u, u * u, v, u * v, v * v]);
}

#[test]
fn grids_are_bilinear_between_nodes_and_level_beyond_them() {
    let law = PsfLaw::Grid { y: vec![0.0, 10.0], x: vec![0.0, 4.0, 8.0] };
    let at = |position| {
        let mut values = vec![0.0; 6];
        law.coefficients_into(position, &mut values);
        values
    };
    assert_eq!(at([2.5, 5.0]), [0.0, 0.5625, 0.1875, 0.0, 0.1875, 0.0625]);
    assert_eq!(at([0.0, 4.0]), [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(at([-3.0, 99.0]), at([0.0, 8.0]));
    assert_eq!(at([99.0, -1.0]), [0.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
}

#[test]
fn a_field_is_normalised_everywhere_and_moves_with_its_positions() {
    let field = polynomial(2);
    for position in [[0.0, 0.0], [70.0, 90.0], [-20.0, 33.0]] {
        assert!((field.at(position).image.sum() - 1.0).abs() < 1e-14);
        let there = [position[0] - 5.0, position[1] + 7.0];
        let moved = field.clone().moved_by([-5.0, 7.0]).at(there).image;
        assert!((&moved - &field.at(position).image).iter().all(|v| v.abs() < 1e-15));
    }
}

#[test]
fn few_components_are_the_field_all_over_a_box() {
    let bbox = BBox::new([0, 0], [60, 101]);
    for field in [widening(), polynomial(1), polynomial(3)] {
        let reduced = PsfComponents::new(&field, bbox.middle(), bbox, [[0.0; 2]; 2]);
        let (mut worst, mut scratch) = (0.0_f64, Vec::new());
        let mut coefficients = vec![0.0; reduced.images().len()];
        assert!(reduced.images().len() < field.basis().len_of(Axis(0)));
        for (y, x) in (0..60).step_by(7).flat_map(|y| (0..101).step_by(9).map(move |x| (y, x))) {
            let at = [y as f64, x as f64];
            reduced.coefficients_into(at, &mut coefficients, &mut scratch);
            assert!(coefficients.iter().all(|c| c.abs() < 1.1), "{coefficients:?}");
            let mut image = reduced.base().image.clone();
            for (component, c) in reduced.images().iter().zip(&coefficients) {
                image.scaled_add(*c, &component.image);
            }
            assert!((image.sum() - 1.0).abs() < 1e-12);
            let expected = field.at(at).image;
            let peak = expected[[SIDE / 2, SIDE / 2]];
            let off = (&image - &expected).iter().fold(0.0_f64, |off, v| off.max(v.abs()));
            worst = worst.max(off / peak);
        }
        println!("{} images: {worst:.1e} of the peak", reduced.images().len());
        assert!(worst < 6e-5);
    }
}

#[test]
fn a_constant_field_has_no_components() {
    let field = PsfField::new(
        gaussian(2.0).insert_axis(Axis(0)),
        PsfLaw::Polynomial { zero: [0.0; 2], scale: [1.0; 2], degree: 0 },
    )
    .expect("valid");
    let bbox = BBox::new([0, 0], [50, 50]);
    let reduced = PsfComponents::new(&field, bbox.middle(), bbox, [[0.5, 0.0], [0.0, 0.5]]);
    assert!(reduced.images().is_empty());
}

#[test]
fn fields_that_make_no_sense_are_named() {
    let law = || PsfLaw::Polynomial { zero: [0.0; 2], scale: [1.0; 2], degree: 1 };
    let error = |basis: Array3<f64>, law| PsfField::new(basis, law).expect_err("it is wrong").to_string();
    assert!(error(Array3::ones((2, 3, 3)), law()).contains("2 images of the basis, and its law asks for 3"));
    let mut basis = Array3::ones((3, 3, 3));
    basis[[2, 1, 0]] = f64::NAN;
    assert!(error(basis, law()).contains("pixel (1, 0) of image 2 is NaN"));
    let grid = PsfLaw::Grid { y: vec![0.0], x: vec![3.0, 1.0] };
    assert!(error(Array3::ones((2, 3, 3)), grid).contains("each greater than the one before"));
    let scale = PsfLaw::Polynomial { zero: [0.0; 2], scale: [0.0, 1.0], degree: 0 };
    assert!(error(Array3::ones((1, 3, 3)), scale).contains("finite and not 0"));
    assert!(VaryingPsf::new(Vec::new()).is_err());
}

#[test]
fn a_frame_where_the_psf_turns_dark_is_refused() {
    let mut basis = Array3::zeros((3, 3, 3));
    basis[[0, 1, 1]] = 1.0;
    basis[[1, 1, 1]] = -1.0;
    let law = PsfLaw::Polynomial { zero: [0.0; 2], scale: [50.0; 2], degree: 1 };
    let psf = VaryingPsf::new(vec![PsfField::new(basis, law).expect("valid")]).expect("one field");
    let error = crate::Frame::new([20, 80]).varying_psf(psf.clone()).expect_err("dark at the right");
    assert!(error.to_string().contains("plane 0") && error.to_string().contains("positive flux"), "{error}");
    let frame = crate::Frame::new([20, 30]).varying_psf(psf).expect("bright enough");
    assert!(frame.varying_psf_ref().is_some());
    let there = frame.psf_at([3.0, 25.0]).expect("a PSF").sampled(0);
    assert!((there[[1, 1]] - 1.0).abs() < 1e-12);
    assert!(frame.psf(Psf::gaussian(1.0).expect("valid")).varying_psf_ref().is_none());
}
