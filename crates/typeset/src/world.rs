//! The world of a document: files as bytes in memory, and fonts that come along.
//!
//! It reaches no disk, clock or network, and takes no package.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use typst::diag::{FileError, FileResult, PackageError};
use typst::foundations::{Bytes, Datetime, Dict, Duration, IntoValue};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};

use crate::limits;
use crate::problem::Problem;
use crate::project::{Project, midnight};

/// The files of a project as Typst sees them.
pub(crate) struct Files {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    files: BTreeMap<String, File>,
    main: FileId,
    now: Datetime,
}

/// A file, read as a source when Typst first asks for it as one.
struct File {
    bytes: Bytes,
    source: OnceLock<FileResult<Source>>,
}

impl Files {
    /// The world of a project, or why there is none.
    pub(crate) fn new(project: &Project) -> Result<Self, Vec<Problem>> {
        let now = midnight(project.date);
        let main = main(project)?;
        let inputs: Dict = (project.inputs.iter())
            .map(|(key, value)| (key.as_str().into(), value.as_str().into_value()))
            .collect();
        let files: BTreeMap<_, _> = (project.files.iter())
            .map(|(path, bytes)| {
                let file = File { bytes: Bytes::new(bytes.clone()), source: OnceLock::new() };
                (path.clone(), file)
            })
            .collect();
        // Typst's own fonts come first, as on its command line.
        let own = typst_assets::fonts().map(Bytes::new);
        let brought =
            files.iter().filter(|(path, _)| is_font(path)).map(|(_, it)| it.bytes.clone());
        let fonts: Vec<Font> = own.chain(brought).flat_map(Font::iter).collect();
        let mut library = Library::builder().with_inputs(inputs).build();
        limits::bound(&mut library);
        Ok(Files {
            library: LazyHash::new(library),
            book: LazyHash::new(FontBook::from_fonts(&fonts)),
            fonts,
            files,
            main,
            now,
        })
    }

    /// The file that an id stands for.
    fn get(&self, id: FileId) -> FileResult<&File> {
        if let VirtualRoot::Package(package) = id.root() {
            let reason = format!("{package} is not in the project, and nothing is downloaded");
            return Err(FileError::Package(PackageError::Other(Some(reason.into()))));
        }
        let path = id.vpath().get_without_slash();
        self.files.get(path).ok_or_else(|| FileError::NotFound(PathBuf::from(path)))
    }
}

/// Whether a path names a font, by the endings that Typst's command line looks for.
pub(crate) fn is_font(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, ending)| {
        ["ttf", "ttc", "otf", "otc"].contains(&ending.to_ascii_lowercase().as_str())
    })
}

/// The id of the main source.
fn main(project: &Project) -> Result<FileId, Vec<Problem>> {
    let path = &project.main;
    if !project.files.contains_key(path) {
        let problem = Problem::new(format!("there is no `{path}` in the project"));
        return Err(vec![problem.hint("name one of its files as the main source")]);
    }
    match VirtualPath::new(path) {
        Ok(path) => Ok(RootedPath::new(VirtualRoot::Project, path).intern()),
        Err(_) => Err(vec![Problem::new(format!("`{path}` is no path inside the project"))]),
    }
}

impl World for Files {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        let file = self.get(id)?;
        let read = || {
            let text = std::str::from_utf8(&file.bytes).map_err(|_| FileError::InvalidUtf8)?;
            let text = text.strip_prefix('\u{feff}').unwrap_or(text);
            Ok(Source::new(id, text.to_string()))
        };
        file.source.get_or_init(read).clone()
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        Ok(self.get(id)?.bytes.clone())
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }

    fn today(&self, offset: Option<Duration>) -> Option<Datetime> {
        let now = match offset {
            Some(offset) => self.now + offset,
            None => self.now,
        };
        Datetime::from_ymd(now.year()?, now.month()?, now.day()?)
    }
}
