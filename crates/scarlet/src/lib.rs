//! Model and separate overlapping stars and galaxies in astronomical images.
//!
//! From images (with weights, PSF and WCS) and a model of the sources in the sky, scarlet finds the model's
//! parameters. This crate only gathers the others:
//!
//! | crate | what it owns |
//! |---|---|
//! | [`frame`] | boxes, channels, sky coordinates, WCS, PSFs |
//! | [`model`] | parameters, spectra, morphologies, sources, scenes |
//! | [`render`] | planned evaluation, FFTs, dfdx expressions |
//! | [`obs`] | observations, PSF matching, FITS, start values, measurement |
//! | [`infer`] | posterior, optimisers, fits |
//! | [`nn`] | networks as priors |
//!
//! ```
//! use ndarray::Array3;
//! use scarlet::prelude::*;
//!
//! let frame = Frame::new([40, 40]).channels(["g", "r"]).psf(Psf::gaussian(1.5)?);
//! let mut scene = Scene::new(Frame::enclosing([&frame])?)?;
//! scene.add(Source::point([19.6, 20.3], [30.0, 50.0]).named("star"))?;
//!
//! let truth = scarlet::obs::render(&scene, &frame)?;
//! let observation = Observation::new(truth.clone(), Array3::from_elem(truth.dim(), 100.0), frame)?;
//! scene.edit("star.spectrum", |_| free([20.0, 60.0]).positive().step(0.1))?;
//! let fit = scene.fit([&observation], &Adam { max_iter: 300, ..Adam::default() })?;
//! assert!((scene.param("star.spectrum")?.values()[0] - 30.0).abs() < 0.3);
//! # assert!(fit.iterations > 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use scarlet_frame as frame;
pub use scarlet_infer as infer;
pub use scarlet_model as model;
pub use scarlet_nn as nn;
pub use scarlet_obs as obs;
pub use scarlet_render as render;

/// What most programs need: `use scarlet::prelude::*`.
pub mod prelude {
    pub use scarlet_frame::{Angle, BBox, Channel, Frame, Psf, Sky, Wcs, arcsec, degrees, milliarcsec};
    pub use scarlet_infer::{
        Adam, BoxRules, Fit, FitScene, Optimizer, Posterior, Precision, Scaled, Schedule, Yogi,
    };
    pub use scarlet_model::prior::{Beta, Gamma, HalfNormal, LogNormal, Normal, Product, StudentT, Uniform};
    pub use scarlet_model::profile::{
        DeVaucouleurs, Exponential, Gaussian, Moffat, Profile, Sersic, Spergel,
    };
    pub use scarlet_model::{
        Component, Density, Image, Monotonic, Param, Point, Scene, Score, Source, Starlet, StaticSpectrum,
        Step, Symmetric, Transform, TransientSpectrum, free, relative,
    };
    pub use scarlet_obs::{Observation, init};
    pub use scarlet_render::expression::{ExpressionImage, ExpressionPrior, ExpressionSpectrum};
}
