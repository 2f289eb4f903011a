//! Weights of four interleaved rows: four products of a channel are summed at once.

use core::arch::wasm32::*;

/// Vectors that the weights of eight channels of four rows take.
pub const PARTS: usize = 2;

/// Two pairs of interleaved rows to [2 halves][4 channels][4 rows] u8.
#[inline(always)]
pub fn join(ab: v128, cd: v128) -> [v128; 2] {
    [
        u16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(ab, cd),
        u16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(ab, cd),
    ]
}

/// Weights [8 channels][4 rows] i8 in the order of `interleave_low`.
#[inline(always)]
pub fn spread(weights: [v128; 2]) -> [v128; PARTS] {
    weights
}

/// Adds the products of eight channels to their sums.
#[inline(always)]
pub fn accumulate(sums: [v128; 2], weights: &[v128; PARTS], x: &[v128; 2], _zero: v128) -> [v128; 2] {
    [
        i32x4_relaxed_dot_i8x16_i7x16_add(weights[0], x[0], sums[0]),
        i32x4_relaxed_dot_i8x16_i7x16_add(weights[1], x[1], sums[1]),
    ]
}
