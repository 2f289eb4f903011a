//! Codes in parameter blocks. One that a kernel does not know traps.

use core::arch::wasm32::unreachable;

/// Whether a word that is 0 or 1 is 1.
#[inline(always)]
pub fn flag(word: u32) -> bool {
    match word {
        0 => false,
        1 => true,
        _ => unreachable(),
    }
}
