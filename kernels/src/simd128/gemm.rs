//! Products of u8 by products of i16: many rows widened beforehand, one row as it is.

use crate::blocks::ConvolutionBlock;
use crate::gemm::{multiply, Tile};
use crate::gemm_integers::integers;
use crate::gemm_steps::{add_steps, Words};
use crate::place::Place;
use crate::products::{Products, ProductsTable};
use crate::vector::{load, splat_word, store};
use core::arch::wasm32::*;
use core::ops::Range;

/// Rows that are computed at once.
const TILE: usize = 4;

/// Products of u8.
pub const U8_PRODUCTS: ProductsTable = ProductsTable {
    few: Products {
        size: 1,
        fours: true,
        panel_bytes: <U8 as Tile<1>>::panel_bytes,
        tile: 1,
        multiply: [multiply::<U8, 1, false>; 2],
        single: None,
        widen: None,
    },
    many: Products {
        size: 2,
        fours: true,
        panel_bytes: <Wide as Tile<TILE>>::panel_bytes,
        tile: TILE,
        multiply: [multiply::<Wide, TILE, false>, multiply::<Wide, TILE, true>],
        single: None,
        widen: Some(widen_inputs),
    },
};

/// Unsigned 8-bit activations, signed 8-bit weights.
struct U8;

/// The same with activations that are widened to i16.
struct Wide;

impl Tile<TILE> for Wide {
    integers!(16);

    #[inline(always)]
    unsafe fn arrange(weights: *const u8, depth: usize, panel: *mut u8) -> *const u8 {
        widen_weights(weights, depth, panel);
        panel
    }

    #[inline(always)]
    unsafe fn line(sums: [[v128; 2]; TILE], x: [*const u8; TILE], weights: *const u8, run: usize) -> [[v128; 2]; TILE] {
        let [sums] = add_steps::<Wide, TILE, 1>([sums], x, weights, run);
        sums
    }
}

impl Words for Wide {
    const ELEMENTS: usize = 2;

    #[inline(always)]
    fn add(sums: [v128; 2], x: v128, [left, right]: [v128; 2]) -> [v128; 2] {
        [
            i32x4_add(sums[0], i32x4_dot_i16x8(x, left)),
            i32x4_add(sums[1], i32x4_dot_i16x8(x, right)),
        ]
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
        // Channel 2 i + j has the sums of its even and odd pairs in lanes 2 j and 2 j + 1 of vector i.
        let mut pairs = [i32x4_splat(0); 4];
        let ([mut x], mut w, mut left) = (x, weights as *const i8, run);
        while left > 0 {
            let activations = u16x8_extend_low_u8x16(splat_word(x));
            for (i, pair) in pairs.iter_mut().enumerate() {
                let weight = i16x8_load_extend_i8x8(w.add(8 * i));
                *pair = i32x4_add(*pair, i32x4_dot_i16x8(weight, activations));
            }
            x = x.add(4);
            w = w.add(32);
            left -= 4;
        }
        let add = |a, b| i32x4_add(i32x4_shuffle::<0, 2, 4, 6>(a, b), i32x4_shuffle::<1, 3, 5, 7>(a, b));
        [[
            i32x4_add(sums[0][0], add(pairs[0], pairs[1])),
            i32x4_add(sums[0][1], add(pairs[2], pairs[3])),
        ]]
    }
}

/// A panel [depth / 4][8 channels][4] i8 as [depth / 2][8 channels][2] i16.
#[inline(never)]
unsafe fn widen_weights(weights: *const u8, depth: usize, panel: *mut u8) {
    let (mut w, mut to) = (weights, panel);
    for _ in 0..depth.div_ceil(4) {
        for half in 0..2 {
            let four = load(w.add(half * 16));
            let pairs = u16x8_shuffle::<0, 2, 4, 6, 1, 3, 5, 7>(four, four);
            store(to.add(half * 16), i16x8_extend_low_i8x16(pairs));
            store(to.add(half * 16 + 32), i16x8_extend_high_i8x16(pairs));
        }
        w = w.add(32);
        to = to.add(64);
    }
}

/// Widens the inputs of output positions.
unsafe fn widen_inputs(block: &ConvolutionBlock, positions: Range<usize>, to: *mut u8) -> *const u8 {
    let pixels = if block.is_pointwise() {
        positions
    } else {
        let first = first_row(block, positions.start, 0);
        let last = first_row(block, positions.end - 1, block.kernel_height - 1);
        first * block.input_width..(last + 1) * block.input_width
    };
    let bytes = block.input_channels * pixels.start;
    widen_activations(block.input.add(bytes), to, block.input_channels * pixels.len());
    to.wrapping_sub(bytes * 2)
}

/// The row of all images' rows under row `ky` of the kernel at a position, or the next one inside the image.
#[inline(always)]
fn first_row(block: &ConvolutionBlock, position: usize, ky: usize) -> usize {
    let place = Place::of(block, position);
    let y = (place.y * block.stride_height + ky * block.dilation_height).saturating_sub(block.pad_top);
    place.image * block.input_height + y.min(block.input_height - 1)
}

/// `count` u8 as i16; up to 15 more are written.
#[inline(never)]
unsafe fn widen_activations(from: *const u8, to: *mut u8, count: usize) {
    let mut i = 0;
    while i < count {
        store(to.add(i * 2), u16x8_load_extend_u8x8(from.add(i)));
        store(to.add(i * 2 + 16), u16x8_load_extend_u8x8(from.add(i + 8)));
        i += 16;
    }
}
