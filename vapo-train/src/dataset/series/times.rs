//! Timestamps: numbers of seconds or dates, what they say of the sampling rate, and where readings are missing.

/// A step of more medians than this is a gap.
const GAP: f64 = 1.5;
/// Numbers from here on count milliseconds, microseconds or nanoseconds since 1970: as seconds they are dates from the year
/// 5138 on.
const EPOCHS: [(f64, f64); 3] = [(1e17, 1e-9), (1e14, 1e-6), (1e11, 1e-3)];

/// Seconds in the unit of a number, by its size.
pub(super) fn unit_of(number: f64) -> f64 {
    EPOCHS.iter().find(|(from, _)| number.abs() >= *from).map_or(1.0, |(_, unit)| *unit)
}

/// Seconds since 1970 of a date, with or without a time: `2024-05-01`, `2024-05-01 12:00:00.5`, `2024-05-01T12:00:00Z`,
/// `2024-05-01T12:00+02:00`, `2024-05`; with slashes too.
pub(super) fn date_time(text: &str) -> Option<f64> {
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time.trim_start())),
        None => (text, None),
    };
    let separator = if date.contains('/') { '/' } else { '-' };
    let mut parts = date.split(separator);
    let (year, month) = (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?);
    let day = parts.next().map_or(Some(1), |day| digits(day, 2))?;
    let fits = parts.next().is_none() && (1..=12).contains(&month) && (1..=31).contains(&day);
    let days = fits.then(|| days(year, month, day))?;
    Some(86_400.0 * days as f64 + time.map_or(Some(0.0), clock)?)
}

/// Seconds since midnight of `12:00`, `12:00:00`, `12:00:00.5`, each with `Z` or an offset as `+02:00` or without.
fn clock(text: &str) -> Option<f64> {
    let end = text.find(['Z', 'z', '+', '-']).unwrap_or(text.len());
    let (time, zone) = (text[..end].trim_end(), &text[end..]);
    let mut parts = time.split(':');
    let (hour, minute) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let second = match parts.next() {
        Some(second) if second.len() >= 2 && second.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') => {
            second.parse::<f64>().ok()?
        }
        Some(_) => return None,
        None => 0.0,
    };
    let fits = parts.next().is_none() && hour <= 24 && minute < 60 && second < 61.0;
    let offset = match zone.chars().next() {
        None | Some('Z' | 'z') if zone.len() <= 1 => 0,
        Some(sign @ ('+' | '-')) => {
            let zone = zone[1..].replace(':', "");
            let minutes = if zone.len() > 2 { digits(&zone[2..], 2)? } else { 0 };
            (digits(zone.get(..2)?, 2)? * 60 + minutes) * if sign == '+' { 60 } else { -60 }
        }
        _ => return None,
    };
    fits.then(|| (hour * 3600 + minute * 60 - offset) as f64 + second)
}

/// A number of one to `most` digits and nothing else.
fn digits(text: &str, most: usize) -> Option<i64> {
    let fits = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

/// Days since 1970-01-01 in the Gregorian calendar. Source: Hinnant, *chrono-compatible low-level date algorithms*.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March, so that the day of a leap year comes last.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The step between readings, and how it was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    /// The median of all steps, in seconds.
    pub(super) median: f64,
    /// The mean of those that are no gaps: timestamps are rounded, and the median with them.
    pub(super) mean: f64,
}

/// The step between readings; none where there are fewer than two, or most have the time of the one before.
pub(super) fn step(times: &[f64]) -> Option<Step> {
    let mut steps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let middle = steps.len() / 2;
    if steps.is_empty() {
        return None;
    }
    let median = *steps.select_nth_unstable_by(middle, f64::total_cmp).1;
    let (mut sum, mut count) = (0.0, 0_u32);
    for step in steps.into_iter().filter(|step| *step <= GAP * median) {
        (sum, count) = (sum + step, count + 1);
    }
    (median > 0.0 && median.is_finite()).then(|| Step { median, mean: sum / f64::from(count) })
}

/// Whether readings are missing between two that follow each other.
pub(super) fn is_gap(before: f64, after: f64, median: f64) -> bool {
    after - before > GAP * median
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_seconds_since_1970() {
        for (text, expected) in [
            ("1970-01-01", 0.0),
            ("1970-01-01 00:04:40.015", 280.015),
            ("2000-02-29T12:30", 951_827_400.0),
            ("2024-05-01T12:00:00Z", 1_714_564_800.0),
            ("2024-05-01T14:00:00+02:00", 1_714_564_800.0),
            ("2021-05-01 00:30:00+00:00", 1_619_829_000.0),
            ("2024-05-01T09:30:00-0230", 1_714_564_800.0),
            ("1949-02", -660_009_600.0),
            ("2024/05/01 12:00:00", 1_714_564_800.0),
            ("1969-12-31 23:59:59", -1.0),
        ] {
            assert_eq!(date_time(text), Some(expected), "{text}");
        }
        for none in [
            "",
            "12:00",
            "2024-13-01",
            "2024-05-32",
            "1.5",
            "2024-05-01T",
            "2024-05-01 12",
            "16/12/2006",
            "2024-05-01 1e3:00",
            "a-b-c",
            "2024-05-01T12:00:1e9",
            "2024-05-01T12:00:00+é",
        ] {
            assert_eq!(date_time(none), None, "{none}");
        }
    }

    #[test]
    fn the_step_of_rounded_timestamps_is_their_mean_without_gaps() {
        // 64 Hz in milliseconds, and a second that is missing.
        let mut times: Vec<f64> = (0..640).map(|index| (f64::from(index) * 15.625).floor() / 1000.0).collect();
        times.iter_mut().skip(320).for_each(|time| *time += 1.0);
        let Step { median, mean } = step(&times).unwrap();
        assert!((1.0 / mean - 64.0).abs() < 0.01 && (median - 0.016).abs() < 1e-9, "{median} {mean}");
        let gaps: Vec<usize> = (1..640).filter(|&at| is_gap(times[at - 1], times[at], median)).collect();
        assert_eq!(gaps, [320]);
        assert_eq!((step(&[]), step(&[1.0]), step(&[1.0, 1.0, 1.0, 2.0])), (None, None, None));
    }

    #[test]
    fn large_numbers_count_fractions_of_a_second() {
        let units = [1.7e9, 1.7e12, 1.7e15, 1.7e18].map(unit_of);
        assert_eq!(units, [1.0, 1e-3, 1e-6, 1e-9]);
    }
}
