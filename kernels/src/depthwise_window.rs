//! Passes along lines of u8 that keep the columns under the kernel at hand, four
//! rows interleaved.

use crate::blocks::ConvolutionBlock;
use crate::build::{accumulate, spread, PARTS};
use crate::depthwise::{unroll, LINES};
use crate::depthwise_passes::Results;
use crate::interleave::interleave_low;
use crate::vector::{load, opaque, store};
use core::arch::wasm32::*;

/// A column of eight channels of G times four rows.
type Column<const G: usize> = [[v128; 2]; G];

/// The weights of a column.
type Weights<const G: usize> = [[v128; PARTS]; G];

/// A pass with a kernel of K x K taps, G groups of four rows and a horizontal
/// stride of S over ROWS output rows.
pub unsafe fn pass<const K: usize, const G: usize, const S: usize, const ROWS: usize>(
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
        let weights = read_weights::<K, G, ROWS>(results.weights, channel);
        let [low, high] = [0, 4].map(|next| results.constants(block, channel + next));
        let [bias, multiplier] = [[low[0], high[0]], [low[1], high[1]]];
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
                        let bytes = rounding.small16([v[0][0], v[0][1], v[ROWS - 1][0], v[ROWS - 1][1]]);
                        v128_store64_lane::<0>(bytes, outputs[0].add(at) as *mut u64);
                        v128_store64_lane::<1>(bytes, outputs[1].add(at) as *mut u64);
                    } else {
                        let bytes = rounding.small8(v[0]);
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
