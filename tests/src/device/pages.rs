//! The page that shows the committed table of costs, and what it says of it.

use super::{Ledger, MICROBIT, Measurement, firmware};
use std::path::PathBuf;

fn page() -> PathBuf {
    firmware().join("README.md")
}

/// Makes the page's table that of the ledger.
///
/// # Errors
/// The page cannot be read or written, or has no such table.
pub fn renew_page(ledger: &Ledger) -> Result<(), String> {
    let page = page();
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", page.display());
    let text = std::fs::read_to_string(&page).map_err(|error| failed(&error))?;
    let renewed = renewed(&text, ledger).map_err(|error| failed(&error))?;
    std::fs::write(&page, renewed).map_err(|error| failed(&error))
}

/// A page with the ledger's table in place of its own, and with the ledger's sum of the micro:bit's RAM.
fn renewed(text: &str, ledger: &Ledger) -> Result<String, String> {
    let header = format!("{}\n", Measurement::COLUMNS);
    let (before, table) = text.split_once(&header).ok_or("no table of boards and models")?;
    let (rule, rows) = table.split_once('\n').ok_or("a table without rows")?;
    let after = rows.split_inclusive('\n').skip_while(|line| line.starts_with('|')).collect::<String>();
    let rows: String = ledger.boards.iter().map(|row| row.row() + "\n").collect();
    let mut page = format!("{before}{header}{rule}\n{rows}{after}");
    if let (Some(start), Some(end)) = (page.find(TAKE), page.find(OF)) {
        page.replace_range(start..end, &format!("{TAKE}{}", sum(ledger)?));
    }
    Ok(page)
}

const TAKE: &str = "The digits take ";
const OF: &str = " of the micro:bit's";

/// `4,448 + 2,460 = 6,908`: what the digits take of a micro:bit.
fn sum(ledger: &Ledger) -> Result<String, String> {
    let row = ledger.boards.iter().find(|row| row.board == MICROBIT).ok_or("no row of the micro:bit")?;
    let grouped = |bytes: u64| format!("{},{:03}", bytes / 1000, bytes % 1000);
    let [fixed, stack, sum] = [row.static_bytes, row.stack_bytes, row.static_bytes + row.stack_bytes].map(grouped);
    Ok(format!("{fixed} + {stack} = {sum}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::read_baseline;

    /// What people read is what the tests compare with.
    #[test]
    fn the_page_has_the_rows_of_the_committed_table() {
        let ledger = read_baseline().unwrap();
        let text = std::fs::read_to_string(page()).unwrap();
        assert_eq!(text, renewed(&text, &ledger).unwrap(), "see `bench --write`");
        assert!(text.contains(&format!("{TAKE}{}{OF}", sum(&ledger).unwrap())), "the sum of the micro:bit's RAM");
    }

    #[test]
    fn rows_and_the_sum_are_renewed_and_nothing_else() {
        let ledger = read_baseline().unwrap();
        let page = |rows: &str, sum: &str| {
            format!(
                "a\n\n{}\n|---|\n{rows}\nThe digits take {sum} of the micro:bit's RAM.\n| b |\n",
                Measurement::COLUMNS
            )
        };
        let rows: String = ledger.boards.iter().map(|row| row.row() + "\n").collect();
        let expected = page(&rows, &sum(&ledger).unwrap());
        for old in ["", "| x |\n", "| x |\n| y |\n"] {
            assert_eq!(renewed(&page(old, "1 + 2 = 3"), &ledger).unwrap(), expected);
        }
        assert!(renewed("a\n", &ledger).is_err());
    }
}
