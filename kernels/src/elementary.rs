//! Elementary functions in double precision, one number at a time, of
//! additions, multiplications, divisions, square roots and powers of two alone.

use crate::sine::sine;

const LOG2_E: f64 = core::f64::consts::LOG2_E;
/// The natural logarithm of 2 in two parts; the upper one has 32 bits.
const LN2_HIGH: f64 = 0.693_147_180_369_123_8;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// Beyond these, the exponential is too great for a number, or rounds to 0.
const GREATEST: f64 = 709.782_712_893_384;
const LEAST: f64 = -745.133_219_101_941_2;
/// Greatest exponent of a power that is computed as a product.
const MOST_FACTORS: f64 = 64.0;

/// An element-wise function by its code, which counts from the first activation
/// code that has no function on vectors.
#[inline(never)]
pub fn elementary(code: u32, x: f64, a: f64, b: f64) -> f64 {
    match code {
        0 => x.sqrt(),
        1 => 1.0 / x,
        2 => exponential(x),
        3 => logarithm(x),
        4 => power(x, a),
        5 => sine(x, 0),
        6 => sine(x, 1),
        7 => sine(x, 0) / sine(x, 1),
        8 => arc_tangent(x / ((1.0 - x) * (1.0 + x)).sqrt()),
        9 => 2.0 * arc_tangent(((1.0 - x) / (1.0 + x)).sqrt()),
        10 => arc_tangent(x),
        11 if x.abs() < 1e-3 => x + x * x * x / 6.0,
        11 => (exponential(x) - exponential(-x)) * 0.5,
        12 => (exponential(x) + exponential(-x)) * 0.5,
        13 if x.abs() < 1e-4 => x - x * x * x / 6.0,
        13 => logarithm(x.abs() + (x * x + 1.0).sqrt()).copysign(x),
        14 => logarithm(x + (x - 1.0).sqrt() * (x + 1.0).sqrt()),
        15 => (0.5 * logarithm_near_1(2.0 * x.abs() / (1.0 - x.abs()))).copysign(x),
        16 => (if x > 0.0 { x } else { 0.0 }) + logarithm_near_1(exponential(-x.abs())),
        17 => x / (1.0 + x.abs()),
        18 if x > 20.0 => x,
        18 => {
            let e = exponential(x);
            let n = e * (e + 2.0);
            x * n / (n + 2.0)
        }
        19 if x > 0.0 => b * x,
        19 => b * (a * exponential_less_1(x)),
        20 if x < 0.0 => a * exponential_less_1(x / a),
        21 if x > a => x,
        21 => 0.0,
        22 if x < -a => x + b,
        22 if x > a => x - b,
        22 => 0.0,
        23 if x > 0.0 => 1.0,
        23 if x < 0.0 => -1.0,
        24 => x.abs(),
        25 => x.floor(),
        26 => x.ceil(),
        27 => x.round_ties_even(),
        28 => x.trunc(),
        29 => truth(x.is_nan()),
        30 => truth((a != 0.0 && x == f64::INFINITY) || (b != 0.0 && x == f64::NEG_INFINITY)),
        31 => truth(x == 0.0),
        32 => truth(x != 0.0),
        _ => x,
    }
}

fn truth(condition: bool) -> f64 {
    condition as u32 as f64
}

/// base^exponent: a product where the exponent is a small integer, a root where it is a half.
#[inline(never)]
pub fn power(base: f64, exponent: f64) -> f64 {
    let finite = exponent.abs() < f64::INFINITY;
    if base == 1.0 || (base == -1.0 && exponent.abs() == f64::INFINITY) {
        return 1.0;
    }
    let integer = finite && exponent.floor() == exponent;
    if integer && exponent.abs() <= MOST_FACTORS {
        let product = product_of(base, exponent.abs() as u32);
        return if exponent < 0.0 { 1.0 / product } else { product };
    }
    if exponent == 0.5 && base >= 0.0 {
        return base.sqrt();
    }
    if base < 0.0 && finite && !integer {
        return f64::NAN;
    }
    let magnitude = exponential(exponent * logarithm(base.abs()));
    let odd = integer && (exponent * 0.5).floor() * 2.0 != exponent;
    if odd && base.is_sign_negative() {
        -magnitude
    } else {
        magnitude
    }
}

/// The product of as many equal factors, by repeated squaring.
fn product_of(factor: f64, mut count: u32) -> f64 {
    let (mut product, mut square) = (1.0, factor);
    while count > 0 {
        if count & 1 == 1 {
            product *= square;
        }
        square *= square;
        count >>= 1;
    }
    product
}

/// e^x.
#[inline(never)]
pub fn exponential(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x > GREATEST {
        return f64::INFINITY;
    }
    if x < LEAST {
        return 0.0;
    }
    let power = (x * LOG2_E + 0.5).floor();
    let rest = x - power * LN2_HIGH - power * LN2_LOW;
    let mut sum = 0.0;
    for coefficient in &INVERSE_FACTORIALS {
        sum = sum * rest + coefficient;
    }
    let power = power as i32;
    let half = power / 2;
    sum * power_of_2(half) * power_of_2(power - half)
}

/// 2^exponent, for a normal number.
fn power_of_2(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// 1 / k! for k = 14 down to 0.
static INVERSE_FACTORIALS: [f64; 15] = [
    1.0 / 87_178_291_200.0,
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    0.5,
    1.0,
    1.0,
];

/// e^x - 1.
fn exponential_less_1(x: f64) -> f64 {
    if x.abs() < 1e-5 {
        x + x * x * 0.5
    } else {
        exponential(x) - 1.0
    }
}

/// The natural logarithm of 1 + x.
fn logarithm_near_1(x: f64) -> f64 {
    if x.abs() < 1e-5 {
        x - x * x * 0.5
    } else {
        logarithm(1.0 + x)
    }
}

/// The natural logarithm.
#[inline(never)]
pub fn logarithm(x: f64) -> f64 {
    if !(x > 0.0) {
        return if x == 0.0 { f64::NEG_INFINITY } else { f64::NAN };
    }
    if x == f64::INFINITY {
        return x;
    }
    let shift = if x < f64::MIN_POSITIVE { 54 } else { 0 };
    let bits = (x * power_of_2(shift)).to_bits();
    let mut exponent = (bits >> 52) as i32 - 1023 - shift;
    let mut fraction = f64::from_bits((bits & 0xf_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    if fraction > core::f64::consts::SQRT_2 {
        fraction /= 2.0;
        exponent += 1;
    }
    let exponent = exponent as f64;
    let s = (fraction - 1.0) / (fraction + 1.0);
    let sum = odd_series(s * s);
    exponent * LN2_HIGH + (exponent * LN2_LOW + 2.0 * s * sum + 2.0 * s)
}

/// z / 3 + z^2 / 5 + z^3 / 7 + ...
fn odd_series(z: f64) -> f64 {
    let mut sum = 0.0;
    for coefficient in &INVERSE_ODD_NUMBERS {
        sum = (sum + coefficient) * z;
    }
    sum
}

/// 1 / (2 k + 1) for k = 11 down to 1.
static INVERSE_ODD_NUMBERS: [f64; 11] = [
    1.0 / 23.0,
    1.0 / 21.0,
    1.0 / 19.0,
    1.0 / 17.0,
    1.0 / 15.0,
    1.0 / 13.0,
    1.0 / 11.0,
    1.0 / 9.0,
    1.0 / 7.0,
    1.0 / 5.0,
    1.0 / 3.0,
];

/// The angle whose tangent is x.
#[inline(never)]
fn arc_tangent(x: f64) -> f64 {
    let m = x.abs();
    let (base, t) = if m > 2.414_213_562_373_095 {
        (core::f64::consts::FRAC_PI_2, -1.0 / m)
    } else if m > 0.414_213_562_373_095_1 {
        (core::f64::consts::FRAC_PI_4, (m - 1.0) / (m + 1.0))
    } else {
        (0.0, m)
    };
    (base + (t + t * odd_series(-(t * t)))).copysign(x)
}
