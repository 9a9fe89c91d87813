//! The text that a header is: a dictionary as Python writes it.
//!
//! Read in one pass, to a small depth. What NumPy never writes (sums, sets, numbers with underscores) is refused.

/// Lists within each other at most: a record of records of a few.
const MAX_DEPTH: u32 = 16;

/// A value as Python writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Literal {
    Text(String),
    Number(u64),
    Truth(bool),
    /// A list or a tuple.
    List(Vec<Literal>),
}

/// The entries of a dictionary, in their order.
pub(super) fn dictionary(text: &str) -> Result<Vec<(String, Literal)>, String> {
    let mut parser = Parser { rest: text };
    let mut entries = Vec::new();
    parser.expect('{')?;
    while !parser.skip('}') {
        let Literal::Text(key) = parser.value(0)? else { return Err(parser.unexpected("a name in quotes")) };
        parser.expect(':')?;
        entries.push((key, parser.value(0)?));
        if !parser.skip(',') {
            parser.expect('}')?;
            break;
        }
    }
    match parser.rest.trim() {
        "" => Ok(entries),
        _ => Err(parser.unexpected("its end")),
    }
}

struct Parser<'t> {
    rest: &'t str,
}

impl Parser<'_> {
    /// Whether the next character is this one, which is then behind.
    fn skip(&mut self, wanted: char) -> bool {
        self.rest = self.rest.trim_start();
        let rest = self.rest.strip_prefix(wanted);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, wanted: char) -> Result<(), String> {
        if self.skip(wanted) { Ok(()) } else { Err(self.unexpected(&wanted.to_string())) }
    }

    fn unexpected(&self, wanted: &str) -> String {
        let found: String = self.rest.chars().take(12).collect();
        format!("expected {wanted}, found {found:?}")
    }

    fn value(&mut self, depth: u32) -> Result<Literal, String> {
        if self.skip('\'') {
            return self.text('\'');
        }
        if self.skip('"') {
            return self.text('"');
        }
        for (open, close) in [('(', ')'), ('[', ']')] {
            if self.skip(open) {
                return if depth < MAX_DEPTH { self.list(close, depth) } else { Err("it is nested too deeply".into()) };
            }
        }
        for (word, truth) in [("True", true), ("False", false)] {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(Literal::Truth(truth));
            }
        }
        self.number()
    }

    fn list(&mut self, close: char, depth: u32) -> Result<Literal, String> {
        let mut values = Vec::new();
        while !self.skip(close) {
            values.push(self.value(depth + 1)?);
            if !self.skip(',') {
                self.expect(close)?;
                break;
            }
        }
        Ok(Literal::List(values))
    }

    /// The rest of a text, up to the quote that it began with.
    fn text(&mut self, quote: char) -> Result<Literal, String> {
        let mut text = String::new();
        let mut characters = self.rest.char_indices();
        while let Some((place, character)) = characters.next() {
            match character {
                '\\' => text.extend(characters.next().map(|(_, escaped)| escaped)),
                end if end == quote => {
                    self.rest = &self.rest[place + end.len_utf8()..];
                    return Ok(Literal::Text(text));
                }
                other => text.push(other),
            }
        }
        Err("a quote is not closed".to_owned())
    }

    /// A whole number. Python 2 ended long ones with an L.
    fn number(&mut self) -> Result<Literal, String> {
        let length = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at(length);
        if digits.is_empty() {
            return Err(self.unexpected("a value"));
        }
        let number = digits.parse().map_err(|_| "its axes are too long".to_owned())?;
        self.rest = rest.strip_prefix('L').unwrap_or(rest);
        Ok(Literal::Number(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_numpy_writes_is_read() {
        let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3L), }     ";
        let number = Literal::Number;
        assert_eq!(
            dictionary(text).unwrap(),
            [
                ("descr".to_owned(), Literal::Text("<f4".to_owned())),
                ("fortran_order".to_owned(), Literal::Truth(false)),
                ("shape".to_owned(), Literal::List(vec![number(2), number(3)])),
            ]
        );
        let record = dictionary(r#"{"descr": [('a\'b', '<f4', (2,)), ("c", [('d', '|u1')])]}"#).unwrap();
        let Literal::List(fields) = &record[0].1 else { panic!("{record:?}") };
        assert_eq!(fields.len(), 2);
        assert_eq!(dictionary("{}").unwrap(), []);
    }

    #[test]
    fn what_numpy_does_not_write_is_refused() {
        for (text, part) in [
            ("", "expected {"),
            ("{'a': 1", "expected }"),
            ("{'a' 1}", "expected :"),
            ("{1: 1}", "a name in quotes"),
            ("{'a': 1} b", "its end, found \" b\""),
            ("{'a': (1 2)}", "expected )"),
            ("{'a': 1_000}", "expected }"),
            ("{'a': (1+1,)}", "expected )"),
            ("{'a': 0x10}", "expected }"),
            ("{'a': (-1,)}", "expected a value"),
            ("{'a': {'b': 1}}", "expected a value"),
            ("{'a': 'b}", "not closed"),
            ("{'a': 99999999999999999999999}", "too long"),
        ] {
            let told = dictionary(text).unwrap_err();
            assert!(told.contains(part), "{text}: {told}");
        }
        // A parser that tries each of several readings at every depth would not come to an end.
        for open in ["(", "[", "{", "(["] {
            let told = dictionary(&format!("{{'a': {}", open.repeat(5000))).unwrap_err();
            assert!(told.contains("deeply") || told.contains("expected"), "{told}");
        }
    }
}
