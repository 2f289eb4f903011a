//! Where the inputs of a convolution's output positions lie.

use crate::blocks::ConvolutionBlock;
use crate::convolution_layout::{Inputs, Layout, Scratch, ROWS};
use crate::epilogue::{copy_over, fill_over};
use crate::place::Place;
use core::arch::wasm32::*;

/// Most rows of a tile.
const MOST_TILE_ROWS: usize = 6;

/// Addresses of `rows` inputs that follow each other from input `first` on: of the first, and of the last ones, which
/// may not fill a tile.
#[inline(always)]
pub unsafe fn point(scratch: &Scratch, inputs: &Inputs, first: usize, rows: usize) {
    let lines = scratch.lines;
    let from = inputs.from.wrapping_add(first * inputs.pixel_bytes);
    *lines = from;
    for row in rows.saturating_sub(MOST_TILE_ROWS)..rows {
        *lines.add(row) = from.add(row * inputs.pixel_bytes);
    }
}

/// Finds the lines of output positions in the input. Where a kernel row lies
/// across the left or right edge, the inputs are gathered instead.
#[inline(never)]
pub unsafe fn find_lines(
    block: &ConvolutionBlock,
    place: Place,
    rows: usize,
    inputs: &Inputs,
    layout: &Layout,
    scratch: &Scratch,
    padding: v128,
) {
    let mut place = place;
    for row in 0..rows {
        let left = (place.x * block.stride_width).wrapping_sub(block.pad_left);
        let inside = left < block.input_width && left + block.kernel_width <= block.input_width;
        let mut line = scratch.lines.add(row);
        if layout.joined && !inside {
            let mut from = scratch.gathered.add(row * scratch.row_bytes);
            gather_taps(block, place, inputs, 0, from, padding);
            for _ in 0..block.kernel_height {
                *line = from;
                from = from.add(layout.line_bytes);
                line = line.add(ROWS);
            }
        } else {
            for ky in 0..block.kernel_height {
                let y = (place.y * block.stride_height + ky * block.dilation_height).wrapping_sub(block.pad_top);
                let start = (place.image * block.input_height + y) * block.input_width;
                for kx in 0..layout.per_row {
                    let x = left.wrapping_add(kx * block.dilation_width);
                    *line = if y < block.input_height && x < block.input_width {
                        inputs.from.wrapping_add((start + x) * inputs.pixel_bytes)
                    } else {
                        scratch.padding
                    };
                    line = line.add(ROWS);
                }
            }
        }
        place.advance(block);
    }
}

/// Gathers the inputs of each output position in one line, taps ascending. Bytes
/// after the line may be overwritten; the next one's copy follows.
#[inline(never)]
pub unsafe fn gather_lines(
    block: &ConvolutionBlock,
    place: Place,
    rows: usize,
    inputs: &Inputs,
    offset: usize,
    scratch: &Scratch,
    padding: v128,
) {
    let mut place = place;
    let pixel_bytes = inputs.pixel_bytes;
    let joined = block.dilation_width == 1 && pixel_bytes == inputs.group_bytes;
    // No position is inside where kernel rows do not lie in one piece.
    let width = if joined { block.input_width } else { 0 };
    let kernel_span = (block.kernel_height - 1) * block.dilation_height;
    let mut line = scratch.gathered;
    let mut row = 0;
    while row < rows {
        let left = (place.x * block.stride_width).wrapping_sub(block.pad_left);
        let top = (place.y * block.stride_height).wrapping_sub(block.pad_top);
        let mut count = 1;
        if left < width
            && left + block.kernel_width <= width
            && top < block.input_height
            && top + kernel_span < block.input_height
        {
            let room = width - block.kernel_width - left;
            let reach = room.checked_div(block.stride_width).unwrap_or(0) + 1;
            count = reach.min(rows - row).min(block.output_width - place.x);
            let pixel = (place.image * block.input_height + top) * width + left;
            let from = inputs.from.wrapping_add(offset + pixel * pixel_bytes);
            let lines = scratch.lines.add(row);
            gather_windows(block, from, pixel_bytes, line, scratch.row_bytes, lines, count);
            line = line.add(count * scratch.row_bytes);
        } else {
            *scratch.lines.add(row) = line;
            gather_taps(block, place, inputs, offset, line, padding);
            line = line.add(scratch.row_bytes);
        }
        row += count;
        place.x += count - 1;
        place.advance(block);
    }
}

/// Gathers the inputs of `count` positions next to each other, whose kernel rows
/// lie in one piece each; a function of its own, which engines optimise soon.
#[inline(never)]
unsafe fn gather_windows(
    block: &ConvolutionBlock,
    from: *const u8,
    pixel_bytes: usize,
    line: *mut u8,
    line_bytes: usize,
    lines: *mut *const u8,
    count: usize,
) {
    let kernel_row_bytes = block.kernel_width * pixel_bytes;
    let below = block.dilation_height * block.input_width * pixel_bytes;
    let (mut from, mut line) = (from, line);
    for next in 0..count {
        *lines.add(next) = line;
        let (mut source, mut to) = (from, line);
        let end = line.add(block.kernel_height * kernel_row_bytes);
        loop {
            copy_over(source, to, kernel_row_bytes);
            source = source.wrapping_add(below);
            to = to.add(kernel_row_bytes);
            if to >= end {
                break;
            }
        }
        from = from.wrapping_add(block.stride_width * pixel_bytes);
        line = line.add(line_bytes);
    }
}

/// Gathers the inputs of one output position tap by tap: some may be padding.
#[inline(never)]
unsafe fn gather_taps(
    block: &ConvolutionBlock,
    place: Place,
    inputs: &Inputs,
    offset: usize,
    to: *mut u8,
    padding: v128,
) {
    let mut to = to;
    let from = inputs.from.wrapping_add(offset);
    let (pixel_bytes, group_bytes) = (inputs.pixel_bytes, inputs.group_bytes);
    for ky in 0..block.kernel_height {
        for kx in 0..block.kernel_width {
            match block.source(place, ky, kx) {
                Some(pixel) => copy_over(from.wrapping_add(pixel * pixel_bytes), to, group_bytes),
                None => fill_over(to, padding, group_bytes),
            }
            to = to.add(group_bytes);
        }
    }
}
