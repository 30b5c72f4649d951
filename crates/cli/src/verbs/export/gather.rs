//! What is exported, gathered from a project and held to its lock.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use answers::export::bundle::{Bundle, File, Step};
use answers::export::sha256;
use answers::ledger::{Input, Ledger, Output, Stage};
use engine::compiled;
use engine::diagnostic::{Diagnostic, Kind, listed};
use engine::digest::Digest;
use engine::lock::{self, Lock};
use engine::plan::options::Options;
use engine::plan::{Action, Origin, pipeline};
use engine::project::{Access, Project};
use engine::resolve::Done;
use engine::since;

use super::origin;
use crate::arguments::Arguments;
use crate::edition;
use crate::message;
use crate::report::{Failed, count};
use crate::study::Study;
use crate::verbs::options;

/// Opens the project as its lock has it: keys may be those of another kind of machine.
pub(super) fn open(study: &Study, arguments: &Arguments) -> Result<Project, Failed> {
    let lock = Lock::read(&arguments.directory)?;
    let platform = lock.stages.values().find_map(|block| block.platform.clone());
    let options = Options { platform, ..options(arguments)? };
    let store = arguments.store.as_deref();
    let root = &arguments.directory;
    let project = Project::open(root, study.functions, &options, store, Access::Look)?;
    if let Some(old) = compiled::check(&project.plan) {
        message::all(&[Diagnostic { kind: Kind::Note, ..old }]);
    }
    if !project.plan.is_plain {
        let message = "the lock is that of the plain pipeline, this is a variant of it";
        return Err(Diagnostic::new(Kind::Usage, message).hint("unset SOURCE_DATE_EPOCH").into());
    }
    Ok(project)
}

/// Everything that the forms need, or what is not as the lock has it.
pub(super) fn bundle(project: &Project) -> Result<Bundle, Failed> {
    let root = &project.plan.root;
    let lock = Lock::read(root)?;
    stale(project, &lock)?;
    let steps = steps(project, &lock)?;
    let mut bundle = Bundle {
        name: project.plan.name.clone(),
        program: env!("CARGO_PKG_VERSION").into(),
        date: project.plan.date.clone(),
        sources: sources(project, &steps),
        ..Bundle::default()
    };
    files(project, &steps, &mut bundle)?;
    bundle.steps = steps;
    bundle.params = params(root)?;
    if let Some(path) = edition::ledger_path(&project.plan) {
        let bytes = std::fs::read(root.join(path))
            .map_err(|error| Diagnostic::io("read", Path::new(path), &error))?;
        bundle.ledger = Some(Ledger::read(path, &bytes)?);
    }
    origin::fill(root, &mut bundle)?;
    Ok(bundle)
}

/// Refuses a project that a run would change.
fn stale(project: &Project, lock: &Lock) -> Result<(), Failed> {
    let all: Vec<usize> = (0..project.plan.stages.len()).collect();
    if all.is_empty() {
        let message = "there are no stages, so there is nothing to export";
        return Err(Diagnostic::new(Kind::Usage, message)
            .hint("`colophon init` writes a pipeline to start from")
            .into());
    }
    let accounts = since::accounts(project, &all, &since::locked(project, lock))?;
    let stages = &project.plan.stages;
    let changed: Vec<&str> = accounts
        .iter()
        .filter(|account| account.differs())
        .map(|account| stages[account.stage].name.as_str())
        .collect();
    let declared: BTreeSet<&str> = stages.iter().map(|stage| stage.name.as_str()).collect();
    let gone = lock.stages.keys().map(String::as_str).filter(|name| !declared.contains(name));
    let changed: Vec<&str> = changed.into_iter().chain(gone).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let are = if changed.len() == 1 { "is" } else { "are" };
    let stages = count(changed.len(), "stage");
    let message = format!("{stages} {are} not as `{}` has it: {}", lock::FILE, listed(changed));
    Err(Diagnostic::new(Kind::Pending, message)
        .hint("`colophon run` brings them up; `colophon status` tells the causes")
        .into())
}

/// The stages with what they were given and what they made.
fn steps(project: &Project, lock: &Lock) -> Result<Vec<Step>, Failed> {
    let plan = &project.plan;
    let mut done: Vec<Option<Done>> = vec![None; plan.stages.len()];
    let mut steps = Vec::new();
    for (index, stage) in plan.stages.iter().enumerate() {
        let resolved = project.resolve(index, &|other: usize| done[other].as_ref())?;
        let block = &lock.stages[&stage.name];
        let made = stage.outputs.iter().filter_map(|(name, path)| {
            block.outputs.get(path).map(|made| (name.clone(), made.clone()))
        });
        let done_now = Done { key: block.key, outputs: made.collect(), resolved };
        steps.push(step(project, index, &done_now));
        done[index] = Some(done_now);
    }
    Ok(steps)
}

fn step(project: &Project, index: usize, done: &Done) -> Step {
    let plan = &project.plan;
    let stage = &plan.stages[index];
    let mut inputs = BTreeMap::new();
    for (role, list) in &stage.inputs {
        let digests = done.resolved.inputs.get(role).into_iter().flatten();
        let of = |(input, digest): (&engine::plan::Input, &Digest)| Input {
            path: input.path.clone(),
            digest: digest.to_string(),
            from: match &input.from {
                Origin::Stage(other, output) => {
                    Some(format!("{}.{output}", plan.stages[*other].name))
                }
                Origin::Source(name) => Some(format!("raw:{name}")),
                Origin::File | Origin::Lineage => None,
            },
        };
        inputs.insert(role.clone(), list.iter().zip(digests).map(of).collect());
    }
    let output = |(name, path): (&String, &String)| {
        let made = done.outputs.get(name)?;
        let (path, digest) = (path.clone(), made.digest.to_string());
        Some((name.clone(), Output { path, digest, size: made.size, rows: made.rows }))
    };
    let mut facts = Stage {
        inputs,
        outputs: stage.outputs.iter().filter_map(output).collect(),
        labels: done.resolved.labels.clone(),
        params: stage.params.clone(),
        ..Stage::default()
    };
    let mut code = None;
    match &stage.action {
        Action::Function(function) => {
            facts.uses = Some(function.name.into());
            facts.code = Some(function.path().into());
            facts.about = Some(function.about().into());
            let (path, text) = function.own;
            let here = std::fs::read(plan.root.join(path));
            code = here.is_ok_and(|it| it == text.as_bytes()).then(|| text.to_string());
        }
        Action::Command(command) => facts.cmd = Some(command.arguments.clone()),
    }
    Step {
        name: stage.name.clone(),
        group: stage.group.clone(),
        about: stage.desc.clone(),
        line: stage.at.line,
        stage: facts,
        code,
    }
}

/// The sources that the stages read, without their schemas.
fn sources(project: &Project, steps: &[Step]) -> BTreeMap<String, serde_json::Value> {
    let inputs = steps.iter().flat_map(|step| step.stage.inputs.values().flatten());
    let names: BTreeSet<&str> = inputs.filter_map(Input::source).collect();
    let described = names.into_iter().filter_map(|name| {
        let source = project.plan.sources.get(name)?;
        let mut descriptor = source.descriptor.clone();
        if let Some(entries) = descriptor.as_object_mut() {
            entries.remove("schema");
            entries.insert("path".into(), source.path.clone().into());
            entries.insert("labels".into(), source.labels.iter().cloned().collect());
        }
        Some((name.to_string(), descriptor))
    });
    described.collect()
}

/// Every file, with its digests; results are held to the lock.
fn files(project: &Project, steps: &[Step], bundle: &mut Bundle) -> Result<(), Failed> {
    let root = &project.plan.root;
    let mut differ = Vec::new();
    for step in steps {
        for (name, output) in &step.stage.outputs {
            let about = format!("the output {name} of stage {}: {}", step.name, step.about);
            let about = about.trim_end_matches(": ").to_string();
            match known(root, &output.path, step.stage.labels.clone(), about) {
                Ok(file) if file.blake3 == output.digest => {
                    bundle.files.insert(output.path.clone(), file);
                }
                Ok(_) => differ.push(format!("`{}` is not what was made", output.path)),
                Err(error) => differ.push(format!("`{}` can't be read: {error}", output.path)),
            }
        }
    }
    if !differ.is_empty() {
        let message = match differ.len() {
            1 => "a result is not as `pipeline.lock` has it".to_string(),
            n => format!("{} are not as `pipeline.lock` has them", count(n, "result")),
        };
        return Err(Diagnostic::new(Kind::Differs, message)
            .details(differ)
            .hint("`colophon run` puts them in place")
            .into());
    }
    let mut add = |path: &str, labels: BTreeSet<String>, about: String| {
        if !bundle.files.contains_key(path) {
            let file = known(root, path, labels, about)
                .map_err(|error| Diagnostic::io("read", Path::new(path), &error))?;
            bundle.files.insert(path.into(), file);
        }
        Ok::<(), Failed>(())
    };
    for input in steps.iter().flat_map(|step| step.stage.inputs.values().flatten()) {
        if input.maker().is_some() || input.is_lineage() {
            continue;
        }
        let source = input.source().and_then(|name| project.plan.sources.get(name));
        let title = source.and_then(|source| source.descriptor["title"].as_str());
        let about = title.unwrap_or("a file that stages read").to_string();
        let labels = source.map(|source| source.labels.clone()).unwrap_or_default();
        add(&input.path, labels, about)?;
    }
    for path in project.plan.files.keys().filter(|path| root.join(path).is_file()) {
        let is_pipeline = path == pipeline::FILE;
        let about = if is_pipeline { "the pipeline" } else { "what the pipeline is read with" };
        add(path, BTreeSet::new(), about.into())?;
    }
    for function in project.plan.stages.iter().filter_map(|stage| match &stage.action {
        Action::Function(function) => Some(function),
        Action::Command(_) => None,
    }) {
        for (path, text) in function.sources() {
            if std::fs::read(root.join(path)).is_ok_and(|it| it == text.as_bytes()) {
                add(path, BTreeSet::new(), "source code of functions".into())?;
            }
        }
    }
    for (path, about) in origin::FILES {
        if root.join(path).is_file() {
            add(path, BTreeSet::new(), about.into())?;
        }
    }
    Ok(())
}

/// A file as it is, with both digests of the same bytes.
fn known(
    root: &Path,
    path: &str,
    labels: BTreeSet<String>,
    about: String,
) -> std::io::Result<File> {
    let path = root.join(path);
    // What is no file, such as a pipe, is not waited for.
    Digest::of_file(&path)?;
    let bytes = std::fs::read(&path)?;
    let (blake3, size) = (Digest::of(&bytes).to_string(), bytes.len() as u64);
    Ok(File { sha256: sha256::of(&bytes), blake3, size, labels, about })
}

/// The parameters that the pipeline declares.
fn params(root: &Path) -> Result<BTreeMap<String, serde_json::Value>, Failed> {
    let bytes = std::fs::read(root.join(pipeline::FILE))
        .map_err(|error| Diagnostic::io("read", Path::new(pipeline::FILE), &error))?;
    let document = engine::yaml::Document::parse(pipeline::FILE, &bytes)?;
    let params = document.root.get("params").map(|node| node.value());
    let entries = params.as_ref().and_then(|params| params.as_object());
    Ok(entries.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect())
}
