//! Activation functions on f32 vectors.

use crate::blocks::{ActivateBlock, ActivationWords};
use crate::vector::{at_least, at_most, load, round, store, store_floats};
use core::arch::wasm32::*;

const IDENTITY: u32 = 0;
const RELU: u32 = 1;
const CLIP: u32 = 2;
const LEAKY_RELU: u32 = 3;
const PRELU: u32 = 4;
const HARD_SWISH: u32 = 5;
const HARD_SIGMOID: u32 = 6;
const SIGMOID: u32 = 7;
const SILU: u32 = 8;
const GELU: u32 = 9;
const GELU_TANH: u32 = 10;
const ELU: u32 = 11;
const TANH: u32 = 12;

/// An activation function that there is.
#[derive(Clone, Copy)]
pub struct Activation {
    code: u32,
    a: f32,
    b: f32,
}

impl Activation {
    /// The function of a block.
    #[inline(always)]
    pub fn of(&ActivationWords { code, a, b }: &ActivationWords) -> Self {
        if code > TANH {
            unreachable();
        }
        Activation { code, a, b }
    }

    /// The identity.
    #[inline(always)]
    pub fn none() -> Self {
        let (a, b) = (0.0, 0.0);
        Activation { code: IDENTITY, a, b }
    }

    /// The bounds that make the function a clamp, if it is one.
    #[inline(always)]
    pub fn bounds(&self) -> Option<(f32, f32)> {
        match self.code {
            IDENTITY => Some((f32::NEG_INFINITY, f32::INFINITY)),
            RELU => Some((0.0, f32::INFINITY)),
            CLIP => Some((self.a, self.b)),
            _ => None,
        }
    }

    /// Applies the function to `vectors` groups of four values in place; value
    /// `i` has the slope `slopes[i % (4 * period)]`.
    #[inline(never)]
    pub unsafe fn apply(&self, values: *mut f32, vectors: usize, slopes: *const f32, period: usize) {
        let a = f32x4_splat(self.a);
        let b = f32x4_splat(self.b);
        match self.code {
            RELU => each(values, vectors, |x| at_least(x, f32x4_splat(0.0))),
            CLIP => each(values, vectors, |x| at_most(at_least(x, a), b)),
            LEAKY_RELU => each(values, vectors, |x| leaky(x, a)),
            PRELU => {
                let mut phase = 0;
                each(values, vectors, |x| {
                    let slope = load(slopes.add(phase * 4) as *const u8);
                    phase = if phase + 1 == period { 0 } else { phase + 1 };
                    leaky(x, slope)
                })
            }
            HARD_SWISH => each(values, vectors, |x| {
                let half = f32x4_splat(0.5);
                f32x4_mul(x, unit(f32x4_add(f32x4_mul(x, f32x4_splat(1.0 / 6.0)), half)))
            }),
            HARD_SIGMOID => each(values, vectors, |x| unit(f32x4_add(f32x4_mul(x, a), b))),
            SIGMOID => each(values, vectors, sigmoid),
            SILU => each(values, vectors, |x| f32x4_mul(x, sigmoid(x))),
            GELU => each(values, vectors, |x| {
                gate(x, erf(f32x4_mul(x, f32x4_splat(core::f32::consts::FRAC_1_SQRT_2))))
            }),
            GELU_TANH => each(values, vectors, |x| {
                let cube = f32x4_mul(f32x4_mul(x, x), x);
                let inner = f32x4_add(x, f32x4_mul(cube, f32x4_splat(0.044_715)));
                gate(x, tanh(f32x4_mul(inner, f32x4_splat(0.797_884_6))))
            }),
            ELU => each(values, vectors, |x| {
                let low = f32x4_mul(a, f32x4_sub(exp(x), f32x4_splat(1.0)));
                v128_bitselect(low, x, f32x4_lt(x, f32x4_splat(0.0)))
            }),
            TANH => each(values, vectors, tanh),
            IDENTITY => {}
            _ => unreachable(),
        }
    }
}

/// A clamp from 0 or minus infinity up: the activations that cost a few instructions.
#[derive(Clone, Copy)]
pub struct Clamp {
    low: v128,
    high: v128,
}

impl Clamp {
    /// The activation as such a clamp, if it is one.
    #[inline(always)]
    pub fn new(activation: &Activation) -> Option<Self> {
        let (low, high) = activation.bounds()?;
        (low.to_bits() == 0 || low == f32::NEG_INFINITY).then_some(Clamp {
            low: f32x4_splat(low),
            high: f32x4_splat(high),
        })
    }

    /// No clamp.
    #[inline(always)]
    pub fn none() -> Self {
        Clamp {
            low: f32x4_splat(f32::NEG_INFINITY),
            high: f32x4_splat(f32::INFINITY),
        }
    }

    #[inline(always)]
    pub fn apply(&self, x: v128) -> v128 {
        at_most(v128_andnot(x, f32x4_lt(x, self.low)), self.high)
    }
}

#[inline(always)]
unsafe fn each(values: *mut f32, vectors: usize, mut function: impl FnMut(v128) -> v128) {
    for i in 0..vectors {
        let address = values.add(i * 4) as *mut u8;
        store(address, function(load(address)));
    }
}

#[inline(always)]
fn leaky(x: v128, slope: v128) -> v128 {
    v128_bitselect(f32x4_mul(x, slope), x, f32x4_lt(x, f32x4_splat(0.0)))
}

#[inline(always)]
fn unit(x: v128) -> v128 {
    at_most(at_least(x, f32x4_splat(0.0)), f32x4_splat(1.0))
}

/// 0.5 x (1 + y).
#[inline(always)]
fn gate(x: v128, y: v128) -> v128 {
    f32x4_mul(f32x4_mul(x, f32x4_splat(0.5)), f32x4_add(y, f32x4_splat(1.0)))
}

#[inline(always)]
fn sigmoid(x: v128) -> v128 {
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
fn erf(x: v128) -> v128 {
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
fn tanh(x: v128) -> v128 {
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

const CHUNK: usize = 64;

/// The output may be the input.
#[no_mangle]
pub unsafe extern "C" fn activation_f32(block: &ActivateBlock) {
    let activation = Activation::of(&block.activation);
    // Slopes repeat per row of channels, so only prelu goes row by row.
    let row = if activation.code == PRELU {
        block.channels
    } else {
        block.count
    };
    let mut start = 0;
    while start < block.count {
        let mut column = 0;
        while column < row {
            let size = (row - column).min(CHUNK);
            let vectors = size.div_ceil(4);
            let mut buffer = [f32x4_splat(0.0); CHUNK / 4];
            let values = buffer.as_mut_ptr() as *mut f32;
            let input = block.input.add(start + column);
            for i in 0..vectors {
                store(values.add(i * 4) as *mut u8, load(input.add(i * 4) as *const u8));
            }
            activation.apply(values, vectors, block.slopes.wrapping_add(column), vectors);
            let output = block.output.add(start + column);
            for i in 0..vectors {
                store_floats(output.add(i * 4), load(values.add(i * 4) as *const u8), size - i * 4);
            }
            column += size;
        }
        start += row;
    }
}
