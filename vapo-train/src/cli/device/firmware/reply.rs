//! How an emulated board answers a request: a line each, floats as the hexadecimal digits of their bits.

/// What is shown of an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Reply {
    /// The sample (H, W, C).
    pub(super) sample: Vec<f32>,
    /// Its energy near the data.
    pub(super) energy: f32,
    /// The class by its energies, where the model has a classifier.
    pub(super) class: Option<u16>,
    /// Instructions of all steps: the emulator takes a nanosecond for each.
    pub(super) instructions: u64,
    /// Bytes of stack in use at most.
    pub(super) stack: u64,
}

impl Reply {
    /// Reads a board's output.
    ///
    /// # Errors
    /// What the board says instead, or what was expected.
    pub(super) fn parse(output: &str) -> Result<Self, String> {
        let errors: Vec<&str> =
            output.lines().filter(|line| line.starts_with("error ") || line.starts_with("found ")).collect();
        if !errors.is_empty() {
            return Err(format!("the board refuses: {}", errors.join("; ")));
        }
        let mut answer = Reply::default();
        for line in output.lines() {
            answer.line(line).ok_or_else(|| format!("expected a line of a board's answer, found `{line}`"))?;
        }
        // The line of the stack is among the last.
        if answer.sample.is_empty() || answer.stack == 0 {
            return Err(format!("the board's answer is cut off after {} lines", output.lines().count()));
        }
        Ok(answer)
    }

    fn line(&mut self, line: &str) -> Option<()> {
        let (name, value) = line.split_once(' ')?;
        match name {
            "sample" => {
                let digits = value.as_bytes().chunks(8).map(|digits| std::str::from_utf8(digits).ok());
                self.sample = digits.map(|digits| float(digits?)).collect::<Option<_>>()?;
            }
            "energy" => self.energy = float(value)?,
            "class" => self.class = Some(value.parse().ok()?),
            "nanoseconds" => self.instructions = value.parse().ok()?,
            "stack" => self.stack = value.parse().ok()?,
            // Not shown.
            "step" | "anomaly" | "arena" => {}
            _ => return None,
        }
        Some(())
    }
}

fn float(digits: &str) -> Option<f32> {
    let bits = (digits.len() == 8).then(|| u32::from_str_radix(digits, 16).ok()).flatten();
    bits.map(f32::from_bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "step 00000000 1f313eb3 2616937\nsample 3f800000bf000000\nenergy 435d644e\nclass 8\nnanoseconds 31150372\n\
                          stack 2684\narena 4704\n";

    #[test]
    fn an_answer_is_read() {
        let expected = Reply {
            sample: vec![1.0, -0.5],
            energy: f32::from_bits(0x435d_644e),
            class: Some(8),
            instructions: 31_150_372,
            stack: 2684,
        };
        assert_eq!(Reply::parse(OUTPUT), Ok(expected));
        assert_eq!(Reply::parse(&OUTPUT.replace("class 8\n", "")).unwrap().class, None);
    }

    #[test]
    fn what_is_no_answer_is_told() {
        let refused = |output: &str| Reply::parse(output).unwrap_err();
        let board = "found class=12\nerror expected class= with the number of a class that the model has\n";
        assert!(refused(board).starts_with("the board refuses: found class=12; error expected class="));
        assert!(refused("").contains("cut off after 0 lines"));
        assert!(refused(OUTPUT.split_once("stack").unwrap().0).contains("cut off after 5 lines"));
        assert!(refused(&OUTPUT.replace("bf000000", "bf0000")).contains("found `sample 3f800000bf0000`"));
        assert!(refused(&OUTPUT.replace("3f800000", "3f80000é")).contains("expected a line"));
        assert!(refused("hello world").contains("found `hello world`"));
    }
}
