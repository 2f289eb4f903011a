//! Product of two f32 matrices.

use crate::blocks::MatmulBlock;
use crate::vector::{load, splat_word, store_floats};
use core::arch::wasm32::*;

#[no_mangle]
unsafe extern "C" fn matmul_f32(block: &MatmulBlock) {
    for i in 0..block.batch {
        let a = block.a.add(i * block.a_batch_stride);
        let b = block.b.add(i * block.b_batch_stride);
        let output = block.output.add(i * block.m * block.n);
        let mut column = 0;
        while column < block.n {
            let mut row = 0;
            while row + 4 <= block.m {
                tile::<4>(
                    block,
                    a.add(row * block.k),
                    b.add(column),
                    output.add(row * block.n + column),
                    block.n - column,
                );
                row += 4;
            }
            while row < block.m {
                tile::<1>(
                    block,
                    a.add(row * block.k),
                    b.add(column),
                    output.add(row * block.n + column),
                    block.n - column,
                );
                row += 1;
            }
            column += 8;
        }
    }
}

#[inline(always)]
unsafe fn tile<const R: usize>(block: &MatmulBlock, a: *const f32, b: *const f32, output: *mut f32, columns: usize) {
    let mut sums = [[f32x4_splat(0.0); 2]; R];
    let mut right = b as *const u8;
    for k in 0..block.k {
        let (b0, b1) = (load(right), load(right.add(16)));
        for (r, pair) in sums.iter_mut().enumerate() {
            let x = splat_word(a.add(r * block.k + k) as *const u8);
            pair[0] = f32x4_add(pair[0], f32x4_mul(x, b0));
            pair[1] = f32x4_add(pair[1], f32x4_mul(x, b1));
        }
        right = right.add(block.n * 4);
    }
    for (r, pair) in sums.iter().enumerate() {
        let row = output.add(r * block.n);
        store_floats(row, pair[0], columns);
        if columns > 4 {
            store_floats(row.add(4), pair[1], columns - 4);
        }
    }
}
