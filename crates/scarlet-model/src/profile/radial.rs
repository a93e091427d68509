//! The one implementation behind all profile morphologies.

use super::ellipse::Form;
use super::integrate::Instance;
use super::law::{Kernel, MAX_SHAPE};
use super::layout::Layout;
use crate::{ModelError, Morphology, Param, Parameters, Site};
use scarlet_frame::{BBox, Frame};

/// The default box reaches the radius with this fraction of the flux,
const BOX_FLUX: f64 = 0.999;
/// but at most this many sizes.
const BOX_SIZES: f64 = 10.0;

/// A kernel with its parameters and settings.
#[derive(Debug, Clone)]
pub(crate) struct Radial<K> {
    kernel: K,
    shape: Vec<Param>,
    size: Param,
    distortion: Param,
    shape_px: Option<[usize; 2]>,
    point_sampled: bool,
}

impl<K: Kernel> Radial<K> {
    pub(crate) fn new(kernel: K, shape: Vec<Param>, size: Param) -> Self {
        const { assert!(K::SHAPE.len() <= MAX_SHAPE, "a law has at most MAX_SHAPE shape parameters") };
        let distortion = Param::from([0.0, 0.0]);
        Self { kernel, shape, size, distortion, shape_px: None, point_sampled: false }
    }

    pub(crate) fn distortion(self, distortion: Param) -> Self {
        Self { distortion, ..self }
    }

    pub(crate) fn shape_px(self, shape: [usize; 2]) -> Self {
        Self { shape_px: Some(shape), ..self }
    }

    pub(crate) fn point_sampled(self) -> Self {
        Self { point_sampled: true, ..self }
    }

    /// Radius, in sizes, that the default box reaches.
    fn reach(&self, shape: &[f64]) -> f64 {
        let constants = self.kernel.constants(1.0, shape);
        let means = self.kernel.means(1.0, shape);
        let outside = |radius: f64| {
            let r2 = radius * radius;
            1.0 - std::f64::consts::PI * r2 * self.kernel.mean_within(&constants, &means, r2)
        };
        if outside(BOX_SIZES) > 1.0 - BOX_FLUX {
            return BOX_SIZES;
        }
        let (mut low, mut high) = (0.0, BOX_SIZES);
        for _ in 0..20 {
            let middle = 0.5 * (low + high);
            if outside(middle) > 1.0 - BOX_FLUX { low = middle } else { high = middle }
        }
        high
    }

    fn default_shape_px(&self) -> [usize; 2] {
        let shape: Vec<f64> = self.shape.iter().filter_map(|p| p.values().first().copied()).collect();
        let (Some(&size), &[e1, e2]) = (self.size.values().first(), self.distortion.values()) else {
            return [1, 1];
        };
        if self.check().is_err() {
            return [1, 1];
        }
        let reach = self.reach(&shape);
        let half = Form::new(size, e1, e2).half_extent();
        half.map(|h| 2 * (h * reach).ceil() as usize + 1)
    }

    /// Whether the values make sense.
    fn check(&self) -> Result<(), ModelError> {
        if self.shape.len() != K::SHAPE.len() {
            return Err(ModelError::Shape {
                what: format!("shape parameters of {}", K::KIND),
                expected: K::SHAPE.len(),
                found: self.shape.len(),
            });
        }
        for (param, shape) in self.shape.iter().zip(K::SHAPE) {
            check_number::<K>(shape.name, param, shape.above, shape.below)?;
        }
        check_number::<K>(K::SIZE_NAME, &self.size, 0.0, f64::INFINITY)?;
        self.check_distortion()
    }

    fn check_distortion(&self) -> Result<(), ModelError> {
        let &[e1, e2] = self.distortion.values() else {
            return Err(wrong_length::<K>("distortion", 2, &self.distortion));
        };
        let length = e1.hypot(e2);
        if length < 1.0 {
            return Ok(());
        }
        let range = "a vector of length less than 1 (constrain it with a unit disk)".to_owned();
        Err(ModelError::Argument { what: K::KIND, argument: "distortion", value: length, range })
    }

    fn layout(&self, shape: [usize; 2]) -> Layout {
        Layout::new(shape, K::SHAPE.len(), !self.point_sampled)
    }

    fn instance<'a>(&'a self, params: &'a [f64], site: &Site) -> Instance<'a, K> {
        Instance::new(&self.kernel, params, site, !self.point_sampled)
    }
}

fn wrong_length<K: Kernel>(name: &str, expected: usize, param: &Param) -> ModelError {
    ModelError::Shape { what: format!("{} of {}", name, K::KIND), expected, found: param.len() }
}

fn check_number<K: Kernel>(
    name: &'static str,
    param: &Param,
    above: f64,
    below: f64,
) -> Result<(), ModelError> {
    let &[value] = param.values() else {
        return Err(wrong_length::<K>(name, 1, param));
    };
    if value > above && value < below {
        return Ok(());
    }
    let range = if below == f64::INFINITY {
        format!("finite and greater than {above}")
    } else {
        format!("greater than {above} and less than {below}")
    };
    Err(ModelError::Argument { what: K::KIND, argument: name, value, range })
}

impl<K: Kernel> Parameters for Radial<K> {
    fn parameters(&self) -> Vec<(&str, &Param)> {
        let shape = K::SHAPE.iter().map(|s| s.name).zip(&self.shape);
        shape.chain([(K::SIZE_NAME, &self.size), ("distortion", &self.distortion)]).collect()
    }

    fn parameters_mut(&mut self) -> Vec<(&str, &mut Param)> {
        let shape = K::SHAPE.iter().map(|s| s.name).zip(&mut self.shape);
        shape.chain([(K::SIZE_NAME, &mut self.size), ("distortion", &mut self.distortion)]).collect()
    }
}

impl<K: Kernel> Morphology for Radial<K> {
    fn kind(&self) -> &str {
        K::KIND
    }

    fn moves(&self) -> bool {
        true
    }

    fn bbox(&self, center: [f64; 2]) -> BBox {
        BBox::centered(center, self.shape_px.unwrap_or_else(|| self.default_shape_px()))
    }

    fn settings(&self) -> serde_json::Value {
        serde_json::json!({ "shape_px": self.shape_px, "point_sampled": self.point_sampled })
    }

    fn attach(&mut self, _: &Frame) -> Result<(), ModelError> {
        self.check()
    }

    fn scratch_len(&self, shape: [usize; 2]) -> usize {
        self.layout(shape).len()
    }

    fn evaluate(&self, params: &[f64], site: &Site, out: &mut [f64], scratch: &mut [f64]) {
        self.instance(params, site).evaluate(out, scratch);
    }

    fn pull_back(
        &self,
        params: &[f64],
        site: &Site,
        seed: &[f64],
        grad: &mut [f64],
        grad_center: &mut [f64; 2],
        scratch: &mut [f64],
    ) {
        self.instance(params, site).pull_back(seed, grad, grad_center, scratch);
    }
}
