//! A row of activations times packed weights, several panels at a time: one
//! panel's sums alone would wait for each other.

use crate::gemm::{finish, tiles, Panel, Product, Tile};
use crate::gemm_steps::Words;
use crate::vector::{load, splat_lane, splat_word};
use core::arch::wasm32::*;

/// Panels that are computed at once; for more, registers would not do.
const PANELS: usize = 3;

/// Computes a whole product row by row.
#[inline(never)]
pub unsafe fn multiply_rows<T: Tile<1> + Words>(p: &Product) {
    let panel_bytes = T::panel_bytes(p.depth);
    let mut panel = Panel::new(p);
    let mut channel = 0;
    while channel < p.channels {
        let together = channel + 8 * (PANELS - 1) < p.channels;
        if together {
            for row in 0..p.rows {
                row_of_panels::<T>(p, &mut panel, channel, row);
            }
        } else {
            panel.place::<T, 1>(p, channel);
            tiles::<T, 1, false>(p, &panel, 0, p.rows);
        }
        let count = if together { PANELS } else { 1 };
        panel.weights = panel.weights.add(count * panel_bytes);
        channel += count * 8;
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
