//! Reading input catalogues: CSV, ECSV and Parquet, and what is said about bad ones.

use scarlet_cli::catalog::{CatalogColumns, CatalogError, CatalogSource, Place, SourceKind, read_catalog};
use std::path::{Path, PathBuf};

fn read(text: &str) -> Result<Vec<CatalogSource>, CatalogError> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("cat.csv");
    std::fs::write(&path, text).expect("written");
    read_catalog(&path, &CatalogColumns::default())
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn source(id: &str, pixel: Option<[f64; 2]>, sky_deg: Option<[f64; 2]>) -> CatalogSource {
    CatalogSource { id: id.to_owned(), pixel, sky_deg, kind: None }
}

fn message(text: &str) -> String {
    let text = read(text).expect_err("refused").to_string();
    text.rsplit_once("cat.csv").map(|(_, rest)| rest.to_owned()).expect("the file is named")
}

#[test]
fn positions_in_pixels_and_on_the_sky_are_read() {
    let both = read("id,x,y,ra,dec\na, 14.5 ,33,150.5,-2.25\nb,1e1,0,,\n").expect("valid");
    let expected =
        [source("a", Some([33.0, 14.5]), Some([150.5, -2.25])), source("b", Some([0.0, 10.0]), None)];
    assert_eq!(both, expected);
    let sky = read("RA;Dec\r\n10;20\r\n").expect("valid");
    assert_eq!(sky, [source("0", None, Some([10.0, 20.0]))]);
}

#[test]
fn comments_other_separators_and_other_columns_do_no_harm() {
    let text = "\u{feff}# %ECSV 1.0\n# ---\n# datatype: []\nid x y note\n1 2 3 \"a b\"\n# end\n4 5 6 c\n";
    let sources = read(text).expect("valid");
    assert_eq!(sources, [source("1", Some([3.0, 2.0]), None), source("4", Some([6.0, 5.0]), None)]);
    assert_eq!(read("x\ty\n1\t2\n").expect("valid").len(), 1);
    assert!(matches!(read("x,y\n"), Err(CatalogError::Empty { .. })));
}

#[test]
fn types_are_star_galaxy_or_nothing() {
    let sources = read("x,y,type\n1,2,Star\n1,2,galaxy\n1,2,\n").expect("valid");
    let kinds: Vec<_> = sources.iter().map(|source| source.kind).collect();
    assert_eq!(kinds, [Some(SourceKind::Star), Some(SourceKind::Galaxy), None]);
    assert_eq!(
        message("x,y,type\n1,2,quasar\n"),
        ", line 2: column type is `quasar`; star, galaxy, transient or nothing is needed"
    );
}

#[test]
fn columns_may_have_other_names() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("cat.csv");
    std::fs::write(&path, "NUMBER,X_IMAGE,Y_IMAGE,x,y\n3,1,2,9,9\n").expect("written");
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let columns = CatalogColumns {
        id: names(&["source_id", "number"]),
        x: names(&["x_image", "x"]),
        y: names(&["y_image", "y"]),
        ..Default::default()
    };
    assert_eq!(read_catalog(&path, &columns).expect("valid"), [source("3", Some([2.0, 1.0]), None)]);
}

#[test]
fn tables_of_sextractor_are_read_as_they_are() {
    let expected = [source("1", Some([32.5, 13.0]), None), source("2", Some([35.0, 30.25]), None)];
    let rows = "         1    14.0000    33.5000\n         2    31.2500    36.0000\n";
    let listed = "#   1 NUMBER    Running object number\n#   2 X_IMAGE   Position along x  [pixel]\n\
                  #   3 Y_IMAGE   Position along y  [pixel]\n";
    for header in [listed, "# a comment\n# NUMBER X_IMAGE Y_IMAGE\n", "NUMBER  X_IMAGE   Y_IMAGE\n"] {
        assert_eq!(read(&format!("{header}{rows}")).expect("valid"), expected, "{header}");
    }
    let sky = read("NUMBER,ALPHA_J2000,DELTA_J2000\n7,10,20\n").expect("valid");
    assert_eq!(sky, [source("7", None, Some([10.0, 20.0]))]);
    // What counts from 0 goes before what counts from 1.
    let both = read("x,y,X_IMAGE,Y_IMAGE\n1,2,8,9\n").expect("valid");
    assert_eq!(both, [source("0", Some([2.0, 1.0]), None)]);
}

#[test]
fn numbers_without_names_are_not_taken_for_names() {
    for text in ["1,2,3\n4,5,6\n", "# some words more than three\n1 2 3\n"] {
        let said = message(text);
        assert!(said.contains("names the columns") && said.contains("line"), "{said}");
    }
}

#[test]
fn bad_values_are_named_with_line_column_and_value() {
    assert_eq!(
        message("x,y\n1,2\n3,abc\n"),
        ", line 3: column y is `abc`; a number with a decimal point is needed"
    );
    assert_eq!(
        message("# c\nx,y\n\n1,inf\n"),
        ", line 4: column y is `inf`; a number with a decimal point is needed"
    );
    assert_eq!(message("x,y\n1,\n"), ", line 2: column y is ``; a number is needed");
    assert_eq!(
        message("ra,dec\n1,91\n"),
        ", line 2: column dec is `91`; an angle in degrees from -90 to 90 (are ra and dec swapped?) is needed"
    );
    assert_eq!(
        message("x,y\nnan,nan\n"),
        ", line 2: the source has no position; fill in x and y, or ra and dec"
    );
    assert_eq!(
        message("id,x,y\n5,1,1\n6,2,2\n5,3,3\n"),
        ", line 4: id 5 is there already, in line 2; give every source its own"
    );
    assert!(message("x,y\n1,2,3\n").starts_with(", line 2: the line has 3 fields, the header 2; "));
}

#[test]
fn files_that_are_no_catalogue_are_named() {
    let wanted = " has no columns for positions: name them x and y, or ra and dec; it has: ";
    assert_eq!(message("id,x,dec\n1,2,3\n"), format!("{wanted}id, x, dec"));
    assert_eq!(message(""), wanted);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let missing = read_catalog(&folder.path().join("none.csv"), &CatalogColumns::default());
    assert!(matches!(missing, Err(CatalogError::File { kind: std::io::ErrorKind::NotFound, .. })));
    for bytes in [&b"PAR1"[..], b"PAR1 is how this text begins", &[0xff, 0xfe, 0, 1, b'\n', 0xff]] {
        let path = folder.path().join("odd");
        std::fs::write(&path, bytes).expect("written");
        assert!(read_catalog(&path, &CatalogColumns::default()).is_err());
    }
}

#[test]
fn parquet_files_of_pyarrow_are_read() {
    for codec in ["none", "snappy"] {
        let path = fixture(&format!("catalog_{codec}.parquet"));
        let sources = read_catalog(&path, &CatalogColumns::default()).expect("readable");
        let mut expected = [
            source("7", Some([0.5, 1.0]), Some([150.5, 2.0])),
            source("8", None, Some([150.25, -2.0])),
            source("9", Some([1.5, 3.0]), None),
        ];
        (expected[0].kind, expected[2].kind) = (Some(SourceKind::Star), Some(SourceKind::Galaxy));
        assert_eq!(sources, expected, "{codec}");
    }
}

#[test]
fn parquet_files_that_cannot_be_used_say_why() {
    let read = |columns| read_catalog(&fixture("catalog_none.parquet"), &columns).expect_err("refused");
    let zstd = read_catalog(&fixture("catalog_zstd.parquet"), &CatalogColumns::default())
        .expect_err("not supported");
    assert!(zstd.to_string().ends_with("write it uncompressed or with Snappy"), "{zstd}");
    let listed = read(CatalogColumns { x: vec!["shape".to_owned()], ..Default::default() });
    assert!(
        matches!(&listed, CatalogError::Value { place: Place::Row(1), column, .. } if column == "shape"),
        "{listed}"
    );
    let none =
        read(CatalogColumns { x: vec!["a".to_owned()], ra: vec!["b".to_owned()], ..Default::default() });
    assert!(none.to_string().ends_with("it has: id, ra, dec, X, Y, type, shape, when"), "{none}");
}
