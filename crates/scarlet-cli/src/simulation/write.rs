//! The files of a simulation.

use super::{Kind, MOFFAT_BETA, Simulation};
use crate::catalog::{Column, Table};
use crate::error::CliError;
use crate::output::write_text;
use ndarray::Axis;
use scarlet::obs::fits::{FitsKey, FitsWriter};
use std::path::Path;

pub(super) fn all(simulation: &Simulation, folder: &Path) -> Result<(), CliError> {
    images(simulation, &folder.join("images.fits"))?;
    catalog(simulation)?.write_csv(&folder.join("sources.csv"))?;
    truth(simulation)?.write_csv(&folder.join("truth.csv"))?;
    write_text(&folder.join("scene.yaml"), &scene_file(simulation))
}

fn images(simulation: &Simulation, path: &Path) -> Result<(), CliError> {
    let frame = simulation.observation.frame();
    let cards = frame.wcs_ref().map(|wcs| wcs.header().to_vec()).unwrap_or_default();
    let creator = FitsKey::new("CREATOR", format!("scarlet {} simulate", env!("CARGO_PKG_VERSION")), "");
    let mut file = FitsWriter::create(path, &[creator])?;
    for (c, channel) in frame.channel_names().iter().enumerate() {
        let data = simulation.observation.data().index_axis(Axis(0), c).mapv(|v| v as f32);
        let variance = ndarray::Array2::from_elem(data.dim(), simulation.sigma[c].powi(2) as f32);
        let psf = frame.psf_ref().map(|psf| psf.sampled(c)).unwrap_or_default();
        let filter = [FitsKey::new("FILTER", channel.to_string(), "")];
        file.image(&format!("IMAGE_{channel}"), &data, &cards, &filter)?;
        file.image(&format!("VARIANCE_{channel}"), &variance, &cards, &filter)?;
        file.image(&format!("PSF_{channel}"), &psf.mapv(|v| v as f32), &[], &filter)?;
    }
    Ok(file.finish()?)
}

/// Names and positions, as a detection would give them: to a tenth of a pixel.
fn catalog(simulation: &Simulation) -> Result<Table, CliError> {
    let mut table = positions(simulation, |c| (c * 10.0).round() / 10.0)?;
    let kinds: Vec<String> = simulation.truth.iter().map(|s| name(s.kind).to_owned()).collect();
    table.columns.push(Column::new("type", "", "star or galaxy", kinds));
    Ok(table)
}

fn truth(simulation: &Simulation) -> Result<Table, CliError> {
    let mut table = positions(simulation, |c| c)?;
    let sources = &simulation.truth;
    let kinds: Vec<String> = sources.iter().map(|s| name(s.kind).to_owned()).collect();
    table.columns.push(Column::new("type", "", "star or galaxy", kinds));
    for (c, channel) in simulation.observation.frame().channel_names().iter().enumerate() {
        let flux: Vec<f64> = sources.iter().map(|s| s.flux[c]).collect();
        table.columns.push(Column::new(&format!("flux_{channel}"), "", "true flux", flux));
    }
    let shape = |f: &dyn Fn(f64, f64, [f64; 2]) -> f64| -> Vec<f64> {
        let one = |kind| match kind {
            Kind::Star => f64::NAN,
            Kind::Galaxy { n, size_px, distortion } => f(n, size_px, distortion),
        };
        sources.iter().map(|s| one(s.kind)).collect()
    };
    table.columns.extend([
        Column::new("n", "", "Sersic index", shape(&|n, _, _| n)),
        Column::new("size", "pix", "half-light radius before the PSF", shape(&|_, size, _| size)),
        Column::new("e1", "", "distortion along x", shape(&|_, _, e| e[0])),
        Column::new("e2", "", "distortion along y = x", shape(&|_, _, e| e[1])),
    ]);
    Ok(table)
}

fn positions(simulation: &Simulation, round: impl Fn(f64) -> f64) -> Result<Table, CliError> {
    let frame = simulation.observation.frame();
    let centers: Vec<[f64; 2]> = simulation.truth.iter().map(|s| s.center.map(&round)).collect();
    let sky = centers.iter().map(|c| frame.to_sky(*c)).collect::<Result<Vec<_>, _>>()?;
    let ids: Vec<String> = (0..centers.len()).map(|k| k.to_string()).collect();
    let along = |k: usize| -> Vec<f64> { centers.iter().map(|c| c[k]).collect() };
    let columns = vec![
        Column::new("id", "", "name of the source", ids),
        Column::new("x", "pix", "column, 0-based", along(1)),
        Column::new("y", "pix", "row, 0-based", along(0)),
        Column::new("ra", "deg", "right ascension", sky.iter().map(|s| s.ra_deg).collect::<Vec<f64>>()),
        Column::new("dec", "deg", "declination", sky.iter().map(|s| s.dec_deg).collect::<Vec<f64>>()),
    ];
    Ok(Table { columns, metadata: Vec::new() })
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Star => "star",
        Kind::Galaxy { .. } => "galaxy",
    }
}

fn scene_file(simulation: &Simulation) -> String {
    let channels: Vec<String> =
        simulation.observation.frame().channel_names().iter().map(ToString::to_string).collect();
    format!(
        "# A simulated blend: Sersic galaxies and stars, seen through a Moffat PSF (beta {MOFFAT_BETA}).\n\
         observations:\n\
         \x20 - name: simulated\n\
         \x20   channels: [{}]\n\
         \x20   image: images.fits[IMAGE_{{channel}}]\n\
         \x20   variance: images.fits[VARIANCE_{{channel}}]\n\
         \x20   psf: images.fits[PSF_{{channel}}]\n\
         catalog: sources.csv\n\
         model: {{ galaxy: extended }}\n\
         fit: {{ max_iter: 200 }}\n",
        channels.join(", ")
    )
}
