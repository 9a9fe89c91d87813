//! Which class samples are asked for.

use crate::cli::card::SamplerCard;
use crate::cli::{Code, Failure};
use crate::sampling::{Asked, Classes};
use std::num::NonZeroU32;
use std::str::FromStr;
use vapo_format::Model;

#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct ClassOptions {
    /// Class to draw, by its number, or `all` for as many of each class [default: any class]
    #[arg(long, value_name = "C", requires = "model", allow_negative_numbers = true)]
    class: Option<ClassChoice>,
    /// How strongly samples are pushed towards their class, away from all others: 0 for samples as in the data
    #[arg(long, value_name = "W", default_value = "0", requires = "class", allow_negative_numbers = true)]
    guidance: f32,
}

/// A class, or all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ClassChoice {
    One(u16),
    All,
}

impl FromStr for ClassChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(ClassChoice::All),
            _ => text.parse().map(ClassChoice::One).map_err(|_| "expected the number of a class, or all".to_owned()),
        }
    }
}

impl ClassOptions {
    /// Whether as many of each class are asked for.
    pub(in crate::cli) fn are_all(&self) -> bool {
        self.class == Some(ClassChoice::All)
    }

    /// Samples in a row of a picture of `count`: those of a class, where all are asked for.
    pub(in crate::cli) fn columns(&self, model: &Model<'_>, count: usize) -> Option<NonZeroU32> {
        let each = count.checked_div(model.classes().into()).filter(|_| self.are_all())?;
        NonZeroU32::new(u32::try_from(each).ok()?)
    }

    /// What `count` samples of a model are asked for.
    ///
    /// # Errors
    /// A class that the model does not have, a number of samples that is no multiple of its classes, guidance that is not
    /// finite.
    pub(in crate::cli) fn asked(&self, model: &Model<'_>, count: usize) -> Result<Asked, Failure> {
        let guidance = self.guidance;
        if !guidance.is_finite() {
            return Err(Failure::Usage(format!("--guidance {guidance}: expected a finite number, 1.5 for instance")));
        }
        let (classes, each) = (model.classes(), usize::from(model.classes()));
        let asked = match self.class {
            None => Classes::Any,
            Some(ClassChoice::One(class)) if class < classes => Classes::One(class),
            Some(ClassChoice::All) if each > 0 && count.is_multiple_of(each) => {
                Classes::Each { images: count / each, first: 0 }
            }
            Some(ClassChoice::All) if each > 0 => {
                let (below, above) = (count / each * each, count.div_ceil(each) * each);
                let near = if below == 0 { above.to_string() } else { format!("{below} or {above}") };
                return Err(Failure::Usage(format!(
                    "--class all: expected as many samples of each of {each} classes, found {count}: give --count {near}"
                )));
            }
            Some(choice) => {
                let choice = match choice {
                    ClassChoice::One(class) => class.to_string(),
                    ClassChoice::All => "all".to_owned(),
                };
                let found = match classes {
                    0 => "the model has no classes: leave the option out, or train with --classes".to_owned(),
                    _ => format!("the model has the classes 0 to {}", classes - 1),
                };
                return Err(Failure::Refused(Code::Classes, format!("--class {choice}: {found}")));
            }
        };
        Ok(Asked { classes: asked, guidance })
    }

    /// Says on the card of how samples were drawn what they were asked for.
    pub(in crate::cli) fn on(&self, card: SamplerCard) -> SamplerCard {
        let class = self.class.map(|class| match class {
            ClassChoice::One(class) => class.into(),
            ClassChoice::All => "all".into(),
        });
        let guidance = class.is_some().then_some(self.guidance);
        let drifts = if self.guidance == 0.0 { 1 } else { 2 };
        SamplerCard { evaluations: card.evaluations.times(drifts), class, guidance, ..card }
    }
}
