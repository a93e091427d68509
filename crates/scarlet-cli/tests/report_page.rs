//! The report: its structure, that nothing in it is taken for markup, and a page of real data.

use ndarray::{Array3, Axis, concatenate};
use ndarray_npy::NpzReader;
use scarlet_cli::catalog::{CatalogColumns, read_catalog};
use scarlet_cli::report::{Report, ReportNumber, ReportObservation, ReportSource};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Text that would do something if it were taken for HTML, in every field there is.
const EVIL: &str = "<script>alert('x')</script>\" onload=\"x&amp;";

fn observation(name: &str, channels: &[&str], positions: Vec<[f64; 2]>) -> ReportObservation {
    let shape = (channels.len(), 6, 9);
    ReportObservation {
        name: name.to_owned(),
        channels: channels.iter().map(|&channel| channel.to_owned()).collect(),
        data: Array3::from_shape_fn(shape, |(c, y, x)| (c + y * x) as f32),
        model: Array3::from_elem(shape, 3.0),
        weights: Array3::ones(shape),
        positions,
        pixel_arcsec: Some(0.168),
    }
}

fn report(text: &str) -> Report {
    let source = |id: &str| ReportSource {
        id: id.to_owned(),
        kind: text.to_owned(),
        position: [2.25, 3.0],
        flux: vec![12.345, f64::NAN],
        flags: text.to_owned(),
        ..Default::default()
    };
    Report {
        title: text.to_owned(),
        version: text.to_owned(),
        numbers: vec![ReportNumber::new(text, text, text), ReportNumber::real("chi2", 1.51234, "")],
        findings: vec![text.to_owned()],
        observations: vec![observation(text, &[text, "r"], vec![[2.25, 3.0], [99.0, 0.0]])],
        channels: vec![text.to_owned(), "r".to_owned()],
        flux_unit: text.to_owned(),
        sources: vec![source(text), source("outside")],
        loss: vec![100.0, 10.0, 1.0, 2.0],
        settings: text.to_owned(),
        provenance: vec![(text.to_owned(), text.to_owned())],
    }
}

/// Whether every element that is opened is closed in the right order.
fn is_well_formed(html: &str) -> bool {
    let mut open = Vec::new();
    for tag in html.split('<').skip(1).filter_map(|part| part.split('>').next()) {
        let name = tag.split([' ', '/']).find(|word| !word.is_empty()).unwrap_or_default();
        if tag.starts_with('/') {
            if open.pop() != Some(name) {
                return false;
            }
        } else if !tag.ends_with('/') && !["!DOCTYPE", "meta"].contains(&name) {
            open.push(name);
        }
    }
    open.is_empty()
}

#[test]
fn no_text_is_taken_for_markup() {
    let html = report(EVIL).html();
    assert!(!html.contains("<script") && !html.contains("\" onload"));
    assert!(html.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot; onload=&quot;x&amp;amp;"));
    assert!(is_well_formed(&html));
    assert!(!is_well_formed(&html.replacen("</section>", "", 1)));
}

#[test]
fn the_page_needs_nothing_else() {
    let html = report("plain").html();
    let outside = ["src=", "<link", "@import", "<script", "url("];
    assert!(outside.iter().all(|word| !html.contains(word)));
    let links: Vec<_> = html.split("href=\"").skip(1).collect();
    assert_eq!(links.len(), 4);
    assert!(links.iter().all(|link| link.starts_with("data:image/png;base64,iVBOR")));
    assert!(html.contains("prefers-color-scheme: dark") && html.contains("width=device-width"));
}

#[test]
fn every_part_is_there_and_empty_parts_are_not() {
    let html = report("plain").html();
    for part in
        ["<h1>plain</h1>", "Course of the fit", "Sources", "Settings", "Data", "Residual / noise", "1.512"]
    {
        assert!(html.contains(part), "{part}");
    }
    assert!(html.contains("Lowest loss 1.000000 at step 3 of 4."));
    assert_eq!(html.matches("<circle").count(), 4, "one source in four pictures; the other is outside");
    assert!(html.contains("<td>12.35</td>") || html.contains("<td>12.34</td>"));
    let empty = Report { title: "empty".to_owned(), ..Default::default() }.html();
    assert!(is_well_formed(&empty) && !empty.contains("<section") && !empty.contains("<dl"));
}

#[test]
fn odd_images_are_shown_too() {
    let mut odd = report("plain");
    let mut bad = observation("bad", &["i"], Vec::new());
    bad.data.fill(f32::NAN);
    bad.weights.fill(0.0);
    odd.observations =
        vec![observation("one", &["i"], Vec::new()), observation("nine", &["a"; 9], Vec::new()), bad];
    odd.loss = vec![f64::NAN, 5.0];
    let html = odd.html();
    assert!(is_well_formed(&html) && !html.contains("NaN") && !html.contains("inf"));
}

#[test]
fn a_page_of_real_data_is_made() {
    let Some(data) = std::env::var_os("SCARLET_DATA").map(PathBuf::from) else {
        println!("SCARLET_DATA is not set: no page of real data");
        return;
    };
    let html = real(&data).html();
    assert!(is_well_formed(&html) && html.len() < 400_000, "{}", html.len());
    if let Some(path) = std::env::var_os("SCARLET_KEEP_REPORT") {
        real(&data).write(Path::new(&path)).expect("written");
    }
}

/// The HSC blend with scarlet's own fit of it.
fn real(data: &Path) -> Report {
    let open = |path: PathBuf| NpzReader::new(File::open(path).expect("there")).expect("an npz file");
    let mut images = open(data.join("hsc_cosmos_35/hsc_cosmos_35.npz"));
    let mut fit = open(data.join("../reference/scarlet1/fit_v1_adaprox.npz"));
    let observed: Array3<f32> = images.by_name("images").expect("images");
    let variance: Array3<f32> = images.by_name("variance").expect("variance");
    let model: Array3<f64> = fit.by_name("it100_model").expect("a model");
    let flux: ndarray::Array2<f64> = fit.by_name("measure_flux").expect("fluxes");
    let loss: ndarray::Array1<f64> = fit.by_name("loss").expect("a loss");
    let catalog = data.join("hsc_cosmos_35/hsc_cosmos_35_catalog.csv");
    let catalog = read_catalog(&catalog, &CatalogColumns::default()).expect("readable");
    let channels: Vec<String> = ["g", "r", "i", "z", "y"].map(str::to_owned).to_vec();
    let sources: Vec<ReportSource> = catalog
        .iter()
        .zip(flux.outer_iter())
        .map(|(source, flux)| ReportSource {
            id: source.id.clone(),
            kind: "galaxy".to_owned(),
            position: source.pixel.expect("given"),
            sky_deg: source.sky_deg,
            flux: flux.to_vec(),
            size_px: Some(3.21),
            chi2_per_pixel: Some(1.07),
            flags: if source.id == "5" { "edge".to_owned() } else { String::new() },
        })
        .collect();
    let observation = ReportObservation {
        name: "hsc".to_owned(),
        channels: channels.clone(),
        data: observed,
        model: model.mapv(|value| value as f32),
        weights: variance.mapv(|value| 1.0 / value),
        positions: sources.iter().map(|source| source.position).collect(),
        pixel_arcsec: Some(0.168),
    };
    let single = ReportObservation {
        name: "hsc, i only".to_owned(),
        channels: vec!["i".to_owned()],
        data: observation.data.select(Axis(0), &[2]),
        model: observation.model.select(Axis(0), &[2]),
        weights: concatenate![Axis(0), observation.weights.select(Axis(0), &[2])],
        ..observation.clone()
    };
    Report {
        title: "A blend of seven galaxies in COSMOS".to_owned(),
        version: "0.1.0".to_owned(),
        numbers: vec![
            ReportNumber::new("\u{3c7}\u{b2} per pixel", "1.51", "5 channels"),
            ReportNumber::new("log likelihood", "12345.6", ""),
            ReportNumber::new("steps", "200", "converged"),
            ReportNumber::new("seconds", "0.42", "0.31 fit"),
            ReportNumber::new("peak memory", "38 MB", "2 threads"),
        ],
        findings: vec!["source 5 reaches the edge of its box in channel y".to_owned()],
        observations: vec![observation, single],
        channels,
        flux_unit: "data units".to_owned(),
        sources,
        loss: loss.iter().map(|likelihood| -likelihood).collect(),
        settings: "observations:\n  - name: hsc\n    images: hsc_cosmos_35_all.fits[IMAGE_{channel}]\n"
            .to_owned(),
        provenance: vec![("scarlet".to_owned(), "0.1.0".to_owned()), ("threads".to_owned(), "2".to_owned())],
    }
}
