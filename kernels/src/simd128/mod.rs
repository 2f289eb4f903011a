//! The simd128 build: products of bytes by products of i16.

mod depthwise_sums;
mod gemm;
mod interleave;
mod probe;

use crate::depthwise_passes::{as_packed, passes, Passes};
use crate::depthwise_window::pass;
use depthwise_sums as sums;
pub use gemm::U8_PRODUCTS;
pub use interleave::{accumulate, join, spread, PARTS};

/// Passes of depthwise convolutions of u8.
pub const PASSES: [Passes; 4] = [
    passes(3, 1, pass::<3, 1, 1, 1>, pass::<3, 1, 1, 2>, as_packed),
    passes(3, 2, sums::pass::<3, 2>, sums::pass::<3, 2>, sums::arrange),
    passes(5, 1, pass::<5, 2, 1, 1>, pass::<5, 2, 1, 2>, as_packed),
    passes(5, 2, sums::pass::<5, 3>, sums::pass::<5, 3>, sums::arrange),
];
