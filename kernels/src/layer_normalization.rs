//! Layer normalisation over the last dimension.

use crate::blocks::LayerNormalizationBlock;
use crate::vector::{keep, load, store_floats, sum_lanes};
use core::arch::wasm32::*;

#[no_mangle]
unsafe extern "C" fn layer_normalization_f32(block: &LayerNormalizationBlock) {
    let length = block.length;
    let count = f32x4_splat(length as f32);
    for row in 0..block.rows {
        let input = block.input.add(row * length);
        let mean = f32x4_div(sum(input, length, |x| x), count);
        let rest = f32x4_div(sum(input, length, |x| f32x4_sub(x, mean)), count);
        // Not f32x4_sub(x, mean + rest): the rest is lost in the mean's rounding.
        let center = |x: v128| f32x4_sub(f32x4_sub(x, mean), rest);
        let squares = sum(input, length, |x| {
            let difference = center(x);
            f32x4_mul(difference, difference)
        });
        let variance = f32x4_div(squares, count);
        let deviation = f32x4_sqrt(f32x4_add(variance, f32x4_splat(block.epsilon)));
        let output = block.output.add(row * length);
        let mut i = 0;
        while i < length {
            let x = load(input.add(i) as *const u8);
            let mut v = f32x4_div(center(x), deviation);
            if !block.scale.is_null() {
                v = f32x4_mul(v, load(block.scale.add(i) as *const u8));
            }
            if !block.bias.is_null() {
                v = f32x4_add(v, load(block.bias.add(i) as *const u8));
            }
            store_floats(output.add(i), v, length - i);
            i += 4;
        }
    }
}

/// Sum of a function of the elements of a row, in every lane.
#[inline(always)]
unsafe fn sum(row: *const f32, length: usize, function: impl Fn(v128) -> v128) -> v128 {
    let mut sums = f32x4_splat(0.0);
    let mut i = 0;
    while i < length {
        let x = function(load(row.add(i) as *const u8));
        sums = f32x4_add(sums, keep(x, length - i, 0.0));
        i += 4;
    }
    sum_lanes(sums)
}
