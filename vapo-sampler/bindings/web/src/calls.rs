//! What JavaScript calls.
//!
//! A function that can refuse returns 0 for a refusal, whose text lies at [`text`], and another number otherwise. A class of -1 is
//! whatever class, a temperature of NaN the usual one.

use crate::memory::{place, zeroed};
use crate::message::Message;
use crate::opened::{Buffers, Opened, Refused, Settings, Told, solver, usual_temperature};
use core::ptr;
use vapo_format::Arithmetic;

/// Numbers of [`info`].
const INFO: usize = 11;

#[link(wasm_import_module = "vapo")]
unsafe extern "C" {
    /// Is told a step before it is taken: its number, its time, CRC-32 of its drift's bytes.
    fn step(index: u32, time: f32, drift: u32);
}

/// What an instance of this module has.
#[derive(Debug)]
pub struct Instance {
    message: Message,
    file: &'static mut [u8],
    opened: Option<&'static mut Opened>,
    info: [u32; INFO],
    /// The energy that was last asked for, and the margin of a class.
    numbers: [f32; 2],
}

impl core::fmt::Debug for Opened {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Opened")
    }
}

impl Instance {
    /// Calls `use_it` with the model, and keeps the reason where that is refused, or where no model was opened.
    fn with(&mut self, use_it: impl FnOnce(&mut Opened, &mut [f32; 2]) -> Result<u32, Refused>) -> u32 {
        let Some(opened) = &mut self.opened else {
            self.message.set("no model was opened");
            return 0;
        };
        use_it(opened, &mut self.numbers).unwrap_or_else(|refused| {
            self.message.set(refused);
            0
        })
    }

    /// A buffer of the model; null where there is none.
    fn buffer<T>(&mut self, of: impl FnOnce(&mut Buffers) -> *mut T) -> *mut T {
        self.opened.as_mut().map_or(ptr::null_mut(), |opened| of(&mut opened.buffers))
    }
}

/// What every other function takes. Null where there is no memory.
#[unsafe(no_mangle)]
pub extern "C" fn create() -> *mut Instance {
    let instance =
        Instance { message: Message::new(), file: &mut [], opened: None, info: [0; INFO], numbers: [0.0; 2] };
    place(instance).map_or(ptr::null_mut(), ptr::from_mut)
}

macro_rules! calls {
    ($($(#[$about:meta])* fn $name:ident($instance:ident $(, $argument:ident: $kind:ty)*) -> $result:ty $body:block)*) => {
        $(
            $(#[$about])*
            ///
            /// # Safety
            /// The pointer is that of [`create`], and no other call uses it.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $name(instance: *mut Instance $(, $argument: $kind)*) -> $result {
                // SAFETY: the caller's promise.
                let $instance = unsafe { &mut *instance };
                $body
            }
        )*
    };
}

calls! {
    /// Memory for a file of so many bytes, which are to be written there; null where there is no memory.
    fn file(instance, bytes: usize) -> *mut u8 {
        let Some(file) = zeroed(bytes) else {
            instance.message.set(Refused::Memory(bytes));
            return ptr::null_mut();
        };
        instance.file = file;
        instance.file.as_mut_ptr()
    }

    /// Checks the file's model, and plans its memory. Once an instance.
    fn open(instance) -> u32 {
        let file: &mut [u8] = core::mem::take(&mut instance.file);
        let opened = Opened::new(file);
        let placed = opened.and_then(|opened| place(opened).ok_or(Refused::Memory(size_of::<Opened>())));
        match placed {
            Ok(opened) => {
                instance.info = numbers(opened);
                instance.opened = Some(opened);
                1
            }
            Err(refused) => {
                instance.message.set(refused);
                0
            }
        }
    }

    /// Height, width and channels of a sample; classes; whether there is a threshold, whether a classifier; arithmetic, 0 of floats and 1 of
    /// integers; bits of a weight, 32 of floats; bytes that the sampler works in; nodes; parameters.
    fn info(instance) -> *const u32 {
        instance.info.as_ptr()
    }

    /// The text of the last refusal.
    fn text(instance) -> *const u8 {
        instance.message.bytes().as_ptr()
    }

    /// Bytes of the last refusal's text.
    fn text_bytes(instance) -> usize {
        instance.message.bytes().len()
    }

    /// The sample that was drawn.
    fn sample(instance) -> *mut f32 {
        instance.buffer(|buffers| buffers.x.as_mut_ptr())
    }

    /// During a step, the sample so far.
    fn before(instance) -> *mut f32 {
        instance.buffer(|buffers| buffers.before.as_mut_ptr())
    }

    /// During a step, the image that is predicted.
    fn predicted(instance) -> *mut f32 {
        instance.buffer(|buffers| buffers.predicted.as_mut_ptr())
    }

    /// What is restored or judged.
    fn given(instance) -> *mut f32 {
        instance.buffer(|buffers| buffers.given.as_mut_ptr())
    }

    /// Where what is given is known: a byte that is not 0.
    fn known(instance) -> *mut u8 {
        instance.buffer(|buffers| buffers.known.as_mut_ptr())
    }

    /// Energy, and margin of a class, of the last call that has them.
    fn numbers_of(instance) -> *const f32 {
        instance.numbers.as_ptr()
    }

    /// Draws a sample, or restores what is given.
    fn draw(
        instance,
        seed: u64,
        steps: u32,
        solver: u32,
        exponent: f32,
        extrapolation: f32,
        temperature: f32,
        class: i32,
        guidance: f32,
        restore: u32
    ) -> u32 {
        let temperature = (!temperature.is_nan()).then_some(temperature);
        let (class, restore) = (u32::try_from(class).ok(), restore != 0);
        let settings = Settings { seed, steps, solver, exponent, extrapolation, temperature, class, guidance, restore };
        instance.with(|opened, _| {
            opened.draw(&settings, |Told { index, time, drift }| {
                // SAFETY: it takes numbers, and calls nothing of this module.
                unsafe { step(index, time, drift) };
            })?;
            Ok(1)
        })
    }

    /// The energy of what is given, at a time: of a sample, or of an image without noise.
    fn energy(instance, time: f32, class: i32, of_image: u32) -> u32 {
        instance.with(|opened, numbers| {
            numbers[0] = opened.energy(time, u32::try_from(class).ok(), of_image != 0)?;
            Ok(1)
        })
    }

    /// What the threshold says of what is given: 1 that it is ordinary, 2 that it is an anomaly, 3 that there is no threshold.
    fn verdict(instance) -> u32 {
        instance.with(|opened, numbers| {
            let Some((energy, anomalous)) = opened.verdict()? else { return Ok(3) };
            numbers[0] = energy;
            Ok(if anomalous { 2 } else { 1 })
        })
    }

    /// One more than the class of what is given, or `u32::MAX` where there is no classifier.
    fn classify(instance) -> u32 {
        instance.with(|opened, numbers| {
            let Some((class, energy, margin)) = opened.classify()? else { return Ok(u32::MAX) };
            *numbers = [energy, margin];
            Ok(u32::from(class) + 1)
        })
    }
}

/// The temperature at which a solver usually draws, or restores; NaN where there is no such solver.
#[unsafe(no_mangle)]
pub extern "C" fn temperature_of(number: u32, restore: u32) -> f32 {
    solver(number).map_or(f32::NAN, |solver| usual_temperature(solver, restore != 0))
}

/// The numbers of [`info`].
fn numbers(opened: &Opened) -> [u32; INFO] {
    let model = opened.model;
    let signal = model.signal();
    [
        signal.height.into(),
        signal.width.into(),
        signal.channels.into(),
        model.classes().into(),
        model.threshold().is_some().into(),
        model.classifier().is_some().into(),
        (model.arithmetic() == Arithmetic::Integer).into(),
        model.encoding().bits().map_or(32, |bits| bits.count().into()),
        opened.arena as u32,
        model.nodes().count() as u32,
        model.matrices().map(|(shape, _)| (shape.rows * shape.columns + shape.columns) as u32).sum(),
    ]
}
