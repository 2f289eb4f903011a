//! Products of f32, multiplied and added one after the other.

use crate::gemm::{splat_lane, Tile};
use crate::vector::load;
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
            let rows = x.map(|x| load(x));
            sums = add_floats(sums, rows.map(|row| splat_lane(row, 0)), w);
            if left <= 1 {
                break;
            }
            sums = add_floats(sums, rows.map(|row| splat_lane(row, 1)), w.add(32));
            if left <= 2 {
                break;
            }
            sums = add_floats(sums, rows.map(|row| splat_lane(row, 2)), w.add(64));
            if left <= 3 {
                break;
            }
            sums = add_floats(sums, rows.map(|row| splat_lane(row, 3)), w.add(96));
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

/// Adds the products of an element of each row.
#[inline(always)]
unsafe fn add_floats<const R: usize>(
    mut sums: [[v128; 2]; R],
    values: [v128; R],
    weights: *const u8,
) -> [[v128; 2]; R] {
    let (left, right) = (load(weights), load(weights.add(16)));
    for (pair, value) in sums.iter_mut().zip(values) {
        pair[0] = f32x4_add(pair[0], f32x4_mul(value, left));
        pair[1] = f32x4_add(pair[1], f32x4_mul(value, right));
    }
    sums
}
