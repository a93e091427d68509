//! Charts of draws.

use crate::picture::{Chart, ChartAxis, Scale, Series, Stroke};
use scarlet::infer::sample::Chains;

/// Bins of ranks.
const RANKS: usize = 20;
/// Bins of histograms.
const BINS: usize = 40;

/// The values of a column over the draws, a line for each chain.
pub(super) fn trace(chains: &Chains, k: usize) -> String {
    let name = &chains.columns()[k].name;
    let draws = chains.at(k);
    let series = draws.rows().into_iter().enumerate().map(|(c, row)| Series {
        label: String::new(),
        points: row.iter().enumerate().map(|(d, v)| [d as f64, *v]).collect(),
        stroke: Stroke::Thin,
        tone: c,
    });
    Chart {
        title: format!("Trace of {name}, a line for each chain"),
        x: ChartAxis::new("draw", Scale::Linear),
        y: ChartAxis::new(name, Scale::Linear),
        series: series.collect(),
        marks: Vec::new(),
    }
    .svg()
}

/// How many of each chain's draws fall into each range of ranks among all draws: flat where chains agree.
pub(super) fn ranks(chains: &Chains, k: usize) -> String {
    let name = &chains.columns()[k].name;
    let draws = chains.at(k);
    let mut order: Vec<(usize, f64)> = draws.indexed_iter().map(|((c, _), v)| (c, *v)).collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut counts = vec![[0.0_f64; RANKS]; chains.chains()];
    for (rank, (c, _)) in order.iter().enumerate() {
        counts[*c][rank * RANKS / order.len()] += 1.0;
    }
    let step = |counts: &[f64; RANKS]| -> Vec<[f64; 2]> {
        let ends = |(bin, count): (usize, &f64)| [[bin as f64, *count], [bin as f64 + 1.0, *count]];
        counts.iter().enumerate().flat_map(ends).collect()
    };
    let series = counts.iter().enumerate().map(|(c, counts)| Series {
        label: format!("chain {c}"),
        points: step(counts),
        stroke: Stroke::Line,
        tone: c,
    });
    Chart {
        title: format!("Ranks of {name} in each chain; flat where chains agree"),
        x: ChartAxis::new(&format!("rank of {name}, in twentieths"), Scale::Linear),
        y: ChartAxis::new("draws", Scale::FromZero),
        series: series.collect(),
        marks: Vec::new(),
    }
    .svg()
}

/// The distribution of a column.
pub(super) fn histogram(chains: &Chains, k: usize) -> String {
    let name = &chains.columns()[k].name;
    let draws = chains.at(k);
    let low = draws.iter().copied().fold(f64::INFINITY, f64::min);
    let high = draws.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let width = ((high - low) / BINS as f64).max(f64::MIN_POSITIVE);
    let mut counts = [0.0_f64; BINS];
    for v in draws.iter().filter(|v| v.is_finite()) {
        counts[(((v - low) / width) as usize).min(BINS - 1)] += 1.0;
    }
    let point = |(bin, count): (usize, &f64)| {
        [low + (bin as f64 + 0.5) * width, count / (width * draws.len() as f64)]
    };
    let series = Series {
        label: String::new(),
        points: counts.iter().enumerate().map(point).collect(),
        stroke: Stroke::Area,
        tone: 0,
    };
    Chart {
        title: format!("Distribution of {name}"),
        x: ChartAxis::new(name, Scale::Linear),
        y: ChartAxis::new("density", Scale::FromZero),
        series: vec![series],
        marks: Vec::new(),
    }
    .svg()
}
