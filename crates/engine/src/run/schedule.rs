//! Brings stages up to date: several at a time, each as soon as its inputs are known.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Condvar, Mutex, OnceLock};
use std::time::Instant;

use super::board::{Board, board};
use super::execute::{self, Surroundings};
use super::inputs::Supply;
use super::process::Supervisors;
use super::request::{Request, Summary};
use super::workplace;
use crate::diagnostic::{Diagnostic, Kind};
use crate::digest::Digest;
use crate::lock::{Block, Lock};
use crate::observe::{Event, How, Observer};
use crate::plan::{Action, Stage};
use crate::project::Project;
use crate::resolve::{Done, Resolved};
use crate::scratch::Scratch;
use crate::store::results::not_deterministic;
use crate::store::writer::{Commit, Writer};
use crate::store::{Made, Record};

/// The stages of a run that is under way.
pub(crate) struct Schedule<'a> {
    pub(crate) project: &'a Project,
    pub(crate) request: &'a Request,
    pub(crate) observer: &'a dyn Observer,
    pub(crate) done: Vec<OnceLock<Done>>,
    remaking: Vec<Mutex<()>>,
    pub(crate) scratch: &'a Scratch,
    /// Where commands work; made when the first one does.
    workplace: Mutex<Option<Scratch>>,
    supervisors: Supervisors,
    writer: Writer,
    board: Mutex<Board>,
    news: Condvar,
}

/// A stage that was brought up to date.
struct Brought {
    done: Done,
    how: How,
    /// What its function says of the result, if it ran.
    note: Option<String>,
}

/// The outputs of a stage, and what its function says of them.
type Noted = (BTreeMap<String, Made>, Option<String>);

impl<'a> Schedule<'a> {
    pub(crate) fn new(
        project: &'a Project,
        request: &'a Request,
        scratch: &'a Scratch,
        observer: &'a dyn Observer,
    ) -> Self {
        let count = project.plan.stages.len();
        Schedule {
            project,
            request,
            observer,
            done: (0..count).map(|_| OnceLock::new()).collect(),
            remaking: (0..count).map(|_| Mutex::default()).collect(),
            scratch,
            workplace: Mutex::default(),
            supervisors: Supervisors::new(&request.program),
            writer: Writer::new(project.store.clone()),
            board: Mutex::new(board(project, &request.stages)),
            news: Condvar::new(),
        }
    }

    /// Brings all requested stages up to date.
    pub(crate) fn stages(&self) -> Summary {
        self.observer.event(Event::Begun { stages: self.request.stages.len() });
        std::thread::scope(|scope| {
            for _ in 1..self.request.jobs.max(1) {
                // Where there can be no more threads, those that there are have to do.
                if std::thread::Builder::new().spawn_scoped(scope, || self.work()).is_err() {
                    break;
                }
            }
            self.work();
        });
        let mut board = self.board.lock().expect("no panic while held");
        for index in &self.request.stages {
            let stage = &self.project.plan.stages[*index];
            let failed = |board: &Board| !board.waits.contains_key(index);
            if self.done[*index].get().is_none() && !failed(&board) {
                board.summary.skipped += 1;
                self.observer.event(Event::Skipped { stage: stage.name.clone() });
            }
        }
        std::mem::take(&mut board.summary)
    }

    /// How many known results had to be made again since the stages were done.
    pub(crate) fn made_again(&self) -> usize {
        std::mem::take(&mut self.board.lock().expect("no panic while held").summary.ran)
    }

    /// The key that a stage would have on another kind of machine.
    pub(crate) fn key_on(&self, name: &str, platform: &str) -> Option<Digest> {
        let index = self.project.plan.stages.iter().position(|stage| stage.name == name)?;
        Some(self.done[index].get()?.resolved.recipe.key_on(platform))
    }

    /// Waits until all results are durable.
    pub(crate) fn finish(self) -> Result<Vec<OnceLock<Done>>, Diagnostic> {
        self.writer.finish()?;
        Ok(self.done)
    }

    /// What one thread does: takes stages that can begin until there are none.
    fn work(&self) {
        let mut board = self.board.lock().expect("no panic while held");
        loop {
            let stopped = self.request.stop.load(Ordering::Relaxed) > 0;
            let given_up = board.summary.failed > 0 && !self.request.keep_going;
            match board.ready.pop_first() {
                Some(index) => {
                    board.running += 1;
                    drop(board);
                    let result = self.stage(index, !stopped && !given_up);
                    board = self.board.lock().expect("no panic while held");
                    board.running -= 1;
                    if let Some(result) = result.transpose() {
                        self.settle(&mut board, index, result);
                    }
                    self.news.notify_all();
                }
                None if board.running == 0 => return self.news.notify_all(),
                None => board = self.news.wait(board).expect("no panic while held"),
            }
        }
    }

    /// Enters the end of a stage on the board.
    fn settle(&self, board: &mut Board, index: usize, result: Result<Brought, Vec<Diagnostic>>) {
        board.waits.remove(&index);
        match result {
            Ok(Brought { done, how, .. }) => {
                match how {
                    How::Cached => board.summary.cached += 1,
                    How::Ran => board.summary.ran += 1,
                }
                let _ = self.done[index].set(done);
                for next in board.feeds.remove(&index).unwrap_or_default() {
                    let waits = board.waits.get_mut(&next).expect("it waits for this stage");
                    *waits -= 1;
                    if *waits == 0 {
                        board.ready.insert(next);
                    }
                }
            }
            Err(problems) => {
                board.summary.failed += 1;
                board.summary.problems.extend(problems);
            }
        }
    }

    /// Brings one stage up to date; `None` if it would have to run and may not.
    fn stage(&self, index: usize, may_run: bool) -> Result<Option<Brought>, Vec<Diagnostic>> {
        let stage = &self.project.plan.stages[index];
        let begun = Instant::now();
        let result = self.bring(index, stage, may_run);
        for diagnostic in self.project.store.notes() {
            self.observer.event(Event::Noted { diagnostic });
        }
        let name = || stage.name.clone();
        let seconds = begun.elapsed().as_secs_f64();
        match &result {
            Ok(None) => {}
            Ok(Some(Brought { how, note, .. })) => {
                let seconds = if *how == How::Ran { seconds } else { 0.0 };
                let (how, note) = (*how, note.clone());
                self.observer.event(Event::Finished { stage: name(), how, seconds, note });
            }
            Err(problems) => {
                let diagnostics = problems.clone();
                self.observer.event(Event::Failed { stage: name(), seconds, diagnostics });
            }
        }
        result
    }

    fn bring(
        &self,
        index: usize,
        stage: &Stage,
        may_run: bool,
    ) -> Result<Option<Brought>, Vec<Diagnostic>> {
        let done = |other: usize| self.done[other].get();
        let resolved = self.project.resolve(index, &done).map_err(|problem| vec![problem])?;
        let key = resolved.recipe.key();
        let known = self.project.store.look_up(&key).map(|record| record.outputs);
        match known {
            Some(outputs) if !self.request.force.contains(&index) => {
                let done = Done { key, resolved, outputs };
                Ok(Some(Brought { done, how: How::Cached, note: None }))
            }
            _ if !may_run => Ok(None),
            known => {
                let (made, note) = self.make(stage, &resolved, key, known.is_some())?;
                // The first result counts until somebody accepts another.
                if let Some(known) = known.as_ref().filter(|known| **known != made) {
                    self.differs(stage, known, &made);
                }
                let done = Done { key, resolved, outputs: known.unwrap_or(made) };
                Ok(Some(Brought { done, how: How::Ran, note }))
            }
        }
    }

    /// Reports that a known result came out otherwise when it was made once more.
    fn differs(
        &self,
        stage: &Stage,
        known: &BTreeMap<String, Made>,
        made: &BTreeMap<String, Made>,
    ) {
        let problem = not_deterministic(&stage.name, known, made)
            .hint("the result that was known still counts")
            .hint(format!(
                "if that is the wrong one, `colophon accept {}` takes the new one",
                stage.name
            ));
        let problem = Diagnostic { kind: Kind::Differs, ..problem };
        self.board.lock().expect("no panic while held").summary.problems.push(problem);
    }

    /// Runs a stage and hands its outputs to the store; gives them with their notes.
    /// Where they are `compared` with a known result, a difference is told there.
    fn make(
        &self,
        stage: &Stage,
        resolved: &Resolved,
        key: Digest,
        compared: bool,
    ) -> Result<Noted, Vec<Diagnostic>> {
        let last = self.project.state.stages.get(&stage.name);
        let expected = last.and_then(|last| self.project.store.seconds(&last.key));
        self.observer.event(Event::Started { stage: stage.name.clone(), expected });
        let begun = Instant::now();
        let remake = |index: usize| self.remake(index);
        let supply = Supply {
            project: self.project,
            done: &self.done,
            writer: &self.writer,
            remake: &remake,
        };
        let made = match &stage.action {
            Action::Function(function) => {
                let job = supply.job(stage, resolved)?;
                execute::call(stage, function, job, &self.request.stop)?
            }
            Action::Command(command) => {
                let folder = self.private_folder().map_err(|problem| vec![problem])?;
                let lay = |to: &Path| supply.lay(stage, resolved, to);
                execute::command(stage, (command, &key), &folder, &self.surroundings(), lay)?
            }
        };
        let mut outputs = BTreeMap::new();
        let mut objects = Vec::new();
        let mut notes = Vec::new();
        let mut keep = |bytes: &[u8]| -> Result<Digest, Vec<Diagnostic>> {
            let staged = self.project.store.stage(bytes).map_err(|problem| vec![problem])?;
            objects.extend(staged.1.map(|path| (staged.0, path)));
            Ok(staged.0)
        };
        for (name, (output, executable)) in made.outputs {
            notes.extend(output.note);
            let (digest, size) = (keep(&output.bytes)?, output.bytes.len() as u64);
            outputs.insert(name, Made { digest, size, rows: output.rows, executable });
        }
        let mut logs = BTreeMap::new();
        for (stream, bytes) in made.logs {
            logs.insert(stream.to_string(), keep(&bytes)?);
        }
        let record = Record {
            stage: stage.name.clone(),
            recipe: resolved.recipe.clone(),
            outputs: outputs.clone(),
            logs,
            seconds: begun.elapsed().as_secs_f64(),
        };
        self.writer.commit(Commit { objects, record: Some((key, record)), compared });
        let note = Some(notes.join("; ")).filter(|note| !note.is_empty());
        Ok((outputs, note))
    }

    /// Makes the outputs of a stage again whose objects were damaged or lost.
    pub(crate) fn remake(&self, index: usize) -> Result<(), Vec<Diagnostic>> {
        let _one_at_a_time = self.remaking[index].lock().expect("no panic while held");
        let stage = &self.project.plan.stages[index];
        let done = self.done[index].get().expect("it was up to date");
        if done.outputs.values().all(|made| self.project.store.has(&made.digest)) {
            return Ok(());
        }
        let begun = Instant::now();
        let (outputs, note) = self.make(stage, &done.resolved, done.key, true)?;
        let seconds = begun.elapsed().as_secs_f64();
        let (stage, how) = (stage.name.clone(), How::Ran);
        self.observer.event(Event::Finished { stage: stage.clone(), how, seconds, note });
        let mut board = self.board.lock().expect("no panic while held");
        board.summary.ran += 1;
        board.summary.cached = board.summary.cached.saturating_sub(1);
        match outputs == done.outputs {
            true => Ok(()),
            false => Err(vec![lost(&format!("a result of stage `{stage}`"))]),
        }
    }

    /// A path for a private folder, outside of the project.
    fn private_folder(&self) -> Result<PathBuf, Diagnostic> {
        let mut workplace = self.workplace.lock().expect("no panic while held");
        if let Some(scratch) = &*workplace {
            return Ok(scratch.path());
        }
        let (project, store) = (&self.project.plan.root, self.project.store.folder("objects"));
        let places = (self.request.chosen_place.as_deref(), &*self.request.places);
        let (scratch, note) = workplace::open(places, project, &store)?;
        if let Some(diagnostic) = note.filter(|_| self.request.verbose) {
            self.observer.event(Event::Noted { diagnostic });
        }
        let path = scratch.path();
        *workplace = Some(scratch);
        Ok(path)
    }

    fn surroundings(&self) -> Surroundings<'_> {
        Surroundings {
            root: &self.project.plan.root,
            scratch: self.scratch,
            date: self.project.plan.date.as_deref(),
            env: &self.request.env,
            stop: &self.request.stop,
            supervisors: &self.supervisors,
            keep_failed: self.request.keep_failed,
        }
    }

    /// What the lock holds of the stages that are done.
    pub(crate) fn lock(&self) -> Lock {
        let mut lock = Lock::default();
        for index in &self.request.stages {
            let Some(done) = self.done[*index].get() else { continue };
            let stage = &self.project.plan.stages[*index];
            let inputs = stage.inputs.iter().flat_map(|(role, list)| {
                let digests = &done.resolved.inputs[role];
                list.iter()
                    .zip(digests)
                    .map(move |(input, digest)| (format!("{role} {}", input.path), *digest))
            });
            let made =
                |(name, path): (&String, &String)| (path.clone(), done.outputs[name].clone());
            let block = Block {
                key: done.key,
                platform: done.resolved.recipe.platform().map(String::from),
                inputs: inputs.collect(),
                outputs: stage.outputs.iter().map(made).collect(),
            };
            lock.stages.insert(stage.name.clone(), block);
        }
        lock
    }
}

fn lost(what: &str) -> Diagnostic {
    let message = format!("{what} was damaged in the store, and making it again gave other bytes");
    Diagnostic::new(Kind::Store, message)
        .hint("run again: it and what depends on it are made anew from now on")
        .hint("a stage that gives other bytes each time is not deterministic; look for the cause")
}
