//! Softmax over the last dimension.

use crate::blocks::SoftmaxBlock;
use crate::functions::exp;
use crate::vector::{keep, load, store_floats, sum_lanes};
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
            best = f32x4_max(
                best,
                keep(load(input.add(i) as *const u8), columns - i, f32::NEG_INFINITY),
            );
            i += 4;
        }
        let best = f32x4_max(best, i32x4_shuffle::<2, 3, 0, 1>(best, best));
        let best = f32x4_max(best, i32x4_shuffle::<1, 0, 3, 2>(best, best));
        let mut sum = f32x4_splat(0.0);
        i = 0;
        while i < columns {
            let e = exp(f32x4_sub(load(input.add(i) as *const u8), best));
            store_floats(output.add(i), e, columns - i);
            sum = f32x4_add(sum, keep(e, columns - i, 0.0));
            i += 4;
        }
        let sum = sum_lanes(sum);
        i = 0;
        while i < columns {
            let e = load(output.add(i) as *const u8);
            store_floats(output.add(i), f32x4_div(e, sum), columns - i);
            i += 4;
        }
    }
}
