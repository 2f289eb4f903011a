//! Elementwise operations on two broadcast tensors.

use crate::activation::Activation;
use crate::blocks::{BinaryF32Block, BinaryU8Block, BroadcastWords};
use crate::codes::flag;
use crate::elementary::power;
use crate::epilogue::Epilogue;
use crate::sum::Sum;
use crate::vector::{flip, load, load_u8x8, store_floats, widen_to_f32};
use core::arch::wasm32::*;

impl BroadcastWords {
    /// Moves outer dimensions into the last one while both operands allow it.
    fn merge(&mut self) {
        for outer in (0..3).rev() {
            let size = self.dimensions[3];
            let follows = |s: &[usize; 4]| s[outer] == s[3] * size;
            let alone = self.dimensions[outer] == 1;
            if !alone && size != 1 && !(follows(&self.a) && follows(&self.b)) {
                return;
            }
            if size == 1 && !alone {
                self.a[3] = self.a[outer];
                self.b[3] = self.b[outer];
            }
            self.dimensions[3] *= self.dimensions[outer];
            self.dimensions[outer] = 1;
        }
    }

    /// Calls `row(a, b, output)` with the element offsets of each last dimension.
    #[inline(always)]
    unsafe fn rows(&self, mut row: impl FnMut(usize, usize, usize)) {
        let [d0, d1, d2, size] = self.dimensions;
        let mut output = 0;
        for i in 0..d0 {
            for j in 0..d1 {
                for k in 0..d2 {
                    let a = i * self.a[0] + j * self.a[1] + k * self.a[2];
                    let b = i * self.b[0] + j * self.b[1] + k * self.b[2];
                    row(a, b, output);
                    output += size;
                }
            }
        }
    }
}

#[no_mangle]
unsafe extern "C" fn binary_u8(block: &BinaryU8Block) {
    let mut shape = block.shape;
    shape.merge();
    let operation = Operation::of(block);
    let strides = [shape.a[3], shape.b[3]];
    let size = shape.dimensions[3];
    shape.rows(|a, b, output| {
        operation.row(block.a.add(a), block.b.add(b), strides, block.output.add(output), size);
    });
}

/// How two u8 numbers become one.
pub struct Operation {
    add: bool,
    zero_points: [v128; 2],
    scales: [v128; 2],
    /// A sum of elements side by side that is only rounded.
    sum: Option<Sum>,
    epilogue: Epilogue,
}

impl Operation {
    #[inline(never)]
    pub fn of(block: &BinaryU8Block) -> Self {
        let epilogue = Epilogue::bytes(Activation::of(&block.epilogue.activation), &block.epilogue);
        let add = !flag(block.operation);
        let zero_points = [block.a_zero_point, block.b_zero_point];
        let scales = [block.a_scale, block.b_scale];
        let rounding = epilogue.rounding().filter(|_| add);
        Operation {
            add,
            zero_points: zero_points.map(|z| i16x8_splat(z as i16)),
            scales: scales.map(|scale| f32x4_splat(scale)),
            sum: rounding.and_then(|rounding| Sum::new(zero_points, scales, rounding)),
            epilogue,
        }
    }

    /// Results of `size` numbers at their strides.
    #[inline(never)]
    pub unsafe fn row(&self, a: *const u8, b: *const u8, strides: [usize; 2], output: *mut u8, size: usize) {
        let mut i = 0;
        if let Some(sum) = &self.sum {
            if strides == [1, 1] {
                i = size / 16 * 16;
                sum.add(a, b, output, i);
            }
        }
        let ([za, zb], [sa, sb]) = (self.zero_points, self.scales);
        while i < size {
            let x = i16x8_sub(read_u8(a, i, strides[0]), za);
            let y = i16x8_sub(read_u8(b, i, strides[1]), zb);
            let v = if self.add {
                let ([x0, x1], [y0, y1]) = (widen_to_f32(x), widen_to_f32(y));
                [
                    f32x4_add(f32x4_mul(x0, sa), f32x4_mul(y0, sb)),
                    f32x4_add(f32x4_mul(x1, sa), f32x4_mul(y1, sb)),
                ]
            } else {
                [
                    f32x4_mul(f32x4_convert_i32x4(i32x4_extmul_low_i16x8(x, y)), sa),
                    f32x4_mul(f32x4_convert_i32x4(i32x4_extmul_high_i16x8(x, y)), sa),
                ]
            };
            self.epilogue
                .store8(v, core::ptr::null(), output.add(i), (size - i).min(8));
            i += 8;
        }
    }
}

/// A sum of tensors without broadcasts, computed piece by piece.
pub struct PiecewiseSum<'a> {
    block: &'a BinaryU8Block,
    operation: Operation,
}

impl<'a> PiecewiseSum<'a> {
    #[inline(always)]
    pub fn new(block: &'a BinaryU8Block) -> Self {
        let operation = Operation::of(block);
        PiecewiseSum { block, operation }
    }

    /// Adds `size` elements from the element `first` on.
    #[inline(always)]
    pub unsafe fn add(&self, first: usize, size: usize) {
        let BinaryU8Block { a, b, output, .. } = *self.block;
        self.operation
            .row(a.add(first), b.add(first), [1, 1], output.add(first), size);
    }
}

#[inline(always)]
unsafe fn read_u8(from: *const u8, i: usize, stride: usize) -> v128 {
    let flip = u8x16_extract_lane::<0>(flip());
    match stride {
        1 => load_u8x8(from.add(i)),
        0 => i16x8_splat((*from ^ flip) as i16),
        _ => {
            let mut values = [0i16; 8];
            for (lane, value) in values.iter_mut().enumerate() {
                *value = (*from.add((i + lane) * stride) ^ flip) as i16;
            }
            load(values.as_ptr() as *const u8)
        }
    }
}

#[no_mangle]
unsafe extern "C" fn binary_f32(block: &BinaryF32Block) {
    // Sums are in most networks; the other operations share a loop.
    match block.operation {
        0 => floats(block, |x, y| f32x4_add(x, y)),
        operation @ 1..=5 => floats(block, |x, y| match operation {
            1 => f32x4_sub(x, y),
            2 => f32x4_mul(x, y),
            3 => f32x4_div(x, y),
            4 => f32x4_max(x, y),
            _ => f32x4_min(x, y),
        }),
        operation @ 6..=13 => floats(block, |x, y| rare(x, y, operation)),
        _ => unreachable(),
    }
}

/// 1 where a mask is set, else 0.
#[inline(always)]
fn truth(mask: v128) -> v128 {
    v128_and(mask, f32x4_splat(1.0))
}

/// Operations that are rare: their loop calls this function.
#[inline(never)]
fn rare(x: v128, y: v128, operation: u32) -> v128 {
    match operation {
        6 => return truth(f32x4_eq(x, y)),
        7 => return truth(f32x4_lt(x, y)),
        8 => return truth(f32x4_le(x, y)),
        9 => return truth(f32x4_ne(x, y)),
        10 => return v128_bitselect(f32x4_mul(x, y), x, f32x4_lt(x, f32x4_splat(0.0))),
        _ => {}
    }
    let (mut a, mut b) = ([0.0f32; 4], [0.0f32; 4]);
    unsafe {
        v128_store(a.as_mut_ptr() as *mut v128, x);
        v128_store(b.as_mut_ptr() as *mut v128, y);
    }
    for (a, b) in a.iter_mut().zip(b) {
        *a = if operation == 11 {
            power(*a as f64, b as f64) as f32
        } else {
            // With the sign of the dividend, or from 13 on of the divisor.
            let rest = *a % b;
            let turns = operation == 13 && rest != 0.0 && (rest < 0.0) != (b < 0.0);
            if turns {
                rest + b
            } else {
                rest
            }
        };
    }
    f32x4(a[0], a[1], a[2], a[3])
}

#[inline(always)]
unsafe fn floats(block: &BinaryF32Block, operation: impl Fn(v128, v128) -> v128) {
    let mut shape = block.shape;
    shape.merge();
    let epilogue = Epilogue::floats(Activation::of(&block.activation));
    let size = shape.dimensions[3];
    shape.rows(|a, b, output| {
        let mut i = 0;
        while i < size {
            let x = read_f32(block.a.add(a), i, shape.a[3]);
            let y = read_f32(block.b.add(b), i, shape.b[3]);
            let [v] = epilogue.activate([operation(x, y)], core::ptr::null());
            store_floats(block.output.add(output + i), v, size - i);
            i += 4;
        }
    });
}

/// Four elements from `i` on at a stride.
#[inline(always)]
pub unsafe fn read_f32(from: *const f32, i: usize, stride: usize) -> v128 {
    match stride {
        1 => load(from.add(i) as *const u8),
        0 => f32x4_splat(*from),
        _ => f32x4(
            *from.add(i * stride),
            *from.add((i + 1) * stride),
            *from.add((i + 2) * stride),
            *from.add((i + 3) * stride),
        ),
    }
}
