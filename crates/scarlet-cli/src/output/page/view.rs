//! A source alone, as each observation sees it.

use crate::output::Outcome;
use crate::report::{MOST_VIEWS, ReportView};
use ndarray::{Array3, s};
use scarlet::frame::BBox;
use scarlet::obs::catalog::SourceMeasurement;
use scarlet::obs::{ObsError, Observation, ObservationPlan};
use scarlet::render::Workers;

/// The views of a source in the first observations that see its box.
pub(super) fn of_source(outcome: &Outcome<'_>, source: &SourceMeasurement) -> Vec<ReportView> {
    let numbered = outcome.observations.iter().enumerate();
    let views =
        numbered.filter_map(|(index, observation)| view(outcome, source, index, observation).ok().flatten());
    views.take(MOST_VIEWS).collect()
}

/// None where the observation does not see the box.
///
/// # Errors
/// The observation's grid is not the model's.
fn view(
    outcome: &Outcome<'_>,
    source: &SourceMeasurement,
    index: usize,
    observation: &Observation,
) -> Result<Option<ReportView>, ObsError> {
    let (model, own) = (outcome.scene.frame(), observation.frame());
    let origin = own.offset_in(model)?;
    let whole = BBox::new(origin, own.bbox().shape());
    let Some(common) = whole.intersection(source.bbox).filter(|common| !common.is_empty()) else {
        return Ok(None);
    };
    let [y, x] = [0, 1].map(|k| common.origin()[k] - origin[k]);
    let [in_y, in_x] = [0, 1].map(|k| own.bbox().origin()[k] + common.origin()[k] - origin[k]);
    let seen = own.clone().cropped(BBox::new([in_y, in_x], common.shape()));
    let shape = seen.shape();
    let blank = Observation::new(Array3::zeros(shape), Array3::ones(shape), seen)?;
    let workers = Workers::default();
    let plan = ObservationPlan::<f64>::new(&blank, &model.clone().cropped(source.bbox), &workers)?;
    let rendered = plan.render(source.cube.as_standard_layout().as_slice().unwrap_or_default());
    let Some([rows, columns]) = source.bbox.slices_of(common) else { return Ok(None) };
    let mut before = Array3::zeros(shape);
    for (c, channel) in own.channel_names().iter().enumerate() {
        if let Some(k) = model.channel_index(channel) {
            let plane = source.cube.slice(s![k, rows.clone(), columns.clone()]);
            before.slice_mut(s![c, .., ..]).assign(&plane.mapv(|value| value as f32));
        }
    }
    Ok(Some(ReportView {
        observation: index,
        corner: [y as usize, x as usize],
        model: before,
        rendered: rendered.mapv(|value| value as f32),
    }))
}
