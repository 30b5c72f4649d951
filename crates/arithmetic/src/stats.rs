//! Ordered float reductions and the tails of two distributions.
//!
//! Every sum runs in the order of its slice with a running compensation, so
//! that it has one result on every machine; transcendental functions come
//! from `libm` for the same reason.

/// The sum, compensated after Neumaier (1974), "Rundungsfehleranalyse einiger
/// Verfahren zur Summation endlicher Summen", ZAMM 54, 39-51.
pub fn sum(values: &[f64]) -> f64 {
    let (mut sum, mut lost) = (0.0_f64, 0.0_f64);
    for &value in values {
        let next = sum + value;
        lost += if sum.abs() >= value.abs() { (sum - next) + value } else { (value - next) + sum };
        sum = next;
    }
    sum + lost
}

/// The arithmetic mean; not a number where there are no values.
pub fn mean(values: &[f64]) -> f64 {
    sum(values) / values.len() as f64
}

/// The sample variance (divisor n - 1), in two passes with the correction of
/// Chan, Golub and LeVeque (1983), The American Statistician 37(3), 242-247.
pub fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    let deviations: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let squares: Vec<f64> = deviations.iter().map(|deviation| deviation * deviation).collect();
    let n = values.len() as f64;
    let rest = sum(&deviations);
    (sum(&squares) - rest * rest / n) / (n - 1.0)
}

/// The median: the middle value, or the mean of the two middle ones.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[middle],
        _ => (sorted[middle - 1] + sorted[middle]) / 2.0,
    }
}

/// The 97.5 % quantile of the standard normal distribution, for intervals at
/// 95 % (Abramowitz and Stegun 1964, table 26.5, with more digits).
pub const QUANTILE: f64 = 1.959_963_984_540_054;

/// The interval of Wilson at 95 % for the proportion of which `part` of
/// `whole` is an estimate: with `p = part / whole` and the quantile `q`,
/// `(p + q^2/2n ± q sqrt(p (1 - p) / n + q^2/4n^2)) / (1 + q^2/n)`
/// (Wilson 1927, J. Am. Stat. Assoc. 22, 209-212).
pub fn wilson(part: f64, whole: f64) -> (f64, f64) {
    let p = part / whole;
    let square = QUANTILE * QUANTILE / whole;
    let middle = p + square / 2.0;
    let half = QUANTILE * (p * (1.0 - p) / whole + square / (4.0 * whole)).sqrt();
    let within = |bound: f64| (bound / (1.0 + square)).clamp(0.0, 1.0);
    (within(middle - half), within(middle + half))
}

/// The straight line of least squares: slope and intercept.
pub fn line(points: &[(f64, f64)]) -> (f64, f64) {
    let xs: Vec<f64> = points.iter().map(|(x, _)| *x).collect();
    let ys: Vec<f64> = points.iter().map(|(_, y)| *y).collect();
    let (mean_x, mean_y) = (mean(&xs), mean(&ys));
    let products: Vec<f64> = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).collect();
    let squares: Vec<f64> = xs.iter().map(|x| (x - mean_x) * (x - mean_x)).collect();
    let slope = sum(&products) / sum(&squares);
    (slope, mean_y - slope * mean_x)
}

/// The probability that a standard normal variable exceeds `z`:
/// `erfc(z / sqrt 2) / 2` (Abramowitz and Stegun 1964, 7.1.2 and 26.2.29).
pub fn normal_tail(z: f64) -> f64 {
    libm::erfc(z / std::f64::consts::SQRT_2) / 2.0
}

/// The probability that Student's t with `df` degrees of freedom exceeds `t`:
/// half of `I_x(df/2, 1/2)` at `x = df / (df + t^2)` for `t >= 0`
/// (Abramowitz and Stegun 1964, 26.7.1). The relative error grows with `df`:
/// about 1e-13 at a hundred, 1e-8 at ten millions.
pub fn student_tail(t: f64, df: f64) -> f64 {
    let tail = incomplete_beta(df / (df + t * t), df / 2.0, 0.5) / 2.0;
    if t >= 0.0 { tail } else { 1.0 - tail }
}

/// The regularised incomplete beta function `I_x(a, b)`: the continued
/// fraction DLMF 8.17.22, on the side of its fast convergence (8.17.4).
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(1.0 - x, b, a);
    }
    let log_beta = libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b);
    let front = libm::exp(a * libm::log(x) + b * libm::log1p(-x) - log_beta) / a;
    front / continued_fraction(x, a, b)
}

/// The denominator `1 + d1/(1 + d2/(1 + ...))` of DLMF 8.17.22, evaluated by
/// the modified Lentz method (Thompson and Barnett 1986, J. Comput. Phys. 64).
fn continued_fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    const STEPS: u32 = 10_000;
    let nonzero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let (mut fraction, mut c, mut d) = (1.0, 1.0, 0.0);
    for step in 1..STEPS {
        let m = f64::from(step / 2);
        let coefficient = if step % 2 == 0 {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        };
        d = 1.0 / nonzero(1.0 + coefficient * d);
        c = nonzero(1.0 + coefficient / c);
        fraction *= c * d;
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(value: f64, expected: f64, within: f64) {
        assert!((value - expected).abs() <= within, "{value} is not near {expected}");
    }

    #[test]
    fn sums_keep_what_plain_addition_loses() {
        assert_eq!(sum(&[1.0, 1e100, 1.0, -1e100]), 2.0);
        assert_eq!(sum(&[]), 0.0);
        assert_eq!(sum(&[0.1; 10]), 1.0);
    }

    #[test]
    fn moments_by_hand() {
        let values = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0];
        assert_eq!(mean(&values), 5.0);
        assert_eq!(variance(&values), 32.0 / 7.0);
        assert_eq!(median(&values), 4.5);
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[3.0, 1.0]), 2.0);
        assert_eq!(median(&[5.0, 1.0, 2.0, 3.0, 4.0]), 3.0);
        assert!(median(&[]).is_nan());
        assert!(mean(&[]).is_nan());
        assert_eq!(line(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]), (2.0, 1.0));
    }

    /// The mean of these two lies between two floats; that of the deviations from the
    /// float that stands for it is taken off again.
    #[test]
    fn variance_makes_up_for_a_rounded_mean() {
        let large = (1_u64 << 54) as f64;
        assert_eq!(mean(&[large, large + 4.0]), large);
        assert_eq!(variance(&[large, large + 4.0]), 8.0);
    }

    /// Anscombe (1973), "Graphs in statistical analysis", The American Statistician 27(1),
    /// 17-21: the first of four data sets with the line y = 3 + 0.5 x, here with all digits.
    #[test]
    fn line_of_anscombe() {
        let xs = [10.0, 8.0, 13.0, 9.0, 11.0, 14.0, 6.0, 4.0, 12.0, 7.0, 5.0];
        let ys = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
        let points: Vec<(f64, f64)> = xs.into_iter().zip(ys).collect();
        let (slope, intercept) = line(&points);
        near(slope, 55.01 / 110.0, 1e-14);
        near(intercept, 7.500_909_090_909_091 - 9.0 * 55.01 / 110.0, 1e-13);
    }

    /// Products of deviations keep the digits that products of values would lose.
    #[test]
    fn a_line_far_from_the_origin_keeps_its_slope() {
        let far = (1_u64 << 40) as f64;
        let points = [(0.0, 1.0), (1.0, 2.0), (3.0, 5.0)];
        near(line(&points).0, 19.0 / 14.0, 1e-15);
        near(line(&points.map(|(x, y)| (far + x, far + y))).0, 19.0 / 14.0, 1e-3);
    }

    /// Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3.
    #[test]
    fn wilson_as_tabulated() {
        for (part, whole, low, high) in [
            (81.0, 263.0, 0.2553, 0.3662),
            (15.0, 148.0, 0.0624, 0.1605),
            (0.0, 20.0, 0.0000, 0.1611),
            (1.0, 29.0, 0.0061, 0.1718),
        ] {
            let interval = wilson(part, whole);
            near(interval.0, low, 5e-5);
            near(interval.1, high, 5e-5);
        }
    }

    /// NIST Statistical Reference Datasets, NumAcc4: mean 10000000.2 and
    /// standard deviation 0.1 of 1001 values.
    #[test]
    fn certified_standard_deviation() {
        let mut values = vec![10_000_000.2];
        for _ in 0..500 {
            values.extend([10_000_000.1, 10_000_000.3]);
        }
        near(mean(&values), 10_000_000.2, 1e-8);
        near(variance(&values).sqrt(), 0.1, 1e-8);
    }

    /// Abramowitz and Stegun, tables 26.1 and 26.5.
    #[test]
    fn normal_tail_as_tabulated() {
        assert_eq!(normal_tail(0.0), 0.5);
        near(normal_tail(1.0), 0.158_655_253_931_457, 1e-15);
        near(normal_tail(1.96), 0.024_997_895_148_220, 1e-15);
        near(normal_tail(-1.96), 0.975_002_104_851_780, 1e-15);
        near(normal_tail(5.0), 2.866_515_718_8e-7, 1e-16);
    }

    /// Abramowitz and Stegun, table 26.10, and the closed forms for one and
    /// two degrees of freedom.
    #[test]
    fn student_tail_as_tabulated() {
        for (df, t, tail) in [
            (1.0, 12.706, 0.025),
            (2.0, 4.303, 0.025),
            (5.0, 2.571, 0.025),
            (10.0, 2.228, 0.025),
            (30.0, 2.042, 0.025),
            (60.0, 2.660, 0.005),
            (120.0, 1.658, 0.05),
        ] {
            near(student_tail(t, df), tail, 5e-5);
        }
        near(student_tail(1.0, 1.0), 0.25, 1e-14);
        near(student_tail(-1.0, 1.0), 0.75, 1e-14);
        near(student_tail(2.0, 2.0), 0.5 - 2.0 / (2.0 * 6.0_f64.sqrt()), 1e-14);
        assert_eq!(student_tail(0.0, 7.3), 0.5);
        near(student_tail(1.96, 1e7), normal_tail(1.96), 1e-7);
    }
    /// Abramowitz and Stegun 26.7.3 and 26.7.4: for one and for even degrees of freedom
    /// the tail is a closed form in the angle whose tangent is `t / sqrt df`. Ten decimals
    /// are left where `t` is near 0, as there `1 - x` has few digits.
    #[test]
    fn student_tail_in_closed_form() {
        for t in [1e-5, 0.001, 0.1, 0.5, 1.0, 2.0, 5.0_f64] {
            near(student_tail(t, 1.0), 0.5 - libm::atan(t) / std::f64::consts::PI, 1e-10);
            for df in [2, 4, 10, 30] {
                let angle = libm::atan(t / f64::from(df).sqrt());
                let (sine, square) = (libm::sin(angle), libm::cos(angle) * libm::cos(angle));
                let (mut term, mut within) = (sine, sine);
                for even in (2..df).step_by(2) {
                    term *= square * f64::from(even - 1) / f64::from(even);
                    within += term;
                }
                near(student_tail(t, f64::from(df)), (1.0 - within) / 2.0, 1e-10);
            }
        }
    }

    /// The closed forms for one and two degrees of freedom, with nothing taken from one.
    #[test]
    fn a_far_tail_keeps_its_digits() {
        for t in [1e3, 1e6, 1e10] {
            let one = libm::atan(1.0 / t) / std::f64::consts::PI;
            near(student_tail(t, 1.0) / one, 1.0, 1e-13);
            let root = libm::sqrt(2.0 + t * t);
            near(student_tail(t, 2.0) * root * (root + t), 1.0, 1e-13);
        }
    }

    /// Thompson and Barnett (1986): a numerator of zero on the way is stepped over. Here
    /// `I_x(1, 3) = 1 - (1 - x)^3`, and the first numerator is `1 - 4x/2`.
    #[test]
    fn a_fraction_passes_a_zero() {
        near(0.5 * 0.125 * 3.0 / continued_fraction(0.5, 1.0, 3.0), 0.875, 1e-15);
    }
}
