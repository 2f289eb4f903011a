//! From scaled accumulators to stored results.

use crate::activation::Activation;
use crate::blocks::EpilogueWords;
use crate::rounding::Rounding;
use crate::vector::{at_least, at_most, load, store, store_bytes, store_floats};
use core::arch::wasm32::*;

/// Activation, output scale, rounding and type of a result.
#[derive(Clone, Copy)]
pub struct Epilogue {
    activation: Activation,
    kind: Kind,
    low: v128,
    high: v128,
    scale: v128,
    pub rounding: Rounding,
    pub floats: bool,
}

/// How the activation is computed.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// It changes nothing, or the bounds of the rounding hold it.
    None,
    Clamp,
    Function,
}

impl Epilogue {
    /// Epilogue of an f32 result.
    #[inline(always)]
    pub fn floats(activation: Activation) -> Self {
        let bounds = activation.bounds();
        let (low, high) = bounds.unwrap_or((0.0, 0.0));
        let kind = match bounds {
            Some((f32::NEG_INFINITY, f32::INFINITY)) => Kind::None,
            Some(_) => Kind::Clamp,
            None => Kind::Function,
        };
        Epilogue {
            activation,
            kind,
            low: f32x4_splat(low),
            high: f32x4_splat(high),
            scale: f32x4_splat(1.0),
            rounding: Rounding::new(0, 255, 0),
            floats: true,
        }
    }

    /// Epilogue of a u8 result. Scaling and rounding keep the order, so the
    /// bounds of a clamping activation become bounds of the integer.
    #[inline(always)]
    pub fn bytes(activation: Activation, q: &EpilogueWords) -> Self {
        let mut kind = Kind::Function;
        let (mut low, mut high) = (q.low, q.high);
        if let Some((a, b)) = activation.bounds() {
            kind = Kind::None;
            let bound = |x: f32| {
                let integer = ((x * q.scale).round_ties_even() as i32).saturating_add(q.zero_point);
                integer.max(q.low).min(q.high)
            };
            low = bound(a);
            high = bound(b);
        }
        Epilogue {
            activation,
            kind,
            low: f32x4_splat(0.0),
            high: f32x4_splat(0.0),
            scale: f32x4_splat(q.scale),
            rounding: Rounding::new(low, high, q.zero_point),
            floats: false,
        }
    }

    /// The rounding, where nothing else is left to do.
    #[inline(always)]
    pub fn rounding(&self) -> Option<Rounding> {
        let alone = !self.floats && self.kind == Kind::None && f32x4_extract_lane::<0>(self.scale) == 1.0;
        alone.then_some(self.rounding)
    }

    /// Whether results are stored as they are, as f32.
    #[inline(always)]
    pub fn is_plain(&self) -> bool {
        self.floats && self.kind == Kind::None
    }

    /// Bytes of one stored result.
    #[inline(always)]
    pub fn size(&self) -> usize {
        if self.floats {
            4
        } else {
            1
        }
    }

    /// Activation of 4 N values that have the slopes `slopes[0..4 N]`.
    #[inline(always)]
    pub unsafe fn activate<const N: usize>(&self, v: [v128; N], slopes: *const f32) -> [v128; N] {
        match self.kind {
            Kind::None => v,
            Kind::Clamp => v.map(|x| at_most(at_least(x, self.low), self.high)),
            Kind::Function => {
                let mut values = v;
                self.activation.apply(values.as_mut_ptr() as *mut f32, N, slopes, N);
                values
            }
        }
    }

    /// Stores the first `count` of eight results.
    #[inline(always)]
    pub unsafe fn store8(&self, v: [v128; 2], slopes: *const f32, output: *mut u8, count: usize) {
        let v = self.activate(v, slopes);
        if self.floats {
            let output = output as *mut f32;
            store_floats(output, v[0], count);
            if count > 4 {
                store_floats(output.add(4), v[1], count - 4);
            }
        } else {
            let scaled = v.map(|x| f32x4_mul(x, self.scale));
            store_bytes(output, self.rounding.apply8(scaled[0], scaled[1]), count);
        }
    }

    /// Stores the first `count` of sixteen results.
    #[inline(always)]
    pub unsafe fn store16(&self, v: [v128; 4], slopes: *const f32, output: *mut u8, count: usize) {
        let v = self.activate(v, slopes);
        if self.floats {
            let output = output as *mut f32;
            for (i, x) in v.iter().enumerate() {
                if count > i * 4 {
                    store_floats(output.add(i * 4), *x, count - i * 4);
                }
            }
        } else {
            let scaled = v.map(|x| f32x4_mul(x, self.scale));
            store_bytes(output, self.rounding.apply16(scaled), count);
        }
    }
}

/// Copies `size` bytes, at least one, in steps of 16: up to 15 bytes more are read and written.
#[inline(always)]
pub unsafe fn copy_over(from: *const u8, to: *mut u8, size: usize) {
    let mut i = 0;
    loop {
        store(to.add(i), load(from.add(i)));
        i += 16;
        if i >= size {
            break;
        }
    }
}

/// As `fill_over`, for many bytes: a function of its own, whose loop does not
/// have engines optimise the caller. In the gathering of inputs a call costs more.
#[inline(never)]
pub unsafe fn fill_many_over(to: *mut u8, value: v128, size: usize) {
    fill_over(to, value, size);
}

/// Fills `size` bytes in steps of 16: up to 15 bytes more are written.
#[inline(always)]
pub unsafe fn fill_over(to: *mut u8, value: v128, size: usize) {
    let mut i = 0;
    while i < size {
        store(to.add(i), value);
        i += 16;
    }
}
