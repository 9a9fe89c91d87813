//! The path between noise and data that a potential was trained on.
//!
//! # Example
//!
//! ```
//! use vapo_format::Homotopy;
//!
//! assert_eq!("bayes".parse(), Ok(Homotopy::Bayes));
//! assert_eq!(Homotopy::default().to_string(), "linear");
//! ```

use crate::error::NameError;
use core::fmt;
use core::str::FromStr;
use serde::{Deserialize, Serialize};

/// The path x = mean(t)·data + std(t)·noise from the prior at t = 0 to the data at t = 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[serde(rename_all = "kebab-case")]
pub enum Homotopy {
    /// mean t, std 1 − t: the straight path.
    #[default]
    Linear,
    /// mean t, variance 1 − t: the log-homotopy between prior and likelihood.
    Bayes,
}

/// `linear` or `bayes`.
impl fmt::Display for Homotopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Homotopy::Linear => "linear",
            Homotopy::Bayes => "bayes",
        })
    }
}

impl FromStr for Homotopy {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        match name {
            "linear" => Ok(Homotopy::Linear),
            "bayes" => Ok(Homotopy::Bayes),
            _ => Err(NameError { expected: "linear or bayes" }),
        }
    }
}
