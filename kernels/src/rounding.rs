//! Roundings of f32 to integers.

use crate::vector::{flip, load, opaque};
use core::arch::wasm32::*;

/// 1.5 * 2^23: adding it leaves the rounded integer in the low mantissa bits.
const ROUNDER: f32 = 12_582_912.0;
const ROUNDER_BITS: i32 = 0x4B40_0000;

/// Nearest integer, ties to even, of |value| < 2^22 as f32 and as i32.
#[inline(always)]
pub fn round(value: v128) -> (v128, v128) {
    let shifted = f32x4_add(value, f32x4_splat(ROUNDER));
    (
        f32x4_sub(shifted, f32x4_splat(ROUNDER)),
        i32x4_sub(shifted, i32x4_splat(ROUNDER_BITS)),
    )
}

/// Values below it need no bounds before they are rounded.
const SMALL: f32 = 2_097_152.0;

/// Rounding, zero point and clamp of a u8 result.
#[derive(Clone, Copy)]
pub struct Rounding {
    rounder: v128,
    lowest: v128,
    offset: v128,
    low16: v128,
    low: v128,
    high: v128,
    flip: v128,
    /// Whether the range of u8 is the only bound, and bytes lie in memory as they are.
    plain: bool,
}

impl Rounding {
    #[inline(always)]
    pub fn new(low: i32, high: i32, zero_point: i32) -> Self {
        let flip = flip();
        Rounding {
            rounder: opaque(ROUNDER.to_bits()),
            lowest: i32x4_splat(ROUNDER_BITS + low - zero_point),
            offset: i32x4_splat(ROUNDER_BITS - zero_point),
            low16: i16x8_splat(low as i16),
            low: u8x16_splat(low as u8),
            high: u8x16_splat(high as u8),
            flip,
            plain: low == 0 && high == 255 && u8x16_extract_lane::<0>(flip) == 0,
        }
    }

    /// f32 that is not a NaN to integer, not below the lower bound. Where the
    /// sum with the rounder leaves its binade its bits still keep the order.
    #[inline(always)]
    fn integer(&self, number: v128) -> v128 {
        i32x4_sub(i32x4_max(f32x4_add(number, self.rounder), self.lowest), self.offset)
    }

    /// f32 that is not above SMALL to integer.
    #[inline(always)]
    fn small_integer(&self, value: v128) -> v128 {
        i32x4_sub(f32x4_add(value, self.rounder), self.offset)
    }

    /// Eight f32 to eight u8 in the low half, as they lie in memory. A NaN counts as 0.
    #[inline(always)]
    pub fn apply8(&self, a: v128, b: v128) -> v128 {
        let words = i16x8_narrow_i32x4(self.integer(number(a)), self.integer(number(b)));
        v128_xor(u8x16_min(u8x16_narrow_i16x8(words, words), self.high), self.flip)
    }

    /// Sixteen f32 to sixteen u8, as they lie in memory. A NaN counts as 0.
    #[inline(always)]
    pub fn apply16(&self, v: [v128; 4]) -> v128 {
        let [a, b, c, d] = v.map(|x| self.integer(number(x)));
        // Clamping one half alone keeps the compiler from joining both
        // narrowings into one of 16 lanes, which it then takes to pieces.
        let low = i16x8_min(i16x8_narrow_i32x4(a, b), u16x8_extend_low_u8x16(self.high));
        let bytes = u8x16_narrow_i16x8(low, i16x8_narrow_i32x4(c, d));
        v128_xor(u8x16_min(bytes, self.high), self.flip)
    }

    /// As `apply8`, of values that are not above SMALL.
    #[inline(always)]
    pub fn small8(&self, v: [v128; 2]) -> v128 {
        let [a, b] = v.map(|x| self.small_integer(x));
        let words = i16x8_narrow_i32x4(a, b);
        self.clamp(u8x16_narrow_i16x8(words, words))
    }

    /// As `apply16`, of values that are not above SMALL.
    #[inline(always)]
    pub fn small16(&self, v: [v128; 4]) -> v128 {
        let [a, b, c, d] = v.map(|x| self.small_integer(x));
        // As above.
        let low = i16x8_max(i16x8_narrow_i32x4(a, b), self.low16);
        self.clamp(u8x16_narrow_i16x8(low, i16x8_narrow_i32x4(c, d)))
    }

    /// Bytes within the bounds, as they lie in memory.
    #[inline(always)]
    fn clamp(&self, bytes: v128) -> v128 {
        if self.plain {
            return bytes;
        }
        v128_xor(u8x16_min(u8x16_max(bytes, self.low), self.high), self.flip)
    }
}

/// `value` with 0 for a NaN.
#[inline(always)]
pub fn number(value: v128) -> v128 {
    v128_and(value, f32x4_eq(value, value))
}

/// Whether sums of `depth` products of u8 and weights and a bias, times the
/// multipliers, stay so small that `Rounding::small8` and `small16` round them.
#[inline(always)]
pub unsafe fn stay_small(bias: *const u8, multiplier: *const f32, depth: usize) -> bool {
    let greatest = f32x4_abs(f32x4_convert_i32x4(load(bias)));
    let greatest = f32x4_add(greatest, f32x4_splat(depth as f32 * (255.0 * 128.0)));
    let values = f32x4_mul(greatest, f32x4_abs(load(multiplier as *const u8)));
    i32x4_all_true(f32x4_lt(values, f32x4_splat(SMALL)))
}

/// Whether sums of two u8 times these scales stay small alike.
#[inline(always)]
pub fn sums_stay_small(scales: [f32; 2]) -> bool {
    (scales[0].abs() + scales[1].abs()) * 255.0 < SMALL
}
