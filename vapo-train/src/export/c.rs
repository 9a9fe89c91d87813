//! A model as sources of C: an array of its plan and its file, and what a program has to know of both.
//!
//! The plan is what [`vapo_sampler::planned`] puts before a file. How many bytes of memory a program lends for it says the library's header,
//! `vapo.h`, from the numbers of nodes and elements that the model's header gives.

use std::fmt::Write;
use vapo_format::Model;
use vapo_format::architecture::MAX_NODES;
use vapo_sampler::{Plan, PlanFor, Planned, PlannedError, planned};

/// A model's name in C: what its macros, its array and its files begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

/// A header and a source.
#[derive(Clone, Debug)]
pub struct Sources {
    /// `NAME.h`.
    pub header: String,
    /// `NAME.c`.
    pub source: String,
    /// Bytes of the array.
    pub bytes: usize,
    /// Nodes of the model.
    pub nodes: usize,
    /// Elements of memory of a sampler; none where the plan is of energies alone.
    pub sampler: Option<usize>,
    /// Elements of memory of a monitor; none for images.
    pub monitor: Option<usize>,
}

/// Words that no name in C may be, and those that the library has.
const RESERVED: [&str; 37] = [
    "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern", "float",
    "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short", "signed", "sizeof",
    "static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while", "class", "main", "vapo",
];

impl Name {
    /// A word of small letters, digits and `_`, which begins with a letter.
    pub fn new(text: &str) -> Option<Self> {
        let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let valid = text.bytes().all(letters) && text.starts_with(|first: char| first.is_ascii_lowercase());
        (valid && text.len() <= 40 && !RESERVED.contains(&text)).then(|| Name(text.to_owned()))
    }

    /// The name that a file's suggests: `digits-int8` is `digits_int8`.
    pub fn of_file(stem: &str) -> Option<Self> {
        let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' };
        Name::new(&stem.chars().map(letter).collect::<String>())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The sources of the model in a file, planned for drifts and energies, or for the energies of a monitor alone.
///
/// # Errors
/// The model's memory cannot be planned.
pub fn sources(name: &Name, file: &[u8], energies_alone: bool) -> Result<Sources, Box<dyn std::error::Error>> {
    let model = Model::parse(file)?;
    let plan = match energies_alone {
        false => PlanFor::<MAX_NODES>::new(&model)?,
        true => PlanFor::<MAX_NODES>::forward(&model)?,
    };
    let array = array(&plan, file)?;
    let planned = Planned::parse(&array)?;
    let mut sources = Sources {
        header: String::new(),
        source: String::new(),
        bytes: array.len(),
        nodes: planned.nodes(),
        sampler: (!energies_alone).then(|| planned.sampler_elements()),
        monitor: (model.signal().height == 1).then(|| planned.monitor_elements()),
    };
    sources.header = header(name, &model, &sources)?;
    sources.source = source(name, &array)?;
    Ok(sources)
}

fn array(plan: &Plan, file: &[u8]) -> Result<Vec<u8>, PlannedError> {
    let mut array = vec![0; planned::length(plan, file)];
    planned::write(plan, file, &mut array).map(|_| array).ok_or(PlannedError::Damaged)
}

fn header(name: &Name, model: &Model<'_>, sources: &Sources) -> Result<String, std::fmt::Error> {
    let (name, prefix, signal) = (name.as_str(), name.as_str().to_uppercase(), model.signal());
    let mut text = format!(
        "/* The model {name}: made by vapo-train export, with the library's header beside it in the search path. */\n\
         #ifndef {prefix}_H\n#define {prefix}_H\n\n#include \"vapo.h\"\n\n\
         /* Bytes of flash. */\n#define {prefix}_MODEL_BYTES {}\n\
         /* Numbers of a sample, rows first, channels last. */\n#define {prefix}_ELEMENTS {}\n\
         #define {prefix}_HEIGHT {}\n#define {prefix}_WIDTH {}\n#define {prefix}_CHANNELS {}\n\
         /* Classes, from 0: none where it is 0. */\n#define {prefix}_CLASSES {}\n",
        sources.bytes,
        signal.elements(),
        signal.height,
        signal.width,
        signal.channels,
        model.classes(),
    );
    let mut memory = |macro_name: &str, what: &str, elements: usize| {
        let nodes = sources.nodes;
        write!(
            text,
            "\n/* Bytes of RAM that {what} takes. Define VAPO_RAM as what there is, and more is an error of the compiler. */\n\
             #define {prefix}_{macro_name} VAPO_BYTES({nodes}, {elements})\n\
             #ifdef VAPO_RAM\n\
             VAPO_STATIC_ASSERT({name}_fits_{0}, {prefix}_{macro_name} <= VAPO_RAM, \"{prefix}_{macro_name} is more than \
             VAPO_RAM\");\n#endif\n",
            macro_name.split('_').next().unwrap_or_default().to_lowercase(),
        )
    };
    sources.sampler.map_or(Ok(()), |elements| memory("ARENA_BYTES", "vapo_init", elements))?;
    sources.monitor.map_or(Ok(()), |elements| memory("MONITOR_BYTES", "vapo_monitor_init", elements))?;
    write!(
        text,
        "\nVAPO_STATIC_ASSERT({name}_is_of_this_library, VAPO_PLAN_VERSION == {}, \"export the model anew\");\n\n\
         #ifdef __cplusplus\nextern \"C\" {{\n#endif\n\
         extern const uint8_t {name}_model[{prefix}_MODEL_BYTES];\n\
         #ifdef __cplusplus\n}}\n#endif\n\n#endif /* {prefix}_H */\n",
        planned::VERSION,
    )?;
    Ok(text)
}

fn source(name: &Name, array: &[u8]) -> Result<String, std::fmt::Error> {
    let (name, prefix) = (name.as_str(), name.as_str().to_uppercase());
    let mut text =
        format!("#include \"{name}.h\"\n\nVAPO_ALIGNED const uint8_t {name}_model[{prefix}_MODEL_BYTES] = {{\n");
    for line in array.chunks(24) {
        line.iter().try_for_each(|byte| write!(text, "{byte},"))?;
        text.push('\n');
    }
    text += "};\n";
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::Name;

    #[test]
    fn names_are_words_of_c() {
        for (stem, expected) in [
            ("digits", Some("digits")),
            ("digits-int8", Some("digits_int8")),
            ("Fashion 70.000", Some("fashion_70_000")),
            ("7up", None),
            ("_x", None),
            ("", None),
            ("ünicode", None),
            ("int", None),
            ("class", None),
            ("vapo", None),
            (&"a".repeat(41), None),
        ] {
            assert_eq!(Name::of_file(stem).as_ref().map(Name::as_str), expected, "{stem}");
        }
        assert!(Name::new("Digits").is_none() && Name::new("a b").is_none());
    }
}
