//! Four rows of u8 interleaved with each other. How weights lie in that order and
//! are multiplied, each build says.

use crate::build::join;
use core::arch::wasm32::*;

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
