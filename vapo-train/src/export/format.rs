//! Kinds of files, told by their names.

use std::path::Path;

/// What images are written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A grid of pictures in one PNG file.
    Grid,
    /// A flat folder of PNG files, one an image: what pytorch-fid and torch-fidelity take.
    Folder,
    /// A NumPy array of float32, (N, H, W, C), about [-1, 1].
    Npy,
    /// A NumPy archive whose array `arr_0` is uint8, (N, H, W, C): what guided-diffusion's evaluator takes.
    Npz,
}

impl Format {
    /// The kind that a name stands for: a name that ends in a slash or has no extension is that of a folder.
    pub fn of(path: &Path) -> Option<Format> {
        let bytes = path.as_os_str().as_encoded_bytes();
        if bytes.ends_with(b"/") || bytes.ends_with(std::path::MAIN_SEPARATOR_STR.as_bytes()) {
            return Some(Format::Folder);
        }
        match path.extension().map(|extension| extension.to_str()) {
            Some(Some("png")) => Some(Format::Grid),
            Some(Some("npy")) => Some(Format::Npy),
            Some(Some("npz")) => Some(Format::Npz),
            Some(_) => None,
            // `.png` is a hidden file without extension, and hardly the folder that somebody meant.
            None => path
                .file_name()
                .is_some_and(|name| !name.as_encoded_bytes().starts_with(b"."))
                .then_some(Format::Folder),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_kinds() {
        let cases = [
            ("a.png", Some(Format::Grid)),
            ("b/a.npy", Some(Format::Npy)),
            ("a.b.npz", Some(Format::Npz)),
            ("samples", Some(Format::Folder)),
            ("a.png/", Some(Format::Folder)),
            ("a.d/samples", Some(Format::Folder)),
            ("a.jpg", None),
            (".png", None),
            ("", None),
            ("..", None),
        ];
        for (name, expected) in cases {
            assert_eq!(Format::of(Path::new(name)), expected, "{name}");
        }
    }
}
