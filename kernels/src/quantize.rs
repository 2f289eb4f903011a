//! Between f32 and u8, and from u8 to u8 through a table.

use crate::blocks::{DequantizeBlock, LookupBlock, QuantizeBlock};
use crate::codes::flag;
use crate::rounding::Rounding;
use crate::vector::{flip, load, load_u8x8, store, store_bytes, store_floats, widen_to_f32};
use core::arch::wasm32::*;

#[no_mangle]
unsafe extern "C" fn quantize(block: &QuantizeBlock) {
    let image = block.pixels * block.channels;
    if !flag(block.transposed) || block.channels == 1 || block.pixels == 1 {
        quantize_run(block, block.input, block.output, block.batch * image);
        return;
    }
    for n in 0..block.batch {
        let input = block.input.add(n * image);
        let output = block.output.add(n * image);
        let first = if block.channels == 3 {
            interleave(block, input, output)
        } else {
            0
        };
        for channel in 0..block.channels {
            scatter(block, input.add(channel * block.pixels), output.add(channel), first);
        }
    }
}

/// Elements that lie in the input as in the output.
#[inline(never)]
unsafe fn quantize_run(block: &QuantizeBlock, input: *const f32, output: *mut u8, count: usize) {
    let rounding = Rounding::new(0, 255, block.zero_point);
    let scale = f32x4_splat(block.inverse_scale);
    let mut i = 0;
    while i < count {
        let [a, b] = scaled(input.add(i), scale);
        store_bytes(output.add(i), rounding.apply8(a, b), (count - i).min(8));
        i += 8;
    }
}

/// Three planes to pixels of three channels, sixteen pixels at a time; returns
/// the number of pixels done.
#[inline(never)]
unsafe fn interleave(block: &QuantizeBlock, input: *const f32, output: *mut u8) -> usize {
    let rounding = Rounding::new(0, 255, block.zero_point);
    let scale = f32x4_splat(block.inverse_scale);
    let mut pixel = 0;
    while pixel + 16 <= block.pixels {
        let mut planes = [scale; 3];
        let mut x = input.add(pixel);
        let mut plane = planes.as_mut_ptr();
        // Kept a loop: engines optimise a third of the code sooner.
        let end = core::hint::black_box(plane.add(3));
        while plane < end {
            let ([p, q], [r, s]) = (scaled(x, scale), scaled(x.add(8), scale));
            *plane = rounding.apply16([p, q, r, s]);
            x = x.add(block.pixels);
            plane = plane.add(1);
        }
        let [a, b, c] = planes;
        let start = output.add(pixel * 3);
        let ab = i8x16_shuffle::<0, 16, 0, 1, 17, 0, 2, 18, 0, 3, 19, 0, 4, 20, 0, 5>(a, b);
        let bytes = i8x16_shuffle::<0, 1, 16, 3, 4, 17, 6, 7, 18, 9, 10, 19, 12, 13, 20, 15>(ab, c);
        store(start, bytes);
        let ab = i8x16_shuffle::<21, 0, 6, 22, 0, 7, 23, 0, 8, 24, 0, 9, 25, 0, 10, 26>(a, b);
        let bytes = i8x16_shuffle::<0, 21, 2, 3, 22, 5, 6, 23, 8, 9, 24, 11, 12, 25, 14, 15>(ab, c);
        store(start.add(16), bytes);
        let ab = i8x16_shuffle::<0, 11, 27, 0, 12, 28, 0, 13, 29, 0, 14, 30, 0, 15, 31, 0>(a, b);
        let bytes = i8x16_shuffle::<26, 1, 2, 27, 4, 5, 28, 7, 8, 29, 10, 11, 30, 13, 14, 31>(ab, c);
        store(start.add(32), bytes);
        pixel += 16;
    }
    pixel
}

/// One plane from pixel `first` on to its channel of every pixel.
#[inline(never)]
unsafe fn scatter(block: &QuantizeBlock, input: *const f32, output: *mut u8, first: usize) {
    let rounding = Rounding::new(0, 255, block.zero_point);
    let scale = f32x4_splat(block.inverse_scale);
    let mut pixel = first;
    while pixel < block.pixels {
        let mut values = [0u8; 16];
        let [a, b] = scaled(input.add(pixel), scale);
        store(values.as_mut_ptr(), rounding.apply8(a, b));
        for lane in 0..(block.pixels - pixel).min(8) {
            *output.add((pixel + lane) * block.channels) = *values.as_ptr().add(lane);
        }
        pixel += 8;
    }
}

/// Eight elements times the scale.
#[inline(always)]
unsafe fn scaled(x: *const f32, scale: v128) -> [v128; 2] {
    let x = x as *const u8;
    [f32x4_mul(load(x), scale), f32x4_mul(load(x.add(16)), scale)]
}

#[no_mangle]
unsafe extern "C" fn dequantize(block: &DequantizeBlock) {
    let scale = f32x4_splat(block.scale);
    let zero_point = i16x8_splat(block.zero_point as i16);
    let mut i = 0;
    while i < block.count {
        let [a, b] = widen_to_f32(i16x8_sub(load_u8x8(block.input.add(i)), zero_point));
        store_floats(block.output.add(i), f32x4_mul(a, scale), block.count - i);
        if block.count - i > 4 {
            store_floats(block.output.add(i + 4), f32x4_mul(b, scale), block.count - i - 4);
        }
        i += 8;
    }
}

#[no_mangle]
unsafe extern "C" fn lookup(block: &LookupBlock) {
    let flip = u64x2_extract_lane::<0>(flip());
    let words = block.count / 8;
    // Reading and writing eight at once; swizzles of the table's sixteen parts take longer.
    for i in 0..words {
        let x = (block.input.add(i * 8) as *const u64).read_unaligned() ^ flip;
        let at = |byte: u32| (*block.table.add((x >> (byte * 8)) as u8 as usize) as u64) << (byte * 8);
        let low = at(0) | at(1) | at(2) | at(3);
        let high = at(4) | at(5) | at(6) | at(7);
        (block.output.add(i * 8) as *mut u64).write_unaligned((low | high) ^ flip);
    }
    for i in words * 8..block.count {
        *block.output.add(i) = *block.table.add((*block.input.add(i) ^ flip as u8) as usize) ^ flip as u8;
    }
}
