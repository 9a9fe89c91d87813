//! In integers: by the tables of [`crate::kernel::silu`].

use crate::arithmetic::integer::{Integer, moved};
#[cfg(not(feature = "wide"))]
use crate::kernel::silu;
use crate::kernel::silu::Film;
#[cfg(feature = "wide")]
use crate::kernel::wide::silu;
use crate::layer::{At, Compute, Room, Values};
use vapo_format::layer::Silu;

impl Compute<Integer> for Silu {
    fn forward(&self, at: &At<'_>, [_, film, _]: Values<'_, i16>, y: &mut [i16], room: Room<'_>) {
        let [x, of_film, _] = at.of_inputs.map(|exponents| exponents.value);
        let own = at.exponents.value;
        match Film::split(film, of_film as u32) {
            Some(film) => silu::forward_film(film, x.into(), own as u32, y, room.kept),
            None => {
                y.iter_mut().for_each(|y| *y = moved(*y, x, own));
                silu::forward(own as u32, y, room.kept);
            }
        }
    }

    fn reverse(
        &self,
        at: &At<'_>,
        [_, film, _]: Values<'_, i16>,
        g: &mut [i16],
        _: &mut [i16],
        _: usize,
        room: Room<'_>,
    ) {
        let [x, of_film, _] = at.of_inputs;
        let (from, to) = (at.exponents.cotangent.into(), x.cotangent.into());
        match Film::split(film, of_film.value as u32) {
            Some(film) => silu::reverse_film(film, from, to, room.kept, g),
            None => silu::reverse(from, to, room.kept, g),
        }
    }
}
