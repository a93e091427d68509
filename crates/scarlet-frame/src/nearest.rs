//! Which known name somebody meant.

/// The known name most like `written`, where one is like enough to have been meant.
///
/// Like means few letters put in, left out, changed or swapped with their neighbour, regardless of case: at most a
/// third of the letters, and one in short names.
///
/// ```
/// use scarlet_frame::nearest;
/// assert_eq!(nearest("varience", ["image", "variance", "mask"]), Some("variance"));
/// assert_eq!(nearest("flux", ["image", "variance", "mask"]), None);
/// ```
///
/// Source: distance by Wagner & Fischer 1974 with swaps of neighbours (optimal string alignment).
#[must_use]
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = |text: &str| text.to_lowercase().chars().collect::<Vec<char>>();
    let own = letters(written);
    let limit = (own.len() / 3).max(1);
    let distances = known.into_iter().map(|name| (distance(&own, &letters(name)), name));
    distances
        .filter(|(off, name)| *off <= limit && *off < name.len())
        .min_by_key(|(off, _)| *off)
        .map(|n| n.1)
}

fn distance(a: &[char], b: &[char]) -> usize {
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_pen_are_found_and_other_words_are_not() {
        let known = ["observations", "catalog", "scene", "model", "fit", "output"];
        for (written, meant) in [
            ("catalogue", Some("catalog")),
            ("Observation", Some("observations")),
            ("sceen", Some("scene")),
            ("fti", Some("fit")),
            ("optimizer", None),
            ("x", None),
        ] {
            assert_eq!(nearest(written, known), meant, "{written}");
        }
        assert_eq!(nearest("", known), None);
    }
}
