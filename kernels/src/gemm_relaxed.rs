//! Products of u8 by the relaxed dot product.

use crate::gemm::Tile;
use crate::gemm_integers::integers;
use crate::gemm_row::Row;
use crate::vector::{load, splat_word};
use core::arch::wasm32::*;

/// Rows that are computed at once.
pub const TILE: usize = 6;

/// Unsigned 8-bit activations, signed 8-bit weights.
pub struct U8;

impl Tile<TILE> for U8 {
    integers!(8);

    #[inline(always)]
    unsafe fn arrange(weights: *const u8, _depth: usize, _panel: *mut u8) -> *const u8 {
        weights
    }

    #[inline(always)]
    unsafe fn line(sums: [[v128; 2]; TILE], x: [*const u8; TILE], weights: *const u8, run: usize) -> [[v128; 2]; TILE] {
        let [sums] = add_steps([sums], x, weights, run);
        sums
    }
}

impl Tile<1> for U8 {
    integers!(8);

    #[inline(always)]
    unsafe fn arrange(weights: *const u8, _depth: usize, _panel: *mut u8) -> *const u8 {
        weights
    }

    #[inline(always)]
    unsafe fn line(sums: [[v128; 2]; 1], x: [*const u8; 1], weights: *const u8, run: usize) -> [[v128; 2]; 1] {
        // One row alone waits for its own sums: four chains hide the latency.
        let zero = [[i32x4_splat(0); 2]];
        let [[a], [b], [c], [d]] = add_steps([sums, zero, zero, zero], x, weights, run);
        let add = |a: [v128; 2], b: [v128; 2]| [i32x4_add(a[0], b[0]), i32x4_add(a[1], b[1])];
        [add(add(a, b), add(c, d))]
    }
}

impl Row for U8 {
    const ELEMENTS: usize = 4;

    #[inline(always)]
    fn add(sums: [v128; 2], x: v128, [left, right]: [v128; 2]) -> [v128; 2] {
        [
            i32x4_relaxed_dot_i8x16_i7x16_add(left, x, sums[0]),
            i32x4_relaxed_dot_i8x16_i7x16_add(right, x, sums[1]),
        ]
    }
}

/// Adds the products of `run` elements of each row, in steps of four, to CHAINS sums in turn.
#[inline(always)]
unsafe fn add_steps<const R: usize, const CHAINS: usize>(
    chains: [[[v128; 2]; R]; CHAINS],
    x: [*const u8; R],
    weights: *const u8,
    run: usize,
) -> [[[v128; 2]; R]; CHAINS] {
    let (mut chains, mut x, mut w, mut left) = (chains, x, weights, run);
    // A way out after each step keeps the compiler from joining the steps, for which registers would not do.
    loop {
        chains[0] = step(chains[0], x, w, 0);
        if left <= 4 {
            break;
        }
        chains[1 % CHAINS] = step(chains[1 % CHAINS], x, w, 1);
        if left <= 8 {
            break;
        }
        chains[2 % CHAINS] = step(chains[2 % CHAINS], x, w, 2);
        if left <= 12 {
            break;
        }
        chains[3 % CHAINS] = step(chains[3 % CHAINS], x, w, 3);
        if left <= 16 {
            break;
        }
        x = x.map(|x| x.add(16));
        w = w.add(128);
        left -= 16;
    }
    chains
}

/// Adds the products of four elements of each row.
#[inline(always)]
unsafe fn step<const R: usize>(
    mut sums: [[v128; 2]; R],
    x: [*const u8; R],
    weights: *const u8,
    index: usize,
) -> [[v128; 2]; R] {
    let weights = [load(weights.add(index * 32)), load(weights.add(index * 32 + 16))];
    for (pair, x) in sums.iter_mut().zip(x) {
        *pair = U8::add(*pair, splat_word(x.add(index * 4)), weights);
    }
    sums
}
