//! One measured case, its goal, and how it is printed.

use serde_json::json;

/// How a case is judged. `ratio` is ours / peer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Goal {
    /// ours / peer is at most this.
    RatioAtMost(f64),
    /// Ours is at most this, whatever the peer has.
    OursAtMost(f64),
    /// Ours is at least this, whatever the peer has.
    OursAtLeast(f64),
}

impl Goal {
    fn value(self) -> f64 {
        match self {
            Self::RatioAtMost(value) | Self::OursAtMost(value) | Self::OursAtLeast(value) => value,
        }
    }

    fn rule(self) -> &'static str {
        match self {
            Self::RatioAtMost(_) => "ratio_at_most",
            Self::OursAtMost(_) => "ours_at_most",
            Self::OursAtLeast(_) => "ours_at_least",
        }
    }

    fn text(self) -> String {
        match self {
            Self::RatioAtMost(value) => format!("ratio <= {value:.4}"),
            Self::OursAtMost(value) => format!("ours <= {value}"),
            Self::OursAtLeast(value) => format!("ours >= {value}"),
        }
    }
}

/// Samples of one side, grouped by round.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rounds(Vec<Vec<f64>>);

impl Rounds {
    /// Adds a round.
    pub(crate) fn push(&mut self, samples: Vec<f64>) {
        self.0.push(samples);
    }

    /// Median over the rounds of the medians in them; `None` before the first sample.
    pub(crate) fn median(&self) -> Option<f64> {
        median(self.0.iter().filter_map(|round| median(round.clone())).collect())
    }

    /// Smallest sample of all.
    pub(crate) fn min(&self) -> Option<f64> {
        self.0.iter().flatten().copied().min_by(f64::total_cmp)
    }
}

/// Middle value, or the mean of the two in the middle; `None` for no values.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}

/// A case with both sides' samples.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) bench: &'static str,
    pub(crate) case: String,
    pub(crate) unit: &'static str,
    pub(crate) ours: Rounds,
    pub(crate) peer: Rounds,
    pub(crate) goal: Goal,
    /// What a reader should know about the figures.
    pub(crate) note: String,
}

impl Row {
    /// A case that has not been measured yet.
    pub(crate) fn new(bench: &'static str, case: &str, unit: &'static str, goal: Goal) -> Self {
        Self {
            bench,
            case: case.to_owned(),
            unit,
            ours: Rounds::default(),
            peer: Rounds::default(),
            goal,
            note: String::new(),
        }
    }

    /// A case of a single figure of ours, to be compared with a fixed goal.
    pub(crate) fn single(
        bench: &'static str,
        case: String,
        unit: &'static str,
        ours: Option<f64>,
        goal: Goal,
    ) -> Self {
        let mut row = Self::new(bench, &case, unit, goal);
        row.ours.push(ours.into_iter().collect());
        row
    }

    /// ours / peer, where both were measured.
    pub(crate) fn ratio(&self) -> Option<f64> {
        Some(self.ours.median()? / self.peer.median()?)
    }

    /// Whether the goal is met; `None` where a side that it needs was not measured.
    pub(crate) fn holds(&self) -> Option<bool> {
        match self.goal {
            Goal::RatioAtMost(most) => self.ratio().map(|ratio| ratio <= most),
            Goal::OursAtMost(most) => self.ours.median().map(|ours| ours <= most),
            Goal::OursAtLeast(least) => self.ours.median().map(|ours| ours >= least),
        }
    }

    /// One line of JSON; what was not measured is null.
    pub(crate) fn json(&self) -> String {
        json!({
            "bench": self.bench,
            "case": self.case,
            "unit": self.unit,
            "ours": self.ours.median(),
            "peer": self.peer.median(),
            "ratio": self.ratio(),
            "goal": self.goal.value(),
            "rule": self.goal.rule(),
            "holds": self.holds(),
            "ours_min": self.ours.min(),
            "peer_min": self.peer.min(),
            "note": self.note,
        })
        .to_string()
    }

    fn cells(&self) -> [String; 8] {
        let holds = match self.holds() {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "-",
        };
        [
            self.bench.to_owned(),
            self.case.clone(),
            self.unit.to_owned(),
            figures(self.ours.median(), self.ours.min()),
            figures(self.peer.median(), self.peer.min()),
            self.ratio().map_or("-".to_owned(), |r| format!("{r:.4}")),
            self.goal.text(),
            holds.to_owned(),
        ]
    }
}

fn figures(median: Option<f64>, min: Option<f64>) -> String {
    match (median, min) {
        (Some(median), Some(min)) if median != min => format!("{} ({})", digits(median), digits(min)),
        (Some(median), _) => digits(median),
        _ => "-".to_owned(),
    }
}

/// Four significant digits.
fn digits(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let decimals = (3 - value.abs().log10().floor() as i32).clamp(0, 6);
    format!("{value:.*}", decimals as usize)
}

/// A table of all cases: medians, minima in brackets.
pub(crate) fn table(rows: &[Row]) -> String {
    let head = ["bench", "case", "unit", "ours (min)", "peer (min)", "ratio", "goal", "holds"];
    let cells: Vec<[String; 8]> =
        std::iter::once(head.map(str::to_owned)).chain(rows.iter().map(Row::cells)).collect();
    let widths: Vec<usize> =
        (0..head.len()).map(|k| cells.iter().map(|row| row[k].len()).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for row in &cells {
        let line: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        text.push_str(line.join("  ").trim_end());
        text.push('\n');
    }
    for row in rows.iter().filter(|row| !row.note.is_empty()) {
        text.push_str(&format!("{} {}: {}\n", row.bench, row.case, row.note));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(ours: &[&[f64]], peer: &[&[f64]], goal: Goal) -> Row {
        let rounds = |rounds: &[&[f64]]| Rounds(rounds.iter().map(|r| r.to_vec()).collect());
        Row {
            bench: "b",
            case: "c".to_owned(),
            unit: "ms",
            ours: rounds(ours),
            peer: rounds(peer),
            goal,
            note: String::new(),
        }
    }

    #[test]
    fn a_disturbed_round_does_not_move_the_figure() {
        let quiet = row(&[&[1.0, 1.2, 9.0], &[1.1], &[50.0, 60.0]], &[&[4.0]], Goal::RatioAtMost(0.35));
        assert_eq!(quiet.ours.median(), Some(1.2));
        assert_eq!(quiet.ours.min(), Some(1.0));
        assert_eq!(quiet.holds(), Some(true));
    }

    #[test]
    fn goals_are_judged_on_the_right_side() {
        assert_eq!(row(&[&[1.0]], &[&[2.0]], Goal::RatioAtMost(0.4)).holds(), Some(false));
        assert_eq!(row(&[&[61.0]], &[], Goal::OursAtMost(60.0)).holds(), Some(false));
        assert_eq!(row(&[&[0.7]], &[], Goal::OursAtLeast(0.6)).holds(), Some(true));
        assert_eq!(row(&[&[1.0]], &[], Goal::RatioAtMost(0.4)).holds(), None);
    }

    #[test]
    fn json_has_the_promised_keys() {
        let line = row(&[&[1.0]], &[&[4.0]], Goal::RatioAtMost(0.25)).json();
        let value: serde_json::Value = serde_json::from_str(&line).expect("one JSON object");
        assert!(!line.contains('\n'));
        assert_eq!(value["ratio"], 0.25);
        assert_eq!(value["holds"], true);
        for key in ["bench", "case", "unit", "ours", "peer", "goal"] {
            assert!(value.get(key).is_some(), "{key}");
        }
        let missing: serde_json::Value =
            serde_json::from_str(&row(&[&[1.0]], &[], Goal::RatioAtMost(1.0)).json())
                .expect("one JSON object");
        assert!(missing["peer"].is_null() && missing["holds"].is_null());
    }

    #[test]
    fn the_table_has_a_line_for_every_case() {
        let text = table(&[row(&[&[0.25, 0.26]], &[&[1.0]], Goal::RatioAtMost(0.25))]);
        assert_eq!(text.lines().count(), 2);
        assert!(text.contains("0.2550 (0.2500)") && text.contains("NO"), "{text}");
    }
}
