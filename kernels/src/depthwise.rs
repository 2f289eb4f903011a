//! Depthwise convolution: one filter per channel.

use crate::convolution::{ConvolutionBlock, Place};
use crate::epilogue::{fill_over, Epilogue};
use crate::vector::{flip, load};
use core::arch::wasm32::*;

/// Scratch of a call: the taps' addresses, a position of padding, weights.
struct Taps {
    addresses: *mut *const u8,
    padding: *const u8,
    weights: *mut u8,
    count: usize,
    /// `count` rounded up to a multiple of 4.
    rounded: usize,
}

#[inline(always)]
unsafe fn prepare(block: &ConvolutionBlock, padding: v128, size: usize) -> Taps {
    let count = block.kernel_height * block.kernel_width;
    let rounded = count.div_ceil(4) * 4;
    let width = block.input_channels.div_ceil(16) * 16 * size;
    let addresses = block.scratch as *mut *const u8;
    let row = block.scratch.add(rounded * 4);
    fill_over(row, padding, width);
    for tap in count..rounded {
        *addresses.add(tap) = row;
    }
    Taps {
        addresses,
        padding: row,
        weights: row.add(width),
        count,
        rounded,
    }
}

#[inline(always)]
unsafe fn locate(block: &ConvolutionBlock, taps: &Taps, place: Place, pixel_bytes: usize) {
    let mut tap = 0;
    for ky in 0..block.kernel_height {
        for kx in 0..block.kernel_width {
            *taps.addresses.add(tap) = match block.source(place, ky, kx) {
                Some(pixel) => block.input.add(pixel * pixel_bytes),
                None => taps.padding,
            };
            tap += 1;
        }
    }
}

/// Runs `sums(channel)` for each group of 16 channels of each output position.
#[inline(always)]
unsafe fn run(
    block: &ConvolutionBlock,
    taps: &Taps,
    epilogue: &Epilogue,
    pixel_bytes: usize,
    sums: impl Fn(usize) -> [v128; 4],
) {
    let total = block.batch * block.output_height * block.output_width;
    let channels = block.output_channels;
    let size = epilogue.size();
    let end = total * channels;
    let mut place = Place { image: 0, y: 0, x: 0 };
    for position in 0..total {
        locate(block, taps, place, pixel_bytes);
        let mut channel = 0;
        while channel < channels {
            let element = position * channels + channel;
            // A whole store reaches into the next position, which follows.
            let count = (end - element).min(16);
            let slopes = block.slopes.wrapping_add(channel);
            epilogue.store16(sums(channel), slopes, block.output.add(element * size), count);
            channel += 16;
        }
        place.advance(block);
    }
}

#[no_mangle]
unsafe extern "C" fn depthwise_f32(block: &ConvolutionBlock) {
    let width = block.input_channels.div_ceil(16) * 16;
    let taps = prepare(block, f32x4_splat(0.0), 4);
    run(
        block,
        &taps,
        &block.epilogue(true),
        block.input_channels * 4,
        |channel| {
            let bias = block.bias.add(channel * 4);
            let mut sums = [load(bias), load(bias.add(16)), load(bias.add(32)), load(bias.add(48))];
            let mut weights = block.weights.add(channel * 4);
            for tap in 0..taps.count {
                let x = (*taps.addresses.add(tap)).add(channel * 4);
                for (i, sum) in sums.iter_mut().enumerate() {
                    *sum = f32x4_add(*sum, f32x4_mul(load(x.add(i * 16)), load(weights.add(i * 16))));
                }
                weights = weights.add(width * 4);
            }
            sums
        },
    );
}

#[no_mangle]
unsafe extern "C" fn depthwise_u8(block: &ConvolutionBlock) {
    let epilogue = block.epilogue(block.output_type == 1);
    let padding = v128_xor(u8x16_splat(block.input_zero_point as u8), flip());
    let taps = prepare(block, padding, 1);
    interleave(block, &taps);
    run(block, &taps, &epilogue, block.input_channels, |channel| {
        let bias = block.bias.add(channel * 4);
        let mut sums = [load(bias), load(bias.add(16)), load(bias.add(32)), load(bias.add(48))];
        let mut weights = taps.weights.add(channel * taps.rounded);
        let mut tap = 0;
        while tap < taps.rounded {
            let address = taps.addresses.add(tap);
            sums = four_taps(
                [
                    load((*address).add(channel)),
                    load((*address.add(1)).add(channel)),
                    load((*address.add(2)).add(channel)),
                    load((*address.add(3)).add(channel)),
                ],
                weights,
                sums,
            );
            weights = weights.add(64);
            tap += 4;
        }
        let m = block.multiplier.add(channel) as *const u8;
        [
            f32x4_mul(f32x4_convert_i32x4(sums[0]), load(m)),
            f32x4_mul(f32x4_convert_i32x4(sums[1]), load(m.add(16))),
            f32x4_mul(f32x4_convert_i32x4(sums[2]), load(m.add(32))),
            f32x4_mul(f32x4_convert_i32x4(sums[3]), load(m.add(48))),
        ]
    });
}

/// Weights in the order of the products, for 16 channels and four taps at a time.
#[inline(always)]
unsafe fn interleave(block: &ConvolutionBlock, taps: &Taps) {
    let width = block.input_channels.div_ceil(16) * 16;
    let mut to = taps.weights as *mut v128;
    let mut channel = 0;
    while channel < width {
        let mut tap = 0;
        while tap < taps.rounded {
            let mut rows = [i32x4_splat(0); 4];
            for (i, row) in rows.iter_mut().enumerate() {
                if tap + i < taps.count {
                    *row = load(block.weights.add((tap + i) * width + channel));
                }
            }
            for part in weave(rows) {
                to.write_unaligned(part);
                to = to.add(1);
            }
            tap += 4;
        }
        channel += 16;
    }
}

#[inline(always)]
fn low_bytes(a: v128, b: v128) -> v128 {
    u8x16_shuffle::<0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23>(a, b)
}

#[inline(always)]
fn high_bytes(a: v128, b: v128) -> v128 {
    u8x16_shuffle::<8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31>(a, b)
}

/// Four rows of 16 channels to four vectors of [4 channels][4 taps].
#[cfg(target_feature = "relaxed-simd")]
#[inline(always)]
fn weave(x: [v128; 4]) -> [v128; 4] {
    let low = |a, b| u16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(a, b);
    let high = |a, b| u16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(a, b);
    let (a, b) = (low_bytes(x[0], x[1]), high_bytes(x[0], x[1]));
    let (c, d) = (low_bytes(x[2], x[3]), high_bytes(x[2], x[3]));
    [low(a, c), high(a, c), low(b, d), high(b, d)]
}

#[cfg(target_feature = "relaxed-simd")]
#[inline(always)]
unsafe fn four_taps(x: [v128; 4], weights: *const u8, sums: [v128; 4]) -> [v128; 4] {
    let woven = weave(x);
    let mut sums = sums;
    for (i, sum) in sums.iter_mut().enumerate() {
        *sum = i32x4_relaxed_dot_i8x16_i7x16_add(load(weights.add(i * 16)), woven[i], *sum);
    }
    sums
}

/// Four rows of 16 channels to [2 pairs of taps][16 channels][2 taps].
#[cfg(not(target_feature = "relaxed-simd"))]
#[inline(always)]
fn weave(x: [v128; 4]) -> [v128; 4] {
    [
        low_bytes(x[0], x[1]),
        high_bytes(x[0], x[1]),
        low_bytes(x[2], x[3]),
        high_bytes(x[2], x[3]),
    ]
}

#[cfg(not(target_feature = "relaxed-simd"))]
#[inline(always)]
unsafe fn four_taps(x: [v128; 4], weights: *const u8, sums: [v128; 4]) -> [v128; 4] {
    let woven = weave(x);
    let mut sums = sums;
    for (i, pairs) in woven.iter().enumerate() {
        let half = i % 2 * 2;
        let w = (weights as *const i8).add(i * 16);
        let low = i32x4_dot_i16x8(u16x8_extend_low_u8x16(*pairs), i16x8_load_extend_i8x8(w));
        let high = i32x4_dot_i16x8(u16x8_extend_high_u8x16(*pairs), i16x8_load_extend_i8x8(w.add(8)));
        sums[half] = i32x4_add(sums[half], low);
        sums[half + 1] = i32x4_add(sums[half + 1], high);
    }
    sums
}
