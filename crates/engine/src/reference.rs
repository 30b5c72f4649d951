//! References to inputs: what `stage.output`, `raw:name` or a path stands for.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use globset::GlobBuilder;
use serde_json::Value;

use crate::diagnostic::{Diagnostic, Kind, Place, did_you_mean, nearest};
use crate::draft::Draft;
use crate::files::Look;
use crate::plan::{Input, OUTPUTS, Origin};
use crate::source::{self, Source};

/// Everything that a reference can point to.
pub(crate) struct References<'a> {
    pub(crate) root: &'a Path,
    pub(crate) sources: &'a BTreeMap<String, Source>,
    pub(crate) drafts: &'a [Draft<'a>],
    /// The folders that were listed, as they were then.
    pub(crate) listed: RefCell<BTreeMap<String, Option<Look>>>,
    /// Whether there is a data package that could not be read.
    unread: bool,
    /// Where the cells of each stage stand among the drafts.
    groups: BTreeMap<&'a str, Range<usize>>,
}

/// What a reference stands for.
pub(crate) struct Resolved {
    /// The inputs.
    pub(crate) inputs: Vec<Input>,
    /// How templates of a command see them: a path or a list of paths.
    pub(crate) seen: Value,
}

impl Resolved {
    fn one(path: &str, from: Origin) -> Self {
        let path = path.to_string();
        Resolved { seen: path.as_str().into(), inputs: vec![Input { path, from }] }
    }

    fn many(inputs: Vec<Input>) -> Self {
        let seen = inputs.iter().map(|input| Value::from(input.path.as_str())).collect();
        Resolved { inputs, seen }
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
        root: &'a Path,
        sources: &'a BTreeMap<String, Source>,
        unread: bool,
        drafts: &'a [Draft<'a>],
    ) -> Self {
        let mut groups: BTreeMap<&str, Range<usize>> = BTreeMap::new();
        for (index, draft) in drafts.iter().enumerate() {
            groups.entry(draft.group).or_insert(index..index).end = index + 1;
        }
        References { root, sources, drafts, listed: RefCell::default(), unread, groups }
    }

    /// Resolves one reference, written at `at`.
    pub(crate) fn resolve(&self, reference: &str, at: At) -> Result<Resolved, Diagnostic> {
        if reference == LINEAGE {
            return Ok(Resolved::one(LINEAGE_PATH, Origin::Lineage));
        }
        if let Some(name) = reference.strip_prefix("raw:") {
            if self.unread {
                return Ok(Resolved::many(Vec::new()));
            }
            if self.sources.is_empty() {
                let message = format!("`{reference}` needs a data package");
                return Err(Diagnostic::new(Kind::Usage, message)
                    .at(at())
                    .hint("declare one: `data: raw/datapackage.yaml`"));
            }
            let source = source::find(self.sources, name, at)?;
            if !self.root.join(&source.path).exists() {
                let message = format!("the file `{}` of `{reference}` is missing", source.path);
                return Err(Diagnostic::new(Kind::Usage, message)
                    .at(source.at.clone())
                    .hint("put the file there, or correct `path`"));
            }
            self.file(&source.path, reference, at)?;
            return Ok(Resolved::one(&source.path, Origin::Source(name.into())));
        }
        let name = reference.split(['.', '@']).next().unwrap_or("");
        if self.groups.contains_key(name) {
            return self.output(reference, name, at);
        }
        self.path(reference, at)
    }

    /// `stage.output`, `stage@cell.output`, `stage@*.output` or `stage.*`.
    fn output(&self, reference: &str, group: &str, at: At) -> Result<Resolved, Diagnostic> {
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
                let message = format!("`{group}` has {} cells; say which", cells.len());
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
            problem.hints.extend(did_you_mean(&cell, names()));
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
            if self.root.join(reference).is_file() {
                problem.hints.push(format!("the file of that name is `./{reference}`"));
            }
            return Err(problem);
        }
        if wild || output == "*" {
            return Ok(Resolved::many(inputs));
        }
        let Input { path, from } = inputs.remove(0);
        Ok(Resolved::one(&path, from))
    }

    /// A file, a folder or a glob of the project.
    fn path(&self, reference: &str, at: At) -> Result<Resolved, Diagnostic> {
        let fail = |message: String| Diagnostic::new(Kind::Usage, message).at(at());
        let path = reference.strip_prefix("./").unwrap_or(reference).trim_end_matches('/');
        if path.starts_with('/') || path.split('/').any(|part| part == "..") {
            return Err(fail(format!("the input `{reference}` lies outside the project"))
                .hint("copy it into the project and declare it there"));
        }
        if path == OUTPUTS || path.starts_with("outputs/") {
            let of = self.drafts.iter().find_map(|draft| {
                let (name, _) = draft.outputs.iter().find(|(_, made)| made.path == path)?;
                Some(format!("refer to it as `{}.{name}`", draft.name))
            });
            return Err(fail(format!("`{reference}` is a result, not an input"))
                .hint(of.unwrap_or_else(|| "refer to a stage's output by its name".into())));
        }
        if path.starts_with(".colophon") {
            return Err(fail(format!("`{reference}` is the program's own")));
        }
        // A source is a source however it is referred to, or its labels were lost.
        let from = |path: String| Input { from: self.origin(&path), path };
        if path.contains(['*', '?', '[']) && !self.root.join(path).exists() {
            let files = self.glob(path, at)?;
            return Ok(Resolved::many(files.into_iter().map(from).collect()));
        }
        if self.root.join(path).is_dir() {
            let mut files = Vec::new();
            self.walk(path, usize::MAX, at, &mut files)?;
            if files.is_empty() {
                return Err(fail(format!("the folder `{reference}` is empty")));
            }
            let inputs = files.into_iter().map(from).collect();
            return Ok(Resolved { seen: path.into(), inputs });
        }
        self.file(path, reference, at)?;
        Ok(Resolved::one(path, self.origin(path)))
    }

    fn origin(&self, path: &str) -> Origin {
        let source = self.sources.iter().find(|(_, source)| source.path == path);
        source.map_or(Origin::File, |(name, _)| Origin::Source(name.clone()))
    }

    /// The path of a file that exists inside the project.
    fn file(&self, path: &str, reference: &str, at: At) -> Result<(), Diagnostic> {
        let fail = |message: String| Diagnostic::new(Kind::Usage, message).at(at());
        let Ok(metadata) = self.root.join(path).metadata() else {
            let message = format!("`{reference}` is neither a stage's output nor a file");
            let mut problem = fail(message);
            let groups = self.groups.keys().copied();
            let name = reference.split(['.', '@']).next().unwrap_or("");
            if let Some(near) = nearest(name, groups).or_else(|| self.sibling(path)) {
                problem.hints.push(format!("did you mean `{near}`?"));
            } else if let Some(name) = nearest(reference, self.sources.keys().map(String::as_str)) {
                problem.hints.push(format!("did you mean `raw:{name}`?"));
            }
            return Err(problem);
        };
        if !metadata.is_file() {
            return Err(fail(format!("the input `{path}` is not a regular file")));
        }
        let root = self.root.canonicalize().unwrap_or_default();
        match self.root.join(path).canonicalize() {
            Ok(real) if real.starts_with(&root) => Ok(()),
            _ => Err(fail(format!("the input `{path}` is a link that leaves the project"))
                .hint("copy it into the project and declare it there")),
        }
    }

    /// A known source whose file is named almost like `path`.
    fn sibling(&self, path: &str) -> Option<&str> {
        let others = self.sources.values().map(|source| source.path.as_str());
        nearest(path, others.filter(|other| *other != path))
    }

    /// Every file below a folder, sorted; hidden files are left out.
    fn walk(
        &self,
        folder: &str,
        depth: usize,
        at: At,
        files: &mut Vec<String>,
    ) -> Result<(), Diagnostic> {
        let before = Look::at(&self.root.join(folder));
        let entries = std::fs::read_dir(self.root.join(folder))
            .map_err(|error| Diagnostic::io("read", Path::new(folder), &error))?;
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| Diagnostic::io("read", Path::new(folder), &error))?;
            names.push(entry.file_name().into_string().map_err(|name| {
                let message = format!("the name {name:?} in `{folder}` is not valid UTF-8");
                Diagnostic::new(Kind::Usage, message).at(at())
            })?);
        }
        let look = Look::both(before, Look::at(&self.root.join(folder)));
        self.listed.borrow_mut().insert(folder.to_string(), look);
        names.sort();
        for name in names.iter().filter(|name| !name.starts_with('.')) {
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            if self.root.join(&path).is_dir() {
                if self.root.join(&path).is_symlink() {
                    let message = format!("`{path}` is a link to a folder, which is not followed");
                    return Err(Diagnostic::new(Kind::Usage, message).at(at()));
                }
                if depth > 0 {
                    self.walk(&path, depth - 1, at, files)?;
                }
            } else {
                self.file(&path, &path, at)?;
                files.push(path);
            }
        }
        Ok(())
    }

    fn glob(&self, pattern: &str, at: At) -> Result<Vec<String>, Diagnostic> {
        let fail = |message: String| Diagnostic::new(Kind::Usage, message).at(at());
        let glob = GlobBuilder::new(pattern).literal_separator(true).build();
        let glob = glob.map_err(|error| fail(format!("the glob is wrong: {}", error.kind())))?;
        let matcher = glob.compile_matcher();
        let fixed = pattern.split(['*', '?', '[']).next().unwrap_or("");
        let folder = fixed.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut files = Vec::new();
        // Without `**` a pattern can't match deeper than it is written.
        let depth = match pattern.contains("**") {
            true => usize::MAX,
            false => pattern[folder.len()..].trim_start_matches('/').matches('/').count(),
        };
        if self.root.join(folder).is_dir() {
            self.walk(folder, depth, at, &mut files)?;
        }
        files.retain(|file| matcher.is_match(file));
        match files.is_empty() {
            true => Err(fail(format!("`{pattern}` matches no file"))),
            false => Ok(files),
        }
    }
}
