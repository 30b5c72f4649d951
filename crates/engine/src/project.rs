//! A checkout with all that a run needs: its plan, its files, its state and the store.
//!
//! It does not know what its stages are made from: see `resolve.rs`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::diagnostic::{Checked, Diagnostic, Kind};
use crate::digest::Digest;
use crate::files::Files;
use crate::function::Function;
use crate::lock::Lock;
use crate::own;
use crate::plan::options::Options;
use crate::plan::{Action, Plan};
use crate::state::State;
use crate::store::results::unreadable;
use crate::store::{Store, home};

/// An open project.
pub struct Project {
    /// The plan.
    pub plan: Plan,
    /// Where results live.
    pub store: Arc<Store>,
    /// The files of the project.
    pub files: Files,
    /// What the checkout remembers.
    pub state: State,
    /// The kind of machine that functions were compiled for.
    pub(crate) platform: String,
    /// The digests of the sources that functions depend on, by address.
    pub(crate) codes: BTreeMap<usize, Digest>,
    /// What the lock says of results, read when it is first needed.
    locked: OnceLock<BTreeMap<String, Digest>>,
}

/// What a project is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To answer questions: nothing is made, moved or removed.
    Look,
    /// To run it.
    Work,
}

impl Project {
    /// Opens the project at `root`; the store is the checkout's own unless given.
    pub fn open(
        root: &Path,
        functions: &[Function],
        options: &Options,
        store: Option<&Path>,
        access: Access,
    ) -> Checked<Self> {
        let root = &root.canonicalize().map_err(|error| {
            let mut problem = Diagnostic::io("open", root, &error);
            problem.kind = Kind::Usage;
            vec![problem]
        })?;
        let plan = Plan::load(root, functions, options)?;
        let store = open_store(root, store, access).map_err(|problem| vec![problem])?;
        let state = State::read(root);
        let files = Files::new(root, state.files.clone());
        let codes = codes(&plan);
        let ours = || format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
        let platform = options.platform.clone().unwrap_or_else(ours);
        let (store, locked) = (Arc::new(store), OnceLock::new());
        Ok(Project { plan, store, files, state, platform, codes, locked })
    }

    /// Whether a result was changed by hand, so that replacing it would lose
    /// something: it is neither what was put there, nor anything that the store has,
    /// nor what the lock says of it.
    pub fn is_edited(&self, path: &str) -> bool {
        let file = self.plan.root.join(path);
        if !file.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
            return false;
        }
        self.files.digest(path).is_ok_and(|known| {
            self.state.published.get(path) != Some(&known.digest)
                && !self.is_result(path, &known.digest)
        })
    }

    /// Whether this is a result that can be had again: the store has it, or the lock
    /// says that it belongs there, as where results are committed and `git` has put
    /// another one in place.
    pub(crate) fn is_result(&self, path: &str, digest: &Digest) -> bool {
        let locked = || {
            // Of a lock that can't be read, others tell.
            let lock = Lock::read(&self.plan.root).unwrap_or_default();
            let outputs = lock.stages.into_values().flat_map(|block| block.outputs);
            outputs.map(|(path, made)| (path, made.digest)).collect()
        };
        self.store.has(digest) || self.locked.get_or_init(locked).get(path) == Some(digest)
    }
}

impl Project {
    /// Puts an object of the store below a folder of the program's own, in place of
    /// what is there; gives its path relative to the project.
    pub fn place_own(
        &self,
        folder: &str,
        path: &str,
        digest: &Digest,
    ) -> Result<String, Diagnostic> {
        let root = &self.plan.root;
        let name = path.strip_prefix("outputs/").unwrap_or(path);
        let within = match name.rsplit_once('/') {
            Some((parent, _)) => format!("{folder}/{parent}"),
            None => folder.to_string(),
        };
        own::make(root, &within)?;
        let relative = format!("{folder}/{name}");
        let to = root.join(&relative);
        if to.symlink_metadata().is_ok() {
            std::fs::remove_file(&to).map_err(|error| Diagnostic::io("remove", &to, &error))?;
        }
        match self.store.copy(digest, &to)? {
            true => Ok(relative),
            false => Err(unreadable(path)),
        }
    }
}

/// The store that is named, or else the checkout's own, if it was made here.
fn open_store(root: &Path, named: Option<&Path>, access: Access) -> Result<Store, Diagnostic> {
    let open = match access {
        Access::Look => Store::look,
        Access::Work => Store::open,
    };
    if let Some(named) = named {
        return open(named);
    }
    let folder = own_store(root)?;
    if !home::is_foreign(&folder) {
        if access == Access::Work {
            own::make(root, OWN_STORE)?;
        }
        return open(&folder);
    }
    let message = format!("the store in `{OWN_STORE}` was not made in this checkout");
    let problem = Diagnostic::new(Kind::Usage, format!("{message}, so nothing in it is believed"))
        .hint(format!("remove it, and `colophon run` makes its own: `rm -r {OWN_STORE}`"))
        .hint(format!("if you trust whoever filled it, name it: `--store {OWN_STORE}`"));
    match access {
        Access::Work => Err(problem),
        Access::Look => {
            let store = Store::none();
            store.note(Diagnostic { kind: Kind::Note, ..problem });
            Ok(store)
        }
    }
}

/// The folder of the checkout's own store; no link leads to it.
pub fn own_store(root: &Path) -> Result<PathBuf, Diagnostic> {
    own::look(root, OWN_STORE)
}

/// The checkout's own store, relative to the project.
const OWN_STORE: &str = ".colophon/store";

/// The digests of all sources that the plan's functions depend on, by address:
/// they are compiled in, so each is hashed once.
fn codes(plan: &Plan) -> BTreeMap<usize, Digest> {
    let mut codes = BTreeMap::new();
    for stage in &plan.stages {
        if let Action::Function(function) = &stage.action {
            for (_, text) in function.sources() {
                let address = text.as_ptr() as usize;
                codes.entry(address).or_insert_with(|| Digest::of(text.as_bytes()));
            }
        }
    }
    codes
}
