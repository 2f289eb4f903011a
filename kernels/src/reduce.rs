//! Reductions of one dimension, in double precision.

use crate::blocks::ReduceBlock;
use crate::elementary::{exponential, logarithm};
use core::arch::wasm32::unreachable;

const PRODUCT: u32 = 1;
const MAXIMUM: u32 = 2;
const MINIMUM: u32 = 3;
const L1: u32 = 4;
const L2: u32 = 5;
const SUM_SQUARES: u32 = 6;
const MEAN_SQUARES: u32 = 7;
const LOG_SUM: u32 = 8;
const LOG_SUM_EXP: u32 = 9;
const FIRST_MAXIMUM: u32 = 10;
const LAST_MAXIMUM: u32 = 11;
const FIRST_MINIMUM: u32 = 12;
const LAST_MINIMUM: u32 = 13;

#[no_mangle]
unsafe extern "C" fn reduce_f32(block: &ReduceBlock) {
    if block.function > LAST_MINIMUM {
        unreachable();
    }
    for outer in 0..block.outer {
        for inner in 0..block.inner {
            let first = block.input.add(outer * block.length * block.inner + inner);
            let result = reduce(block.function, block.length, |i| *first.add(i * block.inner) as f64);
            *block.output.add(outer * block.inner + inner) = result as f32;
        }
    }
}

#[inline(always)]
fn reduce(function: u32, length: usize, at: impl Fn(usize) -> f64) -> f64 {
    let minimum = function == MINIMUM || function == FIRST_MINIMUM || function == LAST_MINIMUM;
    let last = function == LAST_MAXIMUM || function == LAST_MINIMUM;
    let (mut best, mut place) = (at(0), 0);
    for i in 1..length {
        let x = at(i);
        let better = if minimum { x < best } else { x > best };
        if better || (last && x == best) || (x.is_nan() && !best.is_nan()) {
            (best, place) = (x, i);
        }
    }
    if function >= FIRST_MAXIMUM {
        return place as f64;
    }
    if function == MAXIMUM || function == MINIMUM {
        return best;
    }
    let offset = if best.abs() < f64::INFINITY { best } else { 0.0 };
    let mut sum = if function == PRODUCT { 1.0 } else { 0.0 };
    for i in 0..length {
        let x = at(i);
        match function {
            PRODUCT => sum *= x,
            L1 => sum += x.abs(),
            L2 | SUM_SQUARES | MEAN_SQUARES => sum += x * x,
            LOG_SUM_EXP => sum += exponential(x - offset),
            _ => sum += x,
        }
    }
    match function {
        L2 => sum.sqrt(),
        MEAN_SQUARES => sum / length as f64,
        LOG_SUM => logarithm(sum),
        LOG_SUM_EXP => offset + logarithm(sum),
        _ => sum,
    }
}
