//! The fit that is judged: start values from positions, default settings, boxes that change.

use crate::common::deblend::shapes;
use ndarray::Array3;
use scarlet::obs::init::Seed;
use scarlet::prelude::*;
use std::error::Error;
use std::ops::ControlFlow;
use std::time::Instant;

/// Changes a start shape's box: rows and columns as they are to rows and columns wanted.
pub(crate) type Reshape<'a> = &'a mut dyn FnMut([usize; 2]) -> [usize; 2];

/// A fitted blend.
pub(crate) struct Fitted {
    /// What the observation should see of each source.
    pub(crate) models: Vec<Array3<f64>>,
    /// chi2 per pixel.
    pub(crate) chi2: f64,
    /// Time of the fit alone, in seconds.
    pub(crate) seconds: f64,
}

/// Fits sources at the positions of `seeds` as the program does.
pub(crate) fn fit(
    observation: &Observation,
    seeds: &[Seed],
    reshape: Option<Reshape<'_>>,
) -> Result<Fitted, Box<dyn Error>> {
    let mut scene = shapes(observation, seeds);
    if let Some(reshape) = reshape {
        change_boxes(&mut scene, reshape)?;
    }
    init::fit_fluxes(&mut scene, &[observation])?;
    fit_scene(scene, observation)
}

/// Fits a scene with start values.
pub(crate) fn fit_scene(mut scene: Scene, observation: &Observation) -> Result<Fitted, Box<dyn Error>> {
    let mut posterior = Posterior::new(&scene, [observation])?;
    let start = Instant::now();
    let go_on = &mut |_: &_| ControlFlow::Continue(());
    let fit = posterior.fit_with_boxes(&mut scene, &BoxRules::default(), &Scaled::default(), go_on)?;
    let seconds = start.elapsed().as_secs_f64();
    posterior.log_likelihood(&fit.x);
    let chi2 = posterior.chi2()[0] / posterior.pixels() as f64;
    let mut models = vec![Array3::zeros(observation.data().raw_dim()); scene.len()];
    let frame = observation.frame().bbox();
    scarlet::obs::redistribute(&scene, observation, |share| {
        let source: usize = share.source.parse().expect("sources are counted");
        let [rows, columns] = frame.slices_of(share.bbox).expect("shares are inside the image");
        models[source].slice_mut(ndarray::s![.., rows, columns]).assign(&share.model);
    })?;
    Ok(Fitted { models, chi2, seconds })
}

fn change_boxes(scene: &mut Scene, reshape: Reshape<'_>) -> Result<(), Box<dyn Error>> {
    let images: Vec<(String, [usize; 2])> = scene
        .params()
        .into_iter()
        .filter(|(path, _)| path.ends_with(".morphology"))
        .map(|(path, param)| (path, [param.value().shape()[0], param.value().shape()[1]]))
        .collect();
    for (path, shape) in images {
        scene.regrid(&path, reshape(shape))?;
    }
    Ok(())
}
