//! The checksum at the end of a file.

/// CRC-32 of parts that follow each other, as at the end of a file. Without a table, which would take 1 KB of flash.
pub fn checksum<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>) -> u32 {
    const CRC: crc::Crc<u32, crc::NoTable> = crc::Crc::<u32, crc::NoTable>::new(&crc::CRC_32_ISO_HDLC);
    let mut digest = CRC.digest();
    parts.into_iter().for_each(|part| digest.update(part.as_ref()));
    digest.finalize()
}
