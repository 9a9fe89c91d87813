//! The kernel for cores of RV32IM, an ESP32-C3's among them: eight sums in registers, two instructions a product and few beside them.
//!
//! `lb` and `lh` extend the sign of a byte of weights and of a half of a word of values, so that nothing is split. The compiler loads both
//! without a sign and keeps sums in memory: it takes twice as many instructions.
//!
//! The twin is the kernel of `portable`; [`super::reference`] is what both are compared with, in the emulator by the firmware `kernels`.
#![allow(unsafe_code, reason = "registers that the compiler does not find")]

use super::lines::Lines;
use core::arch::asm;

/// Multiplies a pixel's values, which lie `$at` bytes on, by the weights, and adds the products to its sums.
#[rustfmt::skip]
macro_rules! pixel {
    ($at:literal, $sum0:literal, $sum1:literal) => {
        concat!(
            "lh {lo}, ", $at, "({value})\n lh {hi}, ", $at, "+2({value})\n",
            "mul {t}, {b0}, {lo}\n mul {lo}, {b1}, {lo}\n add ", $sum0, ", ", $sum0, ", {t}\n",
            "mul {t}, {b2}, {hi}\n add ", $sum1, ", ", $sum1, ", {lo}\n mul {hi}, {b3}, {hi}\n",
            "add ", $sum0, ", ", $sum0, ", {t}\n add ", $sum1, ", ", $sum1, ", {hi}\n",
        )
    };
}

/// Goes through lines, tap by tap: adds to the sums of pixels, each a pair of names, what the pixels' lines say. In reverse the columns
/// of a line are walked from its last tap's on, and bytes 1 and 2 of weights change places.
macro_rules! lines {
    ($walk:expr, $sums:expr, $($pixels:expr),*; $($place:literal $a:ident $b:ident)*) => {
        asm!(
            "2:\n mv {value}, {columns}\n add {last}, {weights}, {span}\n",
            "3:\n lb {b0}, 0({weights})\n lb {b1}, {one}({weights})\n lb {b2}, {two}({weights})\n lb {b3}, 3({weights})\n",
            $($pixels,)*
            "addi {weights}, {weights}, 4\n addi {value}, {value}, {next}\n bne {weights}, {last}, 3b\n",
            "add {weights}, {weights}, {gap}\n add {columns}, {columns}, {step}\n bne {weights}, {end}, 2b\n",
            weights = inout(reg) $walk.weights => _,
            columns = inout(reg) $walk.columns => _,
            end = in(reg) $walk.end,
            span = in(reg) $walk.span,
            gap = in(reg) $walk.gap,
            step = in(reg) $walk.step,
            $($a = inout(reg) $sums[$place][0], $b = inout(reg) $sums[$place][1],)*
            value = out(reg) _, last = out(reg) _, lo = out(reg) _, hi = out(reg) _, t = out(reg) _,
            b0 = out(reg) _, b1 = out(reg) _, b2 = out(reg) _, b3 = out(reg) _,
            one = const if REVERSE { 2 } else { 1 },
            two = const if REVERSE { 1 } else { 2 },
            next = const if REVERSE { -4 } else { 4 },
            options(nostack, readonly),
        )
    };
}

/// Where a kernel walks. Steps are in bytes.
struct Walk {
    /// The first line's weights, and where those of the line after the last would begin.
    weights: *const u8,
    end: *const u8,
    /// The first tap's values of the first line.
    columns: *const u32,
    /// Weights of a line, and from their end to the next line's.
    span: usize,
    gap: usize,
    /// From line to line of columns.
    step: usize,
}

/// Adds all lines, of one to four pixels; false where a slice is too short or there are others.
pub(super) fn add<const REVERSE: bool>(lines: &Lines<'_>, sums: &mut [[i32; 2]]) -> bool {
    let (Some(last), Some(last_tap)) = (lines.count.checked_sub(1), lines.taps.checked_sub(1)) else { return false };
    // In saturating steps: no slice is as long as what does not fit.
    let furthest = |step: usize, words: usize| last.saturating_mul(step).saturating_add(words);
    if lines.weights.len() / 4 < furthest(lines.stride, lines.taps)
        || lines.columns.len() < furthest(lines.step, last_tap.saturating_add(sums.len()))
        || lines.stride == 0
    {
        return false;
    }
    let weights = lines.weights.as_ptr();
    let walk = Walk {
        weights,
        end: weights.wrapping_add(4 * lines.stride * lines.count),
        columns: lines.columns.as_ptr().wrapping_add(if REVERSE { last_tap } else { 0 }),
        span: 4 * lines.taps,
        gap: (4 * lines.stride).wrapping_sub(4 * lines.taps),
        step: 4 * lines.step,
    };
    // SAFETY: a kernel reads, of every line, `taps` words of weights and `taps` − 1 words of columns more than it has pixels. The furthest
    // of each were found inside their slices, and all others lie before them. It ends after `count` ≥ 1 lines, where its weights'
    // address is the end. Bytes of weights need no alignment; columns are words.
    unsafe {
        match sums {
            [a, b, c, d] => {
                let sums = [a, b, c, d];
                lines!(walk, sums, pixel!("0", "{s0}", "{s1}"), pixel!("4", "{s2}", "{s3}"), pixel!("8", "{s4}", "{s5}"),
                    pixel!("12", "{s6}", "{s7}"); 0 s0 s1 1 s2 s3 2 s4 s5 3 s6 s7);
            }
            [a, b, c] => {
                let sums = [a, b, c];
                lines!(walk, sums, pixel!("0", "{s0}", "{s1}"), pixel!("4", "{s2}", "{s3}"), pixel!("8", "{s4}", "{s5}");
                    0 s0 s1 1 s2 s3 2 s4 s5);
            }
            [a, b] => {
                let sums = [a, b];
                lines!(walk, sums, pixel!("0", "{s0}", "{s1}"), pixel!("4", "{s2}", "{s3}"); 0 s0 s1 1 s2 s3);
            }
            [a] => {
                let sums = [a];
                lines!(walk, sums, pixel!("0", "{s0}", "{s1}"); 0 s0 s1);
            }
            _ => return false,
        }
    }
    true
}
