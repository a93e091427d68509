//! Pictures of images with north up and east left, whichever way the images lie on the sky.

use super::{Orientation, ReportObservation};
use ndarray::{Array2, Array3, ArrayView2, ArrayView3, Axis};
use scarlet::frame::{Frame, GridAffine, LocalAffine};

/// Images whose north is closer to up than this are shown as they are, degrees.
const UP_DEG: f64 = 1.0;

impl Orientation {
    /// That of the pixels of `frame` at its middle.
    #[must_use]
    pub fn of(frame: &Frame) -> Self {
        let local = frame.wcs_ref().and_then(|wcs| wcs.local_affine(frame.bbox().middle()).ok());
        let Some(local) = local else { return Self::Unknown };
        let angle = local.position_angle().degrees();
        if angle.abs() < UP_DEG && !local.is_flipped() {
            return Self::NorthUp;
        }
        Self::Turned(turned(local))
    }
}

/// Pixel offsets `[y, x]` of the image for offsets in a picture with pixels of the same area, north up and east left.
fn turned(local: LocalAffine) -> [[f64; 2]; 2] {
    let scale = local.scale();
    let none = scarlet::frame::arcsec(0.0);
    let west = scarlet::frame::Angle::from_radians(-scale.radians());
    let (up, right) = (local.to_pixel_offset([scale, none]), local.to_pixel_offset([none, west]));
    [[up[0], right[0]], [up[1], right[1]]]
}

/// How a picture of one image, or of a part of it, shows the pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Upright {
    shape: [usize; 2],
    /// From pixels of the picture to those of the image and back; none where they are the same.
    maps: Option<[GridAffine; 2]>,
}

impl Upright {
    /// For all of an observation.
    pub(super) fn of(observed: &ReportObservation) -> Self {
        let (_, rows, columns) = observed.data.dim();
        Self::of_part(observed.orientation, [rows, columns])
    }

    /// For an image of that shape that lies on the sky like that.
    pub(super) fn of_part(orientation: Orientation, shape: [usize; 2]) -> Self {
        let Orientation::Turned(jacobian) = orientation else { return Self { shape, maps: None } };
        let middle = shape.map(|n| (n as f64 - 1.0) / 2.0);
        let Some(back) = GridAffine::new([0.0; 2], middle, jacobian).inverse() else {
            return Self { shape, maps: None };
        };
        let reach = corners(shape).map(|corner| back.apply(corner));
        let longest = |k: usize| reach.iter().map(|at| at[k].abs()).fold(0.0, f64::max);
        let shown = [0, 1].map(|k| (2.0 * longest(k) - 1e-3).ceil().max(1.0) as usize);
        let to_image = GridAffine::new(shown.map(|n| (n as f64 - 1.0) / 2.0), middle, jacobian);
        Self { shape: shown, maps: to_image.inverse().map(|to_picture| [to_image, to_picture]) }
    }

    /// The middle of a picture of a turned image, so many rows and columns of it at most.
    pub(super) fn cropped(self, shape: Option<[usize; 2]>) -> Self {
        let (Some(most), Some([to_image, _])) = (shape, self.maps) else { return self };
        let shape = [0, 1].map(|k| self.shape[k].min(most[k].max(1)));
        let middle = self.shape.map(|n| (n as f64 - 1.0) / 2.0);
        let there = to_image.apply(middle);
        let to_image = GridAffine::new(shape.map(|n| (n as f64 - 1.0) / 2.0), there, to_image.jacobian());
        Self { shape, maps: to_image.inverse().map(|to_picture| [to_image, to_picture]) }
    }

    /// Rows and columns of the picture.
    pub(super) const fn shape(&self) -> [usize; 2] {
        self.shape
    }

    /// Where a position `[y, x]` of the image is in the picture.
    pub(super) fn to_picture(self, position: [f64; 2]) -> [f64; 2] {
        self.maps.map_or(position, |[_, to_picture]| to_picture.apply(position))
    }

    /// The nearest pixels of the image for those of the picture; NaN beyond its edges.
    pub(super) fn plane(&self, image: ArrayView2<'_, f32>) -> Array2<f32> {
        let Some([to_image, _]) = &self.maps else { return image.to_owned() };
        Array2::from_shape_fn(self.shape, |(y, x)| {
            let [y, x] = to_image.apply([y as f64, x as f64]).map(f64::round);
            let inside = y >= 0.0 && x >= 0.0;
            let value = if inside { image.get([y as usize, x as usize]) } else { None };
            value.copied().unwrap_or(f32::NAN)
        })
    }

    /// The same of each plane of a cube.
    pub(super) fn cube(&self, cube: ArrayView3<'_, f32>) -> Array3<f32> {
        if self.maps.is_none() {
            return cube.to_owned();
        }
        let mut shown = Array3::zeros([cube.len_of(Axis(0)), self.shape[0], self.shape[1]]);
        for (plane, mut out) in cube.outer_iter().zip(shown.outer_iter_mut()) {
            out.assign(&self.plane(plane));
        }
        shown
    }
}

fn corners([rows, columns]: [usize; 2]) -> [[f64; 2]; 4] {
    let [top, right] = [rows, columns].map(|n| n as f64 - 0.5);
    [[-0.5, -0.5], [-0.5, right], [top, -0.5], [top, right]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use scarlet::frame::{Sky, Wcs, arcsec, degrees};

    fn frame(angle: f64) -> Frame {
        let wcs = Wcs::tan_turned(Sky::new(150.0, 2.0), [10.0, 14.5], arcsec(0.2), degrees(angle));
        Frame::new([21, 30]).wcs(wcs.expect("valid"))
    }

    #[test]
    fn what_is_up_stays_and_what_is_turned_is_turned_back() {
        assert_eq!(Orientation::of(&Frame::new([3, 3])), Orientation::Unknown);
        assert_eq!(Orientation::of(&frame(0.5)), Orientation::NorthUp);
        for angle in [30.0, 90.0, -135.0, 180.0] {
            let frame = frame(angle);
            let upright = Upright::of_part(Orientation::of(&frame), [21, 30]);
            let sky = |position| frame.to_sky(position).expect("inside");
            let place = |position| upright.to_picture(position);
            let (here, north) = (sky([10.0, 14.5]), Sky::new(150.0, 2.0 + 1.0 / 3600.0));
            let there = place(frame.to_pixel(north).expect("inside"));
            let middle = place(frame.to_pixel(here).expect("inside"));
            assert!(
                (there[0] - middle[0] - 5.0).abs() < 1e-3 && (there[1] - middle[1]).abs() < 1e-3,
                "{there:?}"
            );
            let east = Sky::new(150.0 + 1.0 / 3600.0 / 2.0_f64.to_radians().cos(), 2.0);
            let there = place(frame.to_pixel(east).expect("inside"));
            assert!((there[1] - middle[1] + 5.0).abs() < 1e-3, "{there:?}");
        }
    }

    #[test]
    fn the_middle_of_a_picture_is_cut_out() {
        let upright = Upright::of_part(Orientation::of(&frame(45.0)), [21, 30]);
        let cut = upright.cropped(Some([9, 100]));
        assert_eq!(cut.shape(), [9, upright.shape()[1]]);
        let moved = |position| [0, 1].map(|k| upright.to_picture(position)[k] - cut.to_picture(position)[k]);
        let rows = (upright.shape()[0] as f64 - 9.0) / 2.0;
        assert!((moved([3.0, 4.0])[0] - rows).abs() < 1e-9 && moved([3.0, 4.0])[1].abs() < 1e-9);
    }

    #[test]
    fn a_quarter_turn_keeps_every_pixel() {
        let image = Array2::from_shape_fn((21, 30), |(y, x)| (100 * y + x) as f32);
        let upright = Upright::of_part(Orientation::of(&frame(90.0)), [21, 30]);
        let shown = upright.plane(image.view());
        assert_eq!(shown.dim(), (30, 21));
        let (mut before, mut after): (Vec<f32>, Vec<f32>) =
            (image.iter().copied().collect(), shown.iter().copied().collect());
        before.sort_by(f32::total_cmp);
        after.sort_by(f32::total_cmp);
        assert_eq!(before, after);
        let eighth = Upright::of_part(Orientation::of(&frame(45.0)), [21, 30]).plane(image.view());
        assert!(
            eighth[[0, 0]].is_nan() && eighth.iter().filter(|v| v.is_finite()).count().abs_diff(630) < 40
        );
    }
}
