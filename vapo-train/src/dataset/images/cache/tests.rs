use super::*;
use crate::dataset::images::{folder, prepared};
use crate::dataset::{Crop, Dataset, Filter, Size};
use image::{GrayImage, ImageFormat, Luma, Rgb, RgbImage};
use std::collections::BTreeSet;
use tempfile::TempDir;
use vapo_format::Shape;

const OWN: Preparation = Preparation {
    crop: Crop::None,
    size: None,
    filter: Filter::Triangle,
    channels: None,
    background: Background::WHITE,
};

/// A folder of grey images of 6 × 4 pixels, the first of level 0, the next 1, and so on.
fn greys(count: u8) -> TempDir {
    let root = TempDir::new().unwrap();
    for level in 0..count {
        put_grey(&root, level, 6, 4);
    }
    root
}

fn put_grey(root: &TempDir, level: u8, width: u32, height: u32) {
    let image = GrayImage::from_pixel(width, height, Luma([level]));
    image.save_with_format(path(root, level), ImageFormat::Png).unwrap();
}

fn path(root: &TempDir, level: u8) -> PathBuf {
    root.path().join(format!("{level:03}.png"))
}

fn listing(root: &TempDir) -> Listing {
    folder::listing(Split::Train, Some(root.path())).unwrap()
}

fn load_in(root: &TempDir, preparation: Preparation, chosen: Option<&Path>) -> Result<Cache, ImagesError> {
    let listing = listing(root);
    let places = Places::new(&listing, chosen, None);
    prepared(Source::Folder, Split::Train, &listing, preparation, &places)
}

fn load(root: &TempDir, preparation: Preparation) -> Result<Cache, ImagesError> {
    load_in(root, preparation, None)
}

fn refused(root: &TempDir, preparation: Preparation) -> String {
    let message = load(root, preparation).unwrap_err().to_string();
    assert_eq!(caches(root.path()), BTreeSet::new(), "{message}");
    message
}

/// Names of all files that are not images.
fn caches(folder: &Path) -> BTreeSet<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !name.ends_with(".png")).collect()
}

fn cache_path(root: &TempDir) -> PathBuf {
    let names = caches(root.path());
    assert_eq!(names.len(), 1, "{names:?}");
    root.path().join(names.first().unwrap())
}

/// Changes with every new file.
#[cfg(unix)]
fn identity(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).unwrap().ino()
}

#[test]
fn images_are_prepared_once_in_the_order_of_their_names() {
    let root = greys(5);
    let first = load(&root, OWN).unwrap();
    assert_eq!(first.header.shape, Shape { channels: 1, height: 4, width: 6 });
    assert_eq!((first.header.count, first.map.len()), (5, HEADER + 5 * 24));
    for (index, image) in first.map[HEADER..].chunks(24).enumerate() {
        assert_eq!(image, [index as u8; 24]);
    }
    assert_eq!(cache_path(&root).file_name().unwrap(), "folder-train-none-own-triangle-own.vapo-images");
    let text = std::str::from_utf8(&first.map[..HEADER]).unwrap();
    assert!(text.starts_with(MAGIC) && text.contains(r#""crop": "none""#) && text.contains(r#""count": 5"#), "{text}");
    // The digest of what was written is that of the same pixels in memory.
    let pixels = first.map[HEADER..].to_vec();
    let owned = Dataset::new("folder", first.header.shape, u8::MAX, pixels, None).unwrap();
    assert_eq!(first.sha256, owned.fingerprint().sha256);
    // A map is of the very file: were it written anew, it would be another.
    let (path, before) = (cache_path(&root), fs::read(cache_path(&root)).unwrap());
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    let second = load(&root, OWN).unwrap();
    assert_eq!((second.header, &second.map[..]), (first.header, &before[..]));
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), time);
}

#[cfg(unix)]
#[test]
fn other_files_or_other_choices_are_prepared_anew() {
    let root = greys(3);
    load(&root, OWN).unwrap();
    let kept = cache_path(&root);
    let anew = |what: &str, expected: bool| {
        // The map keeps the old file, so that the number of a new one is another.
        let old = Map::new(&File::open(&kept).unwrap()).unwrap();
        let before = identity(&kept);
        let cache = load(&root, OWN).unwrap();
        assert_eq!(identity(&kept) != before, expected, "{what}, {} bytes", old.len());
        cache
    };
    anew("nothing changed", false);
    put_grey(&root, 9, 6, 4);
    assert_eq!(anew("a file more", true).header.count, 4);
    fs::remove_file(path(&root, 9)).unwrap();
    assert_eq!(anew("a file less", true).header.count, 3);
    let other = GrayImage::from_pixel(6, 4, Luma([99]));
    other.save_with_format(path(&root, 0), ImageFormat::Png).unwrap();
    assert_eq!(anew("another content", true).map[HEADER], 99);
    fs::rename(path(&root, 2), path(&root, 7)).unwrap();
    anew("another name", true);
    anew("nothing changed again", false);
    // Other choices lie side by side with it.
    let half = Some(Size { height: 2, width: 3 });
    for preparation in [
        Preparation { crop: Crop::Centre(4), ..OWN },
        Preparation { size: half, ..OWN },
        Preparation { filter: Filter::Lanczos3, ..OWN },
        Preparation { channels: Some(3), ..OWN },
        Preparation { background: Background { colour: [1, 2, 3] }, ..OWN },
    ] {
        let before = caches(root.path()).len();
        load(&root, preparation).unwrap();
        assert_eq!(caches(root.path()).len(), before + 1);
    }
}

#[test]
fn the_header_decides_not_the_name() {
    let root = greys(3);
    let listing = listing(&root);
    let key = |dataset, split, preparation, source: &str| Key::new(dataset, split, preparation, source.to_owned());
    let places = Places::new(&listing, None, None);
    let good = key(Source::Folder, Split::Train, OWN, "sum");
    let path = places.paths(&good).next().unwrap();
    places.build(&good, &listing).unwrap();
    assert!(read(&path, &good).is_some());
    for other in [
        key(Source::Celeba, Split::Train, OWN, "sum"),
        key(Source::Folder, Split::Test, OWN, "sum"),
        key(Source::Folder, Split::Train, Preparation { crop: Crop::Centre(4), ..OWN }, "sum"),
        key(Source::Folder, Split::Train, Preparation { size: Some(Size { height: 4, width: 6 }), ..OWN }, "sum"),
        key(Source::Folder, Split::Train, Preparation { filter: Filter::Box, ..OWN }, "sum"),
        key(Source::Folder, Split::Train, Preparation { channels: Some(1), ..OWN }, "sum"),
        key(Source::Folder, Split::Train, Preparation { background: Background { colour: [0; 3] }, ..OWN }, "sum"),
        key(Source::Folder, Split::Train, OWN, "another sum"),
    ] {
        assert!(read(&path, &other).is_none(), "{other:?}");
    }
}

#[test]
fn half_a_cache_or_a_damaged_header_is_made_anew() {
    let root = greys(3);
    let whole = load(&root, OWN).unwrap().map.to_vec();
    let path = cache_path(&root);
    let mut other_version = whole.clone();
    other_version[MAGIC.len() - 2] = b'0';
    let mut no_json = whole.clone();
    no_json[MAGIC.len()] = b'x';
    let longer = [&whole[..], &[0]].concat();
    for length in [0, 1, MAGIC.len(), 500, HEADER - 1, HEADER, HEADER + 1, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(&load(&root, OWN).unwrap().map[..], whole, "{length}");
        assert!(fs::read(&path).unwrap() == whole);
    }
    for damaged in [other_version, no_json, longer] {
        fs::write(&path, damaged).unwrap();
        assert_eq!(&load(&root, OWN).unwrap().map[..], whole);
        assert!(fs::read(&path).unwrap() == whole);
    }
}

#[test]
fn the_same_bytes_on_any_number_of_threads() {
    let root = TempDir::new().unwrap();
    for index in 0..40_u32 {
        let image = RgbImage::from_fn(20, 30, |x, y| Rgb([(x * index) as u8, (y * 7) as u8, (x + y + index) as u8]));
        image.save_with_format(root.path().join(format!("{index}.png")), ImageFormat::Png).unwrap();
    }
    let small = Preparation { size: Some(Size { height: 8, width: 8 }), crop: Crop::Centre(18), ..OWN };
    let [one, four] = [1, 4].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let folder = TempDir::new().unwrap();
        pool.install(|| load_in(&root, small, Some(folder.path())).unwrap().map[HEADER..].to_vec())
    });
    assert!(one == four && one.len() == 40 * 8 * 8 * 3);
}

#[test]
fn few_damaged_images_are_left_out_and_named_ever_after() {
    let root = greys(200);
    let sound = fs::read(path(&root, 5)).unwrap();
    fs::write(path(&root, 5), &sound[..sound.len() / 2]).unwrap();
    fs::write(path(&root, 0), b"not an image").unwrap();
    for _ in 0..2 {
        let cache = load(&root, OWN).unwrap();
        assert_eq!((cache.header.count, cache.header.damaged), (198, 2));
        assert_eq!((cache.map[HEADER], cache.map[HEADER + 4 * 24]), (1, 6));
        let notes = cache.header.notes(Source::Folder, Background::WHITE);
        assert!(
            notes[0].starts_with("folder: 2 of 200 images cannot be decoded and are left out: 000.png ("),
            "{notes:?}"
        );
        assert!(notes[0].contains("005.png ("), "{notes:?}");
    }
    fs::remove_file(cache_path(&root)).unwrap();
    fs::write(path(&root, 6), b"").unwrap();
    let message = refused(&root, OWN);
    assert!(message.contains("3 of the first 200") && message.contains("1 in 100"), "{message}");
}

#[test]
fn the_first_image_sets_extent_and_channels_and_others_are_told() {
    let root = greys(3);
    put_grey(&root, 7, 5, 4);
    let message = refused(&root, OWN);
    assert!(message.contains("000.png has 6×4") && message.contains("007.png has 5×4"), "{message}");
    assert!(message.contains("--size"), "{message}");
    // What is given need not agree, and a crop makes it agree.
    let size = Some(Size { height: 4, width: 4 });
    assert_eq!(load(&root, Preparation { size, ..OWN }).unwrap().header.count, 4);
    assert_eq!(load(&root, Preparation { crop: Crop::Centre(4), ..OWN }).unwrap().header.count, 4);
    let colour = RgbImage::from_pixel(6, 4, Rgb([10, 20, 30]));
    colour.save_with_format(path(&root, 7), ImageFormat::Png).unwrap();
    let turned = "folder: 1 of 4 images were turned to grey";
    let dark = "folder: no value is above 30 of 255: images will be dark; scale them if 30 is white";
    // Said when the cache is written, and whenever it is read.
    for _ in 0..2 {
        let cache = load(&root, OWN).unwrap();
        assert_eq!((cache.header.shape.channels, cache.header.recoloured), (1, 1));
        assert_eq!(cache.header.notes(Source::Folder, Background::WHITE), [turned, dark]);
    }
    let cache = load(&root, Preparation { channels: Some(3), ..OWN }).unwrap();
    assert_eq!((cache.header.shape.channels, cache.header.recoloured), (3, 3));
    assert_eq!(cache.map[HEADER + 3 * 72..][..3], [10, 20, 30]);
}

#[test]
fn an_image_smaller_than_the_crop_is_named() {
    let root = greys(3);
    let message = refused(&root, Preparation { crop: Crop::Centre(5), ..OWN });
    assert!(message.contains("000.png") && message.contains("6×4") && message.contains("--crop 5"), "{message}");
}

#[test]
fn transparent_images_are_laid_on_the_background_and_dark_ones_are_told() {
    let root = greys(2);
    let clear = image::RgbaImage::from_pixel(6, 4, image::Rgba([200, 200, 200, 0]));
    clear.save_with_format(path(&root, 1), ImageFormat::Png).unwrap();
    let deep = image::ImageBuffer::<Luma<u16>, Vec<u16>>::from_pixel(6, 4, Luma([4095]));
    image::DynamicImage::from(deep).save_with_format(path(&root, 2), ImageFormat::Png).unwrap();
    for (background, level) in [("255", 255), ("9", 9)] {
        let background: Background = background.parse().unwrap();
        // The second time the cache says it.
        for _ in 0..2 {
            let cache = load(&root, Preparation { background, ..OWN }).unwrap();
            assert_eq!((cache.header.count, cache.map[HEADER + 24], cache.map[HEADER + 48]), (3, level, 16));
            let notes = cache.header.notes(Source::Folder, background).join("\n");
            let laid = format!("folder: 1 of 3 images are partly transparent, and are laid on {level} (--background)");
            assert!(notes.contains(&laid) && notes.contains("no value of them is above 4095 of 65535"), "{notes}");
        }
    }
    assert_eq!(caches(root.path()).len(), 2);
}

#[test]
fn inks_of_printing_are_left_out_as_damaged_images_are() {
    let root = greys(150);
    let mut jpeg = Vec::new();
    RgbImage::new(6, 4).write_to(&mut io::Cursor::new(&mut jpeg), ImageFormat::Jpeg).unwrap();
    let frame = jpeg.windows(2).position(|pair| pair[0] == 0xff && matches!(pair[1], 0xc0..=0xc2)).unwrap();
    jpeg[frame + 9] = 4;
    fs::write(path(&root, 3), jpeg).unwrap();
    let cache = load(&root, OWN).unwrap();
    assert_eq!((cache.header.count, cache.header.damaged), (149, 1));
    assert!(cache.header.examples().contains("003.png (it is a CMYK JPEG"), "{}", cache.header.examples());
}

#[test]
fn images_larger_than_a_potential_takes_need_a_size() {
    let root = TempDir::new().unwrap();
    put_grey(&root, 1, 1025, 2);
    let message = refused(&root, OWN);
    assert!(message.contains("1025×2") && message.contains("--size"), "{message}");
}

/// A disk of so many bytes.
struct Disk(io::Cursor<Vec<u8>>, usize);

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.1.saturating_sub(self.0.position() as usize).min(bytes.len());
        if room == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.write(&bytes[..room])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Disk {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn a_full_disk_is_told_at_any_byte() {
    let root = greys(4);
    let listing = listing(&root);
    let key = Key::new(Source::Folder, Split::Train, OWN, "sum".to_owned());
    let whole = HEADER + 4 * 24;
    for size in [0, 1, HEADER - 1, HEADER, HEADER + 50, whole - 1] {
        let mut disk = Disk(io::Cursor::new(vec![]), size);
        let stop = fill(&mut disk, &key, &listing).unwrap_err();
        assert!(matches!(&stop, Stop::Write(cause) if cause.kind() == io::ErrorKind::StorageFull), "{size}: {stop:?}");
    }
    let mut disk = Disk(io::Cursor::new(vec![]), whole);
    fill(&mut disk, &key, &listing).unwrap();
    let written = load(&root, OWN).unwrap();
    assert_eq!(disk.0.into_inner()[HEADER..], written.map[HEADER..]);
}

#[test]
fn where_the_data_cannot_be_written_to_the_users_folder_is_taken() {
    let (root, user) = (greys(3), TempDir::new().unwrap());
    let mut listing = listing(&root);
    // No folder can be below a file: writing fails whoever tries it.
    listing.beside = path(&root, 0).join("below");
    let caches_of_user = user.path().join("cache/vapo");
    let places = Places::new(&listing, None, Some(caches_of_user.clone()));
    let key = Key::new(Source::Folder, Split::Train, OWN, "sum".to_owned());
    assert!(places.find(&key).is_none());
    places.build(&key, &listing).unwrap();
    assert_eq!(places.find(&key).unwrap().header.count, 3);
    let name = caches(&caches_of_user).pop_first().unwrap();
    let mark = name.strip_prefix("folder-train-none-own-triangle-own-").and_then(|end| end.strip_suffix(SUFFIX));
    assert_eq!(mark.map(str::len), Some(12), "{name}");
    // Other data of the same choices would be told apart.
    listing.origin = user.path().to_owned();
    assert_ne!(Places::new(&listing, None, Some(caches_of_user)).paths(&key).last(), places.paths(&key).last());
    let message = Places::new(&listing, None, None).build(&key, &listing).unwrap_err().to_string();
    assert!(message.contains("below") && message.contains("--cache-dir"), "{message}");
}

#[test]
fn a_chosen_folder_is_made_and_is_the_only_one() {
    let root = greys(2);
    let chosen = root.path().join("a/b");
    load_in(&root, OWN, Some(&chosen)).unwrap();
    assert_eq!(caches(&chosen).len(), 1);
    assert_eq!(caches(root.path()), BTreeSet::from(["a".to_owned()]));
    let message = load_in(&root, OWN, Some(&path(&root, 0))).unwrap_err().to_string();
    assert!(message.contains("000.png") && message.contains("--cache-dir"), "{message}");
}

#[test]
fn what_the_dead_left_is_removed_and_what_the_living_write_is_not() {
    let root = greys(2);
    let name = "folder-train-none-own-triangle-own.vapo-images";
    let [dead, living, foreign] = [format!(".{name}.abc.part"), format!(".{name}.def.part"), ".other.part".to_owned()];
    for left in [&dead, &living, &foreign] {
        fs::write(root.path().join(left), b"half").unwrap();
    }
    let writer = File::options().write(true).open(root.path().join(&living)).unwrap();
    writer.lock().unwrap();
    load(&root, OWN).unwrap();
    assert_eq!(caches(root.path()), BTreeSet::from([name.to_owned(), living, foreign]));
}

#[test]
fn the_longest_names_fit_the_header() {
    // Quotes double in JSON.
    let name = |index: usize| format!("{}{index:04}.png", "\"".repeat(240));
    let mut images = Converted {
        shape: Shape { channels: 1, height: 1024, width: 1024 },
        count: usize::MAX,
        damaged: 0,
        examples: vec![],
        recoloured: usize::MAX,
        seen: crate::files::raster::Seen {
            transparent: usize::MAX,
            sixteen_bits: usize::MAX,
            peak: u16::MAX,
            byte_peak: u8::MAX,
        },
    };
    for index in 0..9 {
        images.leave_out(&name(index), &"\u{10ffff}\\".repeat(400));
    }
    let key = Key::new(Source::Celeba, Split::Valid, OWN, "f".repeat(64));
    let text = serde_json::to_string_pretty(&Header { key, images: images.clone(), sha256: "0".repeat(64) }).unwrap();
    assert!(MAGIC.len() + text.len() < HEADER, "{}", text.len());
    assert!(images.examples().ends_with(" and 1 more"));
}
