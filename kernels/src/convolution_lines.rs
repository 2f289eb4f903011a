//! Where the inputs of a convolution's output positions lie.

use crate::convolution::{ConvolutionBlock, Place, ROWS};
use crate::epilogue::{copy_over, fill_over};
use core::arch::wasm32::*;

/// Where the parts of scratch memory lie.
pub struct Scratch {
    /// Addresses of the lines of ROWS output positions.
    pub lines: *mut *const u8,
    /// A line of padding.
    pub padding: *mut u8,
    /// Inputs that do not lie in one piece: `row_bytes` for each of ROWS positions.
    pub gathered: *mut u8,
    pub row_bytes: usize,
}

/// How the inputs of an output position divide into lines.
pub struct Layout {
    /// Whether a line is a whole row of the kernel.
    pub joined: bool,
    /// Lines of a kernel row.
    pub per_row: usize,
    /// Bytes of a line.
    pub line_bytes: usize,
    /// Whether all lines are gathered into one.
    pub whole: bool,
}

/// Inputs of a block of output positions, from the element at address 0 on.
pub struct Inputs {
    pub from: *const u8,
    pub pixel_bytes: usize,
    pub group_bytes: usize,
}

/// Addresses of `rows` inputs that follow each other: of the first, and of the last ones, which may not fill a tile.
#[inline(always)]
pub unsafe fn point(lines: *mut *const u8, from: *const u8, pixel_bytes: usize, rows: usize, tile: usize) {
    *lines = from;
    for row in rows.saturating_sub(tile)..rows {
        *lines.add(row) = from.add(row * pixel_bytes);
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
            gather(block, place, inputs, 0, from, padding);
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

/// Gathers the inputs of each output position in one line.
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
    for row in 0..rows {
        let to = scratch.gathered.add(row * scratch.row_bytes);
        gather(block, place, inputs, offset, to, padding);
        *scratch.lines.add(row) = to;
        place.advance(block);
    }
}

/// Copies the inputs of one output position into a row, taps ascending. Bytes
/// after the row may be overwritten; the next row's copy follows.
#[inline(always)]
unsafe fn gather(block: &ConvolutionBlock, place: Place, inputs: &Inputs, offset: usize, to: *mut u8, padding: v128) {
    let mut to = to;
    let from = inputs.from.wrapping_add(offset);
    let (pixel_bytes, group_bytes) = (inputs.pixel_bytes, inputs.group_bytes);
    let row_bytes = block.kernel_width * group_bytes;
    let left = (place.x * block.stride_width).wrapping_sub(block.pad_left);
    let inside = left < block.input_width && left + block.kernel_width <= block.input_width;
    let joined = inside && block.dilation_width == 1 && pixel_bytes == group_bytes;
    for ky in 0..block.kernel_height {
        let y = (place.y * block.stride_height + ky * block.dilation_height).wrapping_sub(block.pad_top);
        let line = (place.image * block.input_height + y) * block.input_width;
        if y >= block.input_height {
            fill_over(to, padding, row_bytes);
            to = to.add(row_bytes);
        } else if joined {
            copy_over(from.wrapping_add((line + left) * pixel_bytes), to, row_bytes);
            to = to.add(row_bytes);
        } else {
            for kx in 0..block.kernel_width {
                let x = left.wrapping_add(kx * block.dilation_width);
                if x < block.input_width {
                    copy_over(from.wrapping_add((line + x) * pixel_bytes), to, group_bytes);
                } else {
                    fill_over(to, padding, group_bytes);
                }
                to = to.add(group_bytes);
            }
        }
    }
}
