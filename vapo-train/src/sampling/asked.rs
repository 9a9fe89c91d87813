//! Which class each image is asked for.

use vapo_sampler::Condition;

/// The classes of images that are drawn one after another, and guidance.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Asked {
    /// The classes.
    pub classes: Classes,
    /// w of [`Condition`].
    pub guidance: f32,
}

/// Which classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Classes {
    /// Whatever class.
    #[default]
    Any,
    /// This one.
    One(u16),
    /// One after the other.
    Each {
        /// Images of a class.
        images: usize,
        /// Position of the first image that is drawn among all of them.
        first: usize,
    },
}

impl Asked {
    /// Every class, `images` times.
    pub fn each(images: usize) -> Self {
        Asked { classes: Classes::Each { images, first: 0 }, guidance: 0.0 }
    }

    /// What the image at an index is asked for.
    pub fn condition(&self, index: usize) -> Condition {
        let class = match self.classes {
            Classes::Any => None,
            Classes::One(class) => Some(class),
            Classes::Each { images, first } => Some(((first + index) / images.max(1)) as u16),
        };
        Condition { class, guidance: self.guidance }
    }

    /// The same with `times` images in place of each.
    pub fn repeated(self, times: usize) -> Self {
        let classes = match self.classes {
            Classes::Each { images, first } => Classes::Each { images: images * times, first: first * times },
            classes => classes,
        };
        Asked { classes, ..self }
    }

    /// The same of all images from the one at an index on.
    pub fn from(self, index: usize) -> Self {
        let classes = match self.classes {
            Classes::Each { images, first } => Classes::Each { images, first: first + index },
            classes => classes,
        };
        Asked { classes, ..self }
    }
}

/// The class at an index where all of a model are taken in turn: none first, then each.
pub(crate) fn in_turn(index: usize, classes: u16) -> Option<u16> {
    ((index % (usize::from(classes) + 1)) as u16).checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_its_images_wherever_drawing_begins() {
        let asked = Asked { guidance: 1.5, ..Asked::each(3) };
        let class = |asked: &Asked, index| asked.condition(index).class.unwrap();
        assert_eq!((0..9).map(|index| class(&asked, index)).collect::<Vec<_>>(), [0, 0, 0, 1, 1, 1, 2, 2, 2]);
        assert_eq!((0..5).map(|index| class(&asked.from(4), index)).collect::<Vec<_>>(), [1, 1, 2, 2, 2]);
        assert_eq!(asked.from(4).condition(0).guidance, 1.5);
        let one = Asked { classes: Classes::One(7), guidance: 0.0 };
        assert_eq!((one.from(9).condition(3).class, Asked::default().from(9).condition(3).class), (Some(7), None));
    }

    #[test]
    fn no_class_has_its_turn_too() {
        assert_eq!((0..5).map(|index| in_turn(index, 2)).collect::<Vec<_>>(), [None, Some(0), Some(1), None, Some(0)]);
        assert_eq!((0..3).map(|index| in_turn(index, 0)).collect::<Vec<_>>(), [None; 3]);
    }
}
