//! Two groups of countries compared: by proportions, by means, by ranks and by permutation.
//!
//! A statistic is positive where the first group meets more barriers.

use arithmetic::random::Random;
use arithmetic::stats;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::records::pair::Pair;
use crate::records::size::{Country, Split};

/// Which pairs count as barred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Counted {
    /// Those with any barrier.
    Any,
    /// Those with a store barrier, alone or not.
    Type1,
    /// Those with a phone barrier, alone or not.
    Type2,
    /// Those with both.
    Both,
}

impl Counted {
    /// Whether a pair counts.
    pub fn met(self, pair: &Pair) -> bool {
        match self {
            Counted::Any => pair.barred(),
            Counted::Type1 => pair.store(),
            Counted::Type2 => pair.phone(),
            Counted::Both => pair.store() && pair.phone(),
        }
    }
}

/// One group of countries.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// All pairs of its countries.
    pub pairs: usize,
    /// Those that are barred.
    pub barred: usize,
    /// The proportion of barred apps in each country.
    pub shares: Vec<f64>,
    /// Barred pairs and all pairs of each country.
    pub counts: Vec<(usize, usize)>,
}

impl Side {
    /// Counts the pairs of countries.
    pub fn of<'a>(countries: impl IntoIterator<Item = &'a Country<'a>>, barrier: Counted) -> Self {
        let mut side = Side { pairs: 0, barred: 0, shares: Vec::new(), counts: Vec::new() };
        for country in countries {
            let barred = country.pairs.iter().filter(|pair| barrier.met(pair)).count();
            side.pairs += country.pairs.len();
            side.barred += barred;
            side.shares.push(barred as f64 / country.pairs.len() as f64);
            side.counts.push((barred, country.pairs.len()));
        }
        side
    }

    /// The proportion of barred pairs.
    pub fn proportion(&self) -> f64 {
        self.barred as f64 / self.pairs as f64
    }
}

/// The countries above a threshold and those at or below it; where the split leaves
/// a middle out, neither side has it.
pub fn sides(countries: &[Country], split: Split, counted: Counted) -> (Side, Side) {
    let sizes: Vec<f64> = countries.iter().map(|country| country.size).collect();
    let (low, high) = split.bounds(&sizes);
    let above = countries.iter().filter(|country| country.size > high);
    let below = countries.iter().filter(|country| country.size <= low);
    (Side::of(above, counted), Side::of(below, counted))
}

/// The pooled two-proportion z, and the half width of Wald's interval of the
/// difference at 95 %:
/// `z = (k1/n1 - k2/n2) / sqrt(p (1 - p) (1/n1 + 1/n2))`, `p = (k1 + k2) / (n1 + n2)`
/// (Fleiss, Levin and Paik 2003, Statistical Methods for Rates and
/// Proportions, 2.3, without the correction for continuity).
pub fn two_proportions(above: &Side, below: &Side) -> (f64, f64) {
    let (n1, n2) = (above.pairs as f64, below.pairs as f64);
    let (p1, p2) = (above.proportion(), below.proportion());
    let pooled = (above.barred + below.barred) as f64 / (n1 + n2);
    let z = (p1 - p2) / (pooled * (1.0 - pooled) * (1.0 / n1 + 1.0 / n2)).sqrt();
    (z, stats::QUANTILE * (p1 * (1.0 - p1) / n1 + p2 * (1.0 - p2) / n2).sqrt())
}

/// Welch's t and its degrees of freedom (Welch 1947, Biometrika 34, 28-35).
pub fn welch(above: &[f64], below: &[f64]) -> (f64, f64) {
    let (c1, c2) = (above.len() as f64, below.len() as f64);
    let (v1, v2) = (stats::variance(above) / c1, stats::variance(below) / c2);
    let t = (stats::mean(above) - stats::mean(below)) / (v1 + v2).sqrt();
    (t, (v1 + v2) * (v1 + v2) / (v1 * v1 / (c1 - 1.0) + v2 * v2 / (c2 - 1.0)))
}

/// What a test says: its statistic, and the probabilities of one that is as
/// large or larger, and as small or smaller, if the groups do not differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tested {
    /// The statistic.
    pub statistic: f64,
    /// The upper tail.
    pub upper: f64,
    /// The lower tail.
    pub lower: f64,
}

impl Tested {
    /// The two-tailed p-value: twice the smaller tail, at most 1.
    pub fn two_tailed(&self) -> f64 {
        (2.0 * self.upper.min(self.lower)).min(1.0)
    }
}

/// The test of Mann and Whitney (1947, Ann. Math. Stat. 18, 50-60): `U` counts
/// the pairs of values of which the first is larger, ties as halves. Normal
/// approximation with the variance corrected for ties,
/// `n1 n2 / 12 (N + 1 - sum(t^3 - t) / (N (N - 1)))`, and a continuity
/// correction of one half (Lehmann 1975, Nonparametrics, 1.5). The statistic
/// is `(U - n1 n2 / 2)` in standard errors, without that correction.
pub fn mann_whitney(above: &[f64], below: &[f64]) -> Tested {
    let half = |a: &f64, b: &f64| if a > b { 2_u64 } else { u64::from(a == b) };
    let halves = above.iter().flat_map(|a| below.iter().map(move |b| half(a, b))).sum::<u64>();
    let (n1, n2) = (above.len() as f64, below.len() as f64);
    let excess = halves as f64 / 2.0 - n1 * n2 / 2.0;
    let mut all = [above, below].concat();
    all.sort_by(f64::total_cmp);
    let ties = all.chunk_by(|a, b| a == b).map(|tied| tied.len() as u64);
    let ties = ties.map(|tied| tied * tied * tied - tied).sum::<u64>();
    let n = n1 + n2;
    let error = (n1 * n2 / 12.0 * (n + 1.0 - ties as f64 / (n * (n - 1.0)))).sqrt();
    Tested {
        statistic: excess / error,
        upper: stats::normal_tail((excess - 0.5) / error),
        lower: stats::normal_tail((-excess - 0.5) / error),
    }
}

/// Logistic regression of barred on above, standard errors clustered by
/// country. With one binary regressor the likelihood is greatest where each
/// group has its own proportion `p`, so the coefficient is the log odds ratio
/// `logit(p1) - logit(p2)`. A country with `k` of `n` pairs barred has the
/// score `u = k - n p`; each group adds `sum(u^2) / (N p (1 - p))^2` to the
/// variance (Liang and Zeger 1986, Biometrika 73, 13-22), times `G / (G - 1)`
/// for `G` countries in all. The statistic is the coefficient in standard
/// errors; normal tails.
pub fn logistic(above: &Side, below: &Side) -> Tested {
    let logit = |p: f64| libm::log(p) - libm::log1p(-p);
    let variance = |side: &Side| {
        let p = side.proportion();
        let score = |(barred, pairs): &(usize, usize)| *barred as f64 - *pairs as f64 * p;
        let squares: Vec<f64> = side.counts.iter().map(score).map(|u| u * u).collect();
        let information = side.pairs as f64 * p * (1.0 - p);
        stats::sum(&squares) / (information * information)
    };
    let clusters = (above.counts.len() + below.counts.len()) as f64;
    let error = ((variance(above) + variance(below)) * clusters / (clusters - 1.0)).sqrt();
    let statistic = (logit(above.proportion()) - logit(below.proportion())) / error;
    let (upper, lower) = (stats::normal_tail(statistic), stats::normal_tail(-statistic));
    Tested { statistic, upper, lower }
}

/// The permutation test of the difference of means: how often a random choice
/// of as many values as there are above has a mean as large, or as small. The
/// share is `(1 + hits) / (1 + times)`, so that it is never 0 (Phipson and
/// Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9(1), 39). The statistic is the
/// difference itself.
pub fn permutation(above: &[f64], below: &[f64], times: u32, random: &mut Random) -> Tested {
    // The sum of all values stays the same, so the sum above decides the order.
    // Multiples of 2^-40 are added exactly and fast; equal sums of values then
    // differ by their rounding alone, which `same` allows for.
    const UNITS: f64 = (1_u64 << 40) as f64;
    let whole = |value: &f64| (value * UNITS).round() as i64;
    let mut all: Vec<i64> = above.iter().chain(below).map(whole).collect();
    let (chosen, same) = (above.len(), above.len() as i64);
    let found = all[..chosen].iter().sum::<i64>();
    let (mut larger, mut smaller) = (1_u32, 1_u32);
    for _ in 0..times {
        random.choose(&mut all, chosen);
        let sum = all[..chosen].iter().sum::<i64>();
        larger += u32::from(sum >= found - same);
        smaller += u32::from(sum <= found + same);
    }
    let share = |hits: u32| f64::from(hits) / (f64::from(times) + 1.0);
    let statistic = stats::mean(above) - stats::mean(below);
    Tested { statistic, upper: share(larger), lower: share(smaller) }
}

/// The same test with every choice counted instead of some drawn, where all
/// countries have as many pairs: barred pairs are then whole numbers, and the
/// number of choices with each sum follows from adding one country after the
/// other (Pagano and Tritchler 1983, J. Am. Stat. Assoc. 78, 435-440). None
/// where the countries' pairs differ, or where the choices are too many to be
/// counted in 64 bits.
pub fn exact_permutation(above: &Side, below: &Side) -> Option<Tested> {
    const MOST: usize = 66;
    let counts: Vec<(usize, usize)> = [&above.counts[..], &below.counts].concat();
    let chosen = above.counts.len();
    if counts.len() > MOST || counts.iter().any(|(_, pairs)| *pairs != counts[0].1) {
        return None;
    }
    let found = above.barred;
    let mut sorted: Vec<usize> = counts.iter().map(|(barred, _)| *barred).collect();
    sorted.sort_unstable();
    let largest = sorted.iter().rev().take(chosen).sum::<usize>();
    // Choices of so many countries, by their sum.
    let mut ways = vec![vec![0_u64; largest + 1]; chosen + 1];
    ways[0][0] = 1;
    for (done, barred) in sorted.into_iter().enumerate() {
        for taken in (0..chosen.min(done + 1)).rev() {
            let (fewer, more) = ways.split_at_mut(taken + 1);
            let sums = more[0][barred..].iter_mut().zip(&fewer[taken]);
            sums.for_each(|(with, without)| *with += without);
        }
    }
    let ways = &ways[chosen];
    let all = ways.iter().sum::<u64>() as f64;
    Some(Tested {
        statistic: stats::mean(&above.shares) - stats::mean(&below.shares),
        upper: ways[found..].iter().sum::<u64>() as f64 / all,
        lower: ways[..=found].iter().sum::<u64>() as f64 / all,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given;

    fn near(value: f64, expected: f64, within: f64) {
        assert!((value - expected).abs() <= within, "{value} is not near {expected}");
    }

    #[test]
    fn which_pairs_count() {
        let met = |barrier: Counted| {
            [0, 1, 2, 3].map(|code| barrier.met(&given::pair("table1", "A", "x", code)))
        };
        assert_eq!(met(Counted::Any), [false, true, true, true]);
        assert_eq!(met(Counted::Type1), [false, true, false, true]);
        assert_eq!(met(Counted::Type2), [false, false, true, true]);
        assert_eq!(met(Counted::Both), [false, false, false, true]);
    }

    /// Two proportions from a textbook's first example: 30 of 100 against 45
    /// of 120 give z = -0.075 / sqrt(0.34091 0.65909 (1/100 + 1/120)).
    #[test]
    fn two_proportions_by_hand() {
        let side = |pairs, barred| Side { pairs, barred, shares: vec![], counts: vec![] };
        let (above, below) = (side(100, 30), side(120, 45));
        let (z, half_width) = two_proportions(&above, &below);
        near(z, -0.075 / (0.340_909 * 0.659_091 * (0.01 + 1.0 / 120.0_f64)).sqrt(), 1e-5);
        near(half_width, 1.959_964 * (0.0021_f64 + 0.375 * 0.625 / 120.0).sqrt(), 1e-6);
    }

    /// 1, 2, 3 against 2, 4, 6, 8: means 2 and 5, variances 1 and 20/3.
    #[test]
    fn welch_by_hand() {
        let (t, df) = welch(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0, 8.0]);
        let (v1, v2) = (1.0 / 3.0, 5.0 / 3.0);
        near(t, -3.0 / 2.0_f64.sqrt(), 1e-14);
        near(df, 4.0 / (v1 * v1 / 2.0 + v2 * v2 / 3.0), 1e-12);
    }

    /// Ages at the diagnosis of diabetes, the example in the documentation of
    /// `scipy.stats.mannwhitneyu`: U = 17, p = 0.11134688653314041 two-tailed
    /// with the normal approximation.
    #[test]
    fn mann_whitney_as_scipy_documents() {
        let males = [19.0, 22.0, 16.0, 29.0, 24.0];
        let females = [20.0, 11.0, 17.0, 12.0];
        let tested = mann_whitney(&males, &females);
        near(tested.two_tailed(), 0.111_346_886_533_140_41, 1e-14);
        near(tested.statistic, 7.0 / (20.0_f64 / 12.0 * 10.0).sqrt(), 1e-14);
        let turned = mann_whitney(&females, &males);
        assert_eq!((turned.upper, turned.lower), (tested.lower, tested.upper));
    }

    /// 1, 2, 2 against 2, 3: of 6 comparisons none won and two tied, so U = 1;
    /// three ties take (27 - 3) / (5 4) from N + 1 = 6.
    #[test]
    fn mann_whitney_with_ties_by_hand() {
        let tested = mann_whitney(&[1.0, 2.0, 2.0], &[2.0, 3.0]);
        near(tested.statistic, -2.0 / (0.5 * 4.8_f64).sqrt(), 1e-14);
    }

    /// Hay fever and eczema, Bland and Altman (2000), BMJ 320, 1468: of 561
    /// children with eczema 141 have hay fever, of 14,453 without 928; log odds
    /// ratio 1.588, standard error 0.103. With one child a cluster the
    /// clustered error is the usual one, but for `G / (G - 1)`.
    #[test]
    fn logistic_as_a_published_odds_ratio() {
        let side = |barred: usize, pairs: usize| {
            let counts = (0..pairs).map(|at| (usize::from(at < barred), 1)).collect();
            Side { pairs, barred, shares: vec![], counts }
        };
        let tested = logistic(&side(141, 561), &side(928, 14_453));
        near(tested.statistic, 1.588 / 0.103, 0.06);
        let error = [141.0, 420.0, 928.0, 13_525.0].map(|n: f64| 1.0 / n).iter().sum::<f64>();
        let error = (error * 15_014.0 / 15_013.0).sqrt();
        near(tested.statistic, libm::log(141.0 * 13_525.0 / (928.0 * 420.0)) / error, 1e-9);
    }

    /// Two clusters a group, 1 and 3 of 4 against 0 and 2 of 4: p is 1/2 and
    /// 1/4, the scores are 1 twice and 1 twice, the informations 2 and 1.5.
    #[test]
    fn logistic_with_clusters_by_hand() {
        let side =
            |a, b| Side { pairs: 8, barred: a + b, shares: vec![], counts: vec![(a, 4), (b, 4)] };
        let error = ((2.0 / 4.0 + 2.0 / 2.25) * 4.0 / 3.0_f64).sqrt();
        near(logistic(&side(1, 3), &side(0, 2)).statistic, libm::log(3.0) / error, 1e-12);
    }

    /// Survival of mice, Efron and Tibshirani (1993), An Introduction to the
    /// Bootstrap, table 2.1 and section 15.2: the means differ by 30.63, and
    /// 132 of 1000 permutations differ as much. All 11,440 choices counted.
    #[test]
    fn permutation_as_published_and_as_counted() {
        let treated = [94.0, 197.0, 16.0, 38.0, 99.0, 141.0, 23.0];
        let control = [52.0, 104.0, 146.0, 10.0, 51.0, 30.0, 40.0, 27.0, 46.0];
        let tested = permutation(&treated, &control, 9_999, &mut Random::new([7; 32]));
        near(tested.statistic, 30.63, 0.005);
        let all = [&treated[..], &control[..]].concat();
        let chosen = |bits: u32| (0..16).filter(move |at| bits >> at & 1 == 1);
        let choices = (0..1_u32 << 16).filter(|bits| bits.count_ones() == 7);
        let sums: Vec<f64> = choices.map(|bits| chosen(bits).map(|at| all[at]).sum()).collect();
        assert_eq!(sums.len(), 11_440);
        let exact = sums.iter().filter(|sum| **sum >= 608.0).count() as f64 / 11_440.0;
        near(tested.upper, exact, 0.01);
        near(exact, 0.132, 0.015);
        let side = |values: &[f64]| Side {
            pairs: 0,
            barred: values.iter().sum::<f64>() as usize,
            shares: values.to_vec(),
            counts: values.iter().map(|value| (*value as usize, 400)).collect(),
        };
        let counted = exact_permutation(&side(&treated), &side(&control)).unwrap();
        assert_eq!((counted.upper, counted.statistic), (exact, tested.statistic));
        let smaller = sums.iter().filter(|sum| **sum <= 608.0).count();
        assert_eq!(counted.lower, smaller as f64 / 11_440.0);
    }

    /// Countries with 3, 1, 1 and 0 of 3: of the six choices of two, sums 4, 4
    /// and 3 are 3 or more, and 3, 2, 1 and 1 are 3 or less.
    #[test]
    fn every_choice_of_two_countries() {
        let side = |counts: &[(usize, usize)]| Side {
            pairs: counts.iter().map(|(_, pairs)| pairs).sum(),
            barred: counts.iter().map(|(barred, _)| barred).sum(),
            shares: counts.iter().map(|(k, n)| *k as f64 / *n as f64).collect(),
            counts: counts.to_vec(),
        };
        let tested = exact_permutation(&side(&[(3, 3), (0, 3)]), &side(&[(1, 3), (1, 3)])).unwrap();
        assert_eq!((tested.upper, tested.lower), (3.0 / 6.0, 4.0 / 6.0));
        near(tested.statistic, 0.5 - 1.0 / 3.0, 1e-15);
        assert_eq!(exact_permutation(&side(&[(3, 3), (0, 3)]), &side(&[(1, 3), (1, 4)])), None);
        let many = vec![(1, 3); 67];
        assert_eq!(exact_permutation(&side(&many[..30]), &side(&many[30..])), None);
    }

    #[test]
    fn a_permutation_has_one_result_and_is_never_certain() {
        let run = || permutation(&[1.0, 1.0], &[0.0, 0.0], 99, &mut Random::new([1; 32]));
        assert_eq!(run(), run());
        assert_eq!(run().lower, 1.0);
        assert!(run().upper > 0.0);
    }
}
