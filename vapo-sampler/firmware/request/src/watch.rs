//! How a series is watched.

use crate::Refused;
use crate::number::{decimal, short, split_once, whole};
use core::fmt;

/// How a series is watched, and whence its readings come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Watch<'a> {
    /// The path of a file on the host: readings one after another, a number a channel, each a little-endian f32.
    pub readings: &'a [u8],
    /// Readings from one verdict to the next.
    pub stride: u16,
    /// Windows at the beginning, all normal, that the threshold is learned from. At 0 it is the model's.
    pub learn: u32,
    /// The share of normal windows that a threshold that is learned may call anomalies.
    pub rate: f32,
    /// Whether anomalies are explained.
    pub explain: bool,
}

const ARGUMENTS: &str = "expected readings=, stride=, learn=, rate= or explain=, each with a value";
const ONCE: &str = "expected every argument at most once";
const READINGS: &str = "expected readings= with the path of a file";
const STRIDE: &str = "expected stride= with a whole number of readings from 1 to 65535";
const LEARN: &str = "expected learn= with a whole number of windows below 2^32";
const RATE: &str = "expected rate= with a decimal above 0 and below 1, of at most 7 digits, as 0.01";
const EXPLAIN: &str = "expected explain= with 0 or 1";

impl Watch<'_> {
    /// A verdict every 8 readings by the model's threshold; 1 of 100 where that is to be learned.
    pub const USUAL: Watch<'static> = Watch { readings: &[], stride: 8, learn: 0, rate: 0.01, explain: false };
    /// The same with a threshold that is learned from the first 100 windows, and explanations.
    pub const LEARNING: Watch<'static> = Watch { learn: 100, explain: true, ..Watch::USUAL };
}

impl<'a> Watch<'a> {
    /// Reads arguments parted by spaces: `readings=FILE`, and any of `stride=8 learn=100 rate=0.01 explain=1`. What they leave out
    /// is that of [`Watch::USUAL`].
    ///
    /// # Errors
    /// The first argument that is none of these, out of range or a second of its name; that there is no file.
    pub fn parse(arguments: &'a [u8]) -> Result<Self, Refused<'a>> {
        let mut watch = Watch::USUAL;
        // A bit for each name.
        let mut given = 0u8;
        for found in arguments.split(|&byte| byte == b' ').filter(|argument| !argument.is_empty()) {
            let refused = |expected| Refused { found, expected };
            let (name, value) = split_once(found, b'=').ok_or(refused(ARGUMENTS))?;
            let bit = match name {
                b"readings" => {
                    watch.readings = value;
                    1
                }
                b"stride" => {
                    watch.stride = short(value).filter(|&stride| stride > 0).ok_or(refused(STRIDE))?;
                    2
                }
                b"learn" => {
                    watch.learn = whole(value).and_then(|windows| windows.try_into().ok()).ok_or(refused(LEARN))?;
                    4
                }
                b"rate" => {
                    let rate = decimal(value).filter(|&rate| rate > 0.0 && rate < 1.0);
                    watch.rate = rate.ok_or(refused(RATE))?;
                    8
                }
                b"explain" => {
                    watch.explain = short(value).filter(|&explain| explain <= 1).ok_or(refused(EXPLAIN))? == 1;
                    16
                }
                _ => return Err(refused(ARGUMENTS)),
            };
            if given & bit != 0 {
                return Err(refused(ONCE));
            }
            given |= bit;
        }
        if watch.readings.is_empty() { Err(Refused { found: arguments, expected: READINGS }) } else { Ok(watch) }
    }
}

/// The arguments that [`Watch::parse`] reads.
impl fmt::Display for Watch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Watch { readings, stride, learn, rate, explain } = self;
        f.write_str("readings=")?;
        for chunk in readings.utf8_chunks() {
            f.write_str(chunk.valid())?;
        }
        write!(f, " stride={stride} learn={learn} rate={rate} explain={}", u8::from(*explain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn every_argument_is_read() {
        let all = b"readings=/tmp/a=b.f32 stride=3  learn=4294967295 rate=0.05 explain=1";
        let watch = Watch::parse(all).unwrap();
        let readings = b"/tmp/a=b.f32";
        assert_eq!(watch, Watch { readings, stride: 3, learn: u32::MAX, rate: 0.05, explain: true });
        assert_eq!(Watch::parse(watch.to_string().as_bytes()), Ok(watch));
        assert_eq!(Watch::parse(b"readings=x"), Ok(Watch { readings: b"x", ..Watch::USUAL }));
        assert_eq!(Watch::parse(b"explain=0 readings=x"), Ok(Watch { readings: b"x", ..Watch::USUAL }));
    }

    #[test]
    fn what_is_not_understood_or_out_of_range_is_refused_by_name() {
        for (wrong, expected) in [
            ("stride", ARGUMENTS),
            ("seed=7", ARGUMENTS),
            ("stride=0", STRIDE),
            ("stride=65536", STRIDE),
            ("learn=-1", LEARN),
            ("learn=4294967296", LEARN),
            ("rate=0", RATE),
            ("rate=1", RATE),
            ("rate=nan", RATE),
            ("explain=2", EXPLAIN),
            ("explain=", EXPLAIN),
            ("readings=other", ONCE),
        ] {
            let arguments = ["readings=file", wrong].join(" ");
            assert_eq!(
                Watch::parse(arguments.as_bytes()),
                Err(Refused { found: wrong.as_bytes(), expected }),
                "{wrong}"
            );
        }
        for found in ["", "stride=4", "readings= stride=4"].map(str::as_bytes) {
            assert_eq!(Watch::parse(found), Err(Refused { found, expected: READINGS }));
        }
    }

    /// Whatever the two values are.
    #[test]
    fn an_argument_that_is_given_twice_is_refused() {
        for twice in ["stride=3", "learn=9", "rate=0.5", "explain=1"] {
            let arguments = ["readings=x", twice, twice].join(" ");
            assert_eq!(Watch::parse(arguments.as_bytes()), Err(Refused { found: twice.as_bytes(), expected: ONCE }));
        }
    }
}
