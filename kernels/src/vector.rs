//! Loads, stores and roundings on four-lane vectors.

use core::arch::wasm32::*;

/// 0x80 where u8 tensors lie in memory as signed values, else 0.
static mut FLIP: u8 = 0;

/// XOR between u8 values and their bytes in memory: 0x80 in every byte where
/// the dot product of the host is signed, else 0.
#[inline(always)]
pub fn flip() -> v128 {
    unsafe { u8x16_splat(*(&raw const FLIP)) }
}

/// From now on, u8 tensors lie in memory with their highest bit inverted (1) or
/// as they are (0).
#[no_mangle]
unsafe extern "C" fn set_signed(signed: u32) {
    FLIP = if signed == 0 { 0 } else { 0x80 };
}

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

/// Eight u8 values in memory as i16.
#[inline(always)]
pub unsafe fn load_u8x8(address: *const u8) -> v128 {
    u16x8_extend_low_u8x16(v128_xor(v128_load64_zero(address as *const u64), flip()))
}

/// Eight i16 values as two f32 vectors.
#[inline(always)]
pub fn widen_to_f32(value: v128) -> [v128; 2] {
    [
        f32x4_convert_i32x4(i32x4_extend_low_i16x8(value)),
        f32x4_convert_i32x4(i32x4_extend_high_i16x8(value)),
    ]
}

/// `value` where it is not less than `low`; a NaN stays. A bitwise selection:
/// pmax would become relaxed_max in the relaxed build, which leaves NaN and
/// signed zeros to the machine.
#[inline(always)]
pub fn at_least(value: v128, low: v128) -> v128 {
    v128_bitselect(low, value, f32x4_lt(value, low))
}

/// `value` where it is not greater than `high`; a NaN stays.
#[inline(always)]
pub fn at_most(value: v128, high: v128) -> v128 {
    v128_bitselect(high, value, f32x4_lt(high, value))
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

/// `value` in every lane, hidden from the compiler: engines build a vector
/// constant anew, in three instructions, at every use, and keep a variable.
#[inline(always)]
pub fn opaque(value: u32) -> v128 {
    unsafe { u32x4_splat(core::ptr::read_volatile(&value)) }
}

/// Rounding, zero point and clamp of a u8 result.
#[derive(Clone, Copy)]
pub struct Rounding {
    rounder: v128,
    low: v128,
    offset: v128,
    high: v128,
    flip: v128,
}

impl Rounding {
    #[inline(always)]
    pub fn new(low: i32, high: i32, zero_point: i32) -> Self {
        Rounding {
            rounder: opaque(ROUNDER.to_bits()),
            low: i32x4_splat(ROUNDER_BITS + low - zero_point),
            offset: i32x4_splat(ROUNDER_BITS - zero_point),
            high: u8x16_splat(high as u8),
            flip: flip(),
        }
    }

    /// f32 that is not a NaN to integer, not below the lower bound. Where the
    /// sum with the rounder leaves its binade its bits still keep the order.
    #[inline(always)]
    fn integer(&self, number: v128) -> v128 {
        i32x4_sub(i32x4_max(f32x4_add(number, self.rounder), self.low), self.offset)
    }

    /// Eight f32 to eight u8 in the low half, as they lie in memory. A NaN counts as 0.
    #[inline(always)]
    pub fn apply8(&self, a: v128, b: v128) -> v128 {
        self.numbers8([a, b].map(number))
    }

    /// Sixteen f32 to sixteen u8, as they lie in memory. A NaN counts as 0.
    #[inline(always)]
    pub fn apply16(&self, v: [v128; 4]) -> v128 {
        self.numbers16(v.map(number))
    }

    /// As `apply8`, of values without NaN.
    #[inline(always)]
    pub fn numbers8(&self, v: [v128; 2]) -> v128 {
        let words = i16x8_narrow_i32x4(self.integer(v[0]), self.integer(v[1]));
        v128_xor(u8x16_min(u8x16_narrow_i16x8(words, words), self.high), self.flip)
    }

    /// As `apply16`, of values without NaN.
    #[inline(always)]
    pub fn numbers16(&self, v: [v128; 4]) -> v128 {
        // Clamping one half alone keeps the compiler from joining both
        // narrowings into one of 16 lanes, which it then takes to pieces.
        let low = i16x8_min(
            i16x8_narrow_i32x4(self.integer(v[0]), self.integer(v[1])),
            u16x8_extend_low_u8x16(self.high),
        );
        let high = i16x8_narrow_i32x4(self.integer(v[2]), self.integer(v[3]));
        v128_xor(u8x16_min(u8x16_narrow_i16x8(low, high), self.high), self.flip)
    }
}

/// `value` with 0 for a NaN.
#[inline(always)]
pub fn number(value: v128) -> v128 {
    v128_and(value, f32x4_eq(value, value))
}

/// `multiplier` for which the product with an integer needs no look at NaN: an
/// infinity gives the same after rounding and clamp as the largest f32, a NaN
/// the same as 0.
#[inline(always)]
pub fn finite(multiplier: v128) -> v128 {
    let largest = f32x4_splat(f32::MAX);
    at_most(at_least(number(multiplier), f32x4_neg(largest)), largest)
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
