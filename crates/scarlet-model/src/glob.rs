//! Patterns over parameter paths.

/// Whether `path` matches `pattern`, in which `*` stands for any text, dots included.
pub(crate) fn matches(pattern: &str, path: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else { return false };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else { return rest.is_empty() };
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_stand_for_any_text() {
        assert!(matches("*.spectrum", "3.spectrum"));
        assert!(matches("*", "a.b.c"));
        assert!(matches("galaxy.*.size", "galaxy.disk.morphology.size"));
        assert!(!matches("*.spectrum", "3.spectrum.x"));
        assert!(!matches("a*a", "a"));
        assert!(matches("a", "a") && !matches("a", "ab"));
    }
}
