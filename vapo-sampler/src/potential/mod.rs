//! The potential Φ(x, t), its drift ∇ₓΦ and its energy.
//!
//! A `pass` goes through the steps of a [`Plan`], which say where everything is in memory. `layer` has the computation of each
//! layer.
//!
//! # Example
//!
//! ```
//! use vapo_format::{Homotopy, Model};
//! use vapo_sampler::{PlanFor, Potential};
//! # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
//! # let bytes = example::model();
//!
//! let model = Model::parse(&bytes)?;
//! let plan = PlanFor::<32>::new(&model)?;
//! let mut memory = vec![0.0; plan.elements()];
//! let mut potential = Potential::new(&model, &plan, &mut memory)?;
//! assert_eq!((potential.signal().elements(), potential.homotopy()), (64, Homotopy::Linear));
//!
//! // Φ alone takes the pass forward; a drift takes both, and has Φ too.
//! let (x, mut drift) = ([0.1; 64], [0.0; 64]);
//! let alone = potential.potential(&x, 0.5)?;
//! assert_eq!(potential.drift(&x, 0.5, &mut drift)?, alone);
//! assert!(potential.energy(&x, 0.5)?.is_some()); // there is none at time 1
//!
//! // Of one class.
//! assert_eq!(potential.classes(), 2);
//! potential.set_class(Some(1))?;
//! assert_eq!(potential.class(), Some(1));
//! potential.observed_drift(&x, 0.5, &mut drift, &mut ())?; // tells an `Observer` every activation
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod pass;

#[cfg(feature = "float")]
use crate::arithmetic::float::Float;
#[cfg(feature = "integer")]
use crate::arithmetic::integer::Integer;
use crate::condition::Condition;
use crate::error::Error;
#[cfg(feature = "wide")]
use crate::kernel::wide::Unpacked;
use crate::layer::squared_norm;
use crate::observer::Observer;
use crate::plan::Plan;
use core::marker::PhantomData;
use core::ops::Range;
use pass::Pass;
use vapo_format::{Arithmetic, Bits, Classifier, Homotopy, Model, Shape, Threshold};

/// A model's potential, evaluated in memory that the caller lends.
///
/// A sample x is H·W·C elements, row-major, channels last.
#[derive(Debug)]
pub struct Potential<'a> {
    model: &'a Model<'a>,
    plan: &'a Plan,
    memory: &'a mut [f32],
    class: Option<u16>,
    #[cfg(feature = "wide")]
    wide: Option<(&'a Unpacked, std::vec::Vec<u32>)>,
}

impl<'a> Potential<'a> {
    /// A potential that works in `memory`, of which it takes the first [`Plan::elements`].
    ///
    /// # Errors
    /// [`Error::Plan`] where the plan is of another model, [`Error::Arena`] where the memory has fewer elements,
    /// [`Error::Arithmetic`], [`Error::Weights`].
    pub fn new(model: &'a Model<'a>, plan: &'a Plan, memory: &'a mut [f32]) -> Result<Self, Error> {
        if plan.fingerprint != model.fingerprint() {
            return Err(Error::Plan);
        }
        let computed = match model.arithmetic() {
            Arithmetic::Float => cfg!(feature = "float"),
            Arithmetic::Integer => cfg!(feature = "integer"),
        };
        if !computed {
            return Err(Error::Arithmetic { found: model.arithmetic() });
        }
        if let Some(found) =
            model.encoding().bits().filter(|bits| *bits != Bits::Eight && cfg!(not(feature = "few-bits")))
        {
            return Err(Error::Weights { found });
        }
        let needed = plan.elements();
        let refused = Error::Arena { needed, given: memory.len() };
        let memory = memory.get_mut(..needed).ok_or(refused)?;
        Ok(Potential {
            model,
            plan,
            memory,
            class: None,
            #[cfg(feature = "wide")]
            wide: None,
        })
    }

    /// The same potential with the same bits, computed with the widest vectors of this host's processor. Nothing changes if the
    /// weights are another model's, or of float arithmetic.
    ///
    /// ```
    /// use vapo_format::Model;
    /// use vapo_sampler::kernel::wide::Unpacked;
    /// use vapo_sampler::{PlanFor, Potential};
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
    /// # let bytes = example::model();
    ///
    /// let model = Model::parse(&bytes)?;
    /// let plan = PlanFor::<32>::new(&model)?;
    /// let mut memory = vec![0.0; plan.elements()];
    /// let weights = Unpacked::new(&model); // once, for all threads
    /// let mut potential = Potential::new(&model, &plan, &mut memory)?.unpacked(&weights);
    /// potential.potential(&[0.1; 64], 0.5)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "wide")]
    #[must_use]
    pub fn unpacked(mut self, unpacked: &'a Unpacked) -> Self {
        self.wide = unpacked.is_of(self.model).then(|| (unpacked, unpacked.scratch()));
        self
    }

    /// Sets the class whose potential is evaluated from now on. None, as at first, is any class.
    ///
    /// # Errors
    /// [`Error::Class`] where the model has no such class.
    pub fn set_class(&mut self, class: Option<u16>) -> Result<(), Error> {
        Condition::of(class).check(self.classes())?;
        self.class = class;
        Ok(())
    }

    /// As [`Potential::set_class`], of a class that the model is known to have. Returns the one before.
    pub(crate) fn replace_class(&mut self, class: Option<u16>) -> Option<u16> {
        core::mem::replace(&mut self.class, class)
    }

    /// Whose potential is evaluated.
    pub fn class(&self) -> Option<u16> {
        self.class
    }

    pub(crate) fn classifier(&self) -> Option<Classifier<'a>> {
        self.model.classifier()
    }

    /// Classes that the model has: 0 where it has none.
    pub fn classes(&self) -> u16 {
        self.model.classes()
    }

    /// Φ(x, time).
    ///
    /// # Errors
    /// [`Error::Length`] where x is no sample of the model.
    pub fn potential(&mut self, x: &[f32], time: f32) -> Result<f32, Error> {
        self.check(x)?;
        self.forward(x, time, &mut ()).ok_or(Error::Plan)
    }

    /// Sets `drift` to ∇ₓΦ(x, time) and returns Φ(x, time): one pass through the nodes, and one back.
    ///
    /// # Errors
    /// [`Error::Length`] where x or `drift` is no sample of the model, [`Error::Plan`] where the plan is of the pass forward
    /// alone.
    pub fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<f32, Error> {
        self.observed_drift(x, time, drift, &mut ())
    }

    /// As [`Potential::drift`]; `observer` is told every activation.
    ///
    /// # Errors
    /// As [`Potential::drift`].
    pub fn observed_drift(
        &mut self,
        x: &[f32],
        time: f32,
        drift: &mut [f32],
        observer: &mut impl Observer,
    ) -> Result<f32, Error> {
        self.check(x)?;
        self.check(drift)?;
        let potential = self.forward(x, time, observer).ok_or(Error::Plan)?;
        self.reverse(x, time, drift, observer).ok_or(Error::Plan)?;
        Ok(potential)
    }

    /// Parts that [`Potential::compute`] tells apart: every node forward but the read-out, and every node in reverse.
    pub(crate) fn parts(&self) -> u32 {
        (2 * u32::from(self.plan.count)).saturating_sub(1)
    }

    /// Computes parts of a drift, see [`crate::solver::Drift::compute`].
    ///
    /// # Errors
    /// As [`Potential::drift`].
    pub(crate) fn compute(&mut self, parts: Range<u32>, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
        self.check(x)?;
        self.check(drift)?;
        let computed = match self.model.arithmetic() {
            #[cfg(feature = "float")]
            Arithmetic::Float => self.pass::<Float, _>(x, time, &mut ()).compute_parts(parts, drift),
            #[cfg(feature = "integer")]
            Arithmetic::Integer => self.pass::<Integer, _>(x, time, &mut ()).compute_parts(parts, drift),
            #[cfg(not(all(feature = "float", feature = "integer")))]
            _ => None,
        };
        computed.ok_or(Error::Plan)
    }

    /// −log ρ(x) at `time`, up to a constant that depends on time alone, for the density ρ that the flow has then.
    /// None where there is no such formula: [`Homotopy::Linear`] at time 1.
    ///
    /// The drift holds the score −∇E\[ε|x\]/std; integrated over x, that is (½‖x‖² − tΦ)/(1 − t) for the linear
    /// homotopy and 2(½‖x‖² − tΦ)/(2 − t) for the Bayes homotopy.
    ///
    /// # Errors
    /// [`Error::Length`] where x is no sample of the model.
    #[inline(never)] // two callers, and one copy takes less flash
    pub fn energy(&mut self, x: &[f32], time: f32) -> Result<Option<f32>, Error> {
        let energy = 0.5 * squared_norm(x) - time * self.potential(x, time)?;
        Ok(match self.homotopy() {
            Homotopy::Linear if time == 1.0 => None,
            Homotopy::Linear => Some(energy / (1.0 - time)),
            Homotopy::Bayes => Some(2.0 * energy / (2.0 - time)),
        })
    }

    /// The path that the potential was trained on.
    pub fn homotopy(&self) -> Homotopy {
        self.model.homotopy()
    }

    /// Extent of a sample.
    pub fn signal(&self) -> Shape {
        self.model.signal()
    }

    pub(crate) fn memory_elements(&self) -> usize {
        self.memory.len()
    }

    pub(crate) fn threshold(&self) -> Option<Threshold> {
        self.model.threshold()
    }

    pub(crate) fn check(&self, x: &[f32]) -> Result<(), Error> {
        let (expected, found) = (self.model.signal().elements(), x.len());
        if expected == found { Ok(()) } else { Err(Error::Length { expected, found }) }
    }

    fn forward(&mut self, x: &[f32], time: f32, observer: &mut impl Observer) -> Option<f32> {
        match self.model.arithmetic() {
            #[cfg(feature = "float")]
            Arithmetic::Float => self.pass::<Float, _>(x, time, observer).forward(),
            #[cfg(feature = "integer")]
            Arithmetic::Integer => self.pass::<Integer, _>(x, time, observer).forward(),
            #[cfg(not(all(feature = "float", feature = "integer")))]
            _ => None,
        }
    }

    fn reverse(&mut self, x: &[f32], time: f32, drift: &mut [f32], observer: &mut impl Observer) -> Option<()> {
        match self.model.arithmetic() {
            #[cfg(feature = "float")]
            Arithmetic::Float => self.pass::<Float, _>(x, time, observer).reverse(drift),
            #[cfg(feature = "integer")]
            Arithmetic::Integer => self.pass::<Integer, _>(x, time, observer).reverse(drift),
            #[cfg(not(all(feature = "float", feature = "integer")))]
            _ => None,
        }
    }

    fn pass<'p, A, O>(&'p mut self, x: &'p [f32], time: f32, observer: &'p mut O) -> Pass<'p, A, O> {
        Pass {
            model: self.model,
            plan: self.plan,
            memory: bytemuck::cast_slice_mut(self.memory),
            x,
            time,
            class: self.class,
            observer,
            #[cfg(feature = "wide")]
            wide: self.wide.as_mut().map(|(unpacked, scratch)| (&**unpacked, scratch.as_mut_slice())),
            arithmetic: PhantomData,
        }
    }
}
