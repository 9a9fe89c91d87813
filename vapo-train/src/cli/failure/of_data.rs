//! Codes of what is wrong with a data set.

use super::code::Code;
use super::typed;
use crate::dataset::cifar10::CifarError;
use crate::dataset::images::ImagesError;
use crate::dataset::npy::ArrayError;
use crate::dataset::series::SeriesError;
use crate::dataset::{Corruption, DatasetError, NoImages};
use crate::files::array::ArrayFileError;
use std::error::Error;

/// The code of an error of a data set.
pub(super) fn own(error: &(dyn Error + 'static)) -> Option<Code> {
    typed(error, dataset)
        .or_else(|| typed(error, images))
        .or_else(|| typed(error, series))
        .or_else(|| typed(error, array))
        .or_else(|| typed(error, array_file))
        .or_else(|| typed(error, |_: &NoImages| Code::DataKind))
}

fn dataset(error: &DatasetError) -> Code {
    match error {
        DatasetError::Unknown { .. } => Code::CommandLine,
        DatasetError::Missing { .. } | DatasetError::Beside { .. } | DatasetError::Read { .. } => Code::DataMissing,
        DatasetError::Corrupt { cause, .. } => corruption(cause),
        DatasetError::Foreign { .. } => Code::DataForeign,
        DatasetError::Several { .. } => Code::DataLayout,
        DatasetError::NoValid { .. } => Code::DataSplit,
        DatasetError::Images(cause) => images(cause),
    }
}

fn corruption(error: &Corruption) -> Code {
    match error {
        Corruption::Gzip(_)
        | Corruption::TooShort { .. }
        | Corruption::TooLong { .. }
        | Corruption::Inflation { .. }
        | Corruption::Elements { .. }
        | Corruption::Level { .. }
        | Corruption::Line { .. }
        | Corruption::Labels { .. } => Code::DataDamaged,
        Corruption::Magic { .. } => Code::DataForeign,
        Corruption::Empty => Code::DataCount,
        Corruption::Extent { .. } => Code::DataExtent,
        Corruption::Cifar10(cause) => cifar10(cause),
        Corruption::Array(cause) => array(cause),
        Corruption::Series(cause) => series(cause),
    }
}

fn cifar10(error: &CifarError) -> Code {
    match error {
        CifarError::Size { .. } | CifarError::Member { .. } | CifarError::Archive(_) | CifarError::Pickle { .. } => {
            Code::DataDamaged
        }
        CifarError::Label { .. } | CifarError::Contents { .. } => Code::DataForeign,
    }
}

fn images(error: &ImagesError) -> Code {
    match error {
        ImagesError::Read { .. } => Code::DataMissing,
        ImagesError::Archive { .. } | ImagesError::Damaged { .. } => Code::DataDamaged,
        ImagesError::NoFolder
        | ImagesError::NotAFolder { .. }
        | ImagesError::Ambiguous { .. }
        | ImagesError::DeepSplits { .. }
        | ImagesError::LikeSplits { .. }
        | ImagesError::Doubles { .. }
        | ImagesError::Empty { .. }
        | ImagesError::PartitionLine { .. }
        | ImagesError::PartitionText { .. }
        | ImagesError::Partition { .. } => Code::DataLayout,
        ImagesError::NoSplit { .. } => Code::DataSplit,
        ImagesError::Crop { .. } | ImagesError::Extents { .. } | ImagesError::Extent { .. } => Code::DataExtent,
        ImagesError::Write { .. } | ImagesError::NoCacheFolder { .. } => Code::OutputAccess,
    }
}

fn array(error: &ArrayError) -> Code {
    match error {
        ArrayError::File(cause) => array_file(cause),
        ArrayError::NoSplit { .. } => Code::DataSplit,
        ArrayError::Type { .. }
        | ArrayError::Axes { .. }
        | ArrayError::ChannelsFirst { .. }
        | ArrayError::OneImage { .. }
        | ArrayError::NotANumber { .. }
        | ArrayError::Range { .. }
        | ArrayError::Label { .. }
        | ArrayError::NoImages { .. }
        | ArrayError::OnlyClasses { .. }
        | ArrayError::Several { .. } => Code::DataArray,
    }
}

/// The code of what is wrong with a file of NumPy's.
pub(super) fn array_file(error: &ArrayFileError) -> Code {
    match error {
        ArrayFileError::Header { .. } | ArrayFileError::Single | ArrayFileError::Unsupported(_) => Code::DataForeign,
        ArrayFileError::Missing { .. } | ArrayFileError::Memory { .. } => Code::DataArray,
        ArrayFileError::Archive(_)
        | ArrayFileError::Read { .. }
        | ArrayFileError::Size { .. }
        | ArrayFileError::Inflation { .. } => Code::DataDamaged,
    }
}

fn series(error: &SeriesError) -> Code {
    match error {
        SeriesError::Encoding { .. }
        | SeriesError::Empty
        | SeriesError::Fields { .. }
        | SeriesError::Number { .. }
        | SeriesError::Time { .. }
        | SeriesError::Backwards { .. }
        | SeriesError::NoChannel { .. }
        | SeriesError::NoColumn { .. }
        | SeriesError::NotAChannel { .. }
        | SeriesError::Label { .. }
        | SeriesError::Channels { .. }
        | SeriesError::Channel { .. }
        | SeriesError::Line { .. }
        | SeriesError::Rates { .. } => Code::SeriesTable,
        SeriesError::Unlike { .. } | SeriesError::Scalings { .. } => Code::DataUnlike,
        SeriesError::Lengths { .. } | SeriesError::Short { .. } | SeriesError::Gaps { .. } => Code::SeriesWindow,
        SeriesError::Option { .. } => Code::Settings,
        SeriesError::Kinds { .. } | SeriesError::Words => Code::DataLayout,
        SeriesError::NoSplit { .. } | SeriesError::FewCases { .. } => Code::DataSplit,
        SeriesError::Cases => Code::DataCount,
        SeriesError::Array { .. } => Code::DataArray,
        SeriesError::File(cause) => array_file(cause),
    }
}
