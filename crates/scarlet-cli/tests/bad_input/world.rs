//! A small blend in a folder of its own, for rows of the table to spoil.

use ndarray::{Array2, ArrayD};
use scarlet::frame::Card;
use scarlet::obs::fits::{FitsKey, FitsWriter};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Rows and columns of the images.
pub(crate) const SIDE: usize = 20;

const SCENE: &str = "\
observations:
  - name: hsc
    channels: [g, r]
    image: images.fits[IMAGE_{channel}]
    variance: images.fits[VARIANCE_{channel}]
    mask: { image: \"images.fits[MASK_{channel}]\" }
    psf: images.fits[PSF_{channel}]
catalog: sources.csv
model: { galaxy: extended }
fit: { max_iter: 5 }
";

/// A folder with `scene.yaml`, `images.fits` and `sources.csv`.
#[derive(Debug)]
pub(crate) struct World {
    folder: tempfile::TempDir,
}

/// The HDUs of `images.fits`.
#[derive(Debug)]
pub(crate) struct Images {
    pub(crate) planes: BTreeMap<String, ArrayD<f64>>,
    pub(crate) cards: Vec<(&'static str, String)>,
    pub(crate) psf_cards: Vec<(&'static str, String)>,
}

impl World {
    pub(crate) fn new() -> Self {
        let world = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        world.write("scene.yaml", SCENE);
        world.write("sources.csv", "id,x,y,type\nred,12.2,9.1,galaxy\nblue,6.8,11.4,star\n");
        world.images(|_| {});
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).expect("written");
    }

    /// Replaces a part of the scene file.
    pub(crate) fn scene(&self, from: &str, to: &str) {
        let text = fs::read_to_string(self.path("scene.yaml")).expect("written before");
        assert!(text.contains(from), "{from} is not in the scene file");
        self.write("scene.yaml", text.replacen(from, to, 1));
    }

    /// Writes `bytes` as the network of the galaxies' prior, `net.safetensors` or whatever `name` says.
    pub(crate) fn network(&self, name: &str, bytes: impl AsRef<[u8]>) {
        self.write(name, bytes);
        self.scene("galaxy: extended", &format!("galaxy: extended, prior: {{ network: {name} }}"));
    }

    /// Writes `images.fits` with what `spoil` makes of it.
    pub(crate) fn images(&self, spoil: impl FnOnce(&mut Images)) {
        let mut images = Images { planes: BTreeMap::new(), cards: Vec::new(), psf_cards: Vec::new() };
        for (channel, flux) in [("g", 60.0), ("r", 90.0)] {
            let plane = |f: &dyn Fn(usize, usize) -> f64| {
                Array2::from_shape_fn((SIDE, SIDE), |(y, x)| f(y, x)).into_dyn()
            };
            let psf = |y: f64, x: f64| (-0.5 * (y * y + x * x) / 1.69).exp() / (1.69 * std::f64::consts::TAU);
            let noise = |y: usize, x: usize| 0.1 * (((y * 37 + x * 101) % 23) as f64 / 11.0 - 1.0);
            let light = |y: usize, x: usize| {
                let (y, x) = (y as f64, x as f64);
                flux * psf((y - 9.1) * 0.8, (x - 12.2) * 0.8) + 0.5 * flux * psf(y - 11.4, x - 6.8)
            };
            images.planes.insert(format!("IMAGE_{channel}"), plane(&|y, x| light(y, x) + noise(y, x)));
            images.planes.insert(format!("VARIANCE_{channel}"), plane(&|_, _| 0.0145));
            images.planes.insert(format!("MASK_{channel}"), plane(&|_, _| 0.0));
            let psf = Array2::from_shape_fn((13, 13), |(y, x)| psf(y as f64 - 6.0, x as f64 - 6.0));
            images.planes.insert(format!("PSF_{channel}"), psf.into_dyn());
        }
        spoil(&mut images);
        images.write(&self.path("images.fits"));
    }
}

impl Images {
    /// The plane called `name`.
    pub(crate) fn plane(&mut self, name: &str) -> &mut ArrayD<f64> {
        self.planes.get_mut(name).expect("it is there")
    }

    /// A WCS: a tangent plane of 0.2 arcsec pixels around (150, 2) degrees.
    pub(crate) fn wcs(&mut self) {
        let card = |(key, value): (&'static str, &str)| (key, value.to_owned());
        let cards = [("CTYPE1", "RA---TAN"), ("CTYPE2", "DEC--TAN"), ("CRVAL1", "150.0"), ("CRVAL2", "2.0")];
        self.cards.extend(cards.map(card));
        let cards =
            [("CRPIX1", "10.5"), ("CRPIX2", "10.5"), ("CDELT1", "-5.555556E-5"), ("CDELT2", "5.555556E-5")];
        self.cards.extend(cards.map(card));
    }

    fn write(&self, path: &Path) {
        let mut file = FitsWriter::create(path, &[FitsKey::new("ORIGIN", "test", "")]).expect("writable");
        let cards: Vec<Card> =
            self.cards.iter().map(|(keyword, value)| Card::new(*keyword, value.as_str())).collect();
        let of_psf: Vec<FitsKey> =
            self.psf_cards.iter().map(|(keyword, value)| FitsKey::new(keyword, value.as_str(), "")).collect();
        for (name, plane) in &self.planes {
            let cards = if name.starts_with("IMAGE") { cards.as_slice() } else { &[] };
            let keys = if name.starts_with("PSF") { of_psf.as_slice() } else { &[] };
            file.image(name, plane, cards, keys).expect("written");
        }
        file.finish().expect("written");
    }
}

/// A FITS file of one image of integers, as bytes; `cards` are whole records.
pub(crate) fn integers(bitpix: usize, shape: [usize; 2], cards: &[&str], value: u8) -> Vec<u8> {
    let mut header = vec![
        format!("{:<8}= {:>20}", "SIMPLE", "T"),
        format!("{:<8}= {bitpix:>20}", "BITPIX"),
        format!("{:<8}= {:>20}", "NAXIS", 2),
        format!("{:<8}= {:>20}", "NAXIS1", shape[1]),
        format!("{:<8}= {:>20}", "NAXIS2", shape[0]),
    ];
    header.extend(cards.iter().map(|card| (*card).to_owned()));
    header.push("END".to_owned());
    let mut bytes: Vec<u8> = header.iter().flat_map(|card| format!("{card:<80}").into_bytes()).collect();
    bytes.resize(bytes.len().next_multiple_of(2880), b' ');
    let pixel = |_| std::iter::repeat_n(0, bitpix / 8 - 1).chain([value]);
    bytes.extend((0..shape[0] * shape[1]).flat_map(pixel));
    bytes.resize(bytes.len().next_multiple_of(2880), 0);
    bytes
}

/// A compressed image whose tiles have no sides, as bytes.
pub(crate) fn tiles_without_sides() -> Vec<u8> {
    let text = |cards: &[String]| -> Vec<u8> {
        let mut bytes: Vec<u8> = cards.iter().flat_map(|card| format!("{card:<80}").into_bytes()).collect();
        bytes.resize(bytes.len().next_multiple_of(2880), b' ');
        bytes
    };
    let number = |key: &str, value: usize| format!("{key:<8}= {value:>20}");
    let truth = |key: &str| format!("{key:<8}= {:>20}", "T");
    let primary = text(&[truth("SIMPLE"), number("BITPIX", 8), number("NAXIS", 0), "END".to_owned()]);
    let mut cards = vec!["XTENSION= 'BINTABLE'".to_owned()];
    let sizes = [("BITPIX", 8), ("NAXIS", 2), ("NAXIS1", 8), ("NAXIS2", SIDE), ("PCOUNT", 0), ("GCOUNT", 1)];
    cards.extend(sizes.map(|(key, value)| number(key, value)));
    cards.extend([number("TFIELDS", 1), "TTYPE1  = 'COMPRESSED_DATA'".to_owned()]);
    cards.extend(["TFORM1  = '1PB(100)'".to_owned(), truth("ZIMAGE"), "ZCMPTYPE= 'RICE_1  '".to_owned()]);
    let image = [("ZBITPIX", 16), ("ZNAXIS", 2), ("ZNAXIS1", SIDE), ("ZNAXIS2", SIDE)];
    cards.extend(image.map(|(key, value)| number(key, value)));
    cards.extend([number("ZTILE1", 0), number("ZTILE2", 1), "END".to_owned()]);
    [primary, text(&cards), vec![0; 2880]].concat()
}
