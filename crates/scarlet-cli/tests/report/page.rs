//! The report: its structure, that nothing in it is taken for markup, that nothing is forgotten, and real data.

use crate::cases::{EVIL, finding, observation, report, source};
use ndarray::Array3;
use ndarray_npy::NpzReader;
use scarlet::obs::check::Severity;
use scarlet_cli::catalog::{CatalogColumns, read_catalog};
use scarlet_cli::report::{
    MOST_SOURCES, Report, ReportNumber, ReportObservation, ReportSource, ReportView, shown,
};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Whether every element that is opened is closed in the right order.
fn is_well_formed(html: &str) -> bool {
    let mut open = Vec::new();
    for tag in html.split('<').skip(1).filter_map(|part| part.split('>').next()) {
        let name = tag.split([' ', '/', '\n']).find(|word| !word.is_empty()).unwrap_or_default();
        if tag.starts_with('/') {
            if open.pop() != Some(name) {
                return false;
            }
        } else if !tag.ends_with('/') && !["!DOCTYPE", "meta", "img", "br"].contains(&name) {
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
    let outside = ["<link", "@import", "<script", "url(", "<iframe", "<object", "srcset"];
    assert!(outside.iter().all(|word| !html.contains(word)));
    let sources: Vec<_> = html.split(" src=\"").skip(1).collect();
    assert!(sources.len() > 5 && sources.iter().all(|link| link.starts_with("data:image/png;base64,iVBOR")));
    assert!(html.split("href=\"").skip(1).all(|link| link.starts_with('#')));
    let namespaces = html.matches("xmlns=\"http://www.w3.org/2000/svg\"").count();
    assert_eq!(html.matches("http:").count() + html.matches("https:").count(), namespaces);
    for word in ["prefers-color-scheme: dark", "width=device-width", "@media print", "lang=\"en\""] {
        assert!(html.contains(word), "{word}");
    }
}

#[test]
fn pictures_say_what_they_show_and_links_lead_somewhere() {
    let html = report("plain").html();
    for image in html.split("<img ").skip(1).map(|rest| rest.split('>').next().unwrap_or_default()) {
        let alt = image.split("alt=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        assert!(alt.contains("of observation") || alt.contains("of source"), "{alt}");
    }
    for drawing in html.split("<svg ").skip(1).map(|rest| rest.split('>').next().unwrap_or_default()) {
        let is_named = drawing.contains("role=\"img\" aria-label=\"");
        assert!(is_named != drawing.contains("aria-hidden=\"true\""), "{drawing}");
    }
    for target in html.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert_eq!(html.matches(&format!("id=\"{target}\"")).count(), 1, "{target}");
    }
}

#[test]
fn every_part_is_there_and_empty_parts_are_not() {
    let html = report("plain").html();
    for part in [
        "<h1>plain</h1>",
        "Course of the fit",
        "Sources one by one",
        "Settings",
        ">Data<",
        "Residual / noise",
        "1.512",
        "Curve of growth",
        "Spectrum",
        "Box sizes",
        "Distribution of residual",
        "unit Gaussian",
        "Data \u{2212} others",
        "half-light radius",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert!(html.contains("above its lowest value 1.000000 at step 2 of 3"));
    assert!(html.contains("<td>12.35</td>") || html.contains("<td>12.34</td>"));
    let rings = html.matches("<circle").count() - html.matches("r=\"2.6\"").count();
    assert_eq!(rings, 5, "one source in five pictures; the other is outside");
    let empty = Report { title: "empty".to_owned(), ..Default::default() }.html();
    assert!(is_well_formed(&empty) && empty.contains("Nothing to report") && !empty.contains("<dl"));
    assert!(["Sources", "Course", "Settings", "<img"].iter().all(|part| !empty.contains(part)));
}

#[test]
fn every_finding_is_shown_worst_first() {
    let mut many = report("plain");
    let severities = [Severity::Note, Severity::Error, Severity::Warning];
    many.findings = (0..40)
        .map(|k| finding(severities[k % 3], &format!("source s{k}"), &format!("problem <{k}>"), "do & don't"))
        .collect();
    let html = many.html();
    assert!(is_well_formed(&html));
    let place =
        |k: usize| html.find(&format!("problem &lt;{k}&gt;")).unwrap_or_else(|| panic!("finding {k}"));
    assert!(
        (0..40).all(|a| (0..40).all(|b| { severities[a % 3] <= severities[b % 3] || place(a) < place(b) }))
    );
    assert_eq!(html.matches("do &amp; don&#39;t").count(), 3, "once for each kind");
    for (k, finding) in many.findings.iter_mut().enumerate() {
        finding.advice = format!("advice {k}");
    }
    let html = many.html();
    assert!(html.contains("28 more") && (0..40).all(|k| html.contains(&format!("\u{2192} advice {k}<"))));
    assert_eq!(html.matches("class=\"finding\"").count(), 40 * 5, "a cross in each picture");
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
    odd.sources[0].views = vec![ReportView { corner: [5, 5], ..odd.sources[0].views[0].clone() }];
    odd.sources[1].flux = vec![f64::INFINITY; 2];
    let html = odd.html();
    assert!(is_well_formed(&html) && !html.contains("NaN") && !html.contains(">inf"));
}

#[test]
fn many_sources_do_not_make_a_huge_page() {
    let mut many = report("plain");
    let template = source("x");
    let side = 300;
    let mut sky = observation("field", &["g", "r"], Vec::new());
    let noise = |(c, y, x): (usize, usize, usize)| ((c * 31 + y * 7919 + x * 104_729) % 1009) as f32;
    sky.data = Array3::from_shape_fn((2, side, side), noise);
    sky.model = Array3::from_elem((2, side, side), 500.0);
    sky.weights = Array3::from_elem((2, side, side), 1e-4);
    let view = ReportView {
        observation: 0,
        corner: [10, 20],
        model: Array3::from_elem((2, 200, 200), 1.0),
        rendered: Array3::from_elem((2, 200, 200), 1.0),
        shown: None,
    };
    many.sources = (0..1000)
        .map(|k| ReportSource { id: format!("s{k}"), chi2_per_pixel: Some(k as f64), ..template.clone() })
        .collect();
    sky.positions = (0..1000).map(|k| [(k * 37 % side) as f64, (k * 101 % side) as f64]).collect();
    many.observations = vec![sky];
    many.findings = Vec::new();
    for index in shown(&many.sources, &[]) {
        many.sources[index].views = vec![view.clone()];
    }
    let html = many.html();
    assert_eq!(html.matches("<details class=\"source\"").count(), MOST_SOURCES);
    assert_eq!(
        html.matches("<details class=\"source\" id").count() - 3,
        html.matches("\">\n<summary").count()
    );
    assert!(html.contains("Shown are 60 of 1000 sources") && html.contains("names left out"));
    assert!(html.len() < 12_000_000, "{}", html.len());
}

#[test]
fn pictures_are_written_beside_the_report() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let paths = report("a/b").write_pictures(folder.path()).expect("written");
    assert_eq!(paths.len(), 5 + 6);
    for path in &paths {
        let file = std::io::BufReader::new(File::open(path).expect("there"));
        let info = png::Decoder::new(file).read_info().expect("a PNG").info().clone();
        assert!(info.width.max(info.height) >= 400, "{}", path.display());
    }
    assert!(paths.iter().any(|path| path.ends_with("a_b_residual.png")));
    assert!(paths.iter().any(|path| path.ends_with("a_b_source_a_b_data_less_others.png")));
    let (path, _) = report("x").write_pictures(&folder.path().join("no")).expect_err("no such folder");
    assert!(path.ends_with("no/x_data.png"));
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
            ..Default::default()
        })
        .collect();
    let observation = ReportObservation {
        name: "hsc".to_owned(),
        channels: channels.clone(),
        data: observed,
        model: model.mapv(|value| value as f32),
        weights: variance.mapv(|value| 1.0 / value),
        positions: sources.iter().map(|source| source.position).collect(),
        places: Vec::new(),
        pixel_arcsec: Some(0.168),
        ..Default::default()
    };
    let single = ReportObservation {
        name: "hsc, i only".to_owned(),
        channels: vec!["i".to_owned()],
        data: observation.data.select(ndarray::Axis(0), &[2]),
        model: observation.model.select(ndarray::Axis(0), &[2]),
        weights: observation.weights.select(ndarray::Axis(0), &[2]),
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
        findings: vec![finding(
            Severity::Warning,
            "source 5",
            "it reaches the edge of its box",
            "give it more",
        )],
        observations: vec![observation, single],
        channels,
        flux_unit: "data units".to_owned(),
        sources,
        loss: loss.iter().map(|likelihood| -likelihood).collect(),
        settings: "observations:\n  - name: hsc\n    images: hsc_cosmos_35_all.fits[IMAGE_{channel}]\n"
            .to_owned(),
        provenance: vec![("scarlet".to_owned(), "0.1.0".to_owned()), ("threads".to_owned(), "2".to_owned())],
        ..Report::default()
    }
}
