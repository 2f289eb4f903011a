//! Weights of four interleaved rows: two products of a channel are summed at once.

use core::arch::wasm32::*;

/// Vectors that the weights of eight channels of four rows take.
pub const PARTS: usize = 4;

/// Two pairs of interleaved rows [8 channels][2 rows] u8, as they are.
#[inline(always)]
pub fn join(ab: v128, cd: v128) -> [v128; 2] {
    [ab, cd]
}

/// Weights [8 channels][4 rows] i8 in the order of `interleave_low`.
#[inline(always)]
pub fn spread(weights: [v128; 2]) -> [v128; PARTS] {
    let pairs = |w| u16x8_shuffle::<0, 2, 4, 6, 1, 3, 5, 7>(w, w);
    let (a, b) = (pairs(weights[0]), pairs(weights[1]));
    [
        i16x8_extend_low_i8x16(a),
        i16x8_extend_low_i8x16(b),
        i16x8_extend_high_i8x16(a),
        i16x8_extend_high_i8x16(b),
    ]
}

/// Adds the products of eight channels to their sums.
#[inline(always)]
pub fn accumulate(sums: [v128; 2], weights: &[v128; PARTS], x: &[v128; 2], zero: v128) -> [v128; 2] {
    let low = |x| u16x8_extend_low_u8x16(x);
    let high = |x| u8x16_shuffle::<8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31>(x, zero);
    let sum = |sum, w, x| i32x4_add(sum, i32x4_dot_i16x8(w, x));
    [
        sum(sum(sums[0], weights[0], low(x[0])), weights[2], low(x[1])),
        sum(sum(sums[1], weights[1], high(x[0])), weights[3], high(x[1])),
    ]
}
