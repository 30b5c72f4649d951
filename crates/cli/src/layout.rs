//! Where the boxes and arrows of a graph stand: columns from left to right, few crossings.
//!
//! It knows how wide boxes are and what goes into what, and nothing of what they mean.
//! Arrows over several columns bend between the boxes there, and those to or from one
//! box share their bends. All is counted in a fixed order, so that one graph has one
//! drawing.

use std::collections::BTreeMap;

/// How high a box is.
pub(crate) const HEIGHT: f64 = 30.0;
const GAP_X: f64 = 56.0;
const GAP_Y: f64 = 12.0;
const MARGIN: f64 = 16.0;
/// What a bend takes up in its column.
const BEND: f64 = 4.0;
/// So often columns are put in order, and pulled straight.
const SWEEPS: usize = 16;

/// A graph with places.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Layout {
    /// How wide it is.
    pub(crate) width: f64,
    /// How high it is.
    pub(crate) height: f64,
    /// The upper left corner of each box and its width, which is that of its column.
    pub(crate) boxes: Vec<(f64, f64, f64)>,
    /// The arrows from left to right, each with the columns that it goes through: where
    /// one begins and ends, and how far down.
    pub(crate) arrows: Vec<(usize, usize, Vec<Point>)>,
}

/// Where an arrow goes through a column.
pub(crate) type Point = (f64, f64, f64);

/// Finds places for boxes of these widths and arrows between them.
pub(crate) fn layout(widths: &[f64], arrows: &[(usize, usize)]) -> Layout {
    let (column_of, arrows) = columns(widths.len(), arrows);
    let mut grid = Grid::new(&column_of, &arrows);
    grid.order();
    let ys = grid.settle();
    let widest = |column: &Vec<usize>| {
        column.iter().filter_map(|it| widths.get(*it)).fold(40.0_f64, |a, b| a.max(*b))
    };
    let (mut left, mut x) = (Vec::new(), MARGIN);
    for column in &grid.columns {
        let wide = widest(column);
        left.push((x, wide));
        x += wide + GAP_X;
    }
    let top = ys.iter().take(widths.len()).fold(f64::INFINITY, |a, b| a.min(*b));
    let top = ys.iter().skip(widths.len()).fold(top, |a, b| a.min(b + HEIGHT / 2.0));
    let centre = |item: usize| round(ys[item] - top + MARGIN + HEIGHT / 2.0);
    let boxes = (0..widths.len()).map(|item| {
        let (x, wide) = left[grid.column_of[item]];
        (round(x), centre(item) - HEIGHT / 2.0, round(wide))
    });
    let boxes: Vec<_> = boxes.collect();
    let arrow = |(index, (from, to)): (usize, &(usize, usize))| {
        let points = grid.routes[index].iter().map(|item| {
            let (x, wide) = left[grid.column_of[*item]];
            (round(x), round(x + wide), centre(*item))
        });
        (*from, *to, points.collect())
    };
    let drawn = arrows.iter().enumerate().map(arrow).collect();
    let lowest = (0..ys.len()).map(centre).fold(0.0_f64, f64::max);
    Layout {
        width: round((x - GAP_X + MARGIN).max(2.0 * MARGIN)),
        height: round(lowest + HEIGHT / 2.0 + MARGIN),
        boxes,
        arrows: drawn,
    }
}

/// The path of an arrow in the words of SVG: straight within a column, curved between two.
pub(crate) fn path(points: &[Point]) -> String {
    let mut path = String::new();
    for (at, pair) in points.windows(2).enumerate() {
        let ((_, x1, y1), (x2, end, y2)) = (pair[0], pair[1]);
        let middle = round((x1 + x2) / 2.0);
        if at == 0 {
            path = format!("M{x1} {y1}");
        }
        path.push_str(&format!("C{middle} {y1} {middle} {y2} {x2} {y2}"));
        if at + 2 < points.len() {
            path.push_str(&format!("H{end}"));
        }
    }
    path
}

fn round(it: f64) -> f64 {
    (it * 10.0).round() / 10.0
}

/// The column of each box, and the arrows that go from left to right. What stands at
/// the beginning stands next to what first takes it.
fn columns(boxes: usize, arrows: &[(usize, usize)]) -> (Vec<usize>, Vec<(usize, usize)>) {
    let mut arrows: Vec<_> = arrows.iter().copied().filter(|(from, to)| from != to).collect();
    arrows.sort_unstable();
    arrows.dedup();
    let (mut column, mut placed) = (vec![0_usize; boxes], vec![false; boxes]);
    let mut missing = vec![0_usize; boxes];
    let mut next = vec![Vec::new(); boxes];
    for (from, to) in &arrows {
        missing[*to] += 1;
        next[*from].push(*to);
    }
    let mut ready: Vec<usize> = (0..boxes).rev().filter(|it| missing[*it] == 0).collect();
    let mut first = 0;
    loop {
        // A ledger from elsewhere may hold a circle: it is opened at its first box.
        while first < boxes && placed[first] {
            first += 1;
        }
        let Some(at) = ready.pop().or((first < boxes).then_some(first)) else { break };
        if std::mem::replace(&mut placed[at], true) {
            continue;
        }
        for to in next[at].clone() {
            if placed[to] {
                continue;
            }
            column[to] = column[to].max(column[at] + 1);
            missing[to] -= 1;
            if missing[to] == 0 {
                ready.push(to);
            }
        }
    }
    arrows.retain(|(from, to)| column[*from] < column[*to]);
    let takes: Vec<bool> = (0..boxes).map(|it| arrows.iter().any(|(_, to)| *to == it)).collect();
    for at in (0..boxes).filter(|at| !takes[*at]) {
        if let Some(nearest) = next[at].iter().map(|to| column[*to]).min() {
            column[at] = nearest.saturating_sub(1).max(column[at]);
        }
    }
    arrows.retain(|(from, to)| column[*from] < column[*to]);
    (column, arrows)
}

/// Boxes and bends, column by column; boxes have the lower numbers.
struct Grid {
    columns: Vec<Vec<usize>>,
    column_of: Vec<usize>,
    left: Vec<Vec<usize>>,
    right: Vec<Vec<usize>>,
    /// Of each arrow, the boxes and bends that it goes through.
    routes: Vec<Vec<usize>>,
    boxes: usize,
}

impl Grid {
    fn new(column_of: &[usize], arrows: &[(usize, usize)]) -> Self {
        let boxes = column_of.len();
        let (mut into, mut out) = (vec![0; boxes], vec![0; boxes]);
        for (from, to) in arrows {
            out[*from] += 1;
            into[*to] += 1;
        }
        let mut column_of = column_of.to_vec();
        let mut bends: BTreeMap<(bool, usize, usize), usize> = BTreeMap::new();
        let mut routes = Vec::new();
        for (from, to) in arrows {
            let shared = if into[*to] > out[*from] { (true, *to) } else { (false, *from) };
            let mut route = vec![*from];
            for column in column_of[*from] + 1..column_of[*to] {
                let bend = *bends.entry((shared.0, shared.1, column)).or_insert_with(|| {
                    column_of.push(column);
                    column_of.len() - 1
                });
                route.push(bend);
            }
            route.push(*to);
            routes.push(route);
        }
        let items = column_of.len();
        let (mut left, mut right) = (vec![Vec::new(); items], vec![Vec::new(); items]);
        for pair in routes.iter().flat_map(|route| route.windows(2)) {
            if !right[pair[0]].contains(&pair[1]) {
                right[pair[0]].push(pair[1]);
                left[pair[1]].push(pair[0]);
            }
        }
        let mut columns = vec![Vec::new(); column_of.iter().max().map_or(0, |last| last + 1)];
        for (item, column) in column_of.iter().enumerate() {
            columns[*column].push(item);
        }
        Grid { columns, column_of, left, right, routes, boxes }
    }

    /// Puts each column in the order of what it is connected with, and keeps the order
    /// that has the fewest crossings.
    fn order(&mut self) {
        let mut best = (self.crossings(), self.columns.clone());
        for sweep in 0..SWEEPS {
            let forth = sweep % 2 == 0;
            let count = self.columns.len();
            for step in 1..count {
                let at = if forth { step } else { count - 1 - step };
                let other = if forth { at - 1 } else { at + 1 };
                let known = ranks(&self.columns[other]);
                let sides = if forth { &self.left } else { &self.right };
                let mut keyed: Vec<(f64, usize)> = Vec::new();
                for (rank, item) in self.columns[at].iter().enumerate() {
                    let places = sides[*item].iter().filter_map(|it| known.get(it));
                    let places: Vec<f64> = places.map(|it| *it as f64).collect();
                    keyed.push((mean(&places).unwrap_or(rank as f64), *item));
                }
                keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
                self.columns[at] = keyed.into_iter().map(|(_, item)| item).collect();
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.columns.clone());
            }
        }
        self.columns = best.1;
    }

    fn crossings(&self) -> usize {
        let mut crossings = 0;
        for pair in self.columns.windows(2) {
            let known = ranks(&pair[1]);
            // How many of the arrows before end further down, by a tree of sums.
            let mut tree = vec![0_usize; pair[1].len() + 1];
            let mut all = 0;
            for item in &pair[0] {
                let mut ends: Vec<usize> = self.right[*item].iter().map(|it| known[it]).collect();
                ends.sort_unstable();
                for end in &ends {
                    let (mut at, mut above) = (end + 1, 0);
                    while at > 0 {
                        above += tree[at];
                        at &= at - 1;
                    }
                    crossings += all - above;
                }
                for end in ends {
                    let mut at = end + 1;
                    while at < tree.len() {
                        tree[at] += 1;
                        at += at & at.wrapping_neg();
                    }
                    all += 1;
                }
            }
        }
        crossings
    }

    /// How far down everything stands: near to what it is connected with.
    fn settle(&self) -> Vec<f64> {
        let room = |item: usize| if item < self.boxes { HEIGHT } else { BEND };
        let mut ys = vec![0.0; self.column_of.len()];
        for column in &self.columns {
            let mut y = 0.0;
            for item in column {
                ys[*item] = y + room(*item) / 2.0;
                y += room(*item) + GAP_Y;
            }
        }
        for sweep in 0..SWEEPS {
            let forth = sweep % 2 == 0;
            let count = self.columns.len();
            for step in 0..count {
                let at = if forth { step } else { count - 1 - step };
                let column = &self.columns[at];
                let sides = if forth { &self.left } else { &self.right };
                let (mut offset, mut wished, mut offsets) = (0.0, Vec::new(), Vec::new());
                for (rank, item) in column.iter().enumerate() {
                    if rank > 0 {
                        offset += (room(column[rank - 1]) + room(*item)) / 2.0 + GAP_Y;
                    }
                    let near: Vec<f64> = sides[*item].iter().map(|it| ys[*it]).collect();
                    wished.push(mean(&near).unwrap_or(ys[*item]) - offset);
                    offsets.push(offset);
                }
                for ((item, y), offset) in column.iter().zip(rising(&wished)).zip(offsets) {
                    ys[*item] = y + offset;
                }
            }
        }
        ys
    }
}

fn ranks(column: &[usize]) -> BTreeMap<usize, usize> {
    column.iter().enumerate().map(|(rank, item)| (*item, rank)).collect()
}

fn mean(numbers: &[f64]) -> Option<f64> {
    let sum: f64 = numbers.iter().sum();
    (!numbers.is_empty()).then(|| sum / numbers.len() as f64)
}

/// The numbers nearest to these of which none is below the one before.
fn rising(wished: &[f64]) -> Vec<f64> {
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for wish in wished {
        blocks.push((*wish, 1));
        while let [.., (before, n), (last, m)] = blocks[..]
            && before > last
        {
            blocks.truncate(blocks.len() - 2);
            let sum = before * n as f64 + last * m as f64;
            blocks.push((sum / (n + m) as f64, n + m));
        }
    }
    blocks.iter().flat_map(|(it, n)| std::iter::repeat_n(*it, *n)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_from_left_to_right() {
        let drawn = layout(&[80.0, 80.0, 60.0, 60.0], &[(0, 2), (1, 2), (2, 3), (0, 3)]);
        let xs: Vec<_> = drawn.boxes.iter().map(|it| it.0).collect();
        assert!(xs[0] == xs[1] && xs[1] < xs[2] && xs[2] < xs[3], "{drawn:?}");
        assert!((drawn.boxes[0].1 - drawn.boxes[1].1).abs() >= HEIGHT + GAP_Y);
        assert_eq!(drawn.arrows.len(), 4);
        assert!(drawn.boxes.iter().all(|(x, y, wide)| {
            *x >= 0.0 && *y >= 0.0 && x + wide <= drawn.width && y + HEIGHT <= drawn.height
        }));
    }

    #[test]
    fn circles_and_nothing() {
        let drawn = layout(&[50.0, 50.0], &[(0, 1), (1, 0), (1, 1)]);
        assert_eq!(drawn.arrows.len(), 1, "{drawn:?}");
        assert!(layout(&[], &[]).boxes.is_empty());
    }

    #[test]
    fn numbers_that_rise() {
        assert_eq!(rising(&[3.0, 1.0, 5.0]), [2.0, 2.0, 5.0]);
    }
}
