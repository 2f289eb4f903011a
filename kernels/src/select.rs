//! Elements of one tensor or another by a third, all broadcast.

use crate::binary::read_f32;
use crate::blocks::SelectBlock;
use crate::vector::store_floats;
use core::arch::wasm32::*;

#[no_mangle]
unsafe extern "C" fn select_f32(block: &SelectBlock) {
    let [d0, d1, d2, size] = block.dimensions;
    let strides = [&block.condition_strides, &block.a_strides, &block.b_strides];
    let sources = [block.condition, block.a, block.b];
    let mut output = block.output;
    for i in 0..d0 {
        for j in 0..d1 {
            for k in 0..d2 {
                let read = |operand: usize, l: usize| {
                    let [s0, s1, s2, s3] = *strides[operand];
                    read_f32(sources[operand].add(i * s0 + j * s1 + k * s2), l, s3)
                };
                let mut l = 0;
                while l < size {
                    let zero = f32x4_eq(read(0, l), f32x4_splat(0.0));
                    store_floats(output.add(l), v128_bitselect(read(2, l), read(1, l), zero), size - l);
                    l += 4;
                }
                output = output.add(size);
            }
        }
    }
}
