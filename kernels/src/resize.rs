//! Resize of the two image dimensions by tables.

use crate::blocks::ResizeBlock;
use crate::codes::flag;
use crate::rounding::Rounding;
use crate::vector::{load, load_u8x8, store_bytes, store_floats, widen_to_f32};
use core::arch::wasm32::*;

/// Calls `pixel([p00, p01, p10, p11], [wx1, wy1], position)` with the source
/// pixels of each output position.
#[inline(always)]
unsafe fn pixels(block: &ResizeBlock, mut pixel: impl FnMut([usize; 4], [f32; 2], usize)) {
    let mut position = 0;
    for image in 0..block.batch {
        for y in 0..block.output_height {
            let row = *block.row_table.add(y);
            let top = (image * block.input_height + row.first as usize) * block.input_width;
            let bottom = (image * block.input_height + row.second as usize) * block.input_width;
            for x in 0..block.output_width {
                let column = *block.column_table.add(x);
                let (left, right) = (column.first as usize, column.second as usize);
                pixel(
                    [top + left, top + right, bottom + left, bottom + right],
                    [column.weight, row.weight],
                    position,
                );
                position += 1;
            }
        }
    }
}

#[inline(always)]
fn blend(p: [v128; 4], [wx1, wy1]: [f32; 2]) -> v128 {
    let mix = |a, b, weight: f32| {
        f32x4_add(
            f32x4_mul(a, f32x4_splat(1.0 - weight)),
            f32x4_mul(b, f32x4_splat(weight)),
        )
    };
    mix(mix(p[0], p[1], wx1), mix(p[2], p[3], wx1), wy1)
}

#[no_mangle]
unsafe extern "C" fn resize_u8(block: &ResizeBlock) {
    let channels = block.channels;
    let rounding = Rounding::new(0, 255, 0);
    let linear = flag(block.linear);
    pixels(block, |sources, weights, position| {
        let output = block.output.add(position * channels);
        let mut channel = 0;
        while channel < channels {
            let count = channels - channel;
            if !linear {
                store_bytes(
                    output.add(channel),
                    load(block.input.add(sources[0] * channels + channel)),
                    count,
                );
                channel += 16;
                continue;
            }
            let p = sources.map(|source| widen_to_f32(load_u8x8(block.input.add(source * channels + channel))));
            let low = blend([p[0][0], p[1][0], p[2][0], p[3][0]], weights);
            let high = blend([p[0][1], p[1][1], p[2][1], p[3][1]], weights);
            store_bytes(output.add(channel), rounding.apply8(low, high), count.min(8));
            channel += 8;
        }
    });
}

#[no_mangle]
unsafe extern "C" fn resize_f32(block: &ResizeBlock) {
    let channels = block.channels;
    let linear = flag(block.linear);
    pixels(block, |sources, weights, position| {
        let output = (block.output as *mut f32).add(position * channels);
        let mut channel = 0;
        while channel < channels {
            let p = sources.map(|source| load(block.input.add((source * channels + channel) * 4)));
            let v = if !linear { p[0] } else { blend(p, weights) };
            store_floats(output.add(channel), v, channels - channel);
            channel += 4;
        }
    });
}
