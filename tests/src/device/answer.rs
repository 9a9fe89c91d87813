//! How a board's answer to a request reads.

/// What must not depend on the machine. Floats are their bits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bits {
    /// Every step of the solver.
    pub steps: Vec<Step>,
    /// The sample.
    pub sample: Vec<u32>,
    /// Its energy at time 0.9.
    pub energy: u32,
    /// Whether it is an anomaly, where the model has a threshold.
    pub anomaly: Option<bool>,
    /// Its class, where the model has a classifier.
    pub class: Option<u16>,
}

/// The start of a solver's step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Time, as bits.
    pub time: u32,
    /// CRC-32 of the drift's bytes.
    pub drift: u32,
}

/// What an answer took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Instructions up to each step's drift: the first is one evaluation of the drift and nothing else.
    pub steps: Vec<u64>,
    /// Instructions of all steps.
    pub instructions: u64,
    /// Bytes of stack in use at most.
    pub stack: usize,
    /// Bytes lent to the sampler, the sample included.
    pub arena: usize,
}

/// A board's answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// What was computed.
    pub bits: Bits,
    /// What it took.
    pub cost: Cost,
}

impl Answer {
    /// Reads a board's output.
    ///
    /// # Errors
    /// The first line that is none of an answer, or the output where a line is missing.
    pub fn parse(output: &str) -> Result<Self, String> {
        let mut answer = Answer::default();
        for line in output.lines() {
            answer.line(line).ok_or_else(|| format!("expected a line of an answer, found `{line}`"))?;
        }
        let complete = !answer.bits.steps.is_empty() && !answer.bits.sample.is_empty() && answer.cost.arena > 0;
        if complete { Ok(answer) } else { Err(format!("the answer is cut off: `{output}`")) }
    }

    fn line(&mut self, line: &str) -> Option<()> {
        let (bits, cost) = (&mut self.bits, &mut self.cost);
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["step", time, drift, instructions] => {
                bits.steps.push(Step { time: hex(time)?, drift: hex(drift)? });
                cost.steps.push(instructions.parse().ok()?);
            }
            ["sample", values] => {
                let values = values.as_bytes().chunks(8).map(|digits| hex(std::str::from_utf8(digits).ok()?));
                bits.sample = values.collect::<Option<_>>()?;
            }
            ["energy", value] => bits.energy = hex(value)?,
            ["anomaly", "0"] => bits.anomaly = Some(false),
            ["anomaly", "1"] => bits.anomaly = Some(true),
            ["class", class] => bits.class = Some(class.parse().ok()?),
            // The emulator takes a nanosecond for an instruction.
            ["nanoseconds", value] => cost.instructions = value.parse().ok()?,
            ["stack", value] => cost.stack = value.parse().ok()?,
            ["arena", value] => cost.arena = value.parse().ok()?,
            _ => return None,
        }
        Some(())
    }
}

fn hex(digits: &str) -> Option<u32> {
    (digits.len() == 8).then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{Answer, Step};

    const OUTPUT: &str = "step 3f000000 0000abcd 120\nsample 3f800000bf800000\nenergy c0000000\nnanoseconds 240\nstack 8\n\
                          arena 16\n";

    #[test]
    fn an_answer_is_read_whole() {
        let Answer { bits, cost } = Answer::parse(OUTPUT).unwrap();
        assert_eq!(bits.steps, [Step { time: 0x3f00_0000, drift: 0xabcd }]);
        assert_eq!(bits.anomaly, None);
        assert_eq!((bits.sample, bits.energy), (vec![0x3f80_0000, 0xbf80_0000], 0xc000_0000));
        assert_eq!((cost.steps, cost.instructions, cost.stack, cost.arena), (vec![120], 240, 8, 16));
    }

    #[test]
    fn an_answer_may_say_whether_its_sample_is_an_anomaly() {
        for (digit, expected) in [("0", Some(false)), ("1", Some(true))] {
            let output = format!("{OUTPUT}anomaly {digit}\n");
            assert_eq!(Answer::parse(&output).unwrap().bits.anomaly, expected);
        }
        assert!(Answer::parse(&format!("{OUTPUT}anomaly 2\n")).unwrap_err().contains("`anomaly 2`"));
    }

    #[test]
    fn an_answer_may_say_what_class_its_sample_is_of() {
        assert_eq!(Answer::parse(&format!("{OUTPUT}class 7\n")).unwrap().bits.class, Some(7));
        assert!(Answer::parse(&format!("{OUTPUT}class x\n")).unwrap_err().contains("`class x`"));
    }

    #[test]
    fn other_lines_and_missing_ones_are_errors() {
        assert!(Answer::parse("step 3f000000 abcd 120").unwrap_err().contains("`step 3f000000 abcd 120`"));
        assert!(Answer::parse("error the model is damaged").unwrap_err().contains("the model is damaged"));
        let short = OUTPUT.split_once("arena").unwrap().0;
        assert!(Answer::parse(short).unwrap_err().contains("cut off"));
    }
}
