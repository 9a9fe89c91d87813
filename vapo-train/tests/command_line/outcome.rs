//! What a program of the tests came to.

/// How the program ended, and what it said.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    /// The standard output.
    pub(crate) output: String,
    /// The standard error stream.
    pub(crate) errors: String,
}

impl Outcome {
    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.errors);
        self
    }

    /// Asserts that the program refused with this exit code, and that its message has a code and holds every part.
    #[track_caller]
    pub(crate) fn refused(self, code: i32, parts: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.errors);
        assert!(
            self.errors.contains("error[V") && self.errors.contains("\nfor more: vapo-train explain V"),
            "{}",
            self.errors
        );
        for part in parts {
            assert!(self.errors.contains(part), "no {part:?} in: {}", self.errors);
        }
        self
    }
}
