//! Offsets for buffers, so that no two that live at the same time overlap.

use super::buffer::{Buffer, ROLES};

/// In which order buffers are laid. None is best for all networks, so all are tried.
#[derive(Clone, Copy)]
enum Order {
    /// The largest first, and the earlier of two alike.
    Largest,
    /// The longest-lived first, and the larger of two alike.
    Longest,
    /// The largest product of bytes and time first.
    Widest,
    /// The earliest first, and the larger of two alike.
    Earliest,
}

/// Lays all buffers, each as low as those laid before it leave room. Returns the bytes up to the end of the highest.
pub(super) fn place<const NODES: usize>(buffers: &mut [[Buffer; NODES]; ROLES]) -> u64 {
    let orders = [Order::Largest, Order::Longest, Order::Widest, Order::Earliest];
    let best = orders.into_iter().min_by_key(|&order| place_in(order, buffers));
    place_in(best.unwrap_or(Order::Largest), buffers)
}

fn place_in<const NODES: usize>(order: Order, buffers: &mut [[Buffer; NODES]; ROLES]) -> u64 {
    let mut laid = [[false; NODES]; ROLES];
    let mut end = 0;
    while let Some((role, node)) = next(order, buffers, &laid) {
        let Some(&buffer) = buffers.get(role).and_then(|buffers| buffers.get(node)) else { break };
        let offset = lowest(&buffer, buffers, &laid);
        end = end.max(offset + u64::from(buffer.bytes));
        let places = buffers.get_mut(role).and_then(|buffers| buffers.get_mut(node));
        let laid = laid.get_mut(role).and_then(|laid| laid.get_mut(node));
        if let (Some(buffer), Some(laid)) = (places, laid) {
            // Where it does not fit, nothing is computed with it.
            (buffer.offset, *laid) = (u32::try_from(offset).unwrap_or(u32::MAX), true);
        }
    }
    end
}

/// The buffer to lay next.
fn next<const NODES: usize>(
    order: Order,
    buffers: &[[Buffer; NODES]; ROLES],
    laid: &[[bool; NODES]; ROLES],
) -> Option<(usize, usize)> {
    let all = buffers.iter().zip(laid).enumerate();
    let all = all.flat_map(|(role, (buffers, laid))| {
        buffers.iter().zip(laid).enumerate().map(move |(node, (buffer, laid))| ((role, node), buffer, *laid))
    });
    let waiting = all.filter(|(_, buffer, laid)| !laid && buffer.is_laid());
    let rank = |buffer: &Buffer| {
        let early = u32::from(u16::MAX - buffer.first());
        match order {
            Order::Largest => (buffer.bytes, early),
            Order::Longest => (u32::from(buffer.span()), buffer.bytes),
            Order::Widest => (buffer.bytes.saturating_mul(u32::from(buffer.span()) + 1), early),
            Order::Earliest => (early, buffer.bytes),
        }
    };
    waiting.max_by_key(|(place, buffer, _)| (rank(buffer), core::cmp::Reverse(*place))).map(|(place, ..)| place)
}

/// The lowest offset at which the buffer overlaps none that is laid and lives at the same time.
fn lowest<const NODES: usize>(
    buffer: &Buffer,
    buffers: &[[Buffer; NODES]; ROLES],
    laid: &[[bool; NODES]; ROLES],
) -> u64 {
    let end = |buffer: &Buffer| u64::from(buffer.offset) + u64::from(buffer.bytes);
    let mut offset = 0;
    loop {
        let laid = buffers.iter().flatten().zip(laid.iter().flatten()).filter(|(_, laid)| **laid);
        let in_the_way = |other: &Buffer| {
            other.meets(buffer) && offset < end(other) && u64::from(other.offset) < offset + u64::from(buffer.bytes)
        };
        match laid.map(|(other, _)| other).filter(|other| in_the_way(other)).map(end).max() {
            Some(end) => offset = end,
            None => return offset,
        }
    }
}
