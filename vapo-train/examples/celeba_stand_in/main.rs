//! Writes made-up faces in the layout of CelebA: `img_align_celeba.zip` with JPEGs of 178×218 pixels, and
//! `list_eval_partition.txt`. To try the data set's options without the data set.
//!
//!     cargo run --release -p vapo-train --example celeba_stand_in -- DIR COUNT

mod stand_in;

use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("expected DIR COUNT")?);
    let count: u32 =
        arguments.next().and_then(|count| count.into_string().ok()).ok_or("expected DIR COUNT")?.parse()?;
    if count == 0 {
        return Err("expected at least one image".into());
    }
    std::fs::create_dir_all(&folder)?;
    stand_in::write(&folder, count)?;
    println!("{count} images in {}", folder.join(stand_in::ARCHIVE).display());
    Ok(())
}
