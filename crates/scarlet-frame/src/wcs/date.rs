//! Years and days: what precession needs of dates.

use super::keywords::{Keywords, bad};
use crate::FrameError;

/// Julian day of a Besselian year (Lieske 1979, A&A 73, 282).
pub(super) fn day_of_besselian(year: f64) -> f64 {
    2_415_020.313_52 + (year - 1900.0) * 365.242_198_781
}

/// Julian year of a Besselian year.
pub(super) fn julian_of_besselian(year: f64) -> f64 {
    julian_of_day(day_of_besselian(year))
}

/// Julian centuries from J2000 to a Julian year.
pub(super) fn centuries_since_2000(year: f64) -> f64 {
    (year - 2000.0) / 100.0
}

fn julian_of_day(day: f64) -> f64 {
    2000.0 + (day - 2_451_545.0) / 365.25
}

/// Julian year of the observation, from MJD-OBS or DATE-OBS, where one is there.
pub(super) fn observed(keywords: &Keywords) -> Result<Option<f64>, FrameError> {
    if let Some(day) = keywords.number("MJD-OBS")? {
        return Ok(Some(julian_of_day(day + 2_400_000.5)));
    }
    let Some(text) = keywords.text("DATE-OBS") else { return Ok(None) };
    let day = day_of_date(text).ok_or_else(|| {
        bad("DATE-OBS", format!("{text:?} is no date; FK4 needs one like '1984-05-17', or MJD-OBS"))
    })?;
    Ok(Some(julian_of_day(day)))
}

/// Julian day of `YYYY-MM-DD`, with `Thh:mm:ss` or without, or of `DD/MM/YY` in the 20th century.
///
/// Source: Fliegel and Van Flandern 1968, Comm. ACM 11, 657.
fn day_of_date(text: &str) -> Option<f64> {
    let (date, time) = text.trim().split_once('T').unwrap_or((text.trim(), "0:0:0"));
    let parts = |separator: char| -> Option<[i64; 3]> {
        let parts: Option<Vec<i64>> = date.split(separator).map(|part| part.parse().ok()).collect();
        parts?.try_into().ok()
    };
    let [year, month, day] = match parts('-') {
        Some(date) => date,
        None => parts('/').map(|[day, month, year]| [1900 + year, month, day])?,
    };
    if !((1800..2200).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)) {
        return None;
    }
    let late = (month - 14) / 12;
    let julian = (1461 * (year + 4800 + late)) / 4 + (367 * (month - 2 - 12 * late)) / 12
        - (3 * ((year + 4900 + late) / 100)) / 4
        + day
        - 32075;
    // that day begins half a day before its noon
    Some(julian as f64 - 0.5 + fraction_of_day(time)?)
}

fn fraction_of_day(time: &str) -> Option<f64> {
    let parts: Option<Vec<f64>> =
        time.trim_end_matches('Z').split(':').map(|part| part.parse().ok()).collect();
    let [hours, minutes, seconds] = parts?.try_into().ok()?;
    let fraction: f64 = (hours + (minutes + seconds / 60.0) / 60.0) / 24.0;
    (0.0..=1.0).contains(&fraction).then_some(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days() {
        assert_eq!(day_of_date("2000-01-01T12:00:00"), Some(2_451_545.0));
        assert_eq!(day_of_date("1953-11-08"), Some(2_434_689.5));
        assert_eq!(day_of_date("08/11/53"), Some(2_434_689.5));
        for text in ["", "1953", "1953-13-01", "yesterday", "1953-11-08-1", "1953-11-08T25:00:00", "é"] {
            assert_eq!(day_of_date(text), None, "{text}");
        }
    }

    #[test]
    fn besselian_years_have_their_days() {
        assert!((day_of_besselian(1950.0) - 2_433_282.423_46).abs() < 1e-5);
        assert!((julian_of_besselian(1950.0) - 1_949.999_790_4).abs() < 1e-7);
    }
}
