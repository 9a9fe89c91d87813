//! What a residual block keeps from pass to pass.

use super::grid::Grid;
use crate::ops::fused::memory::State;
use crate::ops::kernel::real::Real;
use crate::ops::kernel::window::{Extent, Window};

pub(super) struct Kept<E> {
    pub(super) grid: Grid,
    pub(super) buffers: Buffers<E>,
}

/// Names are those of the module's table. *Bordered* are what windows are read from: `active*`, `of_output*`,
/// `of_hidden*`.
pub(super) struct Buffers<E> {
    /// 1 + scale, then shift, of every sample; and their tangents.
    pub(super) film: Vec<E>,
    pub(super) film_tangent: Vec<E>,
    /// a and c.
    pub(super) active: [Vec<E>; 2],
    /// silu' at x and at m.
    pub(super) slope: [Vec<E>; 2],
    /// silu'' at x and at m; after the first reverse pass times ā and c̄, after the second pass times ẋ and ṁ.
    pub(super) bend: [Vec<E>; 2],
    /// h.
    pub(super) hidden: Vec<E>,
    /// ȳ, m̄, h̄.
    pub(super) of_output: Vec<E>,
    pub(super) of_modulated: Vec<E>,
    pub(super) of_hidden: Vec<E>,
    /// ȧ and ċ.
    pub(super) active_tangent: [Vec<E>; 2],
    /// ḣ.
    pub(super) hidden_tangent: Vec<E>,
    /// ŷ and ĥ.
    pub(super) of_output_value: Vec<E>,
    pub(super) of_hidden_value: Vec<E>,
    /// What a convolution gives for a group of images.
    pub(super) group: Vec<E>,
    /// Rows of one sample's scales and shifts, their tangents or their gradients.
    pub(super) film_rows: [Vec<E>; 4],
    /// Rows of both biases' gradients.
    pub(super) bias_rows: [Vec<E>; 2],
}

impl<E: Real> State for Kept<E> {
    type Extent = (Window, Extent);

    fn new((window, extent): Self::Extent) -> Self {
        let grid = Grid::new(window, extent);
        let plain = || vec![E::default(); grid.images * grid.plain()];
        let bordered = || vec![E::default(); grid.images * grid.bordered()];
        let buffers = Buffers {
            film: Vec::new(),
            film_tangent: Vec::new(),
            active: [bordered(), bordered()],
            slope: [plain(), plain()],
            bend: [plain(), plain()],
            hidden: plain(),
            of_output: bordered(),
            of_modulated: plain(),
            of_hidden: bordered(),
            active_tangent: [bordered(), bordered()],
            hidden_tangent: plain(),
            of_output_value: bordered(),
            of_hidden_value: bordered(),
            group: vec![E::default(); grid.group() * grid.plain()],
            film_rows: [(); 4].map(|()| vec![E::default(); grid.row()]),
            bias_rows: [(); 2].map(|()| vec![E::default(); grid.row()]),
        };
        Kept { grid, buffers }
    }

    fn extent(&self) -> Self::Extent {
        (self.grid.window, self.grid.extent())
    }
}

impl<E: Real> Buffers<E> {
    pub(super) fn set_film(&mut self, film: &[E], channels: usize) {
        self.film.clear();
        self.film.extend_from_slice(film);
        for film in self.film.chunks_exact_mut(2 * channels) {
            film[..channels].iter_mut().for_each(|scale| *scale += E::from_float(1.0));
        }
    }
}
