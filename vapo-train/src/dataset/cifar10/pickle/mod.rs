//! Pickles as CIFAR-10's Python version has them, read and never executed.
//!
//! A pickle is a program for a machine with a stack. Of its instructions, only those are known here that make
//! dictionaries, lists, tuples, numbers, bytes and NumPy's arrays of bytes; of functions, only the three by which NumPy
//! makes an array, and none is called: what they would make is written down. Everything else is refused by name.
//! Bytes are borrowed from the file, and an instruction makes one value, so memory is bounded by [`MOST_INSTRUCTIONS`].

#[cfg(test)]
mod tests;

use std::collections::HashMap;

/// Instructions of a pickle, at most. A file of CIFAR-10 has some 50,000.
const MOST_INSTRUCTIONS: usize = 1 << 18;

/// Parts of a tuple that are looked at: more than any that makes an array has.
const MOST_PARTS: usize = 8;

/// Why a pickle is not read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PickleError {
    /// It ends before its end is said.
    #[error("the pickle is cut off: get the file anew")]
    Short,
    /// An instruction that files of CIFAR-10 do not have.
    #[error(
        "expected a pickle as CIFAR-10 has, found the instruction {name} at byte {place}: this is another pickle, or one \
         that was saved again; it is not executed"
    )]
    Instruction {
        /// Its name in Python's documentation, or its code.
        name: String,
        /// Its place in the file, from 0.
        place: usize,
    },
    /// A function or class other than those of arrays.
    #[error("expected a pickle as CIFAR-10 has, found one that asks for {name}: it is not executed")]
    Global {
        /// Its module and name.
        name: String,
    },
    /// Instructions that do not go together.
    #[error("expected a pickle as CIFAR-10 has, found {found} at byte {place}: the file is damaged")]
    Damaged {
        /// What does not fit.
        found: &'static str,
        /// The place of the instruction in the file, from 0.
        place: usize,
    },
    /// More instructions than a file of CIFAR-10 has.
    #[error("expected a pickle as CIFAR-10 has, found one of more than {MOST_INSTRUCTIONS} instructions")]
    Long,
}

/// A value's place among all.
pub(super) type Index = usize;

/// What a pickle makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value<'f> {
    None,
    Truth(bool),
    Integer(i64),
    /// Python 2's texts and bytes are one.
    Bytes(&'f [u8]),
    List(Vec<Index>),
    Tuple(Vec<Index>),
    Dictionary(Vec<(Index, Index)>),
    Global(Global),
    /// The type of an array of bytes.
    Bytewise,
    Array(Array<'f>),
}

/// What may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Global {
    /// Makes an empty array.
    Reconstruct,
    /// The class of arrays.
    Array,
    /// The class of types.
    Type,
}

/// An array of bytes, last axis fastest. Empty until its state is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Array<'f> {
    pub(super) shape: Vec<u64>,
    pub(super) values: &'f [u8],
}

/// All values, and the dictionary that is the pickle.
#[derive(Debug)]
pub(super) struct Pickle<'f> {
    values: Vec<Value<'f>>,
    entries: Vec<(Index, Index)>,
}

impl<'f> Pickle<'f> {
    pub(super) fn value(&self, index: Index) -> &Value<'f> {
        &self.values[index]
    }

    /// The value of a key.
    pub(super) fn entry(&self, key: &str) -> Option<&Value<'f>> {
        let is_key = |&&(found, _): &&(Index, Index)| *self.value(found) == Value::Bytes(key.as_bytes());
        self.entries.iter().find(is_key).map(|&(_, value)| self.value(value))
    }

    /// The keys, for people.
    pub(super) fn keys(&self) -> String {
        let name = |&(key, _): &(Index, Index)| match self.value(key) {
            Value::Bytes(bytes) => String::from_utf8_lossy(bytes).chars().take(20).collect(),
            _ => "?".to_owned(),
        };
        let keys: Vec<String> = self.entries.iter().take(8).map(name).collect();
        if keys.is_empty() { "nothing".to_owned() } else { keys.join(", ") }
    }
}

/// Reads a pickle of protocol 2 whose value is a dictionary.
///
/// # Errors
/// It is cut off, or something else than CIFAR-10's files have is in it.
pub(super) fn read(file: &[u8]) -> Result<Pickle<'_>, PickleError> {
    let mut machine = Machine { file, ..Machine::default() };
    for _ in 0..MOST_INSTRUCTIONS {
        machine.start = machine.place;
        match machine.byte()? {
            b'.' => {
                let top = machine.pop()?;
                let Value::Dictionary(entries) = &machine.values[top] else {
                    return Err(machine.damaged("no dictionary"));
                };
                let entries = entries.clone();
                return Ok(Pickle { values: machine.values, entries });
            }
            code => machine.step(code)?,
        }
    }
    Err(PickleError::Long)
}

#[derive(Default)]
struct Machine<'f> {
    file: &'f [u8],
    place: usize,
    /// Place of the present instruction.
    start: usize,
    values: Vec<Value<'f>>,
    stack: Vec<Index>,
    /// Heights of the stack where lists of arguments begin.
    marks: Vec<usize>,
    memo: HashMap<u32, Index>,
}

impl<'f> Machine<'f> {
    fn step(&mut self, code: u8) -> Result<(), PickleError> {
        match code {
            0x80 => match self.byte()? {
                2 => {}
                _ => return Err(self.instruction("PROTO of another protocol than 2")),
            },
            b'(' => self.marks.push(self.stack.len()),
            b'}' => self.push(Value::Dictionary(Vec::new())),
            b']' => self.push(Value::List(Vec::new())),
            b')' => self.push(Value::Tuple(Vec::new())),
            b'N' => self.push(Value::None),
            0x88 => self.push(Value::Truth(true)),
            0x89 => self.push(Value::Truth(false)),
            b'K' | b'M' | b'J' => self.integer(code)?,
            b'U' | b'T' | b'X' => self.bytes_of(code)?,
            b'q' | b'r' => {
                let (key, &top) = (self.key(code == b'q')?, self.stack.last().ok_or(self.damaged("an empty stack"))?);
                self.memo.insert(key, top);
            }
            b'h' | b'j' => {
                let key = self.key(code == b'h')?;
                let index = *self.memo.get(&key).ok_or(self.damaged("a value that was not kept"))?;
                self.stack.push(index);
            }
            0x85..=0x87 => {
                let first = self.stack.len().checked_sub(usize::from(code - 0x84));
                let parts = self.stack.split_off(first.ok_or(self.damaged("an empty stack"))?);
                self.push(Value::Tuple(parts));
            }
            b't' => {
                let parts = self.marked()?;
                self.push(Value::Tuple(parts));
            }
            b'a' => {
                let last = self.pop()?;
                self.append(vec![last])?;
            }
            b'e' => {
                let more = self.marked()?;
                self.append(more)?;
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.insert(&[key, value])?;
            }
            b'u' => {
                let more = self.marked()?;
                self.insert(&more)?;
            }
            b'c' => self.global()?,
            b'R' => self.reduce()?,
            b'b' => self.build()?,
            other => return Err(self.instruction(&instruction(other))),
        }
        Ok(())
    }

    fn integer(&mut self, code: u8) -> Result<(), PickleError> {
        let number = match code {
            b'K' => i64::from(self.byte()?),
            b'M' => i64::from(u16::from_le_bytes(self.array()?)),
            _ => i64::from(i32::from_le_bytes(self.array()?)),
        };
        self.push(Value::Integer(number));
        Ok(())
    }

    fn bytes_of(&mut self, code: u8) -> Result<(), PickleError> {
        let length = match code {
            b'U' => u32::from(self.byte()?),
            _ => u32::from_le_bytes(self.array()?),
        };
        let bytes = self.take(length as usize)?;
        self.push(Value::Bytes(bytes));
        Ok(())
    }

    /// A function or class by module and name, a line each.
    fn global(&mut self) -> Result<(), PickleError> {
        let (module, name) = (self.line()?, self.line()?);
        let known = match (module, name) {
            (b"numpy.core.multiarray" | b"numpy._core.multiarray", b"_reconstruct") => Global::Reconstruct,
            (b"numpy", b"ndarray") => Global::Array,
            (b"numpy", b"dtype") => Global::Type,
            _ => {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().take(40).collect::<String>();
                return Err(PickleError::Global { name: format!("{:?}", format!("{} {}", text(module), text(name))) });
            }
        };
        self.push(Value::Global(known));
        Ok(())
    }

    /// Where a function would be called with arguments: what comes of it.
    fn reduce(&mut self) -> Result<(), PickleError> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let arguments = match &self.values[arguments] {
            Value::Tuple(parts) => parts.iter().take(MOST_PARTS).map(|&part| &self.values[part]).collect::<Vec<_>>(),
            _ => return Err(self.damaged("no arguments")),
        };
        let made = match (&self.values[function], arguments.as_slice()) {
            (Value::Global(Global::Reconstruct), [Value::Global(Global::Array), ..]) => Value::Array(Array::default()),
            (Value::Global(Global::Type), [Value::Bytes(b"u1" | b"|u1"), ..]) => Value::Bytewise,
            (Value::Global(Global::Type), _) => return Err(self.damaged("an array of another type than bytes")),
            _ => return Err(self.damaged("a call of something else")),
        };
        self.push(made);
        Ok(())
    }

    /// Where an object would be given its state: an array its shape and values. A type of one byte has none.
    fn build(&mut self) -> Result<(), PickleError> {
        let state = self.pop()?;
        let &object = self.stack.last().ok_or(self.damaged("an empty stack"))?;
        match self.values[object] {
            Value::Bytewise => Ok(()),
            Value::Array(_) => {
                self.values[object] = Value::Array(self.state(state)?);
                Ok(())
            }
            _ => Err(self.damaged("a state for something else")),
        }
    }

    /// The array of a state (version, shape, type, whether the first axis is the fastest, values).
    fn state(&self, state: Index) -> Result<Array<'f>, PickleError> {
        let parts = |index: Index| match &self.values[index] {
            Value::Tuple(parts) => {
                Some(parts.iter().take(MOST_PARTS).map(|&part| (part, &self.values[part])).collect::<Vec<_>>())
            }
            _ => None,
        };
        let refused = self.damaged("another state of an array");
        let parts_of_state = parts(state).ok_or(self.damaged("no state"))?;
        let [_, (shape, _), (_, Value::Bytewise), (_, Value::Truth(false)), (_, Value::Bytes(values))] =
            parts_of_state.as_slice()
        else {
            return Err(refused);
        };
        let extent = |(_, value): (Index, &Value<'_>)| match value {
            Value::Integer(extent) => u64::try_from(*extent).ok(),
            _ => None,
        };
        let shape = parts(*shape).and_then(|parts| parts.into_iter().map(extent).collect::<Option<Vec<u64>>>());
        Ok(Array { shape: shape.ok_or(refused)?, values })
    }

    fn append(&mut self, more: Vec<Index>) -> Result<(), PickleError> {
        match self.stack.last().map(|&top| &mut self.values[top]) {
            Some(Value::List(list)) => list.extend(more),
            _ => return Err(self.damaged("no list")),
        }
        Ok(())
    }

    fn insert(&mut self, more: &[Index]) -> Result<(), PickleError> {
        let (pairs, rest) = more.as_chunks::<2>();
        match self.stack.last().map(|&top| &mut self.values[top]) {
            Some(Value::Dictionary(entries)) if rest.is_empty() => {
                entries.extend(pairs.iter().map(|&[key, value]| (key, value)));
                Ok(())
            }
            _ => Err(self.damaged("no dictionary")),
        }
    }

    fn push(&mut self, value: Value<'f>) {
        self.stack.push(self.values.len());
        self.values.push(value);
    }

    fn pop(&mut self) -> Result<Index, PickleError> {
        // What lies below a mark belongs to no instruction but the one that ends the list.
        let floor = self.marks.last().copied().unwrap_or(0);
        let top = (self.stack.len() > floor).then(|| self.stack.pop()).flatten();
        top.ok_or(self.damaged("an empty stack"))
    }

    /// Everything above the last mark.
    fn marked(&mut self) -> Result<Vec<Index>, PickleError> {
        let mark = self.marks.pop().filter(|&mark| mark <= self.stack.len());
        Ok(self.stack.split_off(mark.ok_or(self.damaged("the end of a list without its start"))?))
    }

    fn key(&mut self, short: bool) -> Result<u32, PickleError> {
        if short { self.byte().map(u32::from) } else { self.array().map(u32::from_le_bytes) }
    }

    fn byte(&mut self) -> Result<u8, PickleError> {
        self.array().map(|[byte]| byte)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PickleError> {
        let bytes = self.take(N)?;
        bytes.try_into().map_err(|_| PickleError::Short)
    }

    fn take(&mut self, length: usize) -> Result<&'f [u8], PickleError> {
        let end = self.place.checked_add(length).ok_or(PickleError::Short)?;
        let bytes = self.file.get(self.place..end).ok_or(PickleError::Short)?;
        self.place = end;
        Ok(bytes)
    }

    fn line(&mut self) -> Result<&'f [u8], PickleError> {
        let rest = &self.file[self.place..];
        let length = rest.iter().position(|&byte| byte == b'\n').ok_or(PickleError::Short)?;
        self.place += length + 1;
        Ok(&rest[..length])
    }

    fn damaged(&self, found: &'static str) -> PickleError {
        PickleError::Damaged { found, place: self.start }
    }

    fn instruction(&self, name: &str) -> PickleError {
        PickleError::Instruction { name: name.to_owned(), place: self.start }
    }
}

/// The name of an instruction that is not known, as Python's `pickletools` has it; its code, where nobody would look
/// for a name.
fn instruction(code: u8) -> String {
    let name = match code {
        b'i' => "INST",
        b'o' => "OBJ",
        b'P' => "PERSID",
        b'Q' => "BINPERSID",
        0x81 => "NEWOBJ",
        0x82..=0x84 => "EXT",
        0x8a => "LONG1",
        0x8c => "SHORT_BINUNICODE",
        0x92 => "NEWOBJ_EX",
        0x93 => "STACK_GLOBAL",
        0x95 => "FRAME",
        b'B' => "BINBYTES",
        b'C' => "SHORT_BINBYTES",
        b'G' => "BINFLOAT",
        b'I' => "INT",
        b'S' => "STRING",
        other => return format!("{other:#04x}"),
    };
    name.to_owned()
}
