//! Transcendental functions on f32 vectors.

use crate::rounding::round;
use crate::vector::{at_least, at_most};
use core::arch::wasm32::*;

/// 1 / (1 + e^-x).
#[inline(always)]
pub fn sigmoid(x: v128) -> v128 {
    let one = f32x4_splat(1.0);
    f32x4_div(one, f32x4_add(one, exp(f32x4_neg(x))))
}

/// Polynomial with the highest coefficient first.
#[inline(always)]
fn horner<const N: usize>(x: v128, coefficients: [f32; N]) -> v128 {
    let mut sum = f32x4_splat(coefficients[0]);
    for c in &coefficients[1..] {
        sum = f32x4_add(f32x4_mul(sum, x), f32x4_splat(*c));
    }
    sum
}

/// e^x for x clamped to -87..88: x = n ln 2 + r, e^r by a polynomial.
#[inline(always)]
pub fn exp(x: v128) -> v128 {
    let x = at_most(at_least(x, f32x4_splat(-87.0)), f32x4_splat(88.0));
    let (n, bits) = round(f32x4_mul(x, f32x4_splat(core::f32::consts::LOG2_E)));
    let r = f32x4_sub(x, f32x4_mul(n, f32x4_splat(0.693_145_75)));
    let r = f32x4_sub(r, f32x4_mul(n, f32x4_splat(1.428_606_8e-6)));
    let q = horner(r, EXP);
    let tail = f32x4_add(f32x4_mul(q, f32x4_mul(r, r)), r);
    let mantissa = f32x4_add(tail, f32x4_splat(1.0));
    let power = i32x4_shl(i32x4_add(bits, i32x4_splat(127)), 23);
    f32x4_mul(mantissa, power)
}

/// Odd polynomial below 1, 1 - t p(t) e^-x^2 with t = 1 / (1 + 0.3275911 x) above.
#[inline(always)]
pub fn erf(x: v128) -> v128 {
    let one = f32x4_splat(1.0);
    let magnitude = f32x4_abs(x);
    let square = f32x4_mul(x, x);
    let small = f32x4_mul(x, horner(square, ERF_SMALL));
    let t = f32x4_div(one, f32x4_add(one, f32x4_mul(magnitude, f32x4_splat(0.327_591_1))));
    let p = f32x4_mul(horner(t, ERF_LARGE), t);
    let large = f32x4_sub(one, f32x4_mul(p, exp(f32x4_neg(square))));
    v128_bitselect(small, with_sign(large, x), f32x4_lt(magnitude, one))
}

/// Odd polynomial below 0.6, 1 - 2 / (e^2x + 1) above.
#[inline(always)]
pub fn tanh(x: v128) -> v128 {
    let one = f32x4_splat(1.0);
    let magnitude = f32x4_abs(x);
    let square = f32x4_mul(x, x);
    let small = f32x4_add(x, f32x4_mul(f32x4_mul(x, square), horner(square, TANH_SMALL)));
    let e = exp(f32x4_add(magnitude, magnitude));
    let large = f32x4_sub(one, f32x4_div(f32x4_splat(2.0), f32x4_add(e, one)));
    v128_bitselect(small, with_sign(large, x), f32x4_lt(magnitude, f32x4_splat(0.6)))
}

#[inline(always)]
fn with_sign(magnitude: v128, sign: v128) -> v128 {
    v128_or(magnitude, v128_and(sign, i32x4_splat(i32::MIN)))
}

const EXP: [f32; 5] = [
    0.001_381_456_9,
    0.008_368_730_5,
    0.041_668_39,
    0.166_665_21,
    0.499_999_94,
];
const TANH_SMALL: [f32; 5] = [
    -0.005_905_860_6,
    0.020_805_378,
    -0.053_786_68,
    0.133_319_59,
    -0.333_332_99,
];
const ERF_SMALL: [f32; 7] = [
    7.647_116e-5,
    -0.000_794_235_56,
    0.005_179_749_3,
    -0.026_848_592,
    0.112_834_3,
    -0.376_126_05,
    1.128_379_1,
];
const ERF_LARGE: [f32; 5] = [0.963_842_33, -1.170_601_1, 1.114_915, -0.136_929_75, 0.228_227_94];
