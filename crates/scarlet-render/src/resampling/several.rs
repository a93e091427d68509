//! Several resamplings of one model, planned together.

use super::band::highest_frequency;
use super::reading::{Reading, groups};
use super::region::Region;
use super::{Geometry, Matching, Parts, Resampling};
use crate::{Pixel, Workers};
use scarlet_frame::BBox;
use std::sync::Arc;

/// What is asked of one of [`Resampling::several`].
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Where the pixels lie.
    pub geometry: Geometry,
    /// The PSFs of each channel.
    pub matchings: Vec<Matching>,
    /// How far positions may be moved later, in pixels of the model.
    pub slack_px: f64,
}

/// A request that sees something of the model.
struct Asked<'a> {
    /// Its place among all requests.
    index: usize,
    request: &'a Request,
    region: Region,
    /// Number of the group of those that read nearly the same.
    group: usize,
    /// The first equal one, if there is one before it.
    twin: Option<usize>,
}

impl<T: Pixel> Resampling<T> {
    /// Plans several, each as [`Resampling::new`] does; those that read nearly the same pixels share the transforms of
    /// them ([`Resampling::reading`]).
    #[must_use]
    pub fn several(model: BBox, requests: &[Request], workers: &Workers) -> Vec<Option<Self>> {
        let (asked, groups) = asked(model, requests, workers);
        let parts = parts(&asked, &groups, workers);
        let readings = readings(&asked, &groups, &parts);
        let mut slots: Vec<(Option<Parts>, Option<Self>)> = parts.into_iter().map(|p| (p, None)).collect();
        workers.for_each(&mut slots, |k, (parts, plan)| {
            let Asked { request, group, .. } = &asked[k];
            let reading = Arc::clone(&readings[*group]);
            *plan = parts.take().map(|parts| Self::assembled(parts, &request.geometry, reading));
        });
        let mut plans: Vec<Option<Self>> = requests.iter().map(|_| None).collect();
        for (Asked { index, twin, .. }, (_, plan)) in asked.iter().zip(slots) {
            plans[*index] = plan.or_else(|| plans[asked[(*twin)?].index].clone());
        }
        plans
    }
}

/// The requests that see something, and what each of their groups reads.
fn asked<'a>(model: BBox, requests: &'a [Request], workers: &Workers) -> (Vec<Asked<'a>>, Vec<Region>) {
    let mut regions: Vec<Option<Region>> = requests.iter().map(|_| None).collect();
    workers.for_each(&mut regions, |i, region| {
        let Request { geometry, matchings, slack_px } = &requests[i];
        let highest = highest_frequency(geometry, matchings);
        *region = Region::new(model, geometry, matchings, *slack_px, highest);
    });
    let seen: Vec<usize> = (0..requests.len()).filter(|&i| regions[i].is_some()).collect();
    let regions: Vec<Region> = regions.into_iter().flatten().collect();
    let (group_of, groups) = groups(&regions);
    let twin = |k: usize| {
        let is_equal = |&b: &usize| group_of[b] == group_of[k] && requests[seen[b]] == requests[seen[k]];
        (0..k).find(is_equal)
    };
    let of = |(k, region)| {
        let index: usize = seen[k];
        Asked { index, request: &requests[index], region, group: group_of[k], twin: twin(k) }
    };
    (regions.into_iter().enumerate().map(of).collect(), groups)
}

/// Band and grid of each, none for those with a twin.
fn parts(asked: &[Asked<'_>], groups: &[Region], workers: &Workers) -> Vec<Option<Parts>> {
    let mut parts: Vec<Option<Parts>> = asked.iter().map(|_| None).collect();
    workers.for_each(&mut parts, |k, parts| {
        let Asked { request, region, group, twin, .. } = &asked[k];
        let Request { geometry, matchings, .. } = request;
        let plan = || Parts::new(region.reading(&groups[*group]), geometry, matchings);
        *parts = twin.is_none().then(plan);
    });
    parts
}

/// What the groups read, each with as many columns as the widest band of its members has.
fn readings<T: Pixel>(
    asked: &[Asked<'_>],
    groups: &[Region],
    parts: &[Option<Parts>],
) -> Vec<Arc<Reading<T>>> {
    let mut columns = vec![1; groups.len()];
    for (Asked { group, .. }, parts) in asked.iter().zip(parts) {
        let highest = parts.as_ref().map_or(0, |parts| parts.band.highest[1]);
        columns[*group] = columns[*group].max(highest + 1);
    }
    let reading = |(group, columns)| Arc::new(Reading::new(group, columns));
    groups.iter().zip(columns).map(reading).collect()
}
