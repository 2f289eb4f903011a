//! Loads, stores and selections on vectors.

use crate::codes::flag;
use core::arch::wasm32::*;

/// 0x80 where u8 tensors lie in memory as signed values, else 0.
static mut FLIP: u8 = 0;

/// XOR between u8 values and their bytes in memory: 0x80 in every byte where
/// the dot product of the host is signed, else 0.
#[inline(always)]
pub fn flip() -> v128 {
    unsafe { u8x16_splat(*(&raw const FLIP)) }
}

/// Whether u8 tensors lie in memory as signed bytes.
#[inline(always)]
pub fn is_signed() -> bool {
    unsafe { *(&raw const FLIP) != 0 }
}

/// From now on, u8 tensors lie in memory with their highest bit inverted (1) or
/// as they are (0).
#[no_mangle]
unsafe extern "C" fn set_signed(signed: u32) {
    FLIP = if flag(signed) { 0x80 } else { 0 };
}

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

/// Lane `i` of four 32-bit lanes in all of them.
#[inline(always)]
pub fn splat_lane(value: v128, lane: usize) -> v128 {
    match lane {
        0 => i32x4_shuffle::<0, 0, 0, 0>(value, value),
        1 => i32x4_shuffle::<1, 1, 1, 1>(value, value),
        2 => i32x4_shuffle::<2, 2, 2, 2>(value, value),
        _ => i32x4_shuffle::<3, 3, 3, 3>(value, value),
    }
}

/// `value` in every lane, hidden from the compiler: engines build a vector
/// constant anew, in three instructions, at every use, and keep a variable.
#[inline(always)]
pub fn opaque(value: u32) -> v128 {
    unsafe { u32x4_splat(core::ptr::read_volatile(&value)) }
}

/// The first `count` of four values, and `rest` in place of the others.
#[inline(always)]
pub fn keep(values: v128, count: usize, rest: f32) -> v128 {
    let lanes = u32x4(0, 1, 2, 3);
    v128_bitselect(values, f32x4_splat(rest), u32x4_lt(lanes, u32x4_splat(count as u32)))
}

/// The sum of four lanes, (l0 + l1) + (l2 + l3), in each of them.
#[inline(always)]
pub fn sum_lanes(sums: v128) -> v128 {
    let pairs = f32x4_add(sums, i32x4_shuffle::<1, 0, 3, 2>(sums, sums));
    f32x4_add(pairs, i32x4_shuffle::<2, 3, 0, 1>(pairs, pairs))
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
