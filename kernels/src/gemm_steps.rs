//! Sums of products over runs of elements, 32 bits of each row at a time.

use crate::vector::{load, splat_word};
use core::arch::wasm32::*;

/// Products of the elements in 32 bits of a row.
pub trait Words {
    /// Elements in 32 bits of a row, which are multiplied together.
    const ELEMENTS: usize;
    /// Adds the products of such 32 bits, in every lane of `x`, with the weights of eight channels.
    fn add(sums: [v128; 2], x: v128, weights: [v128; 2]) -> [v128; 2];
}

/// Adds the products of `run` elements of each row to CHAINS sums in turn.
#[inline(always)]
pub unsafe fn add_steps<T: Words, const R: usize, const CHAINS: usize>(
    chains: [[[v128; 2]; R]; CHAINS],
    x: [*const u8; R],
    weights: *const u8,
    run: usize,
) -> [[[v128; 2]; R]; CHAINS] {
    let (mut chains, mut x, mut w, mut left) = (chains, x, weights, run);
    // A way out after each step keeps the compiler from joining the steps, for which registers would not do.
    loop {
        chains[0] = step::<T, R>(chains[0], x, w, 0);
        if left <= T::ELEMENTS {
            break;
        }
        chains[1 % CHAINS] = step::<T, R>(chains[1 % CHAINS], x, w, 1);
        if left <= T::ELEMENTS * 2 {
            break;
        }
        chains[2 % CHAINS] = step::<T, R>(chains[2 % CHAINS], x, w, 2);
        if left <= T::ELEMENTS * 3 {
            break;
        }
        chains[3 % CHAINS] = step::<T, R>(chains[3 % CHAINS], x, w, 3);
        if left <= T::ELEMENTS * 4 {
            break;
        }
        x = x.map(|x| x.add(16));
        w = w.add(128);
        left -= T::ELEMENTS * 4;
    }
    chains
}

/// Adds the products of 32 bits of each row.
#[inline(always)]
unsafe fn step<T: Words, const R: usize>(
    mut sums: [[v128; 2]; R],
    x: [*const u8; R],
    weights: *const u8,
    index: usize,
) -> [[v128; 2]; R] {
    let weights = [load(weights.add(index * 32)), load(weights.add(index * 32 + 16))];
    for (pair, x) in sums.iter_mut().zip(x) {
        *pair = T::add(*pair, splat_word(x.add(index * 4)), weights);
    }
    sums
}
