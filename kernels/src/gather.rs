//! Rows of a tensor by their indices.

use crate::blocks::GatherBlock;
use crate::codes::flag;

/// 1 where an index is no index of a row, and then the output is not whole; else 0.
#[no_mangle]
unsafe extern "C" fn gather_f32(block: &GatherBlock) -> u32 {
    let GatherBlock { length, count, inner, .. } = *block;
    let stride = if flag(block.batched) { count } else { 0 };
    let mut output = block.output;
    for outer in 0..block.outer {
        for k in 0..count {
            let index = *block.indices.add(outer * stride + k);
            let whole = index as i32;
            let row = if whole < 0 { (whole as usize).wrapping_add(length) } else { whole as usize };
            if whole as f32 != index || row >= length {
                return 1;
            }
            let source = block.input.add((outer * length + row) * inner);
            core::ptr::copy_nonoverlapping(source, output, inner);
            output = output.add(inner);
        }
    }
    0
}
