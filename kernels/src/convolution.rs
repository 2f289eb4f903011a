//! Convolution and fully connected layers.

use crate::activation::Activation;
use crate::binary::PiecewiseSum;
use crate::blocks::{ConvolutionBlock, ConvolutionSumBlock};
use crate::build::U8_PRODUCTS;
use crate::convolution_layout::{Inputs, Layout, Scratch, ROWS};
use crate::convolution_lines::{find_lines, gather_lines, point};
use crate::epilogue::{fill_many_over, Epilogue};
use crate::gemm::{Lines, Product};
use crate::gemm_f32::F32_PRODUCTS;
use crate::place::Place;
use crate::products::Products;
use crate::vector::flip;
use core::arch::wasm32::*;

#[no_mangle]
unsafe extern "C" fn convolution_u8(block: &ConvolutionBlock) {
    convolve_u8(block, None);
}

/// A convolution and the sum of its output with another tensor, added while the output is in the cache.
#[no_mangle]
unsafe extern "C" fn convolution_sum_u8(block: &ConvolutionSumBlock) {
    convolve_u8(&block.convolution, Some(PiecewiseSum::new(&block.sum)));
}

#[inline(never)]
unsafe fn convolve_u8(block: &ConvolutionBlock, sum: Option<PiecewiseSum>) {
    let products = U8_PRODUCTS.of(block.positions());
    let bytes = v128_xor(u8x16_splat(block.input_zero_point as u8), flip());
    let padding = if products.size == 1 {
        bytes
    } else {
        u16x8_extend_low_u8x16(bytes)
    };
    convolve(&block.on_host(), products, &block.epilogue(), padding, sum);
}

#[no_mangle]
unsafe extern "C" fn convolution_f32(block: &ConvolutionBlock) {
    let products = F32_PRODUCTS.of(block.positions());
    let epilogue = Epilogue::floats(Activation::of(&block.epilogue.activation));
    convolve(block, products, &epilogue, f32x4_splat(0.0), None);
}

#[inline(never)]
unsafe fn convolve(
    block: &ConvolutionBlock,
    products: &Products,
    epilogue: &Epilogue,
    padding: v128,
    sum: Option<PiecewiseSum>,
) {
    let layout = Layout::of(block, products);
    let scratch = Scratch::of(block, products, layout.depth);
    fill_many_over(scratch.padding, padding, scratch.padding_bytes);
    let mut inputs = Inputs::of(block, products.size);
    let total = block.positions();
    let most = piece_rows(total, products.tile);
    let mut first = 0;
    while first < total {
        let left = total - first;
        let mut rows = left.min(most);
        if left > rows && left - rows < products.tile {
            // What is left then makes a whole tile too.
            rows -= products.tile;
        }
        if let Some(widen) = products.widen {
            inputs.from = widen(block, first..first + rows, scratch.widened);
        }
        if layout.pointwise {
            point(&scratch, &inputs, first, rows);
        } else if !layout.whole {
            let place = Place::of(block, first);
            find_lines(block, place, rows, &inputs, &layout, &scratch, padding);
        }
        for group in 0..block.groups {
            let mut offset = group * inputs.group_bytes;
            if layout.whole {
                let place = Place::of(block, first);
                gather_lines(block, place, rows, &inputs, offset, &scratch, padding);
                offset = 0;
            }
            multiply_group(
                block,
                products,
                epilogue,
                &layout,
                &scratch,
                [first, rows, group, offset],
            );
        }
        if let Some(sum) = &sum {
            sum.add(first * block.output_channels, rows * block.output_channels);
        }
        first += rows;
    }
}

/// Rows of the pieces in which `total` rows are computed: pieces of about the same size, whole tiles but for the last.
#[inline(always)]
fn piece_rows(total: usize, tile: usize) -> usize {
    let pieces = total.div_ceil(ROWS);
    let most = ROWS.checked_div(tile).unwrap_or(0);
    let tiles = total.checked_div(pieces * tile).unwrap_or(0) + 1;
    tiles.min(most) * tile
}

/// Multiplies `rows` rows from row `first` on by the weights of a group; `offset` bytes into a line lies its first element.
#[inline(always)]
unsafe fn multiply_group(
    block: &ConvolutionBlock,
    products: &Products,
    epilogue: &Epilogue,
    layout: &Layout,
    scratch: &Scratch,
    [first, rows, group, offset]: [usize; 4],
) {
    let [_, channels] = block.group_channels();
    let channel = group * channels;
    let panels = group * channels.div_ceil(8);
    let output_bytes = block.output_channels * epilogue.size();
    let even = layout.pointwise || layout.whole;
    products.multiply[even as usize](&Product {
        lines: Lines {
            addresses: scratch.lines,
            count: layout.count,
            stride: ROWS,
            run: layout.run,
            row_bytes: if layout.pointwise {
                block.input_channels * products.size
            } else {
                scratch.row_bytes
            },
        },
        offset,
        rows,
        depth: layout.depth,
        weights: block.weights.add(panels * (products.panel_bytes)(layout.depth)),
        panel: scratch.panel,
        bias: block.bias.add(channel * 4),
        multiplier: block.multiplier.wrapping_add(channel),
        slopes: block.slopes.wrapping_add(channel),
        channels,
        output: block.output.add(first * output_bytes + channel * epilogue.size()),
        output_bytes,
        epilogue,
        single: products.single,
    });
}
