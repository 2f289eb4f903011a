//! What depthwise convolutions of all types share: where taps lie in memory.

use crate::blocks::ConvolutionBlock;
use crate::epilogue::{fill_over, Epilogue};
use crate::place::Place;
use core::arch::wasm32::*;

/// Most input rows that one pass along a line reads.
pub const LINES: usize = 6;

/// Repeats a body for an index from 0 to `count` - 1, `count` a constant of at
/// most 6, as straight code: the arrays that it indexes come to lie in
/// registers, which neither loops nor closures bring about for certain.
macro_rules! unroll {
    ($count:expr, $index:ident => $body:expr) => {
        unroll!($count, $index => $body, 0 1 2 3 4 5)
    };
    ($count:expr, $index:ident => $body:expr, $($step:literal)*) => {{
        $(if $step < $count {
            let $index: usize = if $step < $count { $step } else { 0 };
            $body;
        })*
    }};
}
pub(crate) use unroll;

/// Whether a kernel of `size` x `size` taps can pass along lines: neighbouring
/// outputs share columns.
#[inline(always)]
pub fn slides(block: &ConvolutionBlock, size: usize, stride: usize) -> bool {
    block.kernel_height == size
        && block.kernel_width == size
        && block.stride_width == stride
        && (block.dilation_width == 1 || stride == 1)
}

/// Calls `pass(index, lines, outputs)` so that each output row is computed: with
/// index 1 for two rows that have all but one input row in common, 0 for one
/// row. `lines` are the starts of the input rows, `padding` outside. A row that
/// is left over makes a pair with the one above, which is computed again: to
/// have engines optimise the pass of one row would take longer.
#[inline(always)]
pub unsafe fn pass_along(
    block: &ConvolutionBlock,
    [row_bytes, output_bytes]: [usize; 2],
    padding: *const u8,
    mut pass: impl FnMut(usize, &[*const u8; LINES], [*mut u8; 2]),
) {
    let pairs = block.stride_width == 1 && block.stride_height == 1;
    let dilation = block.dilation_height;
    for image in 0..block.batch {
        for y in 0..block.output_height {
            // Rows y and y + dilation make a pair.
            if pairs && y.checked_div(dilation).unwrap_or(0) % 2 == 1 {
                continue;
            }
            let is_left = pairs && y + dilation >= block.output_height && y >= dilation;
            let y = if is_left { y - dilation } else { y };
            let mut lines = [padding; LINES];
            for (tap, line) in lines.iter_mut().enumerate().take(block.kernel_height + 1) {
                let row = (y * block.stride_height + tap * dilation).wrapping_sub(block.pad_top);
                if row < block.input_height {
                    *line = block.input.add((image * block.input_height + row) * row_bytes);
                }
            }
            let output = block.output.add((image * block.output_height + y) * output_bytes);
            let below = output.add(dilation * output_bytes);
            let two = pairs && y + dilation < block.output_height;
            pass(two as usize, &lines, [output, below]);
        }
    }
}

/// Addresses of the taps under an output position, for kernels of any shape.
pub struct Taps {
    pub addresses: *mut *const u8,
    padding: *const u8,
}

impl Taps {
    /// `count` addresses of a position of padding.
    #[inline(always)]
    pub unsafe fn new(block: &ConvolutionBlock, count: usize, padding: v128, size: usize) -> Self {
        let addresses = block.scratch as *mut *const u8;
        let position = block.scratch.add(count.div_ceil(4) * 16);
        fill_over(position, padding, block.input_channels * size);
        for tap in 0..count {
            *addresses.add(tap) = position;
        }
        Taps {
            addresses,
            padding: position,
        }
    }

    /// Runs `sums(channel)` for each group of 16 channels of each output
    /// position; tap (ky, kx) is then at `index(ky, kx)`.
    #[inline(always)]
    pub unsafe fn run(
        &self,
        block: &ConvolutionBlock,
        epilogue: &Epilogue,
        pixel_bytes: usize,
        index: impl Fn(usize, usize) -> usize,
        sums: impl Fn(usize) -> [v128; 4],
    ) {
        let total = block.batch * block.output_height * block.output_width;
        let channels = block.output_channels;
        let size = epilogue.size();
        let end = total * channels;
        let mut place = Place { image: 0, y: 0, x: 0 };
        for position in 0..total {
            for ky in 0..block.kernel_height {
                for kx in 0..block.kernel_width {
                    *self.addresses.add(index(ky, kx)) = match block.source(place, ky, kx) {
                        Some(pixel) => block.input.add(pixel * pixel_bytes),
                        None => self.padding,
                    };
                }
            }
            let mut channel = 0;
            while channel < channels {
                let element = position * channels + channel;
                // A whole store reaches into the next position, which follows.
                let count = (end - element).min(16);
                let slopes = block.slopes.wrapping_add(channel);
                epilogue.store16(sums(channel), slopes, block.output.add(element * size), count);
                channel += 16;
            }
            place.advance(block);
        }
    }
}
