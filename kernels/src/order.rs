//! Running sums and the places of the greatest numbers.

use crate::blocks::{CumulativeSumBlock, TopIndicesBlock};
use crate::codes::flag;

#[no_mangle]
unsafe extern "C" fn cumulative_sum_f32(block: &CumulativeSumBlock) {
    let (exclusive, reverse) = (flag(block.exclusive), flag(block.reverse));
    let CumulativeSumBlock { length, inner, .. } = *block;
    for outer in 0..block.outer {
        for column in 0..inner {
            let first = outer * length * inner + column;
            let mut sum = 0.0f64;
            for i in 0..length {
                let at = first + if reverse { length - 1 - i } else { i } * inner;
                let x = *block.input.add(at) as f64;
                let before = sum;
                sum += x;
                *block.output.add(at) = if exclusive { before } else { sum } as f32;
            }
        }
    }
}

/// The greatest numbers, or the least, first; of equal ones the first one first, and NaN before all others.
#[no_mangle]
unsafe extern "C" fn top_indices_f32(block: &TopIndicesBlock) {
    let smallest = flag(block.smallest);
    let TopIndicesBlock { length, count, .. } = *block;
    for row in 0..block.rows {
        let input = block.input.add(row * length);
        let at = |i: usize| *input.add(i);
        let comes_first = |i: usize, j: usize| {
            let (x, y) = (at(i), at(j));
            let better = if smallest { x < y } else { x > y };
            better || (x.is_nan() && !y.is_nan()) || ((x == y || (x.is_nan() && y.is_nan())) && i < j)
        };
        let mut last = length;
        for k in 0..count {
            let mut best = length;
            for i in 0..length {
                let follows = last == length || comes_first(last, i);
                if follows && (best == length || comes_first(i, best)) {
                    best = i;
                }
            }
            *block.output.add(row * count + k) = best as f32;
            last = best;
        }
    }
}
