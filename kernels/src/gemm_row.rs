//! A row of activations times packed weights, several panels at a time: one
//! panel's sums alone would wait for each other.

use crate::gemm::{finish, tiles, Panel, Product, Tile};
use crate::vector::load;
use core::arch::wasm32::*;

/// Panels that are computed at once; for more, registers would not do.
pub const PANELS: usize = 3;

/// Products of one row with several panels at once.
pub trait Row: Tile<1> {
    /// Adds the products of `run` elements of the row; `panel_bytes` from a panel's weights to the next one's.
    unsafe fn panels(
        sums: [[v128; 2]; PANELS],
        x: *const u8,
        weights: *const u8,
        panel_bytes: usize,
        run: usize,
    ) -> [[v128; 2]; PANELS];
}

/// Computes a whole product row by row.
#[inline(never)]
pub unsafe fn multiply_rows<T: Row>(p: &Product) {
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
unsafe fn row_of_panels<T: Row>(p: &Product, panel: &mut Panel, channel: usize, row: usize) {
    let bias = p.bias.add(channel * 4);
    let mut sums = core::array::from_fn(|i| [load(bias.add(i * 32)), load(bias.add(i * 32 + 16))]);
    let mut weights = panel.weights;
    for line in 0..p.lines.count {
        let [x] = p.lines.rows::<1>(line, row, p.offset);
        sums = T::panels(sums, x, weights, T::panel_bytes(p.depth), p.lines.run);
        weights = weights.add(p.lines.run * T::WEIGHT_BYTES);
    }
    for (i, sums) in sums.into_iter().enumerate() {
        panel.place::<T, 1>(p, channel + i * 8);
        finish::<T, 1>(p, panel, row, [sums], panel.rounds);
    }
}
