//! The relaxed build: products of bytes by the relaxed dot product.

mod gemm;
mod interleave;
mod probe;

use crate::depthwise_passes::{as_packed, passes, Passes};
use crate::depthwise_window::pass;
pub use gemm::U8_PRODUCTS;
pub use interleave::{accumulate, join, spread, PARTS};

/// Passes of depthwise convolutions of u8.
pub const PASSES: [Passes; 4] = [
    passes(3, 1, pass::<3, 1, 1, 1>, pass::<3, 1, 1, 2>, as_packed),
    passes(3, 2, pass::<3, 1, 2, 1>, pass::<3, 1, 2, 1>, as_packed),
    passes(5, 1, pass::<5, 2, 1, 1>, pass::<5, 2, 1, 2>, as_packed),
    passes(5, 2, pass::<5, 2, 2, 1>, pass::<5, 2, 2, 1>, as_packed),
];
