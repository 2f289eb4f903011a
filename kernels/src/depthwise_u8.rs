//! Depthwise convolution of u8: four rows of a column are interleaved, so that
//! a dot product sums four taps of a channel.

use crate::activation::Activation;
use crate::convolution::ConvolutionBlock;
use crate::depthwise::{lines, slides, unroll, Taps, LINES};
use crate::epilogue::fill_over;
use crate::interleave::{accumulate, interleave_high, interleave_low, spread, PARTS};
use crate::vector::{at_least, at_most, flip, load, number, store, store_bytes, Rounding};
use core::arch::wasm32::*;

/// A column of eight channels of G times four rows, or its weights, in the order of the products.
type Column<const G: usize> = [[v128; PARTS]; G];

/// Weights [columns][groups of four rows][8 channels][4 rows] i8.
type Weights<const K: usize, const G: usize> = [[[v128; 2]; G]; K];

#[no_mangle]
unsafe extern "C" fn depthwise_u8(block: &ConvolutionBlock) {
    let padding = v128_xor(u8x16_splat(block.input_zero_point as u8), flip());
    // Calls through pointers keep the passes apart; in one function registers would not do.
    if slides(block, 3, 1) {
        slide(block, padding, [pass::<3, 1, 1, false>, pass::<3, 1, 1, true>]);
    } else if slides(block, 3, 2) {
        slide(block, padding, [pass::<3, 1, 2, false>; 2]);
    } else if slides(block, 5, 1) {
        slide(block, padding, [pass::<5, 2, 1, false>, pass::<5, 2, 1, true>]);
    } else if slides(block, 5, 2) {
        slide(block, padding, [pass::<5, 2, 2, false>; 2]);
    } else {
        gather(block, padding);
    }
}

/// Computes one output row or two, eight channels after the other.
type Pass = unsafe fn(&Call, &[*const u8; LINES], [*mut u8; 2]);

/// What the passes along the lines of a call share.
struct Call<'a> {
    block: &'a ConvolutionBlock,
    padding: v128,
    /// The rounding of the results, where nothing precedes it.
    rounding: Option<Rounding>,
    /// Values of up to two output rows, where something does.
    values: *mut u8,
}

/// Convolves line by line: `passes` compute one output row and two.
#[inline(never)]
unsafe fn slide(block: &ConvolutionBlock, padding: v128, passes: [Pass; 2]) {
    let row_bytes = block.input_width * block.input_channels;
    let padding_row = block.scratch.add(block.output_width * 64);
    fill_over(padding_row, padding, row_bytes + 8);
    let call = Call {
        block,
        padding,
        rounding: block.epilogue(block.output_type == 1).rounding(),
        values: block.scratch,
    };
    let size = if block.output_type == 1 { 4 } else { 1 };
    let output_bytes = block.output_width * block.output_channels * size;
    // Output rows y and y + dilation have all but one input row in common.
    let pairs = block.stride_width == 1 && block.stride_height == 1;
    for image in 0..block.batch {
        for y in 0..block.output_height {
            if pairs && y.checked_div(block.dilation_height).unwrap_or(0) % 2 == 1 {
                continue;
            }
            let lines = lines(block, [image, y], block.kernel_height + 1, row_bytes, padding_row);
            let output = block
                .output
                .add((image * block.output_height + y) * output_bytes);
            let second = output.add(block.dilation_height * output_bytes);
            let two = pairs && y + block.dilation_height < block.output_height;
            passes[two as usize](&call, &lines, [output, second]);
        }
    }
}

/// A pass with a kernel of K x K taps, G groups of four rows and a horizontal stride of S.
unsafe fn pass<const K: usize, const G: usize, const S: usize, const PAIR: bool>(
    call: &Call,
    lines: &[*const u8; LINES],
    outputs: [*mut u8; 2],
) {
    let block = call.block;
    let channels = block.input_channels;
    let row_bytes = block.input_width * channels;
    let step = block.dilation_width * channels;
    let padding = [interleave_low([call.padding; 4]); G];
    let mut channel = 0;
    while channel < channels {
        let rows = lines.map(|line| line.add(channel));
        let column = |offset: usize| {
            if offset < row_bytes {
                read_column::<K, G, PAIR>(&rows, offset)
            } else {
                padding
            }
        };
        let packed = read_weights::<K, G>(block.weights, channel);
        let weights = spread_all(&packed);
        let below = spread_all(&shift_down(&packed));
        let bias = block.bias.add(channel * 4);
        let bias = [load(bias), load(bias.add(16))];
        let scale = Scale::new(call, channel);
        for phase in 0..block.dilation_width {
            let mut next = (phase.wrapping_sub(block.pad_left)).wrapping_mul(channels);
            let mut window = [padding; K];
            unroll::<K>(|k| {
                if k < K - S {
                    window[k] = column(next);
                    next = next.wrapping_add(step);
                }
            });
            let mut x = phase;
            while x < block.output_width {
                unroll::<S>(|k| {
                    window[K - S + k] = column(next);
                    next = next.wrapping_add(step);
                });
                let mut sums = [bias, bias];
                unroll::<K>(|k| {
                    unroll::<G>(|g| {
                        sums[0] = accumulate(sums[0], &weights[k][g], &window[k][g]);
                        if PAIR {
                            sums[1] = accumulate(sums[1], &below[k][g], &window[k][g]);
                        }
                    })
                });
                scale.store::<PAIR>(sums, x, outputs);
                unroll::<K>(|k| {
                    if k < K - S {
                        window[k] = window[k + S];
                    }
                });
                x += block.dilation_width;
            }
        }
        if call.rounding.is_none() {
            finish(call, channel, &outputs[..if PAIR { 2 } else { 1 }]);
        }
        channel += 8;
    }
}

/// Four rows of eight channels after the other, interleaved; rows that the kernel lacks are arbitrary.
#[inline(always)]
unsafe fn read_column<const K: usize, const G: usize, const PAIR: bool>(
    rows: &[*const u8; LINES],
    offset: usize,
) -> Column<G> {
    let last = if PAIR { K } else { K - 1 };
    let row = |i: usize| v128_load64_zero(rows[i.min(last)].add(offset) as *const u64);
    let mut column = [[i32x4_splat(0); PARTS]; G];
    unroll::<G>(|g| {
        let i = g * 4;
        column[g] = interleave_low([row(i), row(i + 1), row(i + 2), row(i + 3)]);
    });
    column
}

#[inline(always)]
unsafe fn read_weights<const K: usize, const G: usize>(weights: *const u8, channel: usize) -> Weights<K, G> {
    let weights = weights.add(channel / 16 * (G * K * 64) + channel % 16 * 4);
    let mut result = [[[i32x4_splat(0); 2]; G]; K];
    unroll::<K>(|k| {
        unroll::<G>(|g| {
            let from = weights.add((g * K + k) * 64);
            result[k][g] = [load(from), load(from.add(16))];
        })
    });
    result
}

/// The weights for the output row below: each one row further down.
#[inline(always)]
fn shift_down<const K: usize, const G: usize>(weights: &Weights<K, G>) -> Weights<K, G> {
    let mut result = *weights;
    unroll::<K>(|k| {
        unroll::<G>(|g| {
            unroll::<2>(|half| {
                let w = u32x4_shl(weights[k][g][half], 8);
                result[k][g][half] = if g == 0 {
                    w
                } else {
                    v128_or(w, u32x4_shr(weights[k][g - 1][half], 24))
                };
            })
        })
    });
    result
}

#[inline(always)]
fn spread_all<const K: usize, const G: usize>(weights: &Weights<K, G>) -> [Column<G>; K] {
    let mut result = [[[i32x4_splat(0); PARTS]; G]; K];
    unroll::<K>(|k| unroll::<G>(|g| result[k][g] = spread(weights[k][g])));
    result
}

/// From the sums of eight channels to stored results, or to values of a pass.
struct Scale<'a> {
    call: &'a Call<'a>,
    channel: usize,
    count: usize,
    multiplier: [v128; 2],
}

impl<'a> Scale<'a> {
    #[inline(always)]
    unsafe fn new(call: &'a Call, channel: usize) -> Self {
        let multiplier = call.block.multiplier.add(channel) as *const u8;
        let multiplier = [load(multiplier), load(multiplier.add(16))];
        Scale {
            call,
            channel,
            count: (call.block.input_channels - channel).min(8),
            multiplier: if call.rounding.is_some() {
                multiplier.map(finite)
            } else {
                multiplier
            },
        }
    }

    #[inline(always)]
    unsafe fn store<const PAIR: bool>(&self, sums: [[v128; 2]; 2], x: usize, outputs: [*mut u8; 2]) {
        let scaled = |sum, half: usize| f32x4_mul(f32x4_convert_i32x4(sum), self.multiplier[half]);
        let v = sums.map(|row| [scaled(row[0], 0), scaled(row[1], 1)]);
        let block = self.call.block;
        let Some(rounding) = &self.call.rounding else {
            let values = self.call.values.add(x * 32);
            store(values, v[0][0]);
            store(values.add(16), v[0][1]);
            if PAIR {
                let values = values.add(block.output_width * 32);
                store(values, v[1][0]);
                store(values.add(16), v[1][1]);
            }
            return;
        };
        let at = x * block.input_channels + self.channel;
        if !PAIR {
            store_bytes(outputs[0].add(at), rounding.numbers8(v[0]), self.count);
            return;
        }
        let bytes = rounding.numbers16([v[0][0], v[0][1], v[1][0], v[1][1]]);
        if self.count == 8 {
            v128_store64_lane::<0>(bytes, outputs[0].add(at) as *mut u64);
            v128_store64_lane::<1>(bytes, outputs[1].add(at) as *mut u64);
        } else {
            store_bytes(outputs[0].add(at), bytes, self.count);
            store_bytes(outputs[1].add(at), u64x2_shuffle::<1, 1>(bytes, bytes), self.count);
        }
    }
}

/// `multiplier` for which the product with an integer needs no look at NaN: an
/// infinity gives the same after rounding and clamp as the largest f32, a NaN
/// the same as 0.
#[inline(always)]
fn finite(multiplier: v128) -> v128 {
    let largest = f32x4_splat(f32::MAX);
    at_most(at_least(number(multiplier), f32x4_neg(largest)), largest)
}

/// Activation and output of the values of a pass.
#[inline(never)]
unsafe fn finish(call: &Call, channel: usize, outputs: &[*mut u8]) {
    let block = call.block;
    let positions = block.output_width * outputs.len();
    let activation = Activation {
        code: block.activation,
        a: block.activation_a,
        b: block.activation_b,
    };
    let mut rest = activation.code;
    if activation.bounds().is_none() {
        let slopes = block.slopes.wrapping_add(channel);
        activation.apply(call.values as *mut f32, positions * 2, slopes, 2);
        rest = 0;
    }
    let epilogue = ConvolutionBlock {
        activation: rest,
        ..*block
    }
    .epilogue(block.output_type == 1);
    let count = (block.output_channels - channel).min(8);
    let mut values = call.values as *const u8;
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
            low = accumulate(low, &spread([w(0), w(1)]), &interleave_low(rows));
            high = accumulate(high, &spread([w(2), w(3)]), &interleave_high(rows));
            weights = weights.add(64);
        }
        let m = block.multiplier.add(channel) as *const u8;
        let scaled = |sum, i: usize| f32x4_mul(f32x4_convert_i32x4(sum), load(m.add(i * 16)));
        [scaled(low[0], 0), scaled(low[1], 1), scaled(high[0], 2), scaled(high[1], 3)]
    });
}
