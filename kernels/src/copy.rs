//! Strided copies and fills.

use crate::blocks::{ConstantBlock, CopyBlock, FillBlock};
use crate::vector::{flip, load, store, store_bytes};
use core::arch::wasm32::*;

#[no_mangle]
unsafe extern "C" fn copy_8(block: &CopyBlock) {
    run::<u8>(block);
}

#[no_mangle]
unsafe extern "C" fn copy_32(block: &CopyBlock) {
    run::<u32>(block);
}

#[inline(always)]
unsafe fn run<T: Copy>(block: &CopyBlock) {
    let mut size = block.dimensions;
    let (mut from, mut to) = (block.input_strides, block.output_strides);
    merge(&mut size, &mut from, &mut to);
    let input = (block.input as *const T).offset(block.input_offset as isize);
    let output = (block.output as *mut T).offset(block.output_offset as isize);
    let total = size[..5].iter().product::<i32>();
    let mut index = [0i32; 5];
    for _ in 0..total {
        let mut source = input;
        let mut target = output;
        for axis in 0..5 {
            source = source.offset((index[axis] * from[axis]) as isize);
            target = target.offset((index[axis] * to[axis]) as isize);
        }
        if from[5] == 1 && to[5] == 1 {
            copy_bytes(
                source as *const u8,
                target as *mut u8,
                size[5] as usize * size_of::<T>(),
            );
        } else {
            for _ in 0..size[5] {
                target.write_unaligned(source.read_unaligned());
                source = source.wrapping_offset(from[5] as isize);
                target = target.wrapping_offset(to[5] as isize);
            }
        }
        for axis in (0..5).rev() {
            index[axis] += 1;
            if index[axis] < size[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
}

/// Moves outer dimensions into the last one while both sides are contiguous.
#[inline(always)]
fn merge(size: &mut [i32; 6], from: &mut [i32; 6], to: &mut [i32; 6]) {
    for axis in (0..5).rev() {
        let last = size[5];
        if size[axis] == 1 {
            continue;
        }
        if last == 1 {
            from[5] = from[axis];
            to[5] = to[axis];
        } else if from[axis] != from[5] * last || to[axis] != to[5] * last {
            return;
        }
        size[5] *= size[axis];
        size[axis] = 1;
    }
}

#[inline(always)]
unsafe fn copy_bytes(from: *const u8, to: *mut u8, size: usize) {
    let mut i = 0;
    while i + 16 <= size {
        store(to.add(i), load(from.add(i)));
        i += 16;
    }
    while i < size {
        *to.add(i) = *from.add(i);
        i += 1;
    }
}

#[no_mangle]
unsafe extern "C" fn fill_8(block: &FillBlock) {
    fill(
        block.output,
        block.count,
        v128_xor(u8x16_splat(block.value as u8), flip()),
    );
}

#[no_mangle]
unsafe extern "C" fn fill_32(block: &FillBlock) {
    fill(block.output, block.count * 4, u32x4_splat(block.value));
}

#[inline(always)]
unsafe fn fill(output: *mut u8, size: usize, value: v128) {
    let mut i = 0;
    while i + 16 <= size {
        store(output.add(i), value);
        i += 16;
    }
    if i < size {
        store_bytes(output.add(i), value, size - i);
    }
}

#[no_mangle]
unsafe extern "C" fn constant_8(block: &ConstantBlock) {
    copy_flipped(block, flip());
}

#[no_mangle]
unsafe extern "C" fn constant_32(block: &ConstantBlock) {
    copy_flipped(
        &ConstantBlock {
            count: block.count * 4,
            ..*block
        },
        i32x4_splat(0),
    );
}

#[inline(always)]
unsafe fn copy_flipped(block: &ConstantBlock, flip: v128) {
    let mut i = 0;
    while i < block.count {
        let value = v128_xor(load(block.input.add(i)), flip);
        store_bytes(block.output.add(i), value, block.count - i);
        i += 16;
    }
}
