//! The class of a sample, by its energies: the class that finds it likeliest.
//!
//! A sample is scored as [`crate::anomaly`] scores it, once for each class: one pass forward each. The model's [`Classifier`]
//! says at which time, and what to add, since training leaves the potential of each class unknown up to an added number.
//!
//! Source: Grathwohl et al., *Your classifier is secretly an energy based model and you should treat it like one*, 2020,
//! arXiv:1912.03263, equation 4: p(c | x) is in proportion to e to the negative energy of x and c.
//!
//! # Example
//!
//! ```
//! use vapo_format::{Classifier, Model, classifier, writer::replace_classifier};
//! use vapo_sampler::classification::Classified;
//! use vapo_sampler::{PlanFor, Sampler, Solver};
//! # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
//! # let bytes = example::model();
//!
//! // `vapo-train classify --write-classifier` learns these numbers: a time, a sharpness, an offset a class.
//! let model = Model::parse(&bytes)?;
//! let numbers: Vec<u8> = [0.6_f32, 0.1, 0.0, 0.0].into_iter().flat_map(f32::to_le_bytes).collect();
//! let mut file = vec![0; bytes.len() + classifier::bytes(model.classes())];
//! replace_classifier(&model, Classifier::new(&numbers), &mut file)?;
//!
//! let model = Model::parse(&file)?;
//! let plan = PlanFor::<32>::new(&model)?;
//! let mut arena = vec![0.0; plan.elements_with(Solver::Euler)];
//! let mut sampler = Sampler::new(&model, &plan, Solver::Euler, &mut arena)?;
//! let image = [0.5; 8 * 8];
//! let Some(Classified { class, energy, margin }) = sampler.classify(&image)? else { unreachable!("it has a classifier") };
//! println!("class {class}, {margin} below the next");
//! let Some(classifier) = model.classifier() else { unreachable!("it has a classifier") };
//! assert_eq!(sampler.class_energy(&image, class, &classifier)?, energy);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::error::Error;
use crate::sampler::Sampler;
use vapo_format::Classifier;

/// The result of a model's classifier for a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Classified {
    /// The class of the least energy, offset added; the first of those that have it.
    pub class: u16,
    /// That energy, offset added.
    pub energy: f32,
    /// How much more the next best class has: the larger, the surer.
    pub margin: f32,
}

impl Sampler<'_> {
    /// The class of `image`, or none where the model has no classifier.
    ///
    /// The condition of samples stays as it was.
    ///
    /// # Errors
    /// [`Error::Length`] where `image` is no image of the model.
    pub fn classify(&mut self, image: &[f32]) -> Result<Option<Classified>, Error> {
        let Some(classifier) = self.potential().classifier() else { return Ok(None) };
        let mut best = Classified { class: 0, energy: f32::INFINITY, margin: f32::NAN };
        let mut next = f32::INFINITY;
        for (class, offset) in (0..).zip(classifier.offsets()) {
            let energy = self.class_energy(image, class, &classifier)? + offset;
            if energy < best.energy {
                next = best.energy;
                best = Classified { class, energy, margin: 0.0 };
            } else if energy < next {
                next = energy;
            }
        }
        best.margin = next - best.energy;
        Ok(Some(best))
    }

    /// The energy of `image` as one of a class, at a classifier's time, without its offset.
    ///
    /// # Errors
    /// [`Error::Length`] where `image` is no image of the model, [`Error::Class`].
    pub fn class_energy(&mut self, image: &[f32], class: u16, classifier: &Classifier<'_>) -> Result<f32, Error> {
        let before = self.potential().class();
        self.potential().set_class(Some(class))?;
        let energy = self.image_energy(image, classifier.time());
        self.potential().set_class(before)?;
        Ok(energy?.unwrap_or(f32::NAN))
    }
}
