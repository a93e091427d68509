//! Whether the files of a fit are there and make sense.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

/// Keys that `summary.json` has at least.
const SUMMARY_KEYS: &[&str] = &[
    "version",
    "seconds",
    "iterations",
    "converged",
    "chi2_per_pixel",
    "log_likelihood",
    "loss",
    "peak_rss_mb",
    "threads",
    "sources",
];
const SECONDS_KEYS: &[&str] = &["read", "setup", "fit", "write"];
const SOURCE_KEYS: &[&str] = &["id", "flux", "chi2_per_pixel"];
/// Columns of the catalogue, and the start of the names of those with a flux.
const CATALOG_COLUMNS: &[&str] = &["id", "x", "y", "size", "flags"];
const FLUX_PREFIX: &str = "flux";
/// A fit of simulated data leaves about 1 per pixel.
const CHI2_RANGE: std::ops::Range<f64> = 0.5..2.0;
const FITS_BLOCK: usize = 2880;

/// What is wrong with the outputs found anywhere under a folder, one sentence each.
pub(super) fn problems(folder: &Path) -> Result<Vec<String>> {
    type Check = fn(&[u8], &mut Vec<String>);
    let checks: [(&str, Check); 5] = [
        ("summary.json", summary),
        ("catalog.csv", catalog_csv),
        ("catalog.parquet", catalog_parquet),
        ("model.fits", model_fits),
        ("report.html", report_html),
    ];
    let mut problems = Vec::new();
    for (name, check) in checks {
        let Some(path) = find(folder, name)? else {
            problems.push(format!("{name} was not written"));
            continue;
        };
        let bytes = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        let mut found = Vec::new();
        check(&bytes, &mut found);
        problems.extend(found.into_iter().map(|problem| format!("{name}: {problem}")));
    }
    let (rows, sources) = (count_rows(folder)?, count_sources(folder)?);
    if rows != sources {
        problems.push(format!("catalog.csv has {rows} rows, summary.json {sources} sources"));
    }
    Ok(problems)
}

fn summary(bytes: &[u8], problems: &mut Vec<String>) {
    let Ok(summary) = serde_json::from_slice::<Value>(bytes) else {
        problems.push("not JSON".to_owned());
        return;
    };
    missing_keys(&summary, SUMMARY_KEYS, "", problems);
    missing_keys(&summary["seconds"], SECONDS_KEYS, "seconds.", problems);
    let chi2 = summary["chi2_per_pixel"].as_f64();
    if !chi2.is_some_and(|chi2| CHI2_RANGE.contains(&chi2)) {
        problems.push(format!("chi2_per_pixel is {chi2:?}, expected within {CHI2_RANGE:?}"));
    }
    let loss: Vec<f64> = summary["loss"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
    if !matches!((loss.first(), loss.last()), (Some(first), Some(last)) if last < first) {
        problems.push("the loss did not fall".to_owned());
    }
    let sources = summary["sources"].as_array().map(Vec::as_slice).unwrap_or_default();
    if sources.is_empty() {
        problems.push("there are no sources".to_owned());
    }
    for source in sources {
        missing_keys(source, SOURCE_KEYS, "sources[].", problems);
        let finite = |flux: &Value| flux.as_f64().is_some_and(f64::is_finite);
        if !source["flux"].as_object().is_some_and(|flux| !flux.is_empty() && flux.values().all(finite)) {
            problems.push(format!("source {} has no finite flux for every channel", source["id"]));
        }
    }
}

fn missing_keys(value: &Value, keys: &[&str], prefix: &str, problems: &mut Vec<String>) {
    let missing = keys.iter().filter(|key| value.get(**key).is_none_or(Value::is_null));
    problems.extend(missing.map(|key| format!("{prefix}{key} is missing")));
}

fn catalog_csv(bytes: &[u8], problems: &mut Vec<String>) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let columns: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let missing = CATALOG_COLUMNS.iter().filter(|column| !columns.contains(column));
    problems.extend(missing.map(|column| format!("the column {column} is missing")));
    if !columns.iter().any(|column| column.starts_with(FLUX_PREFIX)) {
        problems.push("there is no column of fluxes".to_owned());
    }
    let uneven = lines.filter(|line| line.split(',').count() != columns.len()).count();
    if uneven > 0 {
        problems.push(format!("{uneven} rows have another number of columns than the head"));
    }
}

fn catalog_parquet(bytes: &[u8], problems: &mut Vec<String>) {
    if !(bytes.len() > 12 && bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1")) {
        problems.push("not a Parquet file".to_owned());
    }
}

fn model_fits(bytes: &[u8], problems: &mut Vec<String>) {
    if !bytes.starts_with(b"SIMPLE  =") || !bytes.len().is_multiple_of(FITS_BLOCK) {
        problems.push("not a FITS file of whole blocks".to_owned());
    }
    let extensions = bytes.chunks(FITS_BLOCK).filter(|block| block.starts_with(b"XTENSION=")).count();
    if extensions < 3 {
        problems.push(format!("{extensions} extensions; expected model, rendered, residual and more"));
    }
}

fn report_html(bytes: &[u8], problems: &mut Vec<String>) {
    let text = String::from_utf8_lossy(bytes);
    if !text.contains("<html") || !text.trim_end().ends_with("</html>") {
        problems.push("not a whole HTML page".to_owned());
    }
    if !text.contains("data:image/png;base64,") {
        problems.push("it holds no picture".to_owned());
    }
    for outside in ["src=\"http", "src=\"//", "<link ", "@import", "url(http"] {
        if text.contains(outside) {
            problems.push(format!("it is not self-contained: {outside}"));
        }
    }
}

fn count_rows(folder: &Path) -> Result<usize> {
    let Some(path) = find(folder, "catalog.csv")? else { return Ok(0) };
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let rows = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count();
    Ok(rows.saturating_sub(1))
}

fn count_sources(folder: &Path) -> Result<usize> {
    let Some(path) = find(folder, "summary.json")? else { return Ok(0) };
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let summary: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    Ok(summary["sources"].as_array().map_or(0, Vec::len))
}

/// The first file of that name under a folder.
fn find(folder: &Path, name: &str) -> Result<Option<PathBuf>> {
    let direct = folder.join(name);
    if direct.is_file() {
        return Ok(Some(direct));
    }
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir()
            && let Some(found) = find(&path, name)?
        {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUMMARY: &str = r#"{"version":"0.1.0","seconds":{"read":0,"setup":0,"fit":1,"write":0},"iterations":3,
        "converged":true,"chi2_per_pixel":1.02,"log_likelihood":-5.0,"loss":[9.0,5.0],"peak_rss_mb":30,"threads":2,
        "sources":[{"id":"0","flux":{"g":1.0},"chi2_per_pixel":1.0}]}"#;

    fn found(check: fn(&[u8], &mut Vec<String>), text: &str) -> Vec<String> {
        let mut problems = Vec::new();
        check(text.as_bytes(), &mut problems);
        problems
    }

    #[test]
    fn a_good_summary_passes() {
        assert_eq!(found(summary, SUMMARY), Vec::<String>::new());
    }

    #[test]
    fn every_broken_summary_is_named() {
        for (from, to, said) in [
            ("\"threads\":2,", "", "threads is missing"),
            ("\"read\":0,", "", "seconds.read is missing"),
            ("1.02", "7.0", "chi2_per_pixel is"),
            ("[9.0,5.0]", "[5.0,9.0]", "loss did not fall"),
            ("{\"g\":1.0}", "{\"g\":null}", "no finite flux"),
            ("\"id\":\"0\",", "", "sources[].id is missing"),
        ] {
            let broken = SUMMARY.replace(from, to);
            assert_ne!(broken, SUMMARY, "{from}");
            assert!(found(summary, &broken).iter().any(|p| p.contains(said)), "{said}");
        }
    }

    #[test]
    fn catalogues_need_their_columns() {
        let good = "id,ra,dec,x,y,flux_g,size,chi2,flags\n0,1,2,3,4,5,6,7,0\n";
        assert_eq!(found(catalog_csv, good), Vec::<String>::new());
        assert_eq!(found(catalog_csv, &good.replace("flux_g", "g")).len(), 1);
        assert_eq!(found(catalog_csv, &good.replace(",7,0", ",7")).len(), 1);
        assert_eq!(found(catalog_parquet, "PAR1").len(), 1);
    }

    #[test]
    fn reports_hold_their_pictures_themselves() {
        let good = "<!doctype html><html><img src=\"data:image/png;base64,AA\"></html>\n";
        assert_eq!(found(report_html, good), Vec::<String>::new());
        assert_eq!(
            found(report_html, &good.replace("data:image/png;base64,AA", "https://x.org/a.png")).len(),
            2
        );
    }

    #[test]
    fn fits_files_have_whole_blocks() {
        let block = |start: &str| format!("{start:<2880}");
        let good = block("SIMPLE  =") + &block("XTENSION=").repeat(3);
        assert_eq!(found(model_fits, &good), Vec::<String>::new());
        assert_eq!(found(model_fits, &good[..good.len() - 1]).len(), 1);
        assert_eq!(found(model_fits, &block("SIMPLE  =")).len(), 1);
    }
}
