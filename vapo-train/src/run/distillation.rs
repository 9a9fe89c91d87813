//! What a run learns from another model: to draw in few evaluations what that one draws in many.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use vapo_sampler::{Schedule, Solver};

/// A run that learns from a model, its teacher, and not from data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distillation {
    /// The teacher's file.
    pub teacher: PathBuf,
    /// SHA-256 of that file, in hexadecimal.
    pub sha256: String,
    /// How many evaluations samples take.
    pub evaluations: Evaluations,
    /// Guidance of the teacher towards the class that is asked for, which the student needs no more.
    #[serde(default)]
    pub guidance: f32,
}

/// Counts of evaluations of the drift, in ascending order: how many of them a sample takes. None where a model is for any number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<u16>", into = "Vec<u16>")]
pub struct Evaluations([u16; Evaluations::MOST]);

impl Evaluations {
    /// Counts, at most.
    pub const MOST: usize = 4;
    /// The largest count. A model for more draws as well without having learned to.
    pub const LARGEST: u16 = 16;
    /// The solver that they are for. It needs a single buffer, and the potential at the times of its grid alone.
    pub const SOLVER: Solver = Solver::Euler;

    /// The counts.
    pub fn iter(self) -> impl Iterator<Item = u16> {
        self.0.into_iter().filter(|&count| count > 0)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0[0] == 0
    }

    /// The largest.
    pub fn largest(self) -> Option<u16> {
        self.iter().last()
    }

    /// The grid of a count: `--steps COUNT` of `sample`, of the usual grading.
    ///
    /// # Panics
    /// The count is 0, or far larger than [`Evaluations::LARGEST`].
    pub fn schedule(count: u16) -> Schedule {
        Schedule::graded(count, Schedule::EXPONENT).expect("a grid of few steps")
    }
}

impl TryFrom<Vec<u16>> for Evaluations {
    type Error = String;

    fn try_from(mut counts: Vec<u16>) -> Result<Self, String> {
        counts.sort_unstable();
        let twice = counts.windows(2).any(|pair| pair[0] == pair[1]);
        let sound = counts.iter().all(|count| (1..=Evaluations::LARGEST).contains(count));
        let mut found = [0; Evaluations::MOST];
        match found.get_mut(..counts.len()).filter(|_| sound && !twice && !counts.is_empty()) {
            Some(place) => {
                place.copy_from_slice(&counts);
                Ok(Evaluations(found))
            }
            None => Err(format!(
                "expected one to {} different numbers from 1 to {}, as 1,2,4",
                Evaluations::MOST,
                Evaluations::LARGEST
            )),
        }
    }
}

impl From<Evaluations> for Vec<u16> {
    fn from(counts: Evaluations) -> Self {
        counts.iter().collect()
    }
}

impl FromStr for Evaluations {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // What is no number is refused as 0 is.
        let counts: Vec<u16> = text.split(',').map(|count| count.parse().unwrap_or(0)).collect();
        counts.try_into()
    }
}

/// As [`FromStr`] reads it.
impl fmt::Display for Evaluations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts: Vec<String> = self.iter().map(|count| count.to_string()).collect();
        f.write_str(&counts.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_sorted_and_read_back() {
        let counts: Evaluations = "4,1,2".parse().unwrap();
        assert_eq!((counts.to_string().as_str(), counts.largest(), counts.is_empty()), ("1,2,4", Some(4), false));
        let json = serde_json::to_string(&counts).unwrap();
        assert_eq!((json.as_str(), serde_json::from_str(&json).unwrap()), ("[1,2,4]", counts));
        assert!(Evaluations::default().is_empty() && Evaluations::default().largest().is_none());
    }

    #[test]
    fn what_is_no_list_of_counts_is_refused() {
        for wrong in ["", "0", "17", "1,1", "1,2,3,4,5", "1;2", "a", "-1", "1,", "70000"] {
            let told = wrong.parse::<Evaluations>().unwrap_err();
            assert!(told.contains("from 1 to 16"), "{wrong}: {told}");
        }
        assert!(serde_json::from_str::<Evaluations>("[2,2]").is_err());
    }
}
