//! Passes of the simd128 build along lines of u8 with a horizontal stride of 2.
//! Two columns are widened once and added to the sums of all output positions
//! that they are part of: pairs of rows are interleaved with each other, the
//! last row of one column with that of the other, so that each dot product sums
//! two taps.

use crate::blocks::ConvolutionBlock;
use crate::build::spread;
use crate::depthwise::{unroll, LINES};
use crate::depthwise_passes::Results;
use crate::vector::{load, opaque, store};
use core::arch::wasm32::*;

/// Two taps of 4 Q channels, in vectors of four channels.
type Quads<const Q: usize> = [v128; Q];

/// Weights of 4 Q channels: of pairs of rows for each column, and of the last
/// row for pairs of columns, where the last column stands alone.
struct Kernel<const K: usize, const Q: usize> {
    pairs: [[Quads<Q>; 2]; K],
    last: [Quads<Q>; 3],
}

/// Vectors of eight channels' weights in memory.
const fn vectors(size: usize) -> usize {
    2 * (size * (size / 2) + size / 2 + 1)
}

impl<const K: usize, const Q: usize> Kernel<K, Q> {
    /// Reads `[columns][row pairs][2]` and then `[column pairs][2]` vectors for each eight channels.
    #[inline(always)]
    unsafe fn read(from: *const u8) -> Self {
        let quads = |index: usize| {
            let mut quads = [i32x4_splat(0); Q];
            unroll!(Q, q => quads[q] = load(from.add(q / 2 * vectors(K) * 16 + index * 32 + q % 2 * 16)));
            quads
        };
        let mut kernel = Kernel {
            pairs: [[[i32x4_splat(0); Q]; 2]; K],
            last: [[i32x4_splat(0); Q]; 3],
        };
        unroll!(K, k => unroll!(K / 2, p => kernel.pairs[k][p] = quads(k * (K / 2) + p)));
        unroll!(K / 2 + 1, i => kernel.last[i] = quads(K * (K / 2) + i));
        kernel
    }
}

/// Weights `[ceil(C / 16)][ceil(rows / 4)][columns][16][4]` i8 as `Kernel` reads them, for each eight channels.
pub unsafe fn arrange(block: &ConvolutionBlock, to: *mut u8) -> *const u8 {
    let size = block.kernel_width;
    let groups = size.div_ceil(4);
    let mut output = to;
    let mut channel = 0;
    while channel < block.output_channels {
        let weights = block
            .weights
            .add(channel / 16 * (groups * size * 64) + channel % 16 * 4);
        // Pairs of rows 4 g and 4 g + 1, then 4 g + 2 and 4 g + 3, of a column.
        let parts = |row: usize, column: usize| {
            let four = weights.add((row / 4 * size + column) * 64);
            let [a, b, c, d] = spread([load(four), load(four.add(16))]);
            if row % 4 == 0 {
                [a, b]
            } else {
                [c, d]
            }
        };
        let mut put = |pair: Quads<2>| {
            store(output, pair[0]);
            store(output.add(16), pair[1]);
            output = output.add(32);
        };
        for column in 0..size {
            for pair in 0..size / 2 {
                put(parts(pair * 2, column));
            }
        }
        let up = |pair: Quads<2>| pair.map(|w| u32x4_shl(w, 16));
        for pair in 0..size / 2 {
            let (left, right) = (parts(size - 1, pair * 2), up(parts(size - 1, pair * 2 + 1)));
            put([v128_or(left[0], right[0]), v128_or(left[1], right[1])]);
        }
        put(parts(size - 1, size - 1));
        channel += 8;
    }
    to
}

/// A pass with a kernel of K x K taps over an output row; a column is part of
/// the sums of up to N output positions.
pub unsafe fn pass<const K: usize, const N: usize>(
    block: &ConvolutionBlock,
    lines: &[*const u8; LINES],
    results: &Results,
) {
    let mut channel = results.channels.start;
    while channel + 16 <= results.channels.end {
        pass_channels::<K, N, 4>(block, lines, results, channel);
        channel += 16;
    }
    if channel < results.channels.end {
        pass_channels::<K, N, 2>(block, lines, results, channel);
    }
}

/// The part of a pass that computes 4 Q channels.
#[inline(never)]
unsafe fn pass_channels<const K: usize, const N: usize, const Q: usize>(
    block: &ConvolutionBlock,
    lines: &[*const u8; LINES],
    results: &Results,
    channel: usize,
) {
    let channels = block.input_channels;
    let row_bytes = block.input_width * channels;
    let end = block.output_width * results.step;
    let zero = opaque(0);
    let output = results.rows[0].add(channel - results.channels.start);
    let rows = lines.map(|line| line.add(channel));
    let kernel = Kernel::<K, Q>::read(results.weights.add(channel / 8 * (vectors(K) * 16)));
    let mut bias = [zero; Q];
    let mut multiplier = [zero; Q];
    unroll!(Q, q => [bias[q], multiplier[q]] = results.constants(block, channel + q * 4));
    // Sums of output positions, the last one first.
    let mut sums = [bias; N];
    let mut offset = 0usize.wrapping_sub(block.pad_left).wrapping_mul(channels);
    // Columns before the first position's last one lead to results that the next ones overwrite.
    let mut missing = N - 1;
    let mut at = 0;
    while at < end {
        unroll!(N, i => {
            let i = N - 1 - i;
            sums[i] = if i == 0 { bias } else { sums[i - 1] }
        });
        let left = read_column::<K>(&rows, offset, row_bytes, results.padding, Q);
        let offset_right = offset.wrapping_add(channels);
        let right = read_column::<K>(&rows, offset_right, row_bytes, results.padding, Q);
        offset = offset_right.wrapping_add(channels);
        unroll!(K / 2, p => {
            let x = widen::<Q>(left[p * 2], left[p * 2 + 1], zero);
            unroll!(N, i => sums[i] = add(sums[i], x, kernel.pairs[i * 2][p]))
        });
        unroll!(K / 2, p => {
            let x = widen::<Q>(right[p * 2], right[p * 2 + 1], zero);
            unroll!(N, i => if i * 2 + 1 < K {
                sums[i] = add(sums[i], x, kernel.pairs[(i * 2 + 1) % K][p]);
            })
        });
        let x = widen::<Q>(left[K - 1], right[K - 1], zero);
        unroll!(N, i => sums[i] = add(sums[i], x, kernel.last[i]));
        let mut v = sums[N - 1];
        unroll!(Q, q => v[q] = f32x4_mul(f32x4_convert_i32x4(v[q]), multiplier[q]));
        if let Some(rounding) = &results.rounding {
            if Q == 4 {
                store(output.add(at), rounding.small16([v[0], v[1], v[Q - 2], v[Q - 1]]));
            } else {
                let bytes = rounding.small8([v[0], v[1]]);
                v128_store64_lane::<0>(bytes, output.add(at) as *mut u64);
            }
        } else {
            unroll!(Q, q => store(output.add(at + q * 16), v[q]));
        }
        at += if missing == 0 { results.step } else { 0 };
        missing = missing.saturating_sub(1);
    }
}

/// 4 Q channels of the rows under the kernel, `padding` outside the input.
#[inline(always)]
unsafe fn read_column<const K: usize>(
    rows: &[*const u8; LINES],
    offset: usize,
    row_bytes: usize,
    padding: v128,
    quads: usize,
) -> [v128; K] {
    let mut column = [padding; K];
    if offset < row_bytes {
        unroll!(K, row => {
            let from = rows[row].add(offset);
            column[row] = if quads == 4 { load(from) } else { v128_load64_zero(from as *const u64) }
        });
    }
    column
}

/// 4 Q channels of two rows or columns as i16, interleaved.
#[inline(always)]
fn widen<const Q: usize>(a: v128, b: v128, zero: v128) -> Quads<Q> {
    let mut quads = [zero; Q];
    let pairs = [
        u8x16_shuffle::<0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23>(a, b),
        u8x16_shuffle::<8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31>(a, b),
    ];
    unroll!(Q, q => {
        let pair = pairs[q / 2];
        quads[q] = if q % 2 == 0 {
            u16x8_extend_low_u8x16(pair)
        } else {
            u8x16_shuffle::<8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31>(pair, zero)
        }
    });
    quads
}

/// Adds the products of 4 Q channels.
#[inline(always)]
fn add<const Q: usize>(mut sums: Quads<Q>, x: Quads<Q>, weights: Quads<Q>) -> Quads<Q> {
    unroll!(Q, q => sums[q] = i32x4_add(sums[q], i32x4_dot_i16x8(x[q], weights[q])));
    sums
}
