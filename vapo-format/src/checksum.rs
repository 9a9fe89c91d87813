//! The checksum at the end of a file.

/// CRC-32 of parts that follow each other, as at the end of a file. Without a table, which would take 1 KB of flash.
///
/// ```
/// use vapo_format::model::checksum;
///
/// assert_eq!(checksum(["1234", "56789"]), 0xcbf4_3926); // CRC-32, of all parts one after the other
/// ```
pub fn checksum<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>) -> u32 {
    const CRC: crc::Crc<u32, crc::NoTable> = crc::Crc::<u32, crc::NoTable>::new(&crc::CRC_32_ISO_HDLC);
    let mut digest = CRC.digest();
    parts.into_iter().for_each(|part| digest.update(part.as_ref()));
    digest.finalize()
}
