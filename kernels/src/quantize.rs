//! Between f32 and u8, and from u8 to u8 through a table.

use crate::vector::{flip, load, load_u8x8, store, store_bytes, store_floats, widen_to_f32, Rounding};
use core::arch::wasm32::*;

#[repr(C)]
struct QuantizeBlock {
    input: *const f32,
    output: *mut u8,
    batch: usize,
    pixels: usize,
    channels: usize,
    transposed: u32,
    inverse_scale: f32,
    zero_point: i32,
}

#[no_mangle]
unsafe extern "C" fn quantize(block: &QuantizeBlock) {
    let rounding = Rounding::new(0, 255, block.zero_point);
    let scale = f32x4_splat(block.inverse_scale);
    let eight = |x: *const f32| {
        let x = x as *const u8;
        rounding.apply8(f32x4_mul(load(x), scale), f32x4_mul(load(x.add(16)), scale))
    };
    let image = block.pixels * block.channels;
    if block.transposed == 0 || block.channels == 1 || block.pixels == 1 {
        let count = block.batch * image;
        let mut i = 0;
        while i < count {
            store_bytes(block.output.add(i), eight(block.input.add(i)), (count - i).min(8));
            i += 8;
        }
        return;
    }
    for n in 0..block.batch {
        for channel in 0..block.channels {
            let input = block.input.add(n * image + channel * block.pixels);
            let output = block.output.add(n * image + channel);
            let mut pixel = 0;
            while pixel < block.pixels {
                let mut values = [0u8; 16];
                store(values.as_mut_ptr(), eight(input.add(pixel)));
                let size = (block.pixels - pixel).min(8);
                for lane in 0..size {
                    *output.add((pixel + lane) * block.channels) = *values.as_ptr().add(lane);
                }
                pixel += 8;
            }
        }
    }
}

#[repr(C)]
struct DequantizeBlock {
    input: *const u8,
    output: *mut f32,
    count: usize,
    scale: f32,
    zero_point: i32,
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

#[repr(C)]
struct LookupBlock {
    input: *const u8,
    output: *mut u8,
    table: *const u8,
    count: usize,
}

#[no_mangle]
unsafe extern "C" fn lookup(block: &LookupBlock) {
    let flip = u8x16_extract_lane::<0>(flip());
    for i in 0..block.count {
        *block.output.add(i) = *block.table.add((*block.input.add(i) ^ flip) as usize) ^ flip;
    }
}
