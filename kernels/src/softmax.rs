//! Softmax over the last dimension.

use crate::activation::exp;
use crate::blocks::SoftmaxBlock;
use crate::vector::{load, store, store_floats};
use core::arch::wasm32::*;

#[no_mangle]
unsafe extern "C" fn softmax_f32(block: &SoftmaxBlock) {
    let columns = block.columns;
    for row in 0..block.rows {
        let input = block.input.add(row * columns);
        let output = block.output.add(row * columns);
        let mut best = f32x4_splat(f32::NEG_INFINITY);
        let mut i = 0;
        while i < columns {
            best = f32x4_max(best, keep(input.add(i), columns - i, f32::NEG_INFINITY));
            i += 4;
        }
        let best = f32x4_max(best, i32x4_shuffle::<2, 3, 0, 1>(best, best));
        let best = f32x4_max(best, i32x4_shuffle::<1, 0, 3, 2>(best, best));
        let mut sum = f32x4_splat(0.0);
        i = 0;
        while i < columns {
            let e = exp(f32x4_sub(load(input.add(i) as *const u8), best));
            store_floats(output.add(i), e, columns - i);
            sum = f32x4_add(sum, keep(output.add(i), columns - i, 0.0));
            i += 4;
        }
        let sum = f32x4_add(sum, i32x4_shuffle::<1, 0, 3, 2>(sum, sum));
        let sum = f32x4_add(sum, i32x4_shuffle::<2, 3, 0, 1>(sum, sum));
        i = 0;
        while i < columns {
            let e = load(output.add(i) as *const u8);
            store_floats(output.add(i), f32x4_div(e, sum), columns - i);
            i += 4;
        }
    }
}

/// Four values of which those from `count` on are `rest`.
#[inline(always)]
unsafe fn keep(from: *const f32, count: usize, rest: f32) -> v128 {
    let values = load(from as *const u8);
    if count >= 4 {
        return values;
    }
    let mut lanes = [rest; 8];
    let middle = lanes.as_mut_ptr() as *mut u8;
    store(middle, values);
    for lane in count..4 {
        *(middle as *mut f32).add(lane) = rest;
    }
    load(middle)
}
