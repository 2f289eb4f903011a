//! Depthwise convolution of u8: rows are interleaved, so that a dot product sums
//! the taps of a channel. The passes along lines are those of the build.

use crate::activation::Activation;
use crate::blocks::ConvolutionBlock;
use crate::build::{accumulate, spread, PASSES};
use crate::depthwise::{pass_along, slides, Taps, LINES};
use crate::depthwise_passes::{Pass, Passes, Results};
use crate::epilogue::fill_many_over;
use crate::interleave::{interleave_high, interleave_low};
use crate::rounding::stay_small;
use crate::vector::{flip, load, opaque, store_bytes};
use core::arch::wasm32::*;
use core::ops::Range;

#[no_mangle]
unsafe extern "C" fn depthwise_u8(block: &ConvolutionBlock) {
    let padding = v128_xor(u8x16_splat(block.input_zero_point as u8), flip());
    // Calls through pointers keep the passes apart; in one function registers would not do.
    for passes in &PASSES {
        if slides(block, passes.size, passes.stride) {
            return slide(block, padding, passes);
        }
    }
    gather(block, padding);
}

/// Convolves line by line.
#[inline(never)]
unsafe fn slide(block: &ConvolutionBlock, padding: v128, passes: &Passes) {
    let channels = block.output_channels;
    let row_bytes = block.input_width * channels;
    let epilogue = block.epilogue();
    let output_bytes = block.output_width * channels * epilogue.size();
    let padding_row = block.scratch.add(block.output_width * 64);
    fill_many_over(padding_row, padding, row_bytes + 8);
    let arranged = padding_row.add((row_bytes + 16).div_ceil(16) * 16);
    let rounding = epilogue
        .rounding()
        .filter(|_| all_stay_small(block, passes.size * passes.size));
    // What a pass cannot leave in the output goes through scratch memory.
    let whole = if rounding.is_some() { channels / 8 * 8 } else { 0 };
    let step = if rounding.is_some() { 8 } else { 32 };
    let rows = [block.scratch, block.scratch.add(block.output_width * step)];
    let mut results = Results {
        channels: 0..whole,
        bias: block.host_bias(),
        weights: (passes.arrange)(block, arranged),
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
            let pass = if index == 1 { passes.two } else { passes.one };
            results.channels = 0..whole;
            results.rows = outputs;
            results.step = channels;
            pass(block, lines, &results);
            if whole < channels {
                results.channels = whole..channels;
                results.rows = rows;
                results.step = step;
                slide_rest(block, pass, lines, &mut results, &outputs[..index + 1]);
            }
        },
    );
}

/// Whether the values of all channels are small.
#[inline(never)]
unsafe fn all_stay_small(block: &ConvolutionBlock, taps: usize) -> bool {
    (0..block.output_channels.div_ceil(4)).all(|four| {
        let bias = block.host_bias().add(four * 16);
        stay_small(bias, block.multiplier.add(four * 4), taps)
    })
}

/// Computes the channels of output rows that a pass cannot leave there.
#[inline(never)]
unsafe fn slide_rest(
    block: &ConvolutionBlock,
    pass: Pass,
    lines: &[*const u8; LINES],
    results: &mut Results,
    outputs: &[*mut u8],
) {
    let Range {
        start: mut channel,
        end,
    } = results.channels;
    while channel < end {
        results.channels = channel..end.min(channel + 8);
        pass(block, lines, results);
        if results.rounding.is_some() {
            copy_rest(block, channel, outputs);
        } else {
            finish(block, channel, outputs);
        }
        channel += 8;
    }
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
    let mut activation = Activation::of(&block.epilogue.activation);
    if activation.bounds().is_none() {
        let slopes = block.slopes.wrapping_add(channel);
        activation.apply(block.scratch as *mut f32, positions * 2, slopes, 2);
        activation = Activation::none();
    }
    let epilogue = block.epilogue_with(activation);
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
    let epilogue = block.epilogue();
    let (zero, bias) = (opaque(0), block.host_bias());
    taps.run(block, &epilogue, block.input_channels, index, |channel| {
        let bias = bias.add(channel * 4);
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
