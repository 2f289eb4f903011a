//! Depthwise convolution of f32. Products are added column by column, so that a
//! column is read once for all the sums that it is part of.

use crate::activation::{activation_f32, Activation, Clamp};
use crate::blocks::{ActivateBlock, ConvolutionBlock};
use crate::depthwise::{pass_along, slides, unroll, Taps, LINES};
use crate::epilogue::{fill_many_over, Epilogue};
use crate::vector::{load, store, store_floats};
use core::arch::wasm32::*;

#[no_mangle]
unsafe extern "C" fn depthwise_f32(block: &ConvolutionBlock) {
    if slides(block, 3, 1) {
        slide(block, [pass::<3, 1, 3, 1>, pass::<3, 1, 3, 2>]);
    } else if slides(block, 3, 2) {
        slide(block, [pass::<3, 2, 2, 1>; 2]);
    } else if slides(block, 5, 1) {
        slide(block, [pass::<5, 1, 5, 1>, pass::<5, 1, 5, 2>]);
    } else if slides(block, 5, 2) {
        slide(block, [pass::<5, 2, 3, 1>; 2]);
    } else {
        gather(block);
    }
}

/// Computes channels of one output row or two, four after the other.
type Pass = unsafe fn(&ConvolutionBlock, &[*const u8; LINES], &Results);

/// Which results a pass computes and where they go.
struct Results {
    channels: core::ops::Range<usize>,
    clamp: Clamp,
    /// First results of the first channel.
    rows: [*mut u8; 2],
    /// Bytes from one position to the next.
    step: usize,
}

/// Convolves line by line: `passes` compute one output row and two.
#[inline(never)]
unsafe fn slide(block: &ConvolutionBlock, passes: [Pass; 2]) {
    let channels = block.output_channels;
    let row_bytes = block.input_width * channels * 4;
    let output_bytes = block.output_width * channels * 4;
    let rest = block.scratch;
    let rest_bytes = block.output_width * 16;
    let padding = rest.add(2 * rest_bytes);
    fill_many_over(padding, f32x4_splat(0.0), row_bytes + 16);
    let activation = Activation::of(&block.epilogue.activation);
    let clamp = Clamp::new(&activation);
    let whole = channels / 4 * 4;
    let mut results = Results {
        channels: 0..whole,
        clamp: clamp.unwrap_or(Clamp::none()),
        rows: [rest; 2],
        step: channels * 4,
    };
    pass_along(block, [row_bytes, output_bytes], padding, |index, lines, outputs| {
        results.channels = 0..whole;
        results.rows = outputs;
        results.step = channels * 4;
        passes[index](block, lines, &results);
        if whole < channels {
            results.channels = whole..channels;
            results.rows = [rest, rest.add(rest_bytes)];
            results.step = 16;
            passes[index](block, lines, &results);
            for (row, output) in results.rows.iter().zip(outputs).take(index + 1) {
                for x in 0..block.output_width {
                    let to = (output as *mut f32).add(x * channels + whole);
                    store_floats(to, load(row.add(x * 16)), channels - whole);
                }
            }
        }
        if clamp.is_none() {
            for output in outputs.iter().take(index + 1) {
                activation_f32(&ActivateBlock {
                    input: *output as *const f32,
                    output: *output as *mut f32,
                    count: block.output_width * channels,
                    channels,
                    activation: block.epilogue.activation,
                    slopes: block.slopes,
                });
            }
        }
    });
}

/// A pass with a kernel of K x K taps and a horizontal stride of S over ROWS
/// output rows; a column is part of the sums of N output positions.
unsafe fn pass<const K: usize, const S: usize, const N: usize, const ROWS: usize>(
    block: &ConvolutionBlock,
    lines: &[*const u8; LINES],
    results: &Results,
) {
    let pixel_bytes = block.input_channels * 4;
    let row_bytes = block.input_width * pixel_bytes;
    let step = block.dilation_width * pixel_bytes;
    let output_step = block.dilation_width * results.step;
    let end = block.output_width * results.step;
    let width = block.input_channels.div_ceil(16) * 64;
    let clamp = results.clamp;
    let mut outputs = results.rows;
    let mut channel = results.channels.start;
    while channel < results.channels.end {
        let rows = lines.map(|line| line.add(channel * 4));
        let bias = load(block.bias.add(channel * 4));
        let mut weights = [[bias; K]; K];
        unroll!(K, kx => {
            unroll!(K, ky => weights[kx][ky] = load(block.weights.add((kx * K + ky) * width + channel * 4)))
        });
        for phase in 0..block.dilation_width {
            // Sums of output positions of which the first is the next to be complete.
            let mut sums = [[bias; ROWS]; N];
            let mut offset = (phase.wrapping_sub(block.pad_left)).wrapping_mul(pixel_bytes);
            unroll!(K - S, k => {
                let column = read_column::<K, ROWS>(&rows, offset, row_bytes);
                offset = offset.wrapping_add(step);
                unroll!(N, i => if k >= i * S {
                    sums[i] = add_column(sums[i], &column, &weights[k - i * S]);
                });
            });
            let mut at = phase * results.step;
            while at < end {
                unroll!(S, k => {
                    let column = read_column::<K, ROWS>(&rows, offset, row_bytes);
                    offset = offset.wrapping_add(step);
                    unroll!(N, i => if K - S + k >= i * S {
                        sums[i] = add_column(sums[i], &column, &weights[K - S + k - i * S]);
                    });
                });
                unroll!(ROWS, row => store(outputs[row].add(at), clamp.apply(sums[0][row])));
                unroll!(N, i => sums[i] = if i + 1 < N { sums[i + 1] } else { [bias; ROWS] });
                at += output_step;
            }
        }
        outputs = outputs.map(|output| output.add(16));
        channel += 4;
    }
}

/// Four channels of the rows that ROWS output rows need; 0 outside the input.
#[inline(always)]
unsafe fn read_column<const K: usize, const ROWS: usize>(
    rows: &[*const u8; LINES],
    offset: usize,
    row_bytes: usize,
) -> [v128; LINES] {
    let mut column = [f32x4_splat(0.0); LINES];
    if offset < row_bytes {
        unroll!(K + ROWS - 1, row => column[row] = load(rows[row].add(offset)));
    }
    column
}

/// Adds the products of a column to the sums of ROWS output rows.
#[inline(always)]
fn add_column<const K: usize, const ROWS: usize>(
    sums: [v128; ROWS],
    column: &[v128; LINES],
    weights: &[v128; K],
) -> [v128; ROWS] {
    let mut sums = sums;
    unroll!(K, ky => {
        unroll!(ROWS, row => sums[row] = f32x4_add(sums[row], f32x4_mul(column[row + ky], weights[ky])))
    });
    sums
}

/// Convolves with a kernel of any shape.
#[inline(never)]
unsafe fn gather(block: &ConvolutionBlock) {
    let width = block.input_channels.div_ceil(16) * 64;
    let count = block.kernel_height * block.kernel_width;
    let taps = Taps::new(block, count, f32x4_splat(0.0), 4);
    let index = |ky: usize, kx: usize| kx * block.kernel_height + ky;
    let pixel_bytes = block.input_channels * 4;
    let epilogue = Epilogue::floats(Activation::of(&block.epilogue.activation));
    taps.run(block, &epilogue, pixel_bytes, index, |channel| {
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
