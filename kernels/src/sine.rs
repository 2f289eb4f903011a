//! Sine and cosine of f32 numbers of any magnitude, in double precision.

/// 32 zeros, and the first bits of 2 / pi behind its point.
static TWO_OVER_PI: [u32; 9] = [
    0, 0xa2f9_836e, 0x4e44_1529, 0xfc27_57d1, 0xf534_ddc0, 0xdb62_9599, 0x3c43_9041, 0xfe51_63ab, 0xdebb_c561,
];
/// 2^-64.
const LAST_BIT: f64 = 5.421_010_862_427_522e-20;

/// The sine of an angle and so many quarter turns. The angle is a number of f32.
#[inline(never)]
pub fn sine(angle: f64, quarters: u32) -> f64 {
    let magnitude = angle.abs();
    if !(magnitude < f64::INFINITY) {
        return f64::NAN;
    }
    let (turns, rest) = if magnitude < 0.5 {
        (0, magnitude)
    } else {
        reduce(magnitude as f32)
    };
    let quadrant = turns + quarters;
    let z = rest * rest;
    let value = if quadrant & 1 == 0 {
        rest + rest * series(z, &SINE)
    } else {
        1.0 + series(z, &COSINE)
    };
    if (quadrant & 2 != 0) != (quarters == 0 && angle.is_sign_negative()) {
        -value
    } else {
        value
    }
}

/// -c z (1 - d z (1 - ...)) with the last of the coefficients c, d, ... first.
fn series(z: f64, coefficients: &[f64; 7]) -> f64 {
    let mut sum = 0.0;
    for coefficient in coefficients {
        sum = -z * coefficient * (1.0 + sum);
    }
    sum
}

/// 1 / (k (k - 1)) for k = 15, 13, ..., 3.
static SINE: [f64; 7] = [
    1.0 / 210.0,
    1.0 / 156.0,
    1.0 / 110.0,
    1.0 / 72.0,
    1.0 / 42.0,
    1.0 / 20.0,
    1.0 / 6.0,
];
/// 1 / (k (k - 1)) for k = 14, 12, ..., 2.
static COSINE: [f64; 7] = [
    1.0 / 182.0,
    1.0 / 132.0,
    1.0 / 90.0,
    1.0 / 56.0,
    1.0 / 30.0,
    1.0 / 12.0,
    0.5,
];

/// Quarter turns in an angle from 0.5 on, to the nearest whole number, and the angle that remains.
fn reduce(angle: f32) -> (u32, f64) {
    let bits = angle.to_bits();
    let fraction = ((bits & 0x7f_ffff) | 0x80_0000) as u64;
    // The angle is fraction * 2^exponent: quarters come from bits of 2 / pi that weigh 2^(1 - exponent) and less.
    let exponent = (bits >> 23) as i32 - 150;
    let first = (exponent + 30) as usize;
    let shift = 32 - first % 32;
    let words = TWO_OVER_PI.as_ptr().wrapping_add(first / 32);
    let window = |index: usize| {
        // Of an f32 it is at most the sixth and the two behind it.
        let pair = unsafe { (*words.add(index) as u64) << 32 | *words.add(index + 1) as u64 };
        fraction * (pair >> shift & 0xffff_ffff)
    };
    let high = (window(0) << 32).wrapping_add(window(1));
    let product = high.wrapping_add(window(2) >> 32);
    let rest = ((product << 2) as i64) as f64 * LAST_BIT;
    let turns = (product >> 62) as u32 + (rest < 0.0) as u32;
    (turns, rest * core::f64::consts::FRAC_PI_2)
}
