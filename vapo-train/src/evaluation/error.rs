//! Why an evaluation failed.

use crate::dataset::NoImages;
use crate::files::array::ArrayFileError;
use crate::files::raster::kind::NAMES;
use std::io;
use std::path::PathBuf;
use vapo_format::Shape;

/// Why there is no distance, or no features.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// A series was given where images are compared.
    #[error(transparent)]
    NoImages(#[from] NoImages),
    /// A file or folder cannot be read or written.
    #[error("cannot read or write {}: {cause}", path.display())]
    Access {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A file holds something else than it should.
    #[error("{}: expected {expected}, found {found}", path.display())]
    Contents {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        expected: String,
        /// What it holds.
        found: String,
    },
    /// A file of arrays cannot be read.
    #[error("{}: {cause}; give {expected}", path.display())]
    Array {
        /// The file.
        path: PathBuf,
        /// What is taken.
        expected: &'static str,
        /// What is wrong with it.
        #[source]
        cause: ArrayFileError,
    },
    /// A folder without images.
    #[error("{}: expected a folder of image files ({NAMES}), found {found}", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
        /// What there is.
        found: String,
    },
    /// Two sets of images or of features do not go together.
    #[error("expected {what} of {expected}, as {of}, found {found}")]
    Extent {
        /// What differs.
        what: &'static str,
        /// Where the expectation comes from.
        of: &'static str,
        /// It.
        expected: String,
        /// What there is.
        found: String,
    },
    /// Moments need two images.
    #[error("expected at least {expected} images, found {found}")]
    Few {
        /// The least number.
        expected: usize,
        /// What there is.
        found: usize,
    },
    /// More features than a covariance of them could be taken apart in.
    #[error(
        "expected at most {most} features an image, found {found}: take a smaller space, --features classifier for \
         instance"
    )]
    Dimension {
        /// The greatest number.
        most: usize,
        /// What there is.
        found: usize,
    },
    /// Features are not numbers.
    #[error("the features of image {image} are not all finite: {advice}")]
    NotFinite {
        /// Its position, from 0.
        image: usize,
        /// What to do.
        advice: &'static str,
    },
    /// A classifier learns from classes.
    #[error(
        "{dataset} has no labels of two or more classes to train a classifier on{}: take --features pixels, or a network \
         of your own, --features F.onnx", in_brackets(fault.as_deref())
    )]
    Labels {
        /// The data set.
        dataset: String,
        /// Why its labels could not be read, where there are any.
        fault: Option<String>,
    },
    /// The network of an ONNX file cannot be used.
    #[error("{}: {cause}", path.display())]
    Network {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
}

impl EvaluationError {
    /// The same, with the file that samples of another extent were found in.
    pub(super) fn found_in(mut self, file: &str) -> Self {
        if let EvaluationError::Extent { what: "samples", found, .. } = &mut self {
            *found += &format!(" in {file}");
        }
        self
    }
}

fn in_brackets(fault: Option<&str>) -> String {
    fault.map_or_else(String::new, |fault| format!(" ({fault})"))
}

/// Wraps what the system says about `path`.
pub(super) fn access<E: Into<io::Error>>(path: &std::path::Path) -> impl FnOnce(E) -> EvaluationError {
    move |cause| EvaluationError::Access { path: path.to_owned(), cause: cause.into() }
}

/// What differs between two extents.
pub(super) fn extent(what: &'static str, of: &'static str, expected: Shape, found: Shape) -> EvaluationError {
    EvaluationError::Extent { what, of, expected: expected.to_string(), found: found.to_string() }
}
