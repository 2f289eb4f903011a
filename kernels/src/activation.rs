//! Activation functions on f32 vectors.

use crate::blocks::{ActivateBlock, ActivationWords};
use crate::elementary::elementary;
use crate::functions::{erf, exp, sigmoid, tanh};
use crate::vector::{at_least, at_most, load, store, store_floats};
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
const ERF: u32 = 13;
/// From here on functions are computed one number at a time, in double precision.
const FIRST_ELEMENTARY: u32 = 14;
const LAST: u32 = FIRST_ELEMENTARY + 32;

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
        if code > LAST {
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
            ERF => each(values, vectors, erf),
            IDENTITY => {}
            _ => {
                let (a, b) = (self.a as f64, self.b as f64);
                for i in 0..vectors * 4 {
                    let value = values.add(i);
                    *value = elementary(self.code - FIRST_ELEMENTARY, *value as f64, a, b) as f32;
                }
            }
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
