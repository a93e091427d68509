//! Measurements: closed forms, then scarlet2's arrays.

use approx::assert_relative_eq;
use ndarray::{Array1, Array2, Array3, Axis, Ix1, Ix2, Ix3, s};
use ndarray_npy::{NpzReader, ReadableElement};
use scarlet_frame::{Frame, Psf};
use scarlet_obs::Observation;
use scarlet_obs::measure::{Moments, centroid, flux, fwhm_px, peak_pixel, snr};
use std::fs::File;

/// A Gaussian sampled at pixel centres: flux 2 pi a b for its axes, to 1e-9 as long as these are above 1.1.
fn gaussian(center: [f64; 2], covariance: [f64; 3], shape: [usize; 2]) -> Array2<f64> {
    let [yy, yx, xx] = covariance;
    let determinant = yy * xx - yx * yx;
    Array2::from_shape_fn((shape[0], shape[1]), |(y, x)| {
        let (dy, dx) = (y as f64 - center[0], x as f64 - center[1]);
        (-0.5 * (xx * dy * dy - 2.0 * yx * dy * dx + yy * dx * dx) / determinant).exp()
    })
}

fn assert_same(a: &Moments, b: &Moments, tolerance: f64) {
    for (([p, q], a), (_, b)) in a.iter().zip(b.iter()) {
        assert!((a - b).abs() <= tolerance * (1.0 + b.abs()), "({p}, {q}): {a} and {b}");
    }
}

#[test]
fn moments_of_a_gaussian_have_their_closed_forms() {
    let (center, [yy, yx, xx]) = ([30.3, 28.8], [4.0, 1.5, 6.25]);
    let m = Moments::of(gaussian(center, [yy, yx, xx], [61, 61]).view(), 4);
    let determinant: f64 = yy * xx - yx * yx;
    let norm = 2.0 * std::f64::consts::PI * determinant.sqrt();
    assert_relative_eq!(m.flux(), norm, max_relative = 1e-9);
    for (found, expected) in m.centroid().into_iter().zip(center) {
        assert_relative_eq!(found, expected, max_relative = 1e-9);
    }
    let expected = [
        ([2, 0], yy),
        ([1, 1], yx),
        ([0, 2], xx),
        ([3, 0], 0.0),
        ([1, 2], 0.0),
        ([4, 0], 3.0 * yy * yy),
        ([3, 1], 3.0 * yy * yx),
        ([2, 2], yy * xx + 2.0 * yx * yx),
        ([0, 4], 3.0 * xx * xx),
    ];
    for ([p, q], value) in expected {
        assert_relative_eq!(m.get(p, q) / norm, value, epsilon = 1e-7, max_relative = 1e-7);
    }
    assert_relative_eq!(m.size_px(), determinant.powf(0.25), max_relative = 1e-8);
    assert_relative_eq!(m.distortion()[0], (xx - yy) / (xx + yy), max_relative = 1e-8);
    assert_relative_eq!(m.distortion()[1], 2.0 * yx / (xx + yy), max_relative = 1e-8);
}

#[test]
fn centroid_about_a_given_centre_is_the_centroid() {
    let image = gaussian([12.25, 15.5], [3.0, 0.0, 3.0], [31, 31]) * 7.0;
    let m = Moments::about(image.view(), [14.0, 14.0], 2);
    assert_relative_eq!(m.centroid()[0], 12.25, max_relative = 1e-6);
    assert_relative_eq!(m.centroid()[1], 15.5, max_relative = 1e-6);
    assert_relative_eq!(m.get(1, 0) / m.flux(), -1.75, max_relative = 1e-6);
    assert_eq!(m.center(), [14.0, 14.0]);
}

#[test]
fn deconvolution_undoes_convolution_to_any_order() {
    let image = gaussian([20.2, 19.0], [6.0, 2.0, 4.0], [41, 41]);
    let kernel = gaussian([8.4, 7.8], [2.0, -0.5, 1.5], [17, 17]) * 1.7;
    let (m, p) =
        (Moments::about(image.view(), [20.0, 20.0], 5), Moments::about(kernel.view(), [8.0, 8.0], 5));
    assert_same(&m.convolved(&p).deconvolved(&p), &m, 1e-10);
}

#[test]
fn convolved_moments_are_those_of_the_convolved_image() {
    let image = gaussian([15.0, 16.0], [3.0, 0.4, 2.5], [33, 33]).slice(s![8..24, 9..25]).to_owned();
    let kernel = gaussian([3.0, 3.2], [1.5, 0.3, 1.2], [7, 7]);
    let mut seen = Array2::<f64>::zeros((22, 22));
    for ((y, x), v) in image.indexed_iter() {
        let mut patch = seen.slice_mut(s![y..y + 7, x..x + 7]);
        patch.scaled_add(*v, &kernel);
    }
    let m = Moments::about(image.view(), [8.0, 8.0], 4);
    let p = Moments::about(kernel.view(), [3.0, 3.0], 4);
    assert_same(&m.convolved(&p), &Moments::about(seen.view(), [11.0, 11.0], 4), 1e-10);
}

#[test]
fn changes_of_coordinates_are_those_of_the_image() {
    let image = gaussian([10.3, 9.1], [3.0, 1.0, 5.0], [21, 21]);
    let m = Moments::about(image.view(), [10.0, 10.0], 4);
    assert_same(&m.flipped_x(), &Moments::about(image.slice(s![.., ..;-1]), [10.0, 10.0], 4), 1e-12);
    assert_same(&m.flipped_y(), &Moments::about(image.slice(s![..;-1, ..]), [10.0, 10.0], 4), 1e-12);
    // A quarter turn from x to y: what was at +x is at +y.
    let turned = Array2::from_shape_fn((21, 21), |(y, x)| image[[20 - x, y]]);
    let quarter = m.rotated(std::f64::consts::FRAC_PI_2);
    assert_same(&quarter, &Moments::about(turned.view(), [10.0, 10.0], 4), 1e-10);
    let moved = Moments::about(image.view(), [9.0, 12.0], 4);
    assert_same(&m.translated([1.0, -2.0]), &moved, 1e-10);
    assert_relative_eq!(m.resized([2.0, 3.0]).get(2, 1), 12.0 * m.get(2, 1), max_relative = 1e-12);
}

#[test]
fn size_is_nan_where_no_image_has_such_moments() {
    let sharp = gaussian([10.0, 10.0], [1.5, 0.0, 1.5], [21, 21]);
    let broad = gaussian([10.0, 10.0], [4.0, 0.0, 4.0], [21, 21]);
    let m = Moments::of(sharp.view(), 2).deconvolved(&Moments::of(broad.view(), 2));
    assert!(m.get(2, 0) < 0.0 && m.get(0, 2) < 0.0 && m.size_px().is_nan());
}

#[test]
fn fwhm_is_that_of_a_disk_and_of_a_gaussian() {
    let disk = Array2::from_shape_fn((101, 101), |(y, x)| {
        f64::from((y as f64 - 50.0).hypot(x as f64 - 50.0) <= 30.0)
    });
    assert_relative_eq!(fwhm_px(disk.view()), 60.0, max_relative = 5e-3);
    let wide = gaussian([100.0, 100.0], [400.0, 0.0, 400.0], [201, 201]);
    assert_relative_eq!(
        fwhm_px(wide.view()),
        20.0 * (8.0 * std::f64::consts::LN_2).sqrt(),
        max_relative = 5e-3
    );
    assert!(fwhm_px(Array2::<f64>::zeros((3, 3)).view()).is_nan());
}

#[test]
fn snr_of_a_point_in_white_noise_is_flux_over_sigma() {
    let frame = Frame::new([9, 9]).channels(["g", "r"]).psf(Psf::gaussian(1.0).expect("a PSF"));
    let mut weights = Array3::from_elem((2, 9, 9), 4.0);
    weights.slice_mut(s![1, .., ..]).fill(0.0);
    let observation = Observation::new(Array3::zeros((2, 9, 9)), weights, frame).expect("valid");
    let mut model = Array3::zeros((2, 9, 9));
    model.slice_mut(s![.., 4, 4]).fill(10.0);
    assert_relative_eq!(snr(&[(&model, &observation)]).expect("shapes agree"), 20.0);
    let wrong = snr(&[(&Array3::zeros((2, 9, 8)), &observation)]).expect_err("another shape");
    assert!(wrong.to_string().contains("[2, 9, 8]"));
}

struct Reference(NpzReader<File>);

impl Reference {
    fn open(name: &str) -> Option<Self> {
        let Some(data) = std::env::var_os("SCARLET_DATA") else {
            println!("SCARLET_DATA is not set: scarlet2's {name} is not compared with");
            return None;
        };
        let path = std::path::PathBuf::from(data).join("../reference/scarlet2").join(name);
        let file = File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Some(Self(NpzReader::new(file).expect("an archive")))
    }

    fn get<T: ReadableElement, D: ndarray::Dimension>(&mut self, name: &str) -> ndarray::Array<T, D> {
        self.0.by_name(name).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// Asserts that `moments` are those stored as `name`, in the order of the file's keys.
    fn check(&mut self, name: &str, moments: &Moments) {
        let theirs: Array1<f64> = self.get::<f64, Ix1>(name);
        assert_eq!(theirs.len(), moments.iter().count());
        for (([p, q], ours), theirs) in moments.iter().zip(&theirs) {
            // Odd moments are small differences of large terms: 1e-12 of what the terms add up to.
            let scale = 20f64.powi((p + q) as i32) * moments.flux().abs();
            let off = (ours - theirs).abs();
            assert!(off <= 1e-12 * scale + 1e-10 * theirs.abs(), "{name} ({p}, {q}): {ours}, there {theirs}");
        }
    }
}

#[test]
fn moments_and_their_operations_agree_with_scarlet2() {
    let Some(mut file) = Reference::open("moments.npz") else { return };
    let image = file.get::<f64, Ix2>("image");
    let m = Moments::of(image.view(), 2);
    file.check("m_2d", &m);
    file.check("m_center20_22", &Moments::about(image.view(), [20.0, 22.0], 2));
    file.check("m4", &Moments::of(image.view(), 4));
    file.check("m_rot0.6", &m.rotated(0.6));
    file.check("m_resize1.7", &m.resized([1.7, 1.7]));
    file.check("m_resize_1.7_0.8", &m.resized([1.7, 0.8]));
    file.check("m_fliplr", &m.flipped_x());
    file.check("m_flipud", &m.flipped_y());
    file.check("m_translate_1_-2", &m.translated([1.0, -2.0]));
    file.check("m_normalize", &m.clone().normalized());
    let both = file.get::<f64, Ix3>("image3");
    let theirs = file.get::<f64, Ix2>("m_3d");
    for (c, plane) in both.axis_iter(Axis(0)).enumerate() {
        for ((_, ours), theirs) in Moments::of(plane, 2).iter().zip(theirs.column(c)) {
            assert!((ours - theirs).abs() < 1e-10 * (1.0 + theirs.abs()));
        }
    }
    let psf_moments = file.get::<f64, Ix1>("psf_moments");
    let psf = moments_with([psf_moments[3], psf_moments[4], psf_moments[5]], psf_moments[0]);
    file.check("psf_moments", &psf);
    file.check("m_convolved", &m.convolved(&psf));
    file.check("m_deconvolved", &m.deconvolved(&psf));
}

/// Moments `[xx, yx, yy]` of given values, measured on five pixels that have them.
fn moments_with([xx, yx, yy]: [f64; 3], flux: f64) -> Moments {
    let mut image = Array2::zeros((3, 3));
    let cross = yx.abs() / 2.0;
    let (a, b) = if yx > 0.0 { ([2, 2], [0, 0]) } else { ([2, 0], [0, 2]) };
    (image[a], image[b]) = (cross, cross);
    for k in [0, 2] {
        image[[1, k]] = (xx - yx.abs()) / 2.0;
        image[[k, 1]] = (yy - yx.abs()) / 2.0;
    }
    image[[1, 1]] = flux - image.sum();
    Moments::about(image.view(), [1.0, 1.0], 2)
}

#[test]
fn measurements_agree_with_scarlet2_where_that_is_right() {
    let Some(mut file) = Reference::open("moments.npz") else { return };
    let cube = file.get::<f64, Ix3>("image3");
    let m = Moments::of(cube.index_axis(Axis(0), 0), 2);
    let ellipticity = file.get::<f64, Ix1>("ellipticity");
    for k in 0..2 {
        assert_relative_eq!(m.distortion()[k], ellipticity[k], max_relative = 1e-10);
    }
    assert_relative_eq!(
        m.size_px(),
        file.get::<f64, ndarray::Ix0>("size").into_scalar(),
        max_relative = 1e-10
    );
    let (fluxes, centroids) =
        (file.get::<f64, Ix1>("measure_flux"), file.get::<f64, Ix2>("measure_centroid"));
    for (c, image) in cube.axis_iter(Axis(0)).enumerate() {
        assert_relative_eq!(flux(cube.view())[c], fluxes[c], max_relative = 1e-12);
        for k in 0..2 {
            assert_relative_eq!(centroid(image)[k], centroids[[k, c]], max_relative = 1e-10);
        }
    }
    let peak = file.get::<i64, Ix1>("max_pixel");
    assert_eq!(peak_pixel(cube.view()).map(|p| p.map(|i| i as i64).to_vec()), Some(peak.to_vec()));
    // Theirs is 2 sqrt(N) / pi: too small by sqrt(pi). It takes every channel's half maximum from the pixel at
    // which the brightest channel peaks, so that only this one compares.
    let coded = file.get::<f64, Ix1>("fwhm_AS_CODED")[0] * std::f64::consts::PI.sqrt();
    assert_relative_eq!(fwhm_px(cube.index_axis(Axis(0), 0)), coded, max_relative = 1e-12);
    // Theirs about a given centre subtracts centre x flux; ours is the centroid whatever the reference.
    let wrong = file.get::<f64, Ix1>("centroid_BUGGY_with_center");
    let about = Moments::about(cube.index_axis(Axis(0), 0), [20.0, 22.0], 2).centroid();
    for k in 0..2 {
        assert_relative_eq!(about[k], centroids[[k, 0]], max_relative = 1e-10);
        assert!((wrong[k] - about[k]).abs() > 1e3);
    }
}
