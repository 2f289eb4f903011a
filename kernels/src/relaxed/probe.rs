//! What the relaxed dot product of this machine computes.

use core::arch::wasm32::*;
use core::hint::black_box;

/// 0 unsigned, 1 signed, 2 saturating or other.
#[no_mangle]
pub unsafe extern "C" fn dot_probe(_parameters: u32) -> i32 {
    let wraps = dot(1, 1, i32::MAX) == i32::MIN + 3;
    if !wraps {
        return 2;
    }
    let products = (dot(1, -128, 0), dot(127, -1, 0), dot(-127, -1, 0), dot(-127, -128, 0));
    match products {
        (512, 129_540, -129_540, -65_024) => 0,
        (-512, -508, 508, 65_024) => 1,
        _ => 2,
    }
}

/// Four equal products added to `start`; the operands are hidden from the
/// compiler, which must not evaluate them itself.
#[inline(never)]
unsafe fn dot(weight: i8, activation: i8, start: i32) -> i32 {
    let sum = i32x4_relaxed_dot_i8x16_i7x16_add(
        i8x16_splat(black_box(weight)),
        i8x16_splat(black_box(activation)),
        i32x4_splat(black_box(start)),
    );
    i32x4_extract_lane::<0>(sum)
}
