//! A source alone, as each observation sees it.

use crate::output::Outcome;
use crate::report::{MOST_VIEWS, ReportView};
use ndarray::Array3;
use scarlet::frame::{BBox, Frame};
use scarlet::obs::catalog::SourceMeasurement;
use scarlet::obs::check::core;
use scarlet::obs::{ObsError, Observation, ObservationPlan, Sight};
use scarlet::render::Workers;

/// The views of a source in the first observations that see its box.
///
/// Where an observation has pixels of its own, all views show the same piece of sky: the box and around it what the
/// widest PSF smears its light over.
pub(super) fn of_source(outcome: &Outcome<'_>, source: &SourceMeasurement) -> Vec<ReportView> {
    let model = outcome.scene.frame();
    let sights: Vec<Option<Sight>> =
        outcome.observations.iter().map(|observation| Sight::new(observation, model).ok()).collect();
    let reach = (outcome.observations.iter().zip(&sights))
        .filter_map(|(observation, sight)| Some(reach(observation, sight.as_ref()?)))
        .fold(0.0, f64::max);
    let shown = source.bbox.grown(reach.ceil() as usize);
    let seen = outcome.observations.iter().zip(&sights).enumerate();
    let views = seen.filter_map(|(index, (observation, sight))| {
        view(outcome, source, shown, index, observation, sight.as_ref()?).ok().flatten()
    });
    views.take(MOST_VIEWS).collect()
}

/// Full width at half maximum of the PSF of an observation with pixels of its own, in pixels of the model; else 0.
fn reach(observation: &Observation, sight: &Sight) -> f64 {
    if sight.whole_pixel_shift().is_some() {
        return 0.0;
    }
    let psf = observation.frame().psf_ref().and_then(|psf| core(psf.sampled(0).view()));
    psf.map_or(0.0, |core| core.fwhm_px() * sight.model_pixels_per_pixel())
}

/// None where the observation does not see the box `shown`.
///
/// # Errors
/// A pixel that its WCS does not reach.
fn view(
    outcome: &Outcome<'_>,
    source: &SourceMeasurement,
    shown: BBox,
    index: usize,
    observation: &Observation,
    sight: &Sight,
) -> Result<Option<ReportView>, ObsError> {
    let (model, own) = (outcome.scene.frame(), observation.frame());
    let Some(seen) = sight.footprint(shown).filter(|seen| !seen.is_empty()) else { return Ok(None) };
    let part = own.clone().cropped(seen);
    let shape = part.shape();
    let blank = Observation::new(Array3::zeros(shape), Array3::ones(shape), part)?;
    let workers = Workers::default();
    let plan = ObservationPlan::<f64>::new(&blank, &model.clone().cropped(source.bbox), &workers)?;
    let rendered = plan.render(source.cube.as_standard_layout().as_slice().unwrap_or_default());
    let corner = [0, 1].map(|k| (seen.origin()[k] - own.bbox().origin()[k]).max(0) as usize);
    Ok(Some(ReportView {
        observation: index,
        corner,
        model: before_psf(model, source, sight, seen),
        rendered: rendered.mapv(|value| value as f32),
        shown: Some(shown.shape().map(|n| (n as f64 / sight.model_pixels_per_pixel()).ceil() as usize)),
    }))
}

/// The model of a source in the pixels `seen` of an observation: the sum of the model's pixels that fall on each, or of
/// what of the one that it falls on is its share.
fn before_psf(model: &Frame, source: &SourceMeasurement, sight: &Sight, seen: BBox) -> Array3<f32> {
    let [rows, columns] = seen.shape();
    let mut before = Array3::zeros([sight.channels().len(), rows, columns]);
    let ratio = sight.model_pixels_per_pixel();
    let nearest = |bbox: BBox, position: [f64; 2]| -> Option<[usize; 2]> {
        let [y, x] = [0, 1].map(|k| (position[k].round() as i64) - bbox.origin()[k]);
        let at = [usize::try_from(y).ok()?, usize::try_from(x).ok()?];
        (at[0] < bbox.shape()[0] && at[1] < bbox.shape()[1]).then_some(at)
    };
    let places = |bbox: BBox| {
        let [ny, nx] = bbox.shape();
        (0..ny).flat_map(move |y| (0..nx).map(move |x| [y, x]))
    };
    let position = |bbox: BBox, at: [usize; 2]| [0, 1].map(|k| (bbox.origin()[k] + at[k] as i64) as f64);
    let mut add = |[y, x]: [usize; 2], [v, u]: [usize; 2], share: f64| {
        for (own, of_model) in sight.channels().iter().enumerate() {
            before[[own, y, x]] += (share * source.cube[[*of_model, v, u]]) as f32;
        }
    };
    debug_assert_eq!(source.cube.dim().0, model.channel_names().len());
    if ratio > 1.0 + 1e-6 {
        for from in places(source.bbox) {
            let there = sight.to_observation(position(source.bbox, from)).ok();
            if let Some(to) = there.and_then(|there| nearest(seen, there)) {
                add(to, from, 1.0);
            }
        }
    } else {
        for to in places(seen) {
            let there = sight.to_model(position(seen, to)).ok();
            if let Some(from) = there.and_then(|there| nearest(source.bbox, there)) {
                add(to, from, ratio * ratio);
            }
        }
    }
    before
}
