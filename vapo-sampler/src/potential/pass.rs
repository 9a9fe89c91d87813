//! One pass through the steps of a plan: forward for the potential, then in reverse for the drift.

use crate::arithmetic::Arithmetic;
#[cfg(feature = "wide")]
use crate::kernel::wide::{Unpacked, Wide};
#[cfg(feature = "published")]
use crate::layer::distance;
use crate::layer::readout::ReadOut;
use crate::layer::{At, Compute, Room, Values, is_readout};
use crate::observer::{Activation, Observer};
use crate::plan::{Contribution, NONE, Plan, Step, Work};
use bytemuck::Pod;
use core::marker::PhantomData;
use core::ops::Range;
use vapo_format::layer::{Input, MAX_INPUTS, Place, Readout, Reverse};
use vapo_format::{Exponents, Layer, Matrix, Model, Shape};

/// Where a pass is, and in what memory.
pub(super) struct Pass<'m, A, O> {
    pub(super) model: &'m Model<'m>,
    pub(super) plan: &'m Plan,
    pub(super) memory: &'m mut [u8],
    pub(super) x: &'m [f32],
    pub(super) time: f32,
    pub(super) class: Option<u16>,
    pub(super) observer: &'m mut O,
    #[cfg(feature = "wide")]
    pub(super) wide: Option<(&'m Unpacked, &'m mut [u32])>,
    pub(super) arithmetic: PhantomData<A>,
}

/// Bytes of the memory, by what the plan says of them.
type Bytes = Range<usize>;

impl<'m, A: Arithmetic, O: Observer> Pass<'m, A, O>
where
    Layer: Compute<A>,
    Readout: ReadOut<A>,
{
    /// Every node in order. None where the plan is not the model's.
    pub(super) fn forward(&mut self) -> Option<f32> {
        let (readout, steps) = self.plan.steps().split_last()?;
        (0..steps.len() as u16).try_for_each(|node| self.forward_node(node))?;
        let (values, of_signal) = self.values(readout, [true; MAX_INPUTS])?;
        let at = self.at(readout)?;
        let [o, q, _] = self.read(values, of_signal)?;
        match readout.layer {
            Layer::Readout(readout) => Some(readout.potential(&at, o, q, self.x)),
            #[cfg(feature = "published")]
            Layer::Distance(_) => Some(distance::potential(all(bytemuck::cast_slice(o)), self.x)),
            _ => None,
        }
    }

    /// Every node that depends on the signal, from the last to the first. None as of [`Pass::reverse_node`].
    pub(super) fn reverse(&mut self, drift: &mut [f32]) -> Option<()> {
        (0..self.plan.count).rev().try_for_each(|node| self.reverse_node(node, drift))
    }

    /// Parts of a drift: as many are forward as there are nodes before the read-out, then all are in reverse.
    pub(super) fn compute_parts(&mut self, mut parts: Range<u32>, drift: &mut [f32]) -> Option<()> {
        let readout = u32::from(self.plan.count).checked_sub(1)?;
        parts.try_for_each(|part| match part.checked_sub(readout) {
            None => self.forward_node(part as u16),
            Some(back) => self.reverse_node(readout.checked_sub(back)? as u16, drift),
        })
    }

    /// One node forward, but the read-out, of which nothing is left for the pass in reverse.
    pub(super) fn forward_node(&mut self, node: u16) -> Option<()> {
        let step = self.plan.step(node)?;
        self.compute(node, step)?;
        if node == 0 && A::SIGNAL_IN_PLACE {
            A::observe(self.observer, 0, Activation::Value, A::signal(self.x));
        } else {
            self.observe(node, Activation::Value, bytes::<A>(step.value, step.extent));
        }
        Some(())
    }

    /// One node in reverse; nothing where it does not depend on the signal.
    ///
    /// None where the plan is of the pass forward alone too: its read-out contributes to nothing.
    pub(super) fn reverse_node(&mut self, node: u16, drift: &mut [f32]) -> Option<()> {
        let step = self.plan.step(node)?;
        let is_readout = is_readout(&step.layer);
        if step.contributions.iter().all(|contribution| *contribution == Contribution::None) {
            return (!is_readout).then_some(());
        }
        if !is_readout {
            self.observe(node, Activation::Cotangent, bytes::<A>(step.cotangent, step.extent));
        }
        for (&node, _) in step.inputs.iter().zip(step.keeps).filter(|(input, keeps)| *keeps && **input != NONE) {
            let input = self.plan.step(node)?;
            if input.again {
                self.compute(node, input)?;
            }
        }
        for position in 0..MAX_INPUTS {
            match (step.layer, position) {
                // The one that reads the signal itself, and the first to contribute to the drift.
                (Layer::Readout(_), 2) => self.set_quadratic(step, drift)?,
                #[cfg(feature = "published")]
                (Layer::Distance(_), 1) => self.set_difference(step, drift)?,
                _ => self.contribute(node, step, position, drift)?,
            }
        }
        Some(())
    }

    /// One node forward.
    fn compute(&mut self, node: u16, step: &Step) -> Option<()> {
        let output = bytes::<A>(step.value, step.extent);
        if matches!(step.layer, Layer::Signal(_)) {
            let x = self.x;
            A::take_signal(x, step.exponents, self.memory.get_mut(output).map(all_mut).unwrap_or_default());
            return Some(());
        }
        let (mut values, mut of_signal) = self.values(step, [true; MAX_INPUTS])?;
        let there = values.iter().position(|value| !value.is_empty() && value.start == output.start);
        let over = match step.layer.kind().place(A::KIND, step.extent) {
            Place::Apart => None,
            Place::Either => there,
            Place::Over => Some(there.unwrap_or(0)),
        };
        if let Some(position) = over {
            // An input is in the output: there already, or copied there.
            let value = core::mem::replace(values.get_mut(position)?, 0..0);
            let is_signal = core::mem::replace(of_signal.get_mut(position)?, false);
            self.bring_over(value, is_signal, output.clone())?;
        }
        let at = self.at(step)?;
        let [work, _] = step.work;
        let [a, b, c] = values;
        let ranges = [a, b, c, output, kept::<A>(step), bytes_of_work(work)];
        let [a, b, c, y, kept, work] = self.memory.get_disjoint_mut(ranges).ok()?;
        let values = with_signal::<A>([&*a, &*b, &*c], of_signal, self.x);
        if O::ACTIVE {
            step.layer.observe(self.observer, node, &at, values, all(y));
        }
        let room = Room {
            kept,
            work: all_mut(work),
            #[cfg(feature = "wide")]
            wide: self.wide.as_mut().map(|wide| of_node(wide, node)),
        };
        step.layer.forward(&at, values, all_mut(y), room);
        Some(())
    }

    /// The drift's part that is the signal itself times a factor.
    fn set_quadratic(&mut self, step: &Step, drift: &mut [f32]) -> Option<()> {
        let (values, of_signal) = self.values(step, [false, true, false])?;
        let at = self.at(step)?;
        let [_, q, _] = self.read(values, of_signal)?;
        let Layer::Readout(readout) = step.layer else { return None };
        let quadratic = readout.quadratic(&at, q);
        drift.iter_mut().zip(self.x).for_each(|(drift, x)| *drift = quadratic * x);
        Some(())
    }

    /// The drift's part that is the signal's distance to an image.
    #[cfg(feature = "published")]
    fn set_difference(&mut self, step: &Step, drift: &mut [f32]) -> Option<()> {
        let (values, of_signal) = self.values(step, [true, false, false])?;
        let [f, ..] = self.read(values, of_signal)?;
        let f = all::<f32>(bytemuck::cast_slice(f));
        drift.iter_mut().zip(self.x).zip(f).for_each(|((drift, x), f)| *drift = x - f);
        Some(())
    }

    fn observe(&mut self, node: u16, activation: Activation, of: Bytes) {
        if let Some(values) = self.memory.get(of) {
            A::observe(self.observer, node, activation, all(values));
        }
    }

    /// What a node contributes to the cotangent of one input.
    fn contribute(&mut self, node: u16, step: &Step, position: usize, drift: &mut [f32]) -> Option<()> {
        let Some(way) = self.way(node, step, position) else { return Some(()) };
        if way.mode != Reverse::Passed {
            self.make(step, position, &way)?;
            let input = *step.inputs.get(position)?;
            self.observe(input, Activation::Cotangent, way.made.clone());
        }
        self.bring(way, drift)
    }

    /// How a node contributes to the cotangent of one input; none where it does not.
    fn way(&self, node: u16, step: &Step, position: usize) -> Option<Way> {
        let contribution = *step.contributions.get(position)?;
        if contribution == Contribution::None {
            return None;
        }
        let input = *step.inputs.get(position)?;
        let Step { extent, cotangent, exponents, .. } = *self.plan.step(input)?;
        // Nothing comes after a read-out.
        let own = if is_readout(&step.layer) { 0..0 } else { bytes::<A>(step.cotangent, step.extent) };
        let is_drift = input == 0;
        let to = if is_drift { 0..0 } else { bytes::<A>(cotangent, extent) };
        let mode = match step.layer.kind().reverse(position, A::KIND) {
            // What is added to a cotangent is made aside, though it may lie where the node's own does.
            Reverse::Either if own == to && contribution == Contribution::Set => Reverse::InPlace,
            Reverse::Either => Reverse::Written,
            mode => mode,
        };
        let made = match mode {
            Reverse::InPlace | Reverse::Passed => own.clone(),
            _ if is_drift || contribution == Contribution::Add => bytes::<A>(step.scratch, extent),
            _ => to.clone(),
        };
        Some(Way { node, mode, contribution, own, made, to, is_drift, exponents })
    }

    /// Makes a contribution.
    fn make(&mut self, step: &Step, position: usize, way: &Way) -> Option<()> {
        let (mut values, mut of_signal) = self.values(step, step.keeps)?;
        if way.mode == Reverse::OverValue {
            // The value lies where the cotangent goes: there already, or copied there.
            let value = core::mem::replace(values.get_mut(position)?, 0..0);
            let is_signal = core::mem::replace(of_signal.get_mut(position)?, false);
            self.bring_over(value, is_signal, way.made.clone())?;
        }
        let at = self.at(step)?;
        let [_, work] = step.work;
        let [a, b, c] = values;
        let made = if way.mode == Reverse::InPlace { 0..0 } else { way.made.clone() };
        let ranges = [a, b, c, way.own.clone(), made, kept::<A>(step), bytes_of_work(work)];
        let [a, b, c, g, made, kept, work] = self.memory.get_disjoint_mut(ranges).ok()?;
        let values = with_signal::<A>([&*a, &*b, &*c], of_signal, self.x);
        let room = Room {
            kept,
            work: all_mut(work),
            #[cfg(feature = "wide")]
            wide: self.wide.as_mut().map(|wide| of_node(wide, way.node)),
        };
        step.layer.reverse(&at, values, all_mut(g), all_mut(made), position, room);
        Some(())
    }

    /// Brings a contribution that was made to the cotangent that it is of.
    fn bring(&mut self, way: Way, drift: &mut [f32]) -> Option<()> {
        if way.is_drift {
            A::add_to_drift(drift, all(self.memory.get(way.made)?), way.exponents);
        } else if way.made != way.to {
            let [made, to] = self.memory.get_disjoint_mut([way.made, way.to]).ok()?;
            match way.contribution {
                Contribution::Add => A::add(all_mut(to), all(made)),
                _ => set(to, made),
            }
        }
        Some(())
    }

    /// Has a value lie in a place: it lies there already, or is copied there.
    fn bring_over(&mut self, value: Bytes, is_signal: bool, place: Bytes) -> Option<()> {
        if is_signal {
            let x = self.x;
            set(all_mut(self.memory.get_mut(place)?), A::signal(x));
        } else if value.start != place.start {
            let [from, to] = self.memory.get_disjoint_mut([value, place]).ok()?;
            set(to, from);
        }
        Some(())
    }

    /// Where the values of a node's inputs lie, those that are wanted, and whether they are the signal's that lies nowhere in the
    /// memory.
    fn values(&self, step: &Step, wanted: [bool; MAX_INPUTS]) -> Option<([Bytes; MAX_INPUTS], [bool; MAX_INPUTS])> {
        let mut values = [0..0, 0..0, 0..0];
        let mut of_signal = [false; MAX_INPUTS];
        let inputs = step.inputs.iter().zip(wanted).zip(values.iter_mut().zip(&mut of_signal));
        for ((&input, _), (value, of_signal)) in inputs.filter(|((input, wanted), _)| *wanted && **input != NONE) {
            let Step { value: offset, extent, .. } = *self.plan.step(input)?;
            *of_signal = input == 0 && A::SIGNAL_IN_PLACE;
            // The read-out's signal is the caller's.
            let read_out = input == 0 && is_readout(&step.layer);
            if !*of_signal && !read_out {
                *value = bytes::<A>(offset, extent);
            }
        }
        Some((values, of_signal))
    }

    /// The values, to be read only.
    fn read(&self, values: [Bytes; MAX_INPUTS], of_signal: [bool; MAX_INPUTS]) -> Option<Values<'_, A::Value>> {
        let [a, b, c] = values.map(|value| self.memory.get(value));
        Some(with_signal::<A>([a?, b?, c?], of_signal, self.x))
    }

    fn at(&self, step: &Step) -> Option<At<'m>> {
        let mut inputs = [Input::default(); MAX_INPUTS];
        let mut of_inputs = [Exponents::default(); MAX_INPUTS];
        let mut count = 0;
        let used = step.inputs.iter().filter(|node| **node != NONE);
        for ((input, exponents), &node) in inputs.iter_mut().zip(&mut of_inputs).zip(used) {
            let step = self.plan.step(node)?;
            (input.extent, *exponents) = (step.extent, step.exponents);
            count += 1;
        }
        let matrix = match step.layer.matrix_shape(0, inputs.get(..count)?) {
            Some(shape) => {
                let weights = self.model.weights().get(step.weights as usize..)?;
                Some(Matrix::split_first(weights, shape, self.model.encoding())?.0)
            }
            None => None,
        };
        let [first, ..] = inputs;
        let (input, output, exponents) = (first.extent, step.extent, step.exponents);
        Some(At { input, output, matrix, time: self.time, class: self.class, exponents, of_inputs })
    }
}

/// How a node contributes to the cotangent of one input.
struct Way {
    #[cfg_attr(not(feature = "wide"), allow(dead_code))]
    node: u16,
    mode: Reverse,
    contribution: Contribution,
    /// The cotangent of the node's own output.
    own: Bytes,
    /// Where the contribution is made.
    made: Bytes,
    /// Where it belongs; nowhere in the memory where that is the drift.
    to: Bytes,
    is_drift: bool,
    /// What the contribution's integers stand for.
    exponents: Exponents,
}

/// The values, with the signal where it is one.
fn with_signal<'m, A: Arithmetic>(
    values: [&'m [u8]; MAX_INPUTS],
    of_signal: [bool; MAX_INPUTS],
    x: &'m [f32],
) -> Values<'m, A::Value> {
    let mut values = values.map(all);
    values.iter_mut().zip(of_signal).filter(|(_, of_signal)| *of_signal).for_each(|(value, _)| *value = A::signal(x));
    values
}

#[cfg(feature = "wide")]
fn of_node<'w>((unpacked, scratch): &'w mut (&Unpacked, &mut [u32]), node: u16) -> Wide<'w> {
    Wide { unpacked: unpacked.node(node), scratch }
}

/// Bytes as the elements that they are: buffers begin at multiples of four, and hold whole elements.
fn all<T: Pod>(bytes: &[u8]) -> &[T] {
    bytemuck::try_cast_slice(bytes).unwrap_or_default()
}

fn all_mut<T: Pod>(bytes: &mut [u8]) -> &mut [T] {
    bytemuck::try_cast_slice_mut(bytes).unwrap_or_default()
}

/// Copies what both slices have room for: `copy_from_slice` would panic where their lengths differ.
fn set<T: Copy>(to: &mut [T], from: &[T]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
}

/// Bytes of an activation that begins at a byte.
fn bytes<A: Arithmetic>(offset: u32, extent: Shape) -> Bytes {
    let start = offset as usize;
    start..start + extent.elements() * size_of::<A::Value>()
}

/// Bytes that a node's pass forward leaves for its pass in reverse.
fn kept<A: Arithmetic>(step: &Step) -> Bytes {
    let start = step.kept as usize;
    start..start + step.layer.kind().kept_bytes(A::KIND, step.extent)
}

fn bytes_of_work(work: Work) -> Bytes {
    let start = work.offset as usize;
    start..start + work.bytes as usize
}
