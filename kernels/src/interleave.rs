//! Four rows of u8 interleaved with each other and multiplied by weights that
//! lie in that order: four products of a channel are summed at once (relaxed
//! build), or two (simd128 build).

use core::arch::wasm32::*;

/// Vectors that the weights of eight channels of four rows take.
#[cfg(target_feature = "relaxed-simd")]
pub const PARTS: usize = 2;

/// Vectors that the weights of eight channels of four rows take.
#[cfg(not(target_feature = "relaxed-simd"))]
pub const PARTS: usize = 4;

/// The first eight channels of four rows.
#[inline(always)]
pub fn interleave_low(rows: [v128; 4]) -> [v128; 2] {
    let pair = |a, b| u8x16_shuffle::<0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23>(a, b);
    join(pair(rows[0], rows[1]), pair(rows[2], rows[3]))
}

/// The last eight of sixteen channels of four rows.
#[inline(always)]
pub fn interleave_high(rows: [v128; 4]) -> [v128; 2] {
    let pair = |a, b| u8x16_shuffle::<8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31>(a, b);
    join(pair(rows[0], rows[1]), pair(rows[2], rows[3]))
}

/// Two pairs of interleaved rows to [2 halves][4 channels][4 rows] u8.
#[cfg(target_feature = "relaxed-simd")]
#[inline(always)]
fn join(ab: v128, cd: v128) -> [v128; 2] {
    [
        u16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(ab, cd),
        u16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(ab, cd),
    ]
}

/// Two pairs of interleaved rows [8 channels][2 rows] u8, as they are.
#[cfg(not(target_feature = "relaxed-simd"))]
#[inline(always)]
fn join(ab: v128, cd: v128) -> [v128; 2] {
    [ab, cd]
}

/// Weights [8 channels][4 rows] i8 in the order of `interleave_low`.
#[cfg(target_feature = "relaxed-simd")]
#[inline(always)]
pub fn spread(weights: [v128; 2]) -> [v128; PARTS] {
    weights
}

/// Weights [8 channels][4 rows] i8 in the order of `interleave_low`.
#[cfg(not(target_feature = "relaxed-simd"))]
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
#[cfg(target_feature = "relaxed-simd")]
#[inline(always)]
pub fn accumulate(sums: [v128; 2], weights: &[v128; PARTS], x: &[v128; 2], _zero: v128) -> [v128; 2] {
    [
        i32x4_relaxed_dot_i8x16_i7x16_add(weights[0], x[0], sums[0]),
        i32x4_relaxed_dot_i8x16_i7x16_add(weights[1], x[1], sums[1]),
    ]
}

/// Adds the products of eight channels to their sums.
#[cfg(not(target_feature = "relaxed-simd"))]
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
