//! Sums of u8 tensors whose elements lie side by side.

use crate::rounding::{sums_stay_small, Rounding};
use crate::vector::{flip, load, store};
use core::arch::wasm32::*;

/// The upper half of the f32 2^23, of whose lower half an integer takes the place.
const UPPER: i16 = 0x4B00;

/// A sum that is only rounded.
pub struct Sum {
    /// 2^23 plus the zero points.
    zero_points: [v128; 2],
    scales: [v128; 2],
    rounding: Rounding,
    flip: v128,
}

impl Sum {
    /// A sum of numbers with these zero points and scales, if it stays small.
    #[inline(always)]
    pub fn new(zero_points: [i32; 2], scales: [f32; 2], rounding: Rounding) -> Option<Self> {
        sums_stay_small(scales).then(|| Sum {
            zero_points: zero_points.map(|z| f32x4_splat(8_388_608.0 + z as f32)),
            scales: scales.map(|scale| f32x4_splat(scale)),
            rounding,
            flip: flip(),
        })
    }

    /// Adds `count` elements, a multiple of 16; a function of its own, which engines optimise soon.
    #[inline(never)]
    pub unsafe fn add(&self, a: *const u8, b: *const u8, output: *mut u8, count: usize) {
        let mut i = 0;
        while i < count {
            let x = self.numbers(load(a.add(i)), 0);
            let y = self.numbers(load(b.add(i)), 1);
            let sums = core::array::from_fn(|quad| f32x4_add(x[quad], y[quad]));
            store(output.add(i), self.rounding.small16(sums));
            i += 16;
        }
    }

    /// Sixteen elements of an operand as f32.
    #[inline(always)]
    fn numbers(&self, bytes: v128, operand: usize) -> [v128; 4] {
        let bytes = v128_xor(bytes, self.flip);
        let upper = i16x8_splat(UPPER);
        let low = u16x8_extend_low_u8x16(bytes);
        let high = u16x8_extend_high_u8x16(bytes);
        [
            i16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(low, upper),
            i16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(low, upper),
            i16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(high, upper),
            i16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(high, upper),
        ]
        .map(|x| f32x4_mul(f32x4_sub(x, self.zero_points[operand]), self.scales[operand]))
    }
}
