//! Maximum and average over windows.

use crate::blocks::PoolBlock;
use crate::codes::flag;
use crate::rounding::Rounding;
use crate::vector::{flip, load, store_bytes, store_floats};
use core::arch::wasm32::*;

/// Taps `first..end` of a window along one axis lie in the input; `padded` of
/// its taps lie in the padded input.
#[derive(Clone, Copy)]
struct Range {
    start: usize,
    first: usize,
    end: usize,
    padded: usize,
}

#[inline(always)]
fn range(start: usize, kernel: usize, dilation: usize, pads: [usize; 2], size: usize) -> Range {
    let mut result = Range {
        start,
        first: kernel,
        end: 0,
        padded: 0,
    };
    for tap in 0..kernel {
        let padded = start + tap * dilation;
        if padded < size + pads[0] + pads[1] {
            result.padded += 1;
        }
        if padded.wrapping_sub(pads[0]) < size {
            result.first = result.first.min(tap);
            result.end = tap + 1;
        }
    }
    result
}

/// Calls `window(rows, columns, image, position)` for each output position.
#[inline(always)]
unsafe fn windows(block: &PoolBlock, mut window: impl FnMut(Range, Range, usize, usize)) {
    let mut position = 0;
    for image in 0..block.batch {
        for y in 0..block.output_height {
            let pads = [block.pad_top, block.pad_bottom];
            let rows = range(
                y * block.stride_height,
                block.kernel_height,
                block.dilation_height,
                pads,
                block.input_height,
            );
            for x in 0..block.output_width {
                let pads = [block.pad_left, block.pad_right];
                let columns = range(
                    x * block.stride_width,
                    block.kernel_width,
                    block.dilation_width,
                    pads,
                    block.input_width,
                );
                window(rows, columns, image, position);
                position += 1;
            }
        }
    }
}

/// Calls `tap(address)` for each position of the window inside the input.
#[inline(always)]
unsafe fn taps(
    block: &PoolBlock,
    [rows, columns]: [Range; 2],
    image: usize,
    offset: usize,
    pixel_bytes: usize,
    mut tap: impl FnMut(*const u8),
) {
    for ky in rows.first..rows.end {
        let y = rows.start + ky * block.dilation_height - block.pad_top;
        let line = (image * block.input_height + y) * block.input_width;
        for kx in columns.first..columns.end {
            let x = columns.start + kx * block.dilation_width - block.pad_left;
            tap(block.input.add((line + x) * pixel_bytes + offset));
        }
    }
}

#[inline(always)]
fn count(block: &PoolBlock, rows: Range, columns: Range) -> f32 {
    if flag(block.count_include_pad) {
        (rows.padded * columns.padded) as f32
    } else {
        (rows.end.saturating_sub(rows.first) * columns.end.saturating_sub(columns.first)) as f32
    }
}

#[no_mangle]
unsafe extern "C" fn max_pool_u8(block: &PoolBlock) {
    let channels = block.channels;
    let flip = flip();
    windows(block, |rows, columns, image, position| {
        let mut channel = 0;
        while channel < channels {
            let mut best = i32x4_splat(0);
            taps(block, [rows, columns], image, channel, channels, |x| {
                best = u8x16_max(best, v128_xor(load(x), flip))
            });
            store_bytes(
                block.output.add(position * channels + channel),
                v128_xor(best, flip),
                channels - channel,
            );
            channel += 16;
        }
    });
}

#[no_mangle]
unsafe extern "C" fn max_pool_f32(block: &PoolBlock) {
    let channels = block.channels;
    windows(block, |rows, columns, image, position| {
        let mut channel = 0;
        while channel < channels {
            let mut best = f32x4_splat(f32::NEG_INFINITY);
            taps(block, [rows, columns], image, channel * 4, channels * 4, |x| {
                best = f32x4_max(best, load(x))
            });
            let output = (block.output as *mut f32).add(position * channels + channel);
            store_floats(output, best, channels - channel);
            channel += 4;
        }
    });
}

#[no_mangle]
unsafe extern "C" fn average_pool_u8(block: &PoolBlock) {
    let rounding = Rounding::new(0, 255, block.output_zero_point);
    windows(block, |rows, columns, image, position| {
        let factor = block.scale / count(block, rows, columns);
        let output = block.output.add(position * block.channels);
        average_u8(block, [rows, columns], image, factor, &rounding, output);
    });
}

/// Averages of all channels over a window; a function of its own, which engines optimise soon.
#[inline(never)]
unsafe fn average_u8(
    block: &PoolBlock,
    window: [Range; 2],
    image: usize,
    factor: f32,
    rounding: &Rounding,
    output: *mut u8,
) {
    let channels = block.channels;
    let flip = flip();
    let zero_point = i16x8_splat(block.input_zero_point as i16);
    let mut channel = 0;
    while channel < channels {
        let mut sums = [i32x4_splat(0); 4];
        taps(block, window, image, channel, channels, |x| {
            let x = v128_xor(load(x), flip);
            let low = i16x8_sub(u16x8_extend_low_u8x16(x), zero_point);
            let high = i16x8_sub(u16x8_extend_high_u8x16(x), zero_point);
            sums[0] = i32x4_add(sums[0], i32x4_extend_low_i16x8(low));
            sums[1] = i32x4_add(sums[1], i32x4_extend_high_i16x8(low));
            sums[2] = i32x4_add(sums[2], i32x4_extend_low_i16x8(high));
            sums[3] = i32x4_add(sums[3], i32x4_extend_high_i16x8(high));
        });
        let v = sums.map(|sum| f32x4_mul(f32x4_convert_i32x4(sum), f32x4_splat(factor)));
        store_bytes(output.add(channel), rounding.apply16(v), channels - channel);
        channel += 16;
    }
}

#[no_mangle]
unsafe extern "C" fn average_pool_f32(block: &PoolBlock) {
    let channels = block.channels;
    windows(block, |rows, columns, image, position| {
        let divisor = f32x4_splat(count(block, rows, columns));
        let mut channel = 0;
        while channel < channels {
            let mut sum = f32x4_splat(0.0);
            taps(block, [rows, columns], image, channel * 4, channels * 4, |x| {
                sum = f32x4_add(sum, load(x))
            });
            let output = (block.output as *mut f32).add(position * channels + channel);
            store_floats(output, f32x4_div(sum, divisor), channels - channel);
            channel += 4;
        }
    });
}
