//! Loads, stores and roundings on four-lane vectors.

use core::arch::wasm32::*;

/// 1.5 * 2^23: adding it leaves the rounded integer in the low mantissa bits.
const ROUNDER: f32 = 12_582_912.0;
const ROUNDER_BITS: i32 = 0x4B40_0000;

#[inline(always)]
pub unsafe fn load(address: *const u8) -> v128 {
    v128_load(address as *const v128)
}

#[inline(always)]
pub unsafe fn store(address: *mut u8, value: v128) {
    v128_store(address as *mut v128, value)
}

/// Four bytes repeated in every lane.
#[inline(always)]
pub unsafe fn splat_word(address: *const u8) -> v128 {
    u32x4_splat((address as *const u32).read_unaligned())
}

/// Eight u8 values as i16.
#[inline(always)]
pub unsafe fn load_u8x8(address: *const u8) -> v128 {
    i16x8_load_extend_u8x8(address)
}

/// Eight i16 values as two f32 vectors.
#[inline(always)]
pub fn widen_to_f32(value: v128) -> [v128; 2] {
    [
        f32x4_convert_i32x4(i32x4_extend_low_i16x8(value)),
        f32x4_convert_i32x4(i32x4_extend_high_i16x8(value)),
    ]
}

/// `value` where it is not less than `low`; a NaN stays.
#[inline(always)]
pub fn at_least(value: v128, low: v128) -> v128 {
    f32x4_pmax(value, low)
}

/// `value` where it is not greater than `high`; a NaN stays.
#[inline(always)]
pub fn at_most(value: v128, high: v128) -> v128 {
    f32x4_pmin(value, high)
}

/// Nearest integer, ties to even, of |value| < 2^22 as f32 and as i32.
#[inline(always)]
pub fn round(value: v128) -> (v128, v128) {
    let shifted = f32x4_add(value, f32x4_splat(ROUNDER));
    (
        f32x4_sub(shifted, f32x4_splat(ROUNDER)),
        i32x4_sub(shifted, i32x4_splat(ROUNDER_BITS)),
    )
}

/// Clamp, rounding and zero point of a u8 result.
#[derive(Clone, Copy)]
pub struct Rounding {
    low: v128,
    high: v128,
    offset: v128,
}

impl Rounding {
    #[inline(always)]
    pub fn new(low: i32, high: i32, zero_point: i32) -> Self {
        Rounding {
            low: f32x4_splat((low - zero_point) as f32),
            high: f32x4_splat((high - zero_point) as f32),
            offset: i32x4_splat(ROUNDER_BITS - zero_point),
        }
    }

    /// f32 to integer in low..high; a NaN gives the zero point.
    #[inline(always)]
    pub fn apply(&self, value: v128) -> v128 {
        let clamped = at_most(at_least(value, self.low), self.high);
        let number = v128_and(clamped, f32x4_eq(clamped, clamped));
        i32x4_sub(f32x4_add(number, f32x4_splat(ROUNDER)), self.offset)
    }

    /// Eight f32 to eight u8 in the low half.
    #[inline(always)]
    pub fn apply8(&self, a: v128, b: v128) -> v128 {
        let words = i16x8_narrow_i32x4(self.apply(a), self.apply(b));
        u8x16_narrow_i16x8(words, words)
    }

    /// Sixteen f32 to sixteen u8.
    #[inline(always)]
    pub fn apply16(&self, v: [v128; 4]) -> v128 {
        u8x16_narrow_i16x8(
            i16x8_narrow_i32x4(self.apply(v[0]), self.apply(v[1])),
            i16x8_narrow_i32x4(self.apply(v[2]), self.apply(v[3])),
        )
    }
}

/// Stores the first `count` of 16 bytes.
#[inline(always)]
pub unsafe fn store_bytes(address: *mut u8, value: v128, count: usize) {
    if count >= 16 {
        store(address, value);
    } else if count == 8 {
        v128_store64_lane::<0>(value, address as *mut u64);
    } else {
        store_part(address, value, count);
    }
}

/// Stores the first `count` of four f32.
#[inline(always)]
pub unsafe fn store_floats(address: *mut f32, value: v128, count: usize) {
    if count >= 4 {
        store(address as *mut u8, value);
    } else {
        store_part(address as *mut u8, value, count * 4);
    }
}

#[inline(always)]
unsafe fn store_part(mut address: *mut u8, mut value: v128, count: usize) {
    if count & 8 != 0 {
        v128_store64_lane::<0>(value, address as *mut u64);
        value = u64x2_shuffle::<1, 1>(value, value);
        address = address.add(8);
    }
    if count & 4 != 0 {
        v128_store32_lane::<0>(value, address as *mut u32);
        value = u64x2_shr(value, 32);
        address = address.add(4);
    }
    if count & 2 != 0 {
        v128_store16_lane::<0>(value, address as *mut u16);
        value = u64x2_shr(value, 16);
        address = address.add(2);
    }
    if count & 1 != 0 {
        v128_store8_lane::<0>(value, address);
    }
}
