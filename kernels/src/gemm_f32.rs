//! Products of f32, multiplied and added one after the other.

use crate::gemm::Tile;
use crate::gemm_row::Row;
use crate::vector::{load, splat_word};
use core::arch::wasm32::*;

/// Rows that are computed at once.
pub const TILE: usize = 4;

/// f32 activations and weights.
pub struct F32;

impl<const R: usize> Tile<R> for F32 {
    const WEIGHT_BYTES: usize = 32;

    #[inline(always)]
    fn panel_bytes(depth: usize) -> usize {
        depth * 32
    }

    #[inline(always)]
    unsafe fn arrange(weights: *const u8, _depth: usize, _panel: *mut u8) -> *const u8 {
        weights
    }

    #[inline(always)]
    unsafe fn scales(_multiplier: *const f32) -> [v128; 2] {
        [f32x4_splat(1.0); 2]
    }

    #[inline(always)]
    fn scale(sums: [v128; 2], _scale: [v128; 2]) -> [v128; 2] {
        sums
    }

    #[inline(always)]
    unsafe fn line(sums: [[v128; 2]; R], x: [*const u8; R], weights: *const u8, run: usize) -> [[v128; 2]; R] {
        let (mut sums, mut x, mut w, mut left) = (sums, x, weights, run);
        // A way out after each step keeps the compiler from joining the steps, for which registers would not do.
        loop {
            sums = add_floats(sums, x, 0, w);
            if left <= 1 {
                break;
            }
            sums = add_floats(sums, x, 4, w.add(32));
            if left <= 2 {
                break;
            }
            sums = add_floats(sums, x, 8, w.add(64));
            if left <= 3 {
                break;
            }
            sums = add_floats(sums, x, 12, w.add(96));
            if left <= 4 {
                break;
            }
            x = x.map(|x| x.add(16));
            w = w.add(128);
            left -= 4;
        }
        sums
    }
}

impl Row for F32 {
    const ELEMENTS: usize = 1;

    #[inline(always)]
    fn add(sums: [v128; 2], x: v128, [left, right]: [v128; 2]) -> [v128; 2] {
        [
            f32x4_add(sums[0], f32x4_mul(x, left)),
            f32x4_add(sums[1], f32x4_mul(x, right)),
        ]
    }
}

/// Adds the products of an element of each row.
#[inline(always)]
unsafe fn add_floats<const R: usize>(
    mut sums: [[v128; 2]; R],
    x: [*const u8; R],
    offset: usize,
    weights: *const u8,
) -> [[v128; 2]; R] {
    let weights = [load(weights), load(weights.add(16))];
    for (pair, x) in sums.iter_mut().zip(x) {
        *pair = F32::add(*pair, splat_word(x.add(offset)), weights);
    }
    sums
}
