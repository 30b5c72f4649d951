//! The lines of the stand-in: the weight of each app, country, store and month.

use arithmetic::draw::{self, factor, unit};
use arithmetic::random::Random;
use engine::function::Failure;
use tables::calendar::Month;

use crate::records::barrier::Barrier;
use crate::records::pair::Pair;
use crate::stand_ins::market::{HOME, Market, Params};

/// The weight of an app's downloads in one store in one month.
pub struct Line {
    /// The app by place.
    pub app: usize,
    /// The country by place.
    pub place: usize,
    /// Whether the store is Google's, else Apple's.
    pub google: bool,
    /// The month.
    pub month: Month,
    cell: usize,
    weight: f64,
}

/// What the model gives for each cell.
pub struct Model {
    /// The sums of the cells of the matrix, to be raked.
    pub matrix: Vec<f64>,
    /// The totals of the cells beyond them.
    pub others: Vec<i64>,
}

/// Draws the weights of all lines, and what each cell is to add up to.
pub fn draw(
    market: &Market,
    params: &Params,
    seed: [u8; 32],
) -> Result<(Vec<Line>, Model), Failure> {
    let mut streams = Streams::new(seed);
    let paths = paths(market, params);
    let sizes: Vec<f64> = market
        .places
        .iter()
        .map(|p| params.base * libm::pow(p.inhabitants / 1e6, params.elasticity))
        .collect();
    let google: Vec<f64> =
        market.places.iter().map(|_| 0.2 + 0.6 * unit(&mut streams.places)).collect();
    let mut pen = Pen { market, params, google, paths, sizes, lines: Vec::new() };
    let mut others = Vec::new();
    let regions: Vec<f64> = market
        .cells
        .regions
        .iter()
        .map(|_| factor(&mut streams.places, params.region_sigma))
        .collect();
    for app in 0..market.candidates.len() {
        let size = factor(&mut streams.apps, params.app_sigma);
        let key = &market.candidates[app].key;
        let from = market.pairs.partition_point(|pair| pair.app < *key);
        let pairs: Vec<&Pair> =
            market.pairs[from..].iter().take_while(|pair| pair.app == *key).collect();
        for pair in &pairs {
            let place = market.place(&pair.iso3)?;
            let Some(region) = market.places[place].region else { continue };
            let drawn = size * regions[region] * factor(&mut streams.pairs, params.pair_sigma);
            if unit(&mut streams.pairs) >= params.absent {
                let kind = pair.barrier.place();
                let cell = |year| market.cells.at(region, kind, year);
                pen.write(app, place, (0, market.months), (drawn, kind), &cell, &mut streams);
            }
        }
        let cell = market.cells.count() + others.len();
        let total = pen.rest(app, !pairs.is_empty(), cell, &mut streams)?;
        others.push(total);
    }
    let count = market.cells.count();
    let mut matrix = vec![0.0; count];
    for line in pen.lines.iter().filter(|line| line.cell < count) {
        matrix[line.cell] += line.weight;
    }
    Ok((pen.lines, Model { matrix, others }))
}

/// Trend and season of each kind in each month.
fn paths(market: &Market, params: &Params) -> Vec<Vec<f64>> {
    let turn = (params.turn - params.first_year) as f64;
    let path = |effect: f64, month: Month| {
        let years = month as f64 / 12.0;
        let slope = params.fall + effect;
        let trend = params.rise * years.min(turn) + slope * (years - turn).max(0.0);
        let angle = 2.0 * std::f64::consts::PI * (month % 12) as f64 / 12.0;
        libm::exp(trend) * (1.0 + params.season * libm::cos(angle))
    };
    let of = |kind: usize| (0..market.months).map(|m| path(params.effects[kind], m)).collect();
    (0..Barrier::ALL.len()).map(of).collect()
}

/// A generator for each part of the model.
struct Streams {
    apps: Random,
    places: Random,
    pairs: Random,
    months: Random,
}

impl Streams {
    fn new(seed: [u8; 32]) -> Self {
        let [apps, places, pairs, months] =
            ["apps", "places", "pairs", "months"].map(|name| draw::stream(seed, name));
        Streams { apps, places, pairs, months }
    }
}

/// What writes the lines.
struct Pen<'a> {
    market: &'a Market,
    params: &'a Params,
    google: Vec<f64>,
    paths: Vec<Vec<f64>>,
    sizes: Vec<f64>,
    lines: Vec<Line>,
}

impl Pen<'_> {
    /// The lines of an app in a country in the months `from` up to `to`.
    fn write(
        &mut self,
        app: usize,
        place: usize,
        (from, to): (Month, Month),
        (size, kind): (f64, usize),
        cell: &dyn Fn(i64) -> usize,
        streams: &mut Streams,
    ) {
        let google = match &self.market.candidates[app] {
            candidate if candidate.android => 1.0,
            _ if self.market.places[place].iso3 == HOME[0] => 0.0,
            _ => self.google[place],
        };
        for month in from..to {
            let noise = factor(&mut streams.months, self.params.month_sigma);
            let weight = size * self.sizes[place] * self.paths[kind][month as usize] * noise;
            let cell = cell(self.params.first_year + month / 12);
            for (share, google) in [(1.0 - google, false), (google, true)] {
                if share > 0.0 {
                    let (month, weight) = (self.market.start + month, weight * share);
                    self.lines.push(Line { app, place, google, month, cell, weight });
                }
            }
        }
    }

    /// The lines of an app beyond the matrix, and what they add up to: its
    /// mean month times its months.
    fn rest(
        &mut self,
        app: usize,
        in_matrix: bool,
        cell: usize,
        streams: &mut Streams,
    ) -> Result<i64, Failure> {
        let (market, params) = (self.market, self.params);
        let candidate = &market.candidates[app];
        let months = market.months;
        let (mut from, mut to) = (0, months);
        if !candidate.selected {
            from = streams.apps.below(months as u64 / 2) as Month;
            let rest = (months - from - 18).max(0) as u64;
            let end = from + 12 + streams.apps.below(rest) as Month;
            to = if candidate.ceased { end.min(months) } else { months };
        }
        let home = market.place(HOME[usize::from(candidate.android)])?;
        let mut places = vec![home];
        if !in_matrix {
            let abroad = |place: &usize| market.places[*place].region.is_some();
            let mut chosen: Vec<usize> = (0..market.places.len()).filter(abroad).collect();
            let spread = if candidate.selected { params.spread } else { params.spread_invented };
            streams.pairs.choose(&mut chosen, spread);
            chosen.truncate(spread);
            places.extend(chosen);
        }
        for place in places {
            let size = factor(&mut streams.pairs, params.pair_sigma);
            self.write(app, place, (from, to), (size, 0), &|_| cell, streams);
        }
        let distance = 0.1 + params.app_sigma * draw::normal(&mut streams.apps).abs();
        let sign = if candidate.below { -1.0 } else { 1.0 };
        let month = params.threshold * libm::exp(sign * distance);
        Ok((month * (to - from) as f64).round() as i64)
    }
}

/// Gives whole downloads to the lines, `copies` times a line, so that each
/// cell adds up to its total: the steps of the rounded running total.
pub struct Allotment<'a> {
    totals: &'a [i64],
    copies: u32,
    sums: Vec<f64>,
    running: Vec<(f64, i64)>,
}

impl<'a> Allotment<'a> {
    /// What there is to give, and how often a line takes of it.
    pub fn new(lines: &[Line], totals: &'a [i64], copies: u32) -> Self {
        let copies = copies.max(1);
        let mut sums = vec![0.0; totals.len()];
        for line in lines {
            let part = line.weight / f64::from(copies);
            (0..copies).for_each(|_| sums[line.cell] += part);
        }
        Allotment { totals, copies, sums, running: vec![(0.0, 0); totals.len()] }
    }

    /// The downloads of the next line, copy by copy; lines come in their order.
    pub fn next(&mut self, line: &Line) -> impl Iterator<Item = i64> {
        let part = line.weight / f64::from(self.copies);
        let (total, whole) = (self.totals[line.cell] as f64, self.sums[line.cell]);
        let (sum, given) = &mut self.running[line.cell];
        (0..self.copies).map(move |_| {
            *sum += part;
            let due = (total * (*sum / whole)).round() as i64;
            due - std::mem::replace(given, due)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_add_up_whatever_the_size() {
        let line = |cell, weight| Line { app: 0, place: 0, google: false, month: 0, cell, weight };
        let lines = [line(0, 1.0), line(1, 3.0), line(0, 2.0), line(1, 0.1), line(0, 1.0)];
        let allot = |copies| -> Vec<i64> {
            let mut allotment = Allotment::new(&lines, &[10, 7], copies);
            lines.iter().flat_map(|line| allotment.next(line).collect::<Vec<_>>()).collect()
        };
        assert_eq!(allot(1), [3, 7, 5, 0, 2]);
        let downloads = allot(3);
        assert_eq!(downloads.len(), 15);
        assert_eq!(downloads.iter().sum::<i64>(), 17);
        assert!(downloads.iter().all(|number| *number >= 0));
    }
}
