//! Which stages of a run wait, which can begin and how many are under way.

use std::collections::{BTreeMap, BTreeSet};

use super::request::Summary;
use crate::project::Project;

/// Which stages wait, which can begin and how many are under way.
pub(super) struct Board {
    pub(super) waits: BTreeMap<usize, usize>,
    pub(super) feeds: BTreeMap<usize, Vec<usize>>,
    pub(super) ready: BTreeSet<usize>,
    pub(super) running: usize,
    pub(super) summary: Summary,
}

pub(super) fn board(project: &Project, stages: &[usize]) -> Board {
    let mut board = Board {
        waits: BTreeMap::new(),
        feeds: BTreeMap::new(),
        ready: BTreeSet::new(),
        running: 0,
        summary: Summary::default(),
    };
    for index in stages {
        let upstream: BTreeSet<usize> = project.plan.stages[*index].upstream().collect();
        if upstream.is_empty() {
            board.ready.insert(*index);
        }
        for other in &upstream {
            board.feeds.entry(*other).or_default().push(*index);
        }
        board.waits.insert(*index, upstream.len());
    }
    board
}
