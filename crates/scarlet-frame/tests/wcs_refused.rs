//! Headers that cannot be used, or not yet: each is refused with an error that names the keyword.

#![allow(clippy::unwrap_used, reason = "a test may fail there")]

use scarlet_frame::{Card, FrameError, Wcs};

/// A good header with `changes`: the value replaces the card's, an empty one removes it.
fn with(changes: &[(&str, &str)]) -> Vec<Card> {
    let good = [
        ("CTYPE1", "RA---TAN"),
        ("CTYPE2", "DEC--TAN"),
        ("CRPIX1", "1.0"),
        ("CRPIX2", "1.0"),
        ("CRVAL1", "150.0"),
        ("CRVAL2", "2.0"),
        ("CDELT1", "-1e-4"),
        ("CDELT2", "1e-4"),
    ];
    let kept = good.into_iter().filter(|(key, _)| changes.iter().all(|(changed, _)| changed != key));
    let added = changes.iter().copied().filter(|(_, value)| !value.is_empty());
    kept.chain(added).map(|(key, value)| Card::new(key, value)).collect()
}

/// Keyword and problem of the refusal.
fn refusal(changes: &[(&str, &str)]) -> (String, String) {
    match Wcs::from_header(&with(changes)) {
        Err(FrameError::WcsHeader { keyword, problem }) => (keyword, problem),
        other => panic!("{changes:?}: {other:?}"),
    }
}

fn check(changes: &[(&str, &str)], keyword: &str, words: &[&str]) {
    let (named, problem) = refusal(changes);
    assert_eq!(named, keyword, "{changes:?}: {problem}");
    for word in words {
        assert!(problem.contains(word), "{changes:?}: {problem:?} lacks {word:?}");
    }
}

#[test]
fn the_header_without_changes_is_good() {
    assert!(Wcs::from_header(&with(&[])).is_ok());
}

#[test]
fn distortions_are_refused_by_name() {
    let both = |code: &'static str| [("CTYPE1", code)];
    check(&both("RA---TNX"), "CTYPE1", &["TNX", "IRAF"]);
    check(&both("RA---ZPX"), "CTYPE1", &["ZPX"]);
    check(&both("RA---TAB"), "CTYPE1", &["-TAB", "table"]);
    check(&both("RA---HPX-SIP"), "CTYPE1", &["projection HPX is not handled"]);
    check(&both("RA---TAN-SIP"), "CTYPE1, CTYPE2", &["different projections, TAN-SIP and TAN"]);
    check(&[("PS1_0", "WCS-TAB")], "PS1_0", &["tables"]);
    check(&[("D2IMDIS1", "LOOKUP")], "D2IMDIS1", &["D2IM", "resample"]);
    check(&[("CPDIS2", "LOOKUP")], "CPDIS2", &["CPDIS"]);
    check(&[("AMDX1", "67.2")], "AMDX1", &["Digitized Sky Survey"]);
}

#[test]
fn bad_sip_terms_are_refused_by_name() {
    let sip = |changes: &[(&'static str, &'static str)]| {
        let mut all =
            vec![("CTYPE1", "RA---TAN-SIP"), ("CTYPE2", "DEC--TAN-SIP"), ("A_ORDER", "3"), ("B_ORDER", "2")];
        all.retain(|(key, _)| changes.iter().all(|(changed, _)| changed != key));
        all.extend(changes.iter().copied());
        all
    };
    assert!(Wcs::from_header(&with(&sip(&[("A_2_1", "1e-9"), ("A_DMAX", "2.0"), ("A_9_9", "0.0")]))).is_ok());
    check(&sip(&[("A_ORDER", "")]), "A_ORDER", &["missing", "-SIP"]);
    check(&sip(&[("B_ORDER", "")]), "B_ORDER", &["missing"]);
    for order in ["10", "2.5", "-1"] {
        check(&sip(&[("A_ORDER", order)]), "A_ORDER", &["whole number from 0 to 9"]);
    }
    check(&sip(&[("A_2_2", "1e-9")]), "A_2_2", &["beyond A_ORDER = 3"]);
    check(&sip(&[("B_0_3", "1e-9")]), "B_0_3", &["beyond B_ORDER = 2"]);
    for keyword in ["A_ORDER", "A_2_1", "B_0_2", "AP_1_0", "BP_ORDER"] {
        for value in ["NaN", "inf", "-Infinity", "x"] {
            check(&sip(&[(keyword, value)]), keyword, &["not a finite number"]);
        }
    }
    check(&sip(&[("PV1_1", "1.0")]), "PV1_1", &["beside SIP"]);
    // coefficients that CTYPE does not mention: some programs apply them, some do not
    check(&[("A_ORDER", "2")], "A_ORDER", &["RA---TAN-SIP", "remove"]);
    check(&[("BP_1_0", "1e-5")], "BP_1_0", &["SIP"]);
    check(&[("A_ORDER", "NaN")], "A_ORDER", &["SIP"]);
}

#[test]
fn bad_tpv_terms_are_refused_by_name() {
    let tpv = |changes: &[(&'static str, &'static str)]| {
        let mut all =
            vec![("CTYPE1", "RA---TPV"), ("CTYPE2", "DEC--TPV"), ("PV1_1", "1.0"), ("PV2_1", "1.0")];
        all.retain(|(key, _)| changes.iter().all(|(changed, _)| changed != key));
        all.extend(changes.iter().copied());
        all
    };
    assert!(Wcs::from_header(&with(&tpv(&[("PV1_39", "1e-9")]))).is_ok());
    check(&tpv(&[("PV1_1", "")]), "PV1_1", &["missing", "1.0"]);
    check(&tpv(&[("PV2_1", "")]), "PV2_1", &["missing"]);
    check(&tpv(&[("PV1_40", "0.1")]), "PV1_40", &["PVi_39"]);
    check(&tpv(&[("PV2_7", "NaN")]), "PV2_7", &["not a finite number"]);
    check(&tpv(&[("CTYPE1", "DEC--TPV"), ("CTYPE2", "RA---TPV")]), "CTYPE1, CTYPE2", &["axis 1"]);
    // TAN with PV is SCAMP's only where the linear terms are there
    check(&[("PV1_1", "0.0"), ("PV1_2", "90.0")], "PV2_1", &["SCAMP", "remove"]);
    check(&[("PV2_0", "0.0")], "PV1_1", &["SCAMP"]);
}

#[test]
fn slant_sin_is_refused_and_plain_sin_is_not() {
    let sin = [("CTYPE1", "RA---SIN"), ("CTYPE2", "DEC--SIN")];
    check(&[&sin[..], &[("PV2_1", "0.1")]].concat(), "PV2_1", &["slant SIN"]);
    assert!(Wcs::from_header(&with(&[&sin[..], &[("PV2_1", "0.0"), ("PV2_2", "0.0")]].concat())).is_ok());
}

#[test]
fn remarks_and_other_axes_do_no_harm() {
    let harmless = [
        ("A_ORDER", "0"),
        ("A_DMAX", "1.5"),
        ("PV3_1", "4.0"),
        ("CTYPE3", "FREQ"),
        ("PC3_3", "1.0"),
        ("PC1_3", "0.0"),
        ("CTYPE1A", "LINEAR"),
        ("EPOCH", ""),
        ("OBJECT", "Größe"),
    ];
    let wcs = Wcs::from_header(&with(&harmless)).unwrap();
    assert_eq!(wcs.header().len(), 8);
    check(&[("PC1_3", "0.1")], "PC1_3", &["plane of the cube"]);
    check(&[("CD3_2", "0.1")], "CD3_2", &["plane of the cube"]);
}

#[test]
fn other_systems_are_refused_by_name() {
    check(&[("CTYPE1", "GLON-TAN")], "CTYPE1", &["galactic"]);
    check(&[("CTYPE1", "ELON-TAN")], "CTYPE1", &["ecliptic"]);
    check(&[("CTYPE2", "SLAT-CAR")], "CTYPE2", &["supergalactic"]);
    check(&[("CTYPE2", "HPLT-TAN")], "CTYPE2", &["solar"]);
    check(&[("RADESYS", "GAPPT")], "RADESYS", &["GAPPT"]);
    check(&[("RADESYS", "FK5"), ("EQUINOX", "20.0")], "EQUINOX", &["1800 to 2200"]);
    check(&[("RADESYS", "FK4"), ("DATE-OBS", "long ago")], "DATE-OBS", &["1984-05-17", "MJD-OBS"]);
    check(&[("RADESYS", "FK4"), ("MJD-OBS", "NaN")], "MJD-OBS", &["not a finite number"]);
    check(&[("RADESYS", "J2000")], "RADESYS", &["\"J2000\"", "ICRS, FK5 or FK4"]);
    assert!(Wcs::from_header(&with(&[("RADESYS", "ICRS"), ("EPOCH", "2013.5")])).is_ok());
}

#[test]
fn other_projections_are_refused_by_name() {
    for code in ["AIT", "MOL", "HPX", "COE", "ZPN", "AZP", "SZP", "NCP", "GLS", "DSS", "XYZ"] {
        let ctype = format!("RA---{code}");
        check(&[("CTYPE1", &ctype)], "CTYPE1", &[code, "TAN, SIN"]);
    }
    check(&[("CTYPE2", "DEC--SIN")], "CTYPE1, CTYPE2", &["TAN and SIN"]);
    check(&[("CTYPE2", "RA---TAN")], "CTYPE1, CTYPE2", &["declination"]);
}

#[test]
fn odd_axis_types_are_refused() {
    for (value, word) in [
        ("RA", "names no projection"),
        ("DEC", "names no projection"),
        ("LINEAR", "no celestial axis"),
        ("RA--TAN", "no celestial axis"),
        ("ra---tan", "no celestial axis"),
        ("VELO", "no celestial axis"),
        ("RA---", "names no projection"),
        ("日本語日本語", "ASCII"),
        ("RA-é-TAN", "ASCII"),
    ] {
        check(&[("CTYPE1", value)], "CTYPE1", &[word]);
    }
    check(&[("CTYPE1", "")], "CTYPE1", &["missing or blank"]);
    check(&[("CTYPE1", "   ")], "CTYPE1", &["missing or blank"]);
    check(&[("CUNIT1", "pixel")], "CUNIT1", &["\"pixel\"", "arcsec"]);
}

#[test]
fn missing_and_contradictory_numbers_are_refused() {
    for keyword in ["CRPIX1", "CRPIX2", "CRVAL1", "CRVAL2", "CDELT1", "CDELT2"] {
        check(&[(keyword, "")], keyword, &["missing"]);
    }
    check(&[("CD1_1", "1e-4"), ("CD2_2", "1e-4"), ("PC1_1", "1.0")], "CDi_j, PCi_j", &["both"]);
    check(&[("PC1_1", "1.0"), ("CROTA2", "3.0")], "CROTA2", &["PCi_j"]);
    check(&[("CROTA1", "3.0")], "CROTA1", &["CROTA2"]);
    check(&[("CRVAL2", "120.0")], "CRVAL2", &["120", "-90 to 90"]);
    check(&[("CRVAL1", "1e30")], "CRVAL1", &["0 to 360"]);
    let mut twice = with(&[]);
    twice.push(Card::new("CRPIX1", "2.0"));
    let message = Wcs::from_header(&twice).unwrap_err().to_string();
    assert_eq!(message, "WCS header, CRPIX1: is there twice, as \"1.0\" and as \"2.0\"; leave the right one");
}

#[test]
fn singular_matrices_are_refused() {
    let cases: [&[(&str, &str)]; 4] = [
        &[("CD1_1", "0.0"), ("CD2_2", "0.0")],
        &[("CD1_1", "1e-4"), ("CD1_2", "1e-4"), ("CD2_1", "1e-4"), ("CD2_2", "1e-4")],
        &[("CD1_1", "1e-4")],
        &[("CD1_1", "1e-300"), ("CD2_2", "1e-300")],
    ];
    for changes in cases {
        check(changes, "CDi_j", &["cannot be inverted"]);
    }
    check(&[("CDELT1", "0.0")], "CDELTi, CROTAi", &["cannot be inverted"]);
    check(&[("PC1_1", "0.0")], "PCi_j, CDELTi", &["cannot be inverted"]);
}

#[test]
fn values_that_are_no_numbers_are_refused() {
    let keywords = ["CRPIX1", "CRVAL2", "CDELT1", "CD1_1", "PC2_1", "LONPOLE", "LATPOLE", "EQUINOX"];
    for keyword in keywords {
        for value in ["NaN", "inf", "T", "12:30:00", "1e999"] {
            check(&[(keyword, value)], keyword, &["not a finite number"]);
        }
    }
}

#[test]
fn impossible_poles_are_refused() {
    let car = [("CTYPE1", "RA---CAR"), ("CTYPE2", "DEC--CAR"), ("CRVAL2", "60.0"), ("LONPOLE", "45.0")];
    check(&car, "LONPOLE", &["no single pole"]);
    let degenerate = [("CTYPE1", "RA---CAR"), ("CTYPE2", "DEC--CAR"), ("CRVAL2", "0.0"), ("LONPOLE", "90.0")];
    check(&degenerate, "LONPOLE", &["no single pole"]);
}
