//! Products of u8 by the relaxed dot product.

use crate::gemm::{multiply, Tile};
use crate::gemm_integers::integers;
use crate::gemm_row::{multiply_rows, rows};
use crate::gemm_steps::{add_steps, Words};
use crate::products::{Products, ProductsTable};
use core::arch::wasm32::*;

/// Rows that are computed at once.
const TILE: usize = 6;

/// Products of u8.
pub const U8_PRODUCTS: ProductsTable = ProductsTable {
    few: Products {
        size: 1,
        fours: true,
        panel_bytes: <U8 as Tile<1>>::panel_bytes,
        tile: 1,
        multiply: [multiply_rows::<U8>; 2],
        single: None,
        widen: None,
    },
    many: Products {
        size: 1,
        fours: true,
        panel_bytes: <U8 as Tile<1>>::panel_bytes,
        tile: TILE,
        multiply: [multiply::<U8, TILE, false>, multiply::<U8, TILE, true>],
        single: Some(rows::<U8>),
        widen: None,
    },
};

/// Unsigned 8-bit activations, signed 8-bit weights.
struct U8;

impl Tile<TILE> for U8 {
    integers!(8);

    #[inline(always)]
    unsafe fn arrange(weights: *const u8, _depth: usize, _panel: *mut u8) -> *const u8 {
        weights
    }

    #[inline(always)]
    unsafe fn line(sums: [[v128; 2]; TILE], x: [*const u8; TILE], weights: *const u8, run: usize) -> [[v128; 2]; TILE] {
        let [sums] = add_steps::<U8, TILE, 1>([sums], x, weights, run);
        sums
    }
}

impl Tile<1> for U8 {
    integers!(8);

    #[inline(always)]
    unsafe fn arrange(weights: *const u8, _depth: usize, _panel: *mut u8) -> *const u8 {
        weights
    }

    #[inline(always)]
    unsafe fn line(sums: [[v128; 2]; 1], x: [*const u8; 1], weights: *const u8, run: usize) -> [[v128; 2]; 1] {
        // One row alone waits for its own sums: four chains hide the latency.
        let zero = [[i32x4_splat(0); 2]];
        let [[a], [b], [c], [d]] = add_steps::<U8, 1, 4>([sums, zero, zero, zero], x, weights, run);
        let add = |a: [v128; 2], b: [v128; 2]| [i32x4_add(a[0], b[0]), i32x4_add(a[1], b[1])];
        [add(add(a, b), add(c, d))]
    }
}

impl Words for U8 {
    const ELEMENTS: usize = 4;

    #[inline(always)]
    fn add(sums: [v128; 2], x: v128, [left, right]: [v128; 2]) -> [v128; 2] {
        [
            i32x4_relaxed_dot_i8x16_i7x16_add(left, x, sums[0]),
            i32x4_relaxed_dot_i8x16_i7x16_add(right, x, sums[1]),
        ]
    }
}
