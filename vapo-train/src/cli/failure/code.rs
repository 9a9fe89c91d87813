//! Codes of failures: one for each thing that a person can do about them.

use std::fmt;

/// What a failure is known by, here and in `docs/troubleshooting.md`, which has an entry for each.
///
/// The hundreds tell what it is about. A number that was released stays with its meaning for good: pages, scripts and searches know
/// it. A kind of failure that is no more leaves a gap, and a new one takes the next number that never was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(in crate::cli) enum Code {
    // Options and settings.
    /// The command line does not parse.
    CommandLine = 101,
    /// A value that is none here, or options that do not go together.
    Settings = 102,
    /// A network that does not take such images, or that a device does not compute.
    Network = 103,
    /// Classes that are not there.
    Classes = 104,
    /// Numbers of a step that do not agree.
    Batch = 105,
    /// A tolerance that no step meets.
    Tolerance = 106,

    // Data sets.
    /// Files that are not there or cannot be read.
    DataMissing = 201,
    /// Files that are cut off or damaged.
    DataDamaged = 202,
    /// Files of another kind.
    DataForeign = 203,
    /// A folder that is laid out in another way.
    DataLayout = 204,
    /// Images of an extent that cannot be taken.
    DataExtent = 205,
    /// A split that is not there.
    DataSplit = 206,
    /// An array of another type, shape or range.
    DataArray = 207,
    /// A series in place of images, or images in place of a series.
    DataKind = 208,
    /// What does not fit the model or what it is compared with.
    DataUnlike = 209,
    /// Too few images.
    DataCount = 210,
    /// A table of a series with a line that is none.
    SeriesTable = 211,
    /// A series without a window.
    SeriesWindow = 212,
    /// A server that does not answer as it should.
    FetchServer = 213,
    /// A downloaded file of other contents, or one in its place.
    FetchFile = 214,

    // Model files.
    /// A file that cannot be read.
    ModelUnreadable = 301,
    /// A file that is no model, or a damaged one.
    ModelDamaged = 302,
    /// Integers where floats are needed, or the other way.
    ModelArithmetic = 303,
    /// Numbers that are not finite.
    ModelNotFinite = 304,
    /// A network that has no integers.
    ModelIntegers = 305,
    /// What images are compared by.
    Features = 306,

    // Runs.
    /// A folder that holds a run.
    RunExists = 401,
    /// A folder that another process writes to.
    RunBusy = 402,
    /// A folder without a run, or a run without a checkpoint.
    RunAbsent = 403,
    /// A setting that a resumed run keeps.
    RunSettings = 404,
    /// Images, a teacher or a checkpoint of another run.
    RunOther = 405,
    /// A file of the run that is damaged.
    RunDamaged = 406,
    /// A loss that is not finite.
    RunDiverged = 407,
    /// A file of the run that cannot be read or written.
    RunAccess = 408,

    // Output files.
    /// A name that does not say what to write.
    OutputName = 501,
    /// A file that exists.
    OutputExists = 502,
    /// A file that is read, or written twice.
    OutputClash = 503,
    /// What cannot be written.
    OutputAccess = 504,
    /// Images that make no picture.
    OutputPicture = 505,

    // Devices and ranks.
    /// No device, no driver or no compiler. A program without CUDA meets none of them.
    #[cfg_attr(not(feature = "cuda"), allow(dead_code))]
    DeviceAbsent = 601,
    /// What this program was built without.
    NotBuilt = 602,
    /// Too little memory of a device. A program without CUDA has none.
    #[cfg_attr(not(feature = "cuda"), allow(dead_code))]
    DeviceMemory = 603,
    /// A device that fails. A program without CUDA has none.
    #[cfg_attr(not(feature = "cuda"), allow(dead_code))]
    DeviceFails = 604,
    /// Processes that do not train together.
    Ranks = 605,

    // Boards and C.
    /// A model that is too large for a board.
    BoardRoom = 701,
    /// Sources of C that cannot be made.
    CSources = 702,
    /// Sources, compiler, emulator or flasher of the boards' firmware that are not there.
    BoardTools = 703,
    /// A board's firmware that is not built, does not answer or computes other bits.
    BoardFails = 704,

    /// What nobody expects.
    Unexpected = 901,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "V{:04}", *self as u16)
    }
}

/// A failure that has no type of its own: what is said of it, and its code.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct Told {
    pub(super) code: Code,
    pub(super) message: String,
}
