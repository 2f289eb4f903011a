//! Depthwise convolution of f32.

use crate::convolution::ConvolutionBlock;
use crate::depthwise::{lines, slides, unroll, Taps, LINES};
use crate::epilogue::{fill_over, Epilogue};
use crate::vector::{load, store_floats};
use core::arch::wasm32::*;

/// Output positions that share what they read.
const TILE: usize = 4;

#[no_mangle]
unsafe extern "C" fn depthwise_f32(block: &ConvolutionBlock) {
    let wide = block.output_width >= TILE && block.dilation_width == 1;
    // Calls through pointers keep the passes apart; in one function registers would not do.
    if wide && slides(block, 3, 1) {
        slide(block, pass::<3, 1, 6>);
    } else if wide && slides(block, 3, 2) {
        slide(block, pass::<3, 2, 9>);
    } else if wide && slides(block, 5, 1) {
        slide(block, pass::<5, 1, 8>);
    } else if wide && slides(block, 5, 2) {
        slide(block, pass::<5, 2, 11>);
    } else {
        gather(block);
    }
}

/// Computes an output row, four channels after the other.
type Pass = unsafe fn(&ConvolutionBlock, &Epilogue, &[*const u8; LINES], *mut u8);

/// Convolves line by line.
#[inline(never)]
unsafe fn slide(block: &ConvolutionBlock, pass: Pass) {
    let row_bytes = block.input_width * block.input_channels * 4;
    fill_over(block.scratch, f32x4_splat(0.0), row_bytes + 16);
    let epilogue = block.epilogue(true);
    let mut output = block.output;
    for image in 0..block.batch {
        for y in 0..block.output_height {
            let lines = lines(block, [image, y], block.kernel_height, row_bytes, block.scratch);
            pass(block, &epilogue, &lines, output);
            output = output.add(block.output_width * block.output_channels * 4);
        }
    }
}

/// A pass with a kernel of K x K taps and a horizontal stride of S; a tile reads C columns.
unsafe fn pass<const K: usize, const S: usize, const C: usize>(
    block: &ConvolutionBlock,
    epilogue: &Epilogue,
    lines: &[*const u8; LINES],
    output: *mut u8,
) {
    let channels = block.output_channels;
    let pixel_bytes = channels * 4;
    let row_bytes = block.input_width * pixel_bytes;
    let width = channels.div_ceil(16) * 64;
    let mut channel = 0;
    while channel < channels {
        let count = (channels - channel).min(4);
        let rows = lines.map(|line| line.add(channel * 4));
        let bias = load(block.bias.add(channel * 4));
        let mut weights = [[bias; K]; K];
        unroll::<K>(|ky| {
            unroll::<K>(|kx| weights[ky][kx] = load(block.weights.add((ky * K + kx) * width + channel * 4)))
        });
        let mut x = 0;
        while x < block.output_width {
            // The last tile goes over positions of the one before again.
            let first = x.min(block.output_width - TILE);
            let start = (first * S).wrapping_sub(block.pad_left).wrapping_mul(pixel_bytes);
            let end = start.wrapping_add(C * pixel_bytes);
            let sums = if start < row_bytes && end <= row_bytes {
                tile::<K, S, C, true>(&rows, &weights, bias, [start, pixel_bytes, row_bytes])
            } else {
                tile::<K, S, C, false>(&rows, &weights, bias, [start, pixel_bytes, row_bytes])
            };
            let v = epilogue.activate_alike(sums, block.slopes.wrapping_add(channel));
            for (i, value) in v.iter().enumerate() {
                let at = (first + i) * channels + channel;
                store_floats((output as *mut f32).add(at), *value, count);
            }
            x += TILE;
        }
        channel += 4;
    }
}

/// Sums of four output positions; columns outside the input are 0 where not all lie `inside`.
#[inline(always)]
unsafe fn tile<const K: usize, const S: usize, const C: usize, const INSIDE: bool>(
    rows: &[*const u8; LINES],
    weights: &[[v128; K]; K],
    bias: v128,
    [start, step, end]: [usize; 3],
) -> [v128; TILE] {
    let mut sums = [bias; TILE];
    let mut offsets = [0; C];
    let mut kept = [bias; C];
    unroll::<C>(|k| {
        let offset = start.wrapping_add(k * step);
        let inside = INSIDE || offset < end;
        offsets[k] = if inside { offset } else { 0 };
        kept[k] = if inside { i32x4_splat(-1) } else { i32x4_splat(0) };
    });
    unroll::<K>(|ky| {
        let mut x = [bias; C];
        unroll::<C>(|k| {
            x[k] = load(rows[ky].add(offsets[k]));
            if !INSIDE {
                x[k] = v128_and(x[k], kept[k]);
            }
        });
        unroll::<K>(|kx| {
            unroll::<TILE>(|i| sums[i] = f32x4_add(sums[i], f32x4_mul(x[i * S + kx], weights[ky][kx])));
        });
    });
    sums
}

/// Convolves with a kernel of any shape.
#[inline(never)]
unsafe fn gather(block: &ConvolutionBlock) {
    let width = block.input_channels.div_ceil(16) * 64;
    let count = block.kernel_height * block.kernel_width;
    let taps = Taps::new(block, count, f32x4_splat(0.0), 4);
    let index = |ky: usize, kx: usize| ky * block.kernel_width + kx;
    let pixel_bytes = block.input_channels * 4;
    taps.run(block, &block.epilogue(true), pixel_bytes, index, |channel| {
        let at = |from: *const u8| [load(from), load(from.add(16)), load(from.add(32)), load(from.add(48))];
        let mut sums = at(block.bias.add(channel * 4));
        let mut weights = block.weights.add(channel * 4);
        for tap in 0..count {
            let x = at((*taps.addresses.add(tap)).add(channel * 4));
            let w = at(weights);
            for i in 0..4 {
                sums[i] = f32x4_add(sums[i], f32x4_mul(x[i], w[i]));
            }
            weights = weights.add(width);
        }
        sums
    });
}
