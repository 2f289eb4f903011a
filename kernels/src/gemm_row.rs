//! A row of activations times packed weights, several panels at a time: one
//! panel's sums alone would wait for each other.

use crate::gemm::{finish, tiles, Panel, Product, Tile, PANELS};
use crate::gemm_steps::Words;
use crate::vector::{load, splat_lane, splat_word};
use core::arch::wasm32::*;
use core::ops::Range;

/// Computes a whole product row by row.
#[inline(never)]
pub unsafe fn multiply_rows<T: Tile<1> + Words>(p: &Product) {
    rows::<T>(p, 0..p.channels.div_ceil(8), 0..p.rows);
}

/// Computes rows of panels one by one.
#[inline(never)]
pub unsafe fn rows<T: Tile<1> + Words>(p: &Product, panels: Range<usize>, rows: Range<usize>) {
    let all = p.channels.div_ceil(8);
    let together = if all < PANELS { 1 } else { PANELS };
    let mut panel = Panel::new(p);
    let mut index = panels.start;
    while index < panels.end {
        // The last panels may be computed twice.
        let first = index.min(all - together);
        panel.weights = p.weights.add(first * T::panel_bytes(p.depth));
        if together == 1 {
            panel.place::<T, 1>(p, first * 8);
            tiles::<T, 1, false>(p, &panel, rows.start, rows.end);
        } else {
            for row in rows.start..rows.end {
                row_of_panels::<T>(p, &mut panel, first * 8, row);
            }
        }
        index += together;
    }
}

/// A row of several panels; a function of its own, which engines optimise within a run.
#[inline(never)]
unsafe fn row_of_panels<T: Tile<1> + Words>(p: &Product, panel: &mut Panel, channel: usize, row: usize) {
    let bias = p.bias.add(channel * 4);
    let mut sums = core::array::from_fn(|i| [load(bias.add(i * 32)), load(bias.add(i * 32 + 16))]);
    let mut weights = panel.weights;
    for line in 0..p.lines.count {
        let [x] = p.lines.rows::<1>(line, row, p.offset);
        sums = add_line::<T>(sums, x, weights, p);
        weights = weights.add(p.lines.run * T::WEIGHT_BYTES);
    }
    for (i, sums) in sums.into_iter().enumerate() {
        panel.place::<T, 1>(p, channel + i * 8);
        finish::<T, 1>(p, panel, row, [sums], panel.rounds);
    }
}

/// Adds the products of a line of the row.
#[inline(always)]
unsafe fn add_line<T: Tile<1> + Words>(
    mut sums: [[v128; 2]; PANELS],
    mut x: *const u8,
    weights: *const u8,
    p: &Product,
) -> [[v128; 2]; PANELS] {
    let mut w: [*const u8; PANELS] = core::array::from_fn(|i| weights.add(i * T::panel_bytes(p.depth)));
    let mut left = p.lines.run / T::ELEMENTS;
    while left >= 4 {
        let row = load(x);
        for k in 0..4 {
            sums = add_word::<T>(sums, splat_lane(row, k), w.map(|w| w.add(32 * k)));
        }
        x = x.add(16);
        w = w.map(|w| w.add(128));
        left -= 4;
    }
    while left > 0 {
        sums = add_word::<T>(sums, splat_word(x), w);
        x = x.add(4);
        w = w.map(|w| w.add(32));
        left -= 1;
    }
    sums
}

/// Adds the products of 32 bits of the row, in every lane of `x`.
#[inline(always)]
unsafe fn add_word<T: Tile<1> + Words>(
    mut sums: [[v128; 2]; PANELS],
    x: v128,
    weights: [*const u8; PANELS],
) -> [[v128; 2]; PANELS] {
    for (pair, w) in sums.iter_mut().zip(weights) {
        *pair = T::add(*pair, x, [load(w), load(w.add(16))]);
    }
    sums
}
