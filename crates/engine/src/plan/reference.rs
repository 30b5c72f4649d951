//! References to inputs: what `stage.output`, `raw:name` or a path stands for.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::draft::Draft;
use super::source::Package;
use super::{Input, Origin};
use crate::diagnostic::{Checked, Diagnostic, Kind, Place, count, did_you_mean, nearest};
use crate::tree::{Found, Own, Standing, Tree, glob};

/// Everything that a reference can point to.
pub(crate) struct References<'a> {
    package: &'a Package,
    drafts: &'a [Draft<'a>],
    tree: &'a Tree<'a>,
    absent: &'a Absent,
    /// Where the cells of each stage stand among the drafts.
    groups: BTreeMap<&'a str, Range<usize>>,
    /// The sources by where their files really lie.
    reals: BTreeMap<PathBuf, &'a str>,
    /// How many references were found to be wrong.
    wrong: Cell<usize>,
}

/// What is made of sources whose files are not here.
pub(crate) enum Absent {
    /// A mistake: they are needed now.
    Mistake,
    /// A note, the path and where it is declared: they are needed some time.
    Note(RefCell<Vec<(String, Place)>>),
}

/// For at most this many wrong references the nearest known one is looked for.
const LOOKED_FOR: usize = 50;

/// What a reference stands for.
pub(crate) struct Referent {
    /// The inputs.
    pub(crate) inputs: Vec<Input>,
    /// How templates of a command see them: a path or a list of paths.
    pub(crate) seen: Value,
}

impl Referent {
    fn one(path: &str, from: Origin) -> Self {
        let path = path.to_string();
        Referent { seen: path.as_str().into(), inputs: vec![Input { path, from }] }
    }

    fn many(inputs: Vec<Input>) -> Self {
        let seen = inputs.iter().map(|input| Value::from(input.path.as_str())).collect();
        Referent { inputs, seen }
    }
}

/// What the engine knows of a stage's upstream, as an input.
pub const LINEAGE: &str = "colophon:lineage";

/// The name under which a stage sees it.
pub(crate) const LINEAGE_PATH: &str = "lineage.json";

/// Where a reference is written; asked only if something is wrong with it.
type At<'a> = &'a dyn Fn() -> Place;

impl<'a> References<'a> {
    pub(crate) fn new(
        package: &'a Package,
        drafts: &'a [Draft<'a>],
        tree: &'a Tree<'a>,
        absent: &'a Absent,
    ) -> Self {
        let mut groups: BTreeMap<&str, Range<usize>> = BTreeMap::new();
        for (index, draft) in drafts.iter().enumerate() {
            groups.entry(draft.group).or_insert(index..index).end = index + 1;
        }
        let mut reals = BTreeMap::new();
        for (name, source) in &package.sources {
            if let Ok(Some(real)) = tree.file(&source.path) {
                reals.entry(real).or_insert(name.as_str());
            }
        }
        References { package, drafts, tree, absent, groups, reals, wrong: Cell::new(0) }
    }

    /// Resolves one reference, written at `at`.
    pub(crate) fn resolve(&self, reference: &str, at: At) -> Checked<Referent> {
        if reference == LINEAGE {
            return Ok(Referent::one(LINEAGE_PATH, Origin::Lineage));
        }
        if let Some(name) = reference.strip_prefix("raw:") {
            return self.source(name, reference, at).map_err(|problem| vec![problem]);
        }
        let name = reference.split(['.', '@']).next().unwrap_or("");
        if self.groups.contains_key(name) {
            return self.output(reference, name, at).map_err(|problem| vec![problem]);
        }
        let placed = |problem: Diagnostic| match problem.at {
            Some(_) => problem,
            None => problem.at(at()),
        };
        self.path(reference).map_err(|found| found.into_iter().map(placed).collect())
    }

    /// A resource of the data package.
    fn source(&self, name: &str, reference: &str, at: At) -> Result<Referent, Diagnostic> {
        if self.package.is_mistaken(name) {
            return Ok(Referent::many(Vec::new()));
        }
        if !self.package.is_declared() {
            let message = format!("`{reference}` needs a data package");
            return Err(Diagnostic::new(Kind::Usage, message)
                .at(at())
                .hint("declare one: `data: raw/datapackage.yaml`"));
        }
        let source = self.package.find(name, at)?;
        let resolved = || Referent::one(&source.path, Origin::Source(name.into()));
        if let Absent::Note(absent) = self.absent
            && !self.tree.is_there(&source.path)
        {
            absent.borrow_mut().push((source.path.clone(), source.at.clone()));
            return Ok(resolved());
        }
        match self.tree.file(&source.path) {
            Ok(Some(_)) => Ok(resolved()),
            Ok(None) => {
                let message = format!("the file `{}` of `{reference}` is missing", source.path);
                Err(Diagnostic::new(Kind::Usage, message)
                    .at(source.at.clone())
                    .hint("put the file there, or correct `path`"))
            }
            Err(problem) => Err(problem.at(source.at.clone())),
        }
    }

    /// `stage.output`, `stage@cell.output`, `stage@*.output` or `stage.*`.
    fn output(&self, reference: &str, group: &str, at: At) -> Result<Referent, Diagnostic> {
        let fail = |message: String| Diagnostic::new(Kind::Usage, message).at(at());
        let range = self.groups[group].clone();
        let cells: Vec<_> = range.map(|index| (index, &self.drafts[index])).collect();
        let names = || cells.iter().map(|(_, draft)| draft.name.as_str());
        let rest = &reference[group.len()..];
        // A cell's name may hold dots; the output is what follows the last one.
        let Some((cell, output)) = rest.rsplit_once('.') else {
            let known = cells[0].1.outputs.keys().next().map_or("output", String::as_str);
            return Err(fail(format!("`{reference}` names a stage, not an output of it"))
                .hint(format!("write `{reference}.{known}`")));
        };
        let matrix = cells.len() > 1 || cells[0].1.name != group;
        let wild = cell == "@*" || (cell.is_empty() && output == "*");
        let chosen: Vec<_> = match cell.strip_prefix('@') {
            _ if wild => cells.clone(),
            Some(_) => {
                let name = format!("{group}{cell}");
                cells.iter().filter(|(_, draft)| draft.name == name).copied().collect()
            }
            None if matrix => {
                let message = format!("`{group}` has {}; say which", count(cells.len(), "cell"));
                return Err(fail(message).hint(format!(
                    "`{}.{output}` is one, `{group}@*.{output}` all",
                    cells[0].1.name
                )));
            }
            None => cells.clone(),
        };
        if chosen.is_empty() {
            let cell = format!("{group}{cell}");
            let mut problem = fail(format!("no cell `{cell}`"));
            problem.hints.extend(self.hint(|| did_you_mean(&cell, names())));
            return Err(problem);
        }
        let mut inputs = Vec::new();
        for (index, draft) in chosen {
            for (name, made) in &draft.outputs {
                if name == output || output == "*" {
                    inputs.push(Input {
                        path: made.path.clone(),
                        from: Origin::Stage(index, name.clone()),
                    });
                }
            }
        }
        if inputs.is_empty() {
            let known = cells[0].1.outputs.keys().map(String::as_str);
            let mut problem = fail(format!("stage `{group}` has no output `{output}`"));
            problem.hints.extend(did_you_mean(output, known));
            if self.tree.is_there(reference) {
                problem.hints.push(format!("the file of that name is `./{reference}`"));
            }
            return Err(problem);
        }
        if wild || output == "*" {
            return Ok(Referent::many(inputs));
        }
        let Input { path, from } = inputs.remove(0);
        Ok(Referent::one(&path, from))
    }

    /// A file, a folder or a glob of the project.
    fn path(&self, reference: &str) -> Checked<Referent> {
        let fail = |message: String| Diagnostic::new(Kind::Usage, message);
        let path = self.tree.normal(reference).map_err(|problem| vec![problem])?;
        let is_glob = glob::is_glob(&path) && !self.tree.is_there(&path);
        let fixed = if is_glob { glob::folder(&path) } else { &path };
        if let Some(own) = Own::of(fixed) {
            let mut problem = fail(format!("`{reference}` is {}", own.words()));
            problem.hints.extend(self.instead(own, &path));
            return Err(vec![problem]);
        }
        if is_glob {
            let found = self.tree.glob(&path)?;
            if found.is_empty() {
                return Err(vec![fail(format!("`{path}` matches no file"))]);
            }
            return Ok(Referent::many(self.inputs(found)));
        }
        match self.tree.look(&path).map_err(|problem| vec![problem])? {
            Standing::Nothing => Err(vec![self.unknown(reference, &path)]),
            Standing::File(real) => Ok(Referent::one(&path, self.origin(&path, &real))),
            Standing::Folder => {
                let found = self.tree.folder(&path)?;
                if found.is_empty() {
                    return Err(vec![fail(format!("the folder `{reference}` is empty"))]);
                }
                let seen = if path.is_empty() { "." } else { &path };
                Ok(Referent { seen: seen.into(), inputs: self.inputs(found) })
            }
        }
    }

    fn inputs(&self, found: Vec<Found>) -> Vec<Input> {
        let input = |(path, real): Found| Input { from: self.origin(&path, &real), path };
        found.into_iter().map(input).collect()
    }

    /// A source is a source whatever the way to it, or its labels were lost.
    fn origin(&self, path: &str, real: &Path) -> Origin {
        let Some(name) = self.reals.get(real) else { return Origin::File };
        // Of several resources of one file, the one that has this very path.
        let same = self.package.sources.iter().find(|(_, source)| source.path == path);
        Origin::Source(same.map_or(*name, |(name, _)| name).into())
    }

    /// What to write instead of a path that is no input.
    fn instead(&self, own: Own, path: &str) -> Option<String> {
        if own != Own::Result {
            return None;
        }
        let of = self.drafts.iter().find_map(|draft| {
            let (name, _) = draft.outputs.iter().find(|(_, made)| made.path == path)?;
            Some(format!("refer to it as `{}.{name}`", draft.name))
        });
        Some(of.unwrap_or_else(|| "refer to a stage's output by its name".into()))
    }

    fn unknown(&self, reference: &str, path: &str) -> Diagnostic {
        let message = format!("`{reference}` is neither a stage's output nor a file");
        let mut problem = Diagnostic::new(Kind::Usage, message);
        problem.hints.extend(self.hint(|| {
            let name = reference.split(['.', '@']).next().unwrap_or("");
            let near = nearest(name, self.groups.keys().copied()).or_else(|| self.sibling(path));
            let source = || nearest(reference, self.package.sources.keys().map(String::as_str));
            let near = near.map(String::from).or_else(|| source().map(|it| format!("raw:{it}")));
            near.map(|near| format!("did you mean `{near}`?"))
        }));
        problem
    }

    /// A hint that takes a look at everything; past some, nobody reads them.
    fn hint(&self, hint: impl FnOnce() -> Option<String>) -> Option<String> {
        self.wrong.set(self.wrong.get() + 1);
        if self.wrong.get() > LOOKED_FOR { None } else { hint() }
    }

    /// A known source whose file is named almost like `path`.
    fn sibling(&self, path: &str) -> Option<&str> {
        let others = self.package.sources.values().map(|source| source.path.as_str());
        nearest(path, others.filter(|other| *other != path))
    }
}
