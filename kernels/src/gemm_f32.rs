//! Products of f32, multiplied and added one after the other.

use crate::gemm::{multiply, Tile};
use crate::gemm_row::{multiply_rows, rows};
use crate::gemm_steps::{add_steps, Words};
use crate::products::{Products, ProductsTable};
use core::arch::wasm32::*;

/// Rows that are computed at once.
const TILE: usize = 4;

/// Products of f32.
pub const F32_PRODUCTS: ProductsTable = ProductsTable {
    few: Products {
        size: 4,
        fours: false,
        panel_bytes: <F32 as Tile<1>>::panel_bytes,
        tile: 1,
        multiply: [multiply_rows::<F32>; 2],
        single: None,
        widen: None,
    },
    many: Products {
        size: 4,
        fours: false,
        panel_bytes: <F32 as Tile<1>>::panel_bytes,
        tile: TILE,
        multiply: [multiply::<F32, TILE, false>, multiply::<F32, TILE, true>],
        single: Some(rows::<F32>),
        widen: None,
    },
};

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
        let [sums] = add_steps::<F32, R, 1>([sums], x, weights, run);
        sums
    }
}

impl Words for F32 {
    const ELEMENTS: usize = 1;

    #[inline(always)]
    fn add(sums: [v128; 2], x: v128, [left, right]: [v128; 2]) -> [v128; 2] {
        [
            f32x4_add(sums[0], f32x4_mul(x, left)),
            f32x4_add(sums[1], f32x4_mul(x, right)),
        ]
    }
}
