//! Dates and times: `construct_yaml_timestamp` (PyYAML 6.0.3), written as Python's `str()` writes them (CPython 3.11.7).
//!
//! The surprising rule: text that only looks like a date, such as `2024-13-01`, is an error and not text.

use std::fmt::Write;

/// Whether a plain scalar is a timestamp by its looks: without a time, month and day need two digits.
pub(super) fn is_timestamp(text: &str) -> bool {
    let is_long_date = text.len() == "2024-01-01".len();
    scan(text).is_some_and(|found| found.time.is_some() || is_long_date)
}

/// What two timestamps have in common that are equal in Python; `text` is one as [`parse_timestamp`] writes it. With a zone it
/// is the moment that counts.
pub(super) fn moment(text: &str) -> String {
    let Some(Timestamp {
        year,
        month,
        day,
        time: Some(time),
    }) = scan(text)
    else {
        return text.to_owned();
    };
    let Some(Zone { sign, minutes }) = time.zone else {
        return text.to_owned();
    };
    let days = (1..year).map(days_of_year).sum::<u32>()
        + (1..month).map(|month| days_of(year, month)).sum::<u32>()
        + day;
    let east = i64::from(minutes) * if sign == '-' { -1 } else { 1 };
    let minute = (i64::from(days) * 24 + i64::from(time.hour)) * 60 + i64::from(time.minute) - east;
    format!("{minute} {} {}", time.second, time.microsecond)
}

fn days_of_year(year: u32) -> u32 {
    (1..=12).map(|month| days_of(year, month)).sum()
}

/// `str()` of the date or datetime; nothing for text that is none, or one that no calendar has.
pub(super) fn parse_timestamp(text: &str) -> Option<String> {
    let Timestamp {
        year,
        month,
        day,
        time,
    } = scan(text)?;
    if year == 0 || !(1..=12).contains(&month) || !(1..=days_of(year, month)).contains(&day) {
        return None;
    }
    let mut written = format!("{year:04}-{month:02}-{day:02}");
    if let Some(time) = time {
        time.write(&mut written)?;
    }
    Some(written)
}

struct Timestamp {
    year: u32,
    month: u32,
    day: u32,
    time: Option<Time>,
}

struct Time {
    hour: u32,
    minute: u32,
    second: u32,
    microsecond: u32,
    zone: Option<Zone>,
}

/// The distance from UTC.
struct Zone {
    sign: char,
    minutes: u32,
}

impl Time {
    /// Writes it after its date; nothing if no clock shows it.
    fn write(&self, written: &mut String) -> Option<()> {
        let Self {
            hour,
            minute,
            second,
            microsecond,
            zone,
        } = self;
        if *hour > 23 || *minute > 59 || *second > 59 {
            return None;
        }
        write!(written, " {hour:02}:{minute:02}:{second:02}").ok()?;
        if *microsecond > 0 {
            write!(written, ".{microsecond:06}").ok()?;
        }
        match zone {
            None => Some(()),
            Some(Zone { minutes, .. }) if *minutes >= 24 * 60 => None,
            Some(Zone { sign, minutes }) => {
                write!(written, "{sign}{:02}:{:02}", minutes / 60, minutes % 60).ok()
            }
        }
    }
}

fn days_of(year: u32, month: u32) -> u32 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn scan(text: &str) -> Option<Timestamp> {
    let mut rest = Rest(text.as_bytes());
    let year = rest.digits(4, 4)?;
    rest.one_of(b"-")?;
    let month = rest.digits(1, 2)?;
    rest.one_of(b"-")?;
    let day = rest.digits(1, 2)?;
    let time = if rest.is_empty() {
        None
    } else {
        Some(scan_time(&mut rest)?)
    };
    rest.is_empty().then_some(Timestamp {
        year,
        month,
        day,
        time,
    })
}

fn scan_time(rest: &mut Rest) -> Option<Time> {
    if rest.one_of(b"Tt").is_none() && rest.blanks() == 0 {
        return None;
    }
    let hour = rest.digits(1, 2)?;
    rest.one_of(b":")?;
    let minute = rest.digits(2, 2)?;
    rest.one_of(b":")?;
    let second = rest.digits(2, 2)?;
    let microsecond = if rest.one_of(b".").is_some() {
        rest.fraction()
    } else {
        0
    };
    let zone = if rest.is_empty() {
        None
    } else {
        Some(scan_zone(rest)?)
    };
    Some(Time {
        hour,
        minute,
        second,
        microsecond,
        zone,
    })
}

fn scan_zone(rest: &mut Rest) -> Option<Zone> {
    rest.blanks();
    let sign = match rest.one_of(b"Z+-")? {
        b'Z' => {
            return Some(Zone {
                sign: '+',
                minutes: 0,
            });
        }
        sign => sign,
    };
    let hours = rest.digits(1, 2)?;
    let minutes = if rest.one_of(b":").is_some() {
        rest.digits(2, 2)?
    } else {
        0
    };
    let minutes = hours * 60 + minutes;
    // Python has no -00:00
    let sign = if minutes == 0 { '+' } else { char::from(sign) };
    Some(Zone { sign, minutes })
}

/// What is left to read.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As many digits as there are up to `most`, which must be `least` or more.
    fn digits(&mut self, least: usize, most: usize) -> Option<u32> {
        let count = self
            .0
            .iter()
            .take(most)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        (count >= least).then(|| {
            digits
                .iter()
                .fold(0, |value, byte| value * 10 + u32::from(byte - b'0'))
        })
    }

    fn one_of(&mut self, bytes: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        let found = bytes.contains(first).then_some(*first)?;
        self.0 = rest;
        Some(found)
    }

    fn blanks(&mut self) -> usize {
        let mut count = 0;
        while self.one_of(b" \t").is_some() {
            count += 1;
        }
        count
    }

    /// Digits after the point as microseconds: six count, the rest is cut off.
    fn fraction(&mut self) -> u32 {
        let mut microsecond = 0;
        let mut worth = 100_000;
        while let Some(digit) = self.digits(1, 1) {
            microsecond += digit * worth;
            worth /= 10;
        }
        microsecond
    }
}
