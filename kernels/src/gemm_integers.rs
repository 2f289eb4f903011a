//! What products of integers share.

use crate::vector::load;
use core::arch::wasm32::*;

#[inline(always)]
pub unsafe fn byte_scales(multiplier: *const f32) -> [v128; 2] {
    let m = multiplier as *const u8;
    [load(m), load(m.add(16))]
}

#[inline(always)]
pub fn scale_integers(sums: [v128; 2], scale: [v128; 2]) -> [v128; 2] {
    [
        f32x4_mul(f32x4_convert_i32x4(sums[0]), scale[0]),
        f32x4_mul(f32x4_convert_i32x4(sums[1]), scale[1]),
    ]
}

/// The part of a tile of u8 that does not depend on its rows.
macro_rules! integers {
    ($weight_bytes:literal) => {
        const WEIGHT_BYTES: usize = $weight_bytes;

        #[inline(always)]
        fn panel_bytes(depth: usize) -> usize {
            depth.div_ceil(4) * 32
        }

        #[inline(always)]
        unsafe fn scales(multiplier: *const f32) -> [v128; 2] {
            $crate::gemm_integers::byte_scales(multiplier)
        }

        #[inline(always)]
        fn scale(sums: [v128; 2], scale: [v128; 2]) -> [v128; 2] {
            $crate::gemm_integers::scale_integers(sums, scale)
        }
    };
}

pub(crate) use integers;
