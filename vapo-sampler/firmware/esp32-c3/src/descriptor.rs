//! What the chip's boot program, that of ESP-IDF, looks for at the start of a program's constants (`esp_app_desc_t` of ESP-IDF).

/// Its fields, of which the boot program reads the first and those of revisions.
#[repr(C)]
struct Descriptor {
    magic: u32,
    secure_version: u32,
    reserved: [u32; 2],
    version: [u8; 32],
    project: [u8; 32],
    time: [u8; 16],
    date: [u8; 16],
    idf_version: [u8; 32],
    checksum: [u8; 32],
    /// Revisions of the chip that the program runs on.
    revisions: [u16; 2],
    /// Logarithm of the bytes of a page of flash.
    page: u8,
    rest: [u8; 75],
}

const _: () = assert!(size_of::<Descriptor>() == 256);

#[unsafe(export_name = "esp_app_desc")]
#[unsafe(link_section = ".flash.appdesc")]
#[used]
static DESCRIPTOR: Descriptor = Descriptor {
    magic: 0xabcd_5432,
    secure_version: 0,
    reserved: [0; 2],
    version: text(env!("CARGO_PKG_VERSION")),
    project: text("vapo"),
    time: [0; 16],
    date: [0; 16],
    idf_version: text("v5.0.0"),
    checksum: [0; 32],
    revisions: [0, u16::MAX],
    page: 16,
    rest: [0; 75],
};

/// Text that ends in a zero.
const fn text(text: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    let (field, _) = bytes.split_at_mut(text.len());
    field.copy_from_slice(text.as_bytes());
    bytes
}
