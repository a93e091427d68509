//! What is wrong with the text of a scene file, in words of this program.

use crate::error::CliError;
use miette::{NamedSource, SourceSpan};
use scarlet::frame::nearest;
use serde_saphyr::Error;
use std::path::Path;
use std::string::FromUtf8Error;
use std::sync::Arc;

const LIST: &str = "the README's section on scene files lists the fields";

/// What is wrong, and what to do.
struct Problem {
    problem: String,
    advice: String,
}

impl Problem {
    fn new(problem: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { problem: problem.into(), advice: advice.into() }
    }

    /// A name that is not among those that are known.
    fn unknown(what: &str, name: &str, known: &[&str]) -> Self {
        let known_names = known.join(", ");
        match nearest(name, known.iter().copied()) {
            Some(meant) => {
                let advice = format!("did you mean `{meant}`? Known here: {known_names}");
                Self::new(format!("there is no {what} `{name}`"), advice)
            }
            None => Self::new(format!("there is no {what} `{name}`"), format!("known here: {known_names}")),
        }
    }
}

/// A file that is no text.
#[cold]
pub(super) fn not_utf8(path: &Path, error: &FromUtf8Error) -> CliError {
    let problem = format!("byte {} is not UTF-8 text", error.utf8_error().valid_up_to());
    let advice = "save the scene file as plain text in UTF-8; is this another kind of file?";
    scene_file(path, "", None, Problem::new(problem, advice))
}

/// YAML that cannot be read as a scene file.
#[cold]
pub(super) fn of_yaml(path: &Path, text: &str, error: &Error) -> CliError {
    let place = error.location().map(|location| {
        let line = text.split_inclusive('\n').take(location.line().saturating_sub(1) as usize);
        let offset = line.map(str::len).sum::<usize>() + location.column().saturating_sub(1) as usize;
        SourceSpan::new(offset.min(text.len()).into(), 1)
    });
    let before = place.as_ref().map_or("", |place| &text[..place.offset()]);
    scene_file(path, text, place, problem(error, text, before))
}

fn scene_file(path: &Path, text: &str, place: Option<SourceSpan>, problem: Problem) -> CliError {
    let source = NamedSource::new(path.display().to_string(), text.to_owned());
    CliError::SceneFile {
        problem: problem.problem,
        advice: problem.advice,
        source_code: Arc::new(source.with_language("yaml")),
        place,
    }
}

/// `before` is the text up to the place of the error.
fn problem(error: &Error, text: &str, before: &str) -> Problem {
    match error {
        _ if text.lines().all(is_blank) => {
            Problem::new("it is empty", "write observations and a catalog into it")
        }
        Error::SerdeUnknownField { field, expected, .. } => Problem::unknown("field", field, expected),
        Error::SerdeUnknownVariant { variant, expected, .. } => Problem::unknown("choice", variant, expected),
        Error::SerdeMissingField { field, .. } => {
            let written = format!("{field}:");
            let advice = match text.lines().position(|line| line.trim_start().starts_with(&written)) {
                Some(line) => format!(
                    "if line {} is meant, indent it with as many blanks as the other fields of its block",
                    line + 1
                ),
                None => format!("add `{field}:` here; {LIST}"),
            };
            Problem::new(format!("the field `{field}` is missing"), advice)
        }
        Error::InvalidScalar { ty, .. } => {
            Problem::new(format!("{} is needed here", scalar(ty)), "write it without quotes or units")
        }
        Error::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().unwrap_or("a field");
            Problem::new(format!("{key} is there twice"), "leave one of the two out")
        }
        other => in_its_words(other, text, before),
    }
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty() || line.trim_start().starts_with('#')
}

/// A type of YAML values in words.
fn scalar(ty: &str) -> &'static str {
    match ty {
        "f32" | "f64" | "float" => "a number",
        "bool" | "boolean" => "true or false",
        _ if ty.starts_with('u') => "a whole number, 0 or greater,",
        _ if ty.starts_with('i') => "a whole number",
        _ => "another kind of value",
    }
}

/// Any other error, in the words of the YAML reader.
fn in_its_words(error: &Error, text: &str, before: &str) -> Problem {
    let message = error.to_string();
    let message = message.lines().next().unwrap_or("it cannot be read");
    let place = message.rfind(" at line ").unwrap_or(message.len());
    let words = &message[..place];
    let is_tab = words.contains("tab") && text.contains('\t');
    if is_tab || text.lines().any(|line| line.trim_start_matches(' ').starts_with('\t')) {
        return Problem::new(words, "YAML is indented with spaces: replace the tabs by spaces");
    }
    let line = text.lines().nth(before.matches('\n').count()).unwrap_or_default();
    if words != "expected sequence start" && has_bare_placeholder(line) {
        let advice = "put a path with a placeholder into quotes where it begins with { or stands within { }: \
                      \"{channel}.fits\"";
        return Problem::new("{ has a meaning of its own in YAML", advice);
    }
    match words {
        "expected sequence start" => {
            Problem::new("a list is needed here", "write [a, b], or lines with `- `")
        }
        "expected mapping start" => Problem::new("fields are needed here", fields_of(before)),
        "expected string scalar" => Problem::new("a text is needed here", "write a name or a path"),
        _ if words.starts_with("non-finite") => {
            Problem::new("a finite number is needed here", "write digits, with a point")
        }
        _ if words.starts_with("a psf is") => Problem::new(words, "leave the others out"),
        _ => Problem::new(words, format!("look at the line before, too; {LIST}")),
    }
}

/// Whether a line has a placeholder outside of quotes, where YAML takes its bracket for its own.
fn has_bare_placeholder(line: &str) -> bool {
    let outside: String = line.split('"').step_by(2).collect();
    let outside: String = outside.split('\'').step_by(2).collect();
    let own = |before: &str| before.trim_end().ends_with([':', '{', ',', '-']) || before.contains('{');
    ["{channel}", "{band}", "{epoch}"]
        .iter()
        .any(|name| outside.find(name).is_some_and(|at| own(&outside[..at])))
}

/// What to write where fields are needed, by the key that they belong to.
fn fields_of(before: &str) -> String {
    let key =
        before.trim_end().trim_end_matches(':').rsplit([' ', '\n', '{', ',']).next().unwrap_or_default();
    let example = match key {
        "" => {
            return "a scene file begins with `observations:`; `scarlet simulate` writes one to look at"
                .to_owned();
        }
        "gaussian" => "gaussian: { sigma_px: 1.2 }",
        "transients" => "transients: [sn], or [{ id: sn, epochs: [3, 4] }]",
        "astrometry" => "astrometry: { shift: { sigma_px: 0.5 } }",
        "flux_scale" => "flux_scale: { sigma: 0.05 }",
        "moffat" => "moffat: { fwhm_px: 4.0, beta: 3.0 }",
        "extended" | "monotonic" => "{ extended: { components: 2 } }",
        "model" => "model: { galaxy: extended }",
        "fit" => "fit: { max_iter: 200 }",
        "output" => "output: { pictures: true }; the folder of the results is --out",
        _ => "{ field: value }, or indented lines `field: value`",
    };
    format!("write {example}")
}

#[cfg(test)]
mod tests {
    use super::super::SceneFile;
    use crate::error::CliError;
    use miette::Diagnostic;

    /// Message and advice for a scene file with this text.
    fn said(text: &str) -> (String, String) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("scene.yaml");
        std::fs::write(&path, text).expect("written");
        let error: CliError = SceneFile::read(&path).expect_err("it is not valid");
        (error.to_string(), error.help().map(|h| h.to_string()).unwrap_or_default())
    }

    #[test]
    fn slips_of_the_pen_are_understood() {
        let observation = "observations:\n  - { channels: [g], image: a.fits, sigma: [1.0] }\n";
        for (rest, wrong, meant) in [
            ("catalogue: a.csv\n", "`catalogue`", "did you mean `catalog`?"),
            ("catalog: a.csv\nfit: { max_itr: 3 }\n", "`max_itr`", "did you mean `max_iter`?"),
            ("catalog: a.csv\nfit: { optimizer: adamm }\n", "`adamm`", "did you mean `adam`?"),
            ("catalog: a.csv\nfit: { max_iter: 1.5 }\n", "whole number", "quotes"),
            ("catalog: a.csv\ncatalog: b.csv\n", "catalog is there twice", "leave one"),
            ("catalog: a.csv\nfit: [1]\n", "fields are needed", "fit: { max_iter"),
            ("catalog: a.csv\nmodel: { galaxy: { extended: 2 } }\n", "fields are needed", "components: 2"),
            ("catalog: a.csv\noutput: results\n", "fields are needed", "--out"),
            ("catalog: a.csv\nfit:\n\t max_iter: 3\n", "tab", "spaces"),
        ] {
            let (message, help) = said(&format!("{observation}{rest}"));
            assert!(message.contains(wrong) && help.contains(meant), "{rest}: {message}; {help}");
        }
        for (observation, wrong, meant) in [
            ("{ channels: [g], image: {channel}.fits, sigma: [1.0] }", "{ has a meaning", "quotes"),
            ("{ channels: [g], image: a.fits, sigma: [1.0], psf: { gaussian: 1.2 } }", "fields", "sigma_px"),
            ("channels: [g]\n   image: a.fits\n    sigma: [1.0]", "`image` is missing", "line 3"),
            (
                "{ channels: [g], image: a.fits, sigma: [1.0], psf: { image: p.fits, moffat: { fwhm_px: 4, beta: 3 } } }",
                "one of image, gaussian and moffat",
                "others out",
            ),
        ] {
            let (message, help) = said(&format!("observations:\n  - {observation}\ncatalog: a.csv\n"));
            assert!(message.contains(wrong) && help.contains(meant), "{observation}: {message}; {help}");
        }
        let (message, help) = said("NUMBER,RA\n1,2\n");
        assert!(help.contains("begins with `observations:`"), "{message}; {help}");
        let (message, help) = said("");
        assert!(message.contains("empty") && help.contains("observations"), "{message}; {help}");
    }
}
