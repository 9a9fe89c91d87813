//! What a linker script says of memory, as linkers read it: comments, `K` and `M`, hexadecimal, sums and products, what other
//! regions and symbols are. Shifts, comparisons and functions other than `ORIGIN` and `LENGTH` are not read.
//!
//! The script is a board's `memory.x`. Read are the regions of its `MEMORY` blocks and the symbols that it sets; sections are
//! passed over.

use std::cell::Cell;
use std::fmt;

/// Parentheses within each other, and symbols that stand for others: more than anyone writes, and few enough for the stack.
const MOST_NESTED: usize = 64;
/// Terms of one number. Without a bound, symbols that each stand for twice another would take for ever.
const MOST_TERMS: usize = 10_000;

/// A region or a symbol of a linker script that has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable(String);

impl Unreadable {
    /// Two regions lie in one another.
    pub(crate) fn overlap([one, other]: [&str; 2]) -> Self {
        Unreadable(format!(
            "memory.x: {one} and {other} share bytes: let each begin where the other ends, or after that, as in \
             ORIGIN = ORIGIN({one}) + LENGTH({one})"
        ))
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

/// Regions and symbols, each with the text of what it is.
#[derive(Debug)]
pub(crate) struct Script {
    /// Name, origin, length.
    regions: Vec<[String; 3]>,
    /// Name, value.
    symbols: Vec<[String; 2]>,
    /// Terms that the number being read may still have.
    terms: Cell<usize>,
}

impl Script {
    /// Reads a script. What is no region and no symbol is passed over.
    pub(crate) fn parse(text: &str) -> Script {
        let mut rest = &*without_comments(text);
        let (mut regions, mut outside) = (Vec::new(), String::new());
        while let Some((before, block)) = split_at_word(rest, "MEMORY") {
            outside += before;
            let Some((inside, after)) = block.split_once('{').and_then(|(_, block)| block.split_once('}')) else {
                break;
            };
            regions.extend(regions_of(inside));
            rest = after;
        }
        outside += rest;
        let symbols = outside.split(';').filter_map(symbol).collect();
        Script { regions, symbols, terms: Cell::new(0) }
    }

    /// Bytes of a region.
    pub(crate) fn length(&self, region: &str) -> Result<u64, Unreadable> {
        let Some([_, _, length]) = self.region(region) else {
            let line = format!("{region} : ORIGIN = address, LENGTH = bytes, as 256K or 0x40000 - 16K");
            return Err(Unreadable(format!("memory.x: expected a line `{line}` in MEMORY, found no region {region}")));
        };
        self.number(length).ok_or_else(|| {
            Unreadable(format!("memory.x: expected a number of bytes as the LENGTH of {region}, found `{length}`"))
        })
    }

    /// Address of a region.
    pub(crate) fn origin(&self, region: &str) -> Result<u64, Unreadable> {
        let origin = self.region(region).map_or("", |[_, origin, _]| origin);
        self.number(origin).ok_or_else(|| {
            Unreadable(format!("memory.x: expected an address as the ORIGIN of {region}, found `{origin}`"))
        })
    }

    /// Names of all regions, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.regions.iter().map(|[name, ..]| &**name)
    }

    /// Value of a symbol.
    pub(crate) fn symbol(&self, name: &str) -> Result<u64, Unreadable> {
        let Some([_, value]) = self.symbols.iter().rev().find(|[symbol, _]| symbol == name) else {
            return Err(Unreadable(format!("memory.x: expected a line `{name} = number of bytes;`, found none")));
        };
        self.number(value).ok_or_else(|| {
            Unreadable(format!("memory.x: expected a number of bytes in `{name} = number of bytes;`, found `{value}`"))
        })
    }

    fn region(&self, name: &str) -> Option<&[String; 3]> {
        self.regions.iter().find(|[region, ..]| region == name)
    }

    fn number(&self, text: &str) -> Option<u64> {
        self.terms.set(MOST_TERMS);
        self.value(text, 0)?.try_into().ok()
    }

    fn value(&self, text: &str, nested: usize) -> Option<i128> {
        let mut expression = Expression { script: self, rest: text, nested };
        let value = expression.sum()?;
        expression.rest.trim().is_empty().then_some(value)
    }
}

/// The script with a blank in place of each comment.
fn without_comments(text: &str) -> String {
    let mut parts = text.split("/*");
    let mut code = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        code.push(' ');
        code += part.split_once("*/").map_or("", |(_, code)| code);
    }
    code
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '$')
}

/// What lies before and after the first place where `word` is not part of a longer one.
fn split_at_word<'t>(text: &'t str, word: &str) -> Option<(&'t str, &'t str)> {
    text.match_indices(word).find_map(|(start, _)| {
        let (before, after) = (&text[..start], &text[start + word.len()..]);
        (!before.ends_with(is_word) && !after.starts_with(is_word)).then_some((before, after))
    })
}

/// The first word of a text, and what follows it.
fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text.find(|character| !is_word(character)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// Lines like `RAM (rwx) : ORIGIN = 0x20000000, LENGTH = 16K`, which may also stand in one line or in several.
fn regions_of(block: &str) -> Vec<[String; 3]> {
    let mut regions = Vec::new();
    let mut rest = block;
    while let Some((before, after)) = rest.split_once(':') {
        // A name, and perhaps attributes in parentheses.
        let name = before.split_once('(').map_or(before, |(name, _)| name);
        let fields = ["ORIGIN", "org", "o"].iter().find_map(|key| assigned(after, key)).and_then(|origin| {
            let (origin, after) = origin.split_once(',')?;
            let length = ["LENGTH", "len", "l"].iter().find_map(|key| assigned(after, key))?;
            Some((origin, length))
        });
        let Some((origin, length)) = fields else { break };
        // The length ends where the next region's name and attributes begin, or with the block.
        let (length, next) = match length.split_once(':') {
            Some((text, _)) => {
                let bare = text.trim_end();
                let bare = bare.strip_suffix(')').and_then(|text| Some(text.rsplit_once('(')?.0)).unwrap_or(bare);
                let name = bare.trim_end().trim_end_matches(is_word);
                length.split_at(name.len())
            }
            None => (length, ""),
        };
        regions.push([name, origin, length].map(|text| text.trim().to_owned()));
        rest = next;
    }
    regions
}

/// What follows `key =`.
fn assigned<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let (found, rest) = word(text.trim_start_matches([',', ' ', '\t', '\r', '\n']))?;
    (found == key).then(|| rest.trim_start().strip_prefix('=')).flatten()
}

/// `_program_flash = 65536`, at the end of a statement or of a block before it.
fn symbol(statement: &str) -> Option<[String; 2]> {
    let statement = statement.rsplit(['{', '}']).next()?;
    let (name, value) = word(statement)?;
    let value = value.trim_start().strip_prefix('=')?;
    (!value.starts_with('=')).then(|| [name, value].map(|text| text.trim().to_owned()))
}

/// What is left of an expression.
struct Expression<'s> {
    script: &'s Script,
    rest: &'s str,
    nested: usize,
}

impl Expression<'_> {
    fn takes(&mut self, operator: char) -> bool {
        let rest = self.rest.trim_start().strip_prefix(operator);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn sum(&mut self) -> Option<i128> {
        let mut sum = self.product()?;
        loop {
            if self.takes('+') {
                sum = sum.checked_add(self.product()?)?;
            } else if self.takes('-') {
                sum = sum.checked_sub(self.product()?)?;
            } else {
                return Some(sum);
            }
        }
    }

    fn product(&mut self) -> Option<i128> {
        let mut product = self.term()?;
        loop {
            if self.takes('*') {
                product = product.checked_mul(self.term()?)?;
            } else if self.takes('/') {
                product = product.checked_div(self.term()?)?;
            } else {
                return Some(product);
            }
        }
    }

    fn term(&mut self) -> Option<i128> {
        self.nested += 1;
        let terms = &self.script.terms;
        terms.set(terms.get().checked_sub(1)?);
        if self.nested > MOST_NESTED {
            return None;
        }
        let value = if self.takes('(') {
            let inside = self.sum()?;
            self.takes(')').then_some(inside)?
        } else {
            let (name, rest) = word(self.rest)?;
            self.rest = rest;
            match name {
                "ORIGIN" | "LENGTH" => self.of_region(name == "ORIGIN")?,
                _ if name.starts_with(|first: char| first.is_ascii_digit()) => literal(name)?,
                _ => {
                    let [_, value] = self.script.symbols.iter().rev().find(|[symbol, _]| symbol == name)?;
                    self.script.value(value, self.nested)?
                }
            }
        };
        self.nested -= 1;
        Some(value)
    }

    /// `(NAME)` after `ORIGIN` or `LENGTH`.
    fn of_region(&mut self, origin: bool) -> Option<i128> {
        if !self.takes('(') {
            return None;
        }
        let (name, rest) = word(self.rest)?;
        self.rest = rest;
        let [_, start, length] = self.script.region(name)?;
        let value = self.script.value(if origin { start } else { length }, self.nested)?;
        self.takes(')').then_some(value)
    }
}

/// `4096`, `0x1000`, `1000h`, `4K` or `1m`.
fn literal(text: &str) -> Option<i128> {
    let text = text.to_ascii_lowercase();
    if let Some(digits) = text.strip_suffix('h') {
        return i128::from_str_radix(digits, 16).ok();
    }
    let (text, unit) = match (text.strip_suffix('k'), text.strip_suffix('m')) {
        (Some(text), _) => (text, 1 << 10),
        (_, Some(text)) => (text, 1 << 20),
        _ => (&*text, 1),
    };
    let number = match text.strip_prefix("0x") {
        Some(digits) => i128::from_str_radix(digits, 16),
        None => text.parse(),
    };
    number.ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(expression: &str) -> Option<u64> {
        let script = format!(
            "_kept = 0x4K;\nMEMORY {{ FLASH (rx) : ORIGIN = 0x08000000, LENGTH = 1M\n  X : ORIGIN = 0, LENGTH = {expression}\n}}"
        );
        Script::parse(&script).length("X").ok()
    }

    #[test]
    fn lengths_are_what_linkers_take() {
        for (expression, expected) in [
            ("3072", 3072),
            ("256K", 262_144),
            ("256k", 262_144),
            ("1M", 1 << 20),
            ("1m", 1 << 20),
            ("0x400", 1024),
            ("0X400", 1024),
            ("400h", 1024),
            ("0x4K", 4096),
            ("256K - 16K", 245_760),
            ("256K-16K", 245_760),
            ("16K + 2 * (1K - 512)", 17_408),
            ("LENGTH(FLASH) / 4", 262_144),
            ("LENGTH (FLASH) - _kept", (1 << 20) - 4096),
            ("ORIGIN(FLASH) + 8", 0x0800_0008),
            ("1K /* the rest is the bootloader's, 15K */", 1024),
        ] {
            assert_eq!(length(expression), Some(expected), "{expression}");
        }
        for wrong in [
            "",
            "K",
            "1G",
            "1K 2K",
            "16K -",
            "(16K",
            "16K)",
            "LENGTH(NONE)",
            "LENGTH FLASH",
            "_none",
            "0xg",
            "1K - 2K",
            "1 / 0",
            "99999999999999999999",
            "18446744073709551615K",
            "LENGTH(X)",
            "1 << 10",
        ] {
            assert_eq!(length(wrong), None, "{wrong}");
        }
        let deep = |nested: usize| format!("{}1{}", "(".repeat(nested), ")".repeat(nested));
        assert_eq!((length(&deep(50)), length(&deep(100_000))), (Some(1), None));
        let twice: String = (0..60).map(|symbol| format!("_s{symbol} = _s{0} + _s{0};", symbol + 1)).collect();
        assert!(Script::parse(&format!("{twice} _s60 = 1;")).symbol("_s0").is_err());
    }

    #[test]
    fn regions_may_have_attributes_and_stand_in_one_line_or_in_many() {
        let regions = |text: &str| {
            let script = Script::parse(text);
            let names: Vec<String> = script.names().map(str::to_owned).collect();
            names.into_iter().map(|name| (script.length(&name).ok(), name)).collect::<Vec<_>>()
        };
        let expected = vec![(Some(1024), "A".to_owned()), (Some(2048), "RAM2".to_owned()), (Some(8), "C".to_owned())];
        for text in [
            "MEMORY\n{\n  A : ORIGIN = 0, LENGTH = 1K\n  RAM2 : ORIGIN = 1K, LENGTH = 2K\n  C : ORIGIN = 0, LENGTH = 8\n}",
            "MEMORY{A(rx):ORIGIN=0,LENGTH=1K RAM2 (rwx) : ORIGIN = 1K, LENGTH = 2K C (!w) : org = 0, len = 8}",
            "MEMORY { A (rx) : o = 0, l = 1K /* MEMORY { */ RAM2 : ORIGIN =\n 1K,\n LENGTH = (1K + 1K) C : ORIGIN = 0, LENGTH = 8 }",
            "/* a */ MEMORY { A : ORIGIN = 0, LENGTH = 1K }\n_x = 3;\nMEMORY { RAM2 : ORIGIN = 0, LENGTH = 2K\nC : ORIGIN = 0, LENGTH = _x + 5 }",
        ] {
            assert_eq!(regions(text), expected, "{text}");
        }
        for text in ["", "MEMORY", "MEMORY {", "MEMORY { A", "MEMORY { A : }", "MEMORYX { A : ORIGIN = 0, LENGTH = 1 }"]
        {
            assert_eq!(regions(text), [], "{text}");
        }
    }

    #[test]
    fn symbols_are_read_outside_sections() {
        let script = Script::parse(
            "/* _a = 1; */ MEMORY { A : ORIGIN = 4, LENGTH = 12 }\n_a = 2 ;\nSECTIONS { .x : ALIGN(4) { KEEP(*(.x)) } > A } \
             INSERT AFTER .y;\n_b = ORIGIN(A) + LENGTH(A);\n_c=_a*3K; _c = 7; _d = ADDR(.x);\n_e = _f; _f = _e;",
        );
        assert_eq!(["_a", "_b", "_c"].map(|name| script.symbol(name)), [Ok(2), Ok(16), Ok(7)]);
        for (name, expected) in [("_d", "found `ADDR(.x)`"), ("_e", "found `_f`"), ("_g", "found none")] {
            let error = script.symbol(name).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains(&format!("`{name} = number of bytes;`")), "{error}");
        }
    }
}
