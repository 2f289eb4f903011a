//! Depthwise convolution of u8: four rows of a column are interleaved, so that
//! a dot product sums four taps of a channel.

use crate::activation::Activation;
use crate::convolution::ConvolutionBlock;
use crate::depthwise::{pass_along, slides, unroll, Taps, LINES};
use crate::epilogue::fill_over;
use crate::interleave::{accumulate, interleave_high, interleave_low, spread, PARTS};
use crate::vector::{finite, flip, load, opaque, store, store_bytes, Rounding};
use core::arch::wasm32::*;

/// A column of eight channels of G times four rows.
type Column<const G: usize> = [[v128; 2]; G];

/// The weights of a column.
type Weights<const G: usize> = [[v128; PARTS]; G];

#[no_mangle]
unsafe extern "C" fn depthwise_u8(block: &ConvolutionBlock) {
    let padding = v128_xor(u8x16_splat(block.input_zero_point as u8), flip());
    // Calls through pointers keep the passes apart; in one function registers would not do.
    if slides(block, 3, 1) {
        slide(block, padding, [pass::<3, 1, 1, 1>, pass::<3, 1, 1, 2>]);
    } else if slides(block, 3, 2) {
        slide(block, padding, [pass::<3, 1, 2, 1>; 2]);
    } else if slides(block, 5, 1) {
        slide(block, padding, [pass::<5, 2, 1, 1>, pass::<5, 2, 1, 2>]);
    } else if slides(block, 5, 2) {
        slide(block, padding, [pass::<5, 2, 2, 1>; 2]);
    } else {
        gather(block, padding);
    }
}

/// Computes channels of one output row or two, eight after the other.
type Pass = unsafe fn(&ConvolutionBlock, &[*const u8; LINES], &Results);

/// Which results a pass computes and where they go.
struct Results {
    channels: core::ops::Range<usize>,
    padding: v128,
    /// The rounding of results; without it they are f32 values before the activation.
    rounding: Option<Rounding>,
    /// First results of the first channel.
    rows: [*mut u8; 2],
    /// Bytes from one position to the next.
    step: usize,
}

/// Convolves line by line: `passes` compute one output row and two.
#[inline(never)]
unsafe fn slide(block: &ConvolutionBlock, padding: v128, passes: [Pass; 2]) {
    let channels = block.output_channels;
    let row_bytes = block.input_width * channels;
    let size = if block.output_type == 1 { 4 } else { 1 };
    let output_bytes = block.output_width * channels * size;
    let padding_row = block.scratch.add(block.output_width * 64);
    fill_over(padding_row, padding, row_bytes + 8);
    let rounding = block.epilogue(block.output_type == 1).rounding();
    // What a pass cannot leave in the output goes through scratch memory.
    let whole = if rounding.is_some() { channels / 8 * 8 } else { 0 };
    let step = if rounding.is_some() { 8 } else { 32 };
    let rows = [block.scratch, block.scratch.add(block.output_width * step)];
    let mut results = Results {
        channels: 0..whole,
        padding,
        rounding,
        rows,
        step,
    };
    pass_along(
        block,
        [row_bytes, output_bytes],
        padding_row,
        |index, lines, outputs| {
            results.channels = 0..whole;
            results.rows = outputs;
            results.step = channels;
            passes[index](block, lines, &results);
            results.rows = rows;
            results.step = step;
            let mut channel = whole;
            while channel < channels {
                results.channels = channel..channels.min(channel + 8);
                passes[index](block, lines, &results);
                let outputs = &outputs[..index + 1];
                if rounding.is_some() {
                    copy_rest(block, channel, outputs);
                } else {
                    finish(block, channel, outputs);
                }
                channel += 8;
            }
        },
    );
}

/// A pass with a kernel of K x K taps, G groups of four rows and a horizontal
/// stride of S over ROWS output rows.
unsafe fn pass<const K: usize, const G: usize, const S: usize, const ROWS: usize>(
    block: &ConvolutionBlock,
    lines: &[*const u8; LINES],
    results: &Results,
) {
    let channels = block.input_channels;
    let row_bytes = block.input_width * channels;
    let step = block.dilation_width * channels;
    let output_step = block.dilation_width * results.step;
    let end = block.output_width * results.step;
    let padding = [interleave_low([results.padding; 4]); G];
    let zero = opaque(0);
    let mut outputs = results.rows;
    let mut channel = results.channels.start;
    while channel < results.channels.end {
        let rows = lines.map(|line| line.add(channel));
        let weights = read_weights::<K, G, ROWS>(block.weights, channel);
        let bias = block.bias.add(channel * 4);
        let bias = [load(bias), load(bias.add(16))];
        let multiplier = block.multiplier.add(channel) as *const u8;
        let mut multiplier = [load(multiplier), load(multiplier.add(16))];
        if results.rounding.is_some() {
            multiplier = multiplier.map(finite);
        }
        for phase in 0..block.dilation_width {
            let mut window = [padding; K];
            let mut offset = (phase.wrapping_sub(block.pad_left)).wrapping_mul(channels);
            unroll!(K - S, k => {
                if offset < row_bytes {
                    window[k] = read_column::<K, G, ROWS>(&rows, offset);
                }
                offset = offset.wrapping_add(step)
            });
            let mut at = phase * results.step;
            while at < end {
                unroll!(S, k => {
                    window[K - S + k] = if offset < row_bytes {
                        read_column::<K, G, ROWS>(&rows, offset)
                    } else {
                        padding
                    };
                    offset = offset.wrapping_add(step)
                });
                let mut v = [bias; ROWS];
                unroll!(K, k => v = add_column(v, &window[k], &weights[k], zero));
                unroll!(ROWS, row => {
                    v[row][0] = f32x4_mul(f32x4_convert_i32x4(v[row][0]), multiplier[0]);
                    v[row][1] = f32x4_mul(f32x4_convert_i32x4(v[row][1]), multiplier[1])
                });
                if let Some(rounding) = &results.rounding {
                    if ROWS == 2 {
                        let bytes = rounding.numbers16([v[0][0], v[0][1], v[ROWS - 1][0], v[ROWS - 1][1]]);
                        v128_store64_lane::<0>(bytes, outputs[0].add(at) as *mut u64);
                        v128_store64_lane::<1>(bytes, outputs[1].add(at) as *mut u64);
                    } else {
                        let bytes = rounding.numbers8(v[0]);
                        v128_store64_lane::<0>(bytes, outputs[0].add(at) as *mut u64);
                    }
                } else {
                    unroll!(ROWS, row => {
                        store(outputs[row].add(at), v[row][0]);
                        store(outputs[row].add(at + 16), v[row][1])
                    });
                }
                unroll!(K - S, k => window[k] = window[k + S]);
                at += output_step;
            }
        }
        outputs = outputs.map(|output| output.add(8));
        channel += 8;
    }
}

/// Adds the products of a column to the sums of ROWS output rows.
#[inline(always)]
fn add_column<const G: usize, const ROWS: usize>(
    sums: [[v128; 2]; ROWS],
    column: &Column<G>,
    weights: &[Weights<G>; ROWS],
    zero: v128,
) -> [[v128; 2]; ROWS] {
    let mut sums = sums;
    unroll!(G, g => {
        unroll!(ROWS, row => sums[row] = accumulate(sums[row], &weights[row][g], &column[g], zero))
    });
    sums
}

/// Four rows of eight channels after the other, interleaved; rows that the kernel lacks are arbitrary.
#[inline(always)]
unsafe fn read_column<const K: usize, const G: usize, const ROWS: usize>(
    rows: &[*const u8; LINES],
    offset: usize,
) -> Column<G> {
    let row = |i: usize| v128_load64_zero(rows[i.min(K + ROWS - 2)].add(offset) as *const u64);
    let mut column = [[i32x4_splat(0); 2]; G];
    unroll!(G, g => {
        let i = g * 4;
        column[g] = interleave_low([row(i), row(i + 1), row(i + 2), row(i + 3)])
    });
    column
}

/// Weights of the columns, of eight channels, for one output row and the one below.
#[inline(always)]
unsafe fn read_weights<const K: usize, const G: usize, const ROWS: usize>(
    weights: *const u8,
    channel: usize,
) -> [[Weights<G>; ROWS]; K] {
    let weights = weights.add(channel / 16 * (G * K * 64) + channel % 16 * 4);
    let mut result = [[[[i32x4_splat(0); PARTS]; G]; ROWS]; K];
    unroll!(K, k => {
        unroll!(G, g => {
            let packed = |g: usize, half: usize| load(weights.add((g * K + k) * 64 + half * 16));
            result[k][0][g] = spread([packed(g, 0), packed(g, 1)]);
            if ROWS == 2 {
                let down = |half: usize| {
                    let w = u32x4_shl(packed(g, half), 8);
                    if g == 0 {
                        w
                    } else {
                        v128_or(w, u32x4_shr(packed(g - 1, half), 24))
                    }
                };
                result[k][ROWS - 1][g] = spread([down(0), down(1)]);
            }
        })
    });
    result
}

/// Copies the last channels, fewer than eight, from scratch memory to the output rows.
#[inline(never)]
unsafe fn copy_rest(block: &ConvolutionBlock, channel: usize, outputs: &[*mut u8]) {
    let channels = block.output_channels;
    let mut values = block.scratch as *const u8;
    for output in outputs {
        for x in 0..block.output_width {
            store_bytes(output.add(x * channels + channel), load(values), channels - channel);
            values = values.add(8);
        }
    }
}

/// Activation and output of the values of eight channels in scratch memory.
#[inline(never)]
unsafe fn finish(block: &ConvolutionBlock, channel: usize, outputs: &[*mut u8]) {
    let positions = block.output_width * outputs.len();
    let activation = Activation {
        code: block.activation,
        a: block.activation_a,
        b: block.activation_b,
    };
    let mut rest = activation.code;
    if activation.bounds().is_none() {
        let slopes = block.slopes.wrapping_add(channel);
        activation.apply(block.scratch as *mut f32, positions * 2, slopes, 2);
        rest = 0;
    }
    let epilogue = ConvolutionBlock {
        activation: rest,
        ..*block
    }
    .epilogue(block.output_type == 1);
    let count = (block.output_channels - channel).min(8);
    let mut values = block.scratch as *const u8;
    for output in outputs {
        for x in 0..block.output_width {
            let at = (x * block.output_channels + channel) * epilogue.size();
            let v = [load(values), load(values.add(16))];
            epilogue.store8(v, core::ptr::null(), output.add(at), count);
            values = values.add(32);
        }
    }
}

/// Convolves with a kernel of any shape.
#[inline(never)]
unsafe fn gather(block: &ConvolutionBlock, padding: v128) {
    // A kernel of one row goes down its only column.
    let (rows, columns) = match block.kernel_height {
        1 => (block.kernel_width, 1),
        height => (height, block.kernel_width),
    };
    let groups = rows.div_ceil(4) * columns;
    let taps = Taps::new(block, groups * 4, padding, 1);
    let index = |ky: usize, kx: usize| {
        let (row, column) = if block.kernel_height == 1 { (kx, 0) } else { (ky, kx) };
        (row / 4 * columns + column) * 4 + row % 4
    };
    let epilogue = block.epilogue(block.output_type == 1);
    let zero = opaque(0);
    taps.run(block, &epilogue, block.input_channels, index, |channel| {
        let bias = block.bias.add(channel * 4);
        let mut low = [load(bias), load(bias.add(16))];
        let mut high = [load(bias.add(32)), load(bias.add(48))];
        let mut weights = block.weights.add(channel / 16 * (groups * 64));
        for group in 0..groups {
            let address = taps.addresses.add(group * 4);
            let row = |i: usize| load((*address.add(i)).add(channel));
            let rows = [row(0), row(1), row(2), row(3)];
            let w = |i: usize| load(weights.add(i * 16));
            low = accumulate(low, &spread([w(0), w(1)]), &interleave_low(rows), zero);
            high = accumulate(high, &spread([w(2), w(3)]), &interleave_high(rows), zero);
            weights = weights.add(64);
        }
        let m = block.multiplier.add(channel) as *const u8;
        let scaled = |sum, i: usize| f32x4_mul(f32x4_convert_i32x4(sum), load(m.add(i * 16)));
        [
            scaled(low[0], 0),
            scaled(low[1], 1),
            scaled(high[0], 2),
            scaled(high[1], 3),
        ]
    });
}
