//! What a document may ask for: bounds on its files, held before Typst sees them.
//!
//! Typst cannot be interrupted, so what would fill the memory, overflow the
//! stack or never end is refused by what can be read of it beforehand.

use std::io::Cursor;
use std::sync::LazyLock;

use image::ImageReader;
use typst::Library;
use typst::diag::{SourceResult, bail};
use typst::foundations::{Args, Binding, Func, NativeFunc, NativeFuncData, NativeFuncPtr, Value};
use typst::foundations::{eval, plugin};
use typst::syntax::{SyntaxNode, parse};

use crate::problem::Problem;
use crate::project::Project;

/// The largest source, in bytes.
const SOURCE: usize = 1 << 20;
/// The largest other file, in bytes.
const FILE: usize = 256 << 20;
/// The most pixels of an image: A3 at 600 dots an inch.
const PIXELS: u64 = 70_000_000;
/// How deep a source may be nested: a sum is as deep as it is long.
const DEPTH: usize = 1_000;
/// The longest text that is evaluated as code, in characters.
const CODE: usize = 10_000;
/// The stack of the threads that typeset; it suffices for the depth above.
const STACK: usize = 64 << 20;

/// How modules of WebAssembly begin.
const WASM: &[u8] = b"\0asm";

/// Everything in a project that goes beyond the bounds.
pub(crate) fn check(project: &Project) -> Result<(), Vec<Problem>> {
    let found: Vec<Problem> =
        project.files.iter().filter_map(|(path, bytes)| problem(path, bytes)).collect();
    if found.is_empty() { Ok(()) } else { Err(found) }
}

fn problem(path: &str, bytes: &[u8]) -> Option<Problem> {
    let source = path.ends_with(".typ");
    let most = if source { SOURCE } else { FILE };
    if bytes.len() > most {
        let message = format!("`{path}` is larger than {} MiB", most >> 20);
        let hint = if source { "divide the source" } else { "let a stage make it smaller" };
        return Some(Problem::new(message).hint(hint));
    }
    if bytes.starts_with(WASM) {
        let message = format!("`{path}` is a plugin, and the report takes none");
        return Some(Problem::new(message).hint("let a stage compute what the plugin does"));
    }
    if source {
        return std::str::from_utf8(bytes).ok().and_then(|text| deep(path, text));
    }
    let (width, height) = pixels(bytes)?;
    let many = u64::from(width) * u64::from(height) > PIXELS;
    let message = format!("the image `{path}` has {width} × {height} pixels");
    let hint = "make it smaller: 70,000,000 pixels are the most, as of A3 at 600 dots an inch";
    many.then(|| Problem::new(message).hint(hint))
}

/// Width and height of an image in a format that Typst decodes, from its header.
fn pixels(bytes: &[u8]) -> Option<(u32, u32)> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    reader.format()?;
    reader.into_dimensions().ok()
}

/// Where a source is nested too deeply.
fn deep(path: &str, text: &str) -> Option<Problem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let root = parse(text);
    let place = deepest(&root)?;
    // To drop a tree takes as much of the stack as it is deep.
    std::mem::forget(root);
    let mut problem = Problem::new("the source is nested more than 1,000 deep here")
        .hint("divide the expression: what is added, called or divided in a chain counts");
    problem.set_place(path, text, place..place + 1);
    Some(problem)
}

/// Where a tree is deeper than it may be; it is walked without recursion.
fn deepest(root: &SyntaxNode) -> Option<usize> {
    let mut next = vec![(root, 0, 0)];
    while let Some((node, depth, mut at)) = next.pop() {
        if depth > DEPTH {
            return Some(at);
        }
        for child in node.children() {
            next.push((child, depth + 1, at));
            at += child.len();
        }
    }
    None
}

/// Does work that nests deeply on threads with the stack for it.
pub(crate) fn roomy<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    match rayon::ThreadPoolBuilder::new().stack_size(STACK).build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}

/// Takes from the library what has no bounds of its own.
pub(crate) fn bound(library: &mut Library) {
    for (name, data) in [("plugin", &*NO_PLUGIN), ("eval", &*SHORT_EVAL)] {
        library.global.scope_mut().bind(name.into(), Binding::detached(Func::from(data)));
    }
    library.std = Binding::detached(library.global.clone());
}

static NO_PLUGIN: LazyLock<NativeFuncData> = LazyLock::new(|| {
    instead(plugin::data(), &|_, _, args| refuse(args, "the report takes no plugins"))
});

static SHORT_EVAL: LazyLock<NativeFuncData> = LazyLock::new(|| {
    instead(eval::data(), &|engine, context, args| {
        let long =
            |value: &Value| matches!(value, Value::Str(text) if text.chars().nth(CODE).is_some());
        match args.items.iter().any(|arg| arg.name.is_none() && long(&arg.value.v)) {
            true => refuse(args, "a text of more than 10,000 characters is no code"),
            false => (eval::data().function.0)(engine, context, args),
        }
    })
});

fn refuse(args: &Args, message: &'static str) -> SourceResult<Value> {
    bail!(args.span, "{message}")
}

/// A function of Typst's with other work.
fn instead(of: &'static NativeFuncData, function: &'static Work) -> NativeFuncData {
    NativeFuncData {
        function: NativeFuncPtr(function),
        name: of.name,
        title: of.title,
        docs: of.docs,
        def_site: None,
        keywords: of.keywords,
        contextual: of.contextual,
        scope: LazyLock::new(&Default::default),
        params: LazyLock::new(&Default::default),
        returns: LazyLock::new(&|| typst::foundations::CastInfo::Any),
    }
}

/// What a function of Typst's does.
type Work = dyn Fn(
        &mut typst::engine::Engine,
        typst::comemo::Tracked<typst::foundations::Context>,
        &mut Args,
    ) -> SourceResult<Value>
    + Send
    + Sync;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command;
    use crate::document::pdf;
    use crate::tests::{project, refusal, shown};

    /// What is said of a project with one more file.
    fn with(path: &str, bytes: Vec<u8>) -> String {
        let mut project = project(&[("main.typ", "Hello")]);
        project.files.insert(path.into(), bytes);
        let found = pdf(&project).unwrap_err();
        // An installed command is held to the same, before it is looked for.
        let other = command::pdf(&project, std::path::Path::new("/nowhere/typst"));
        assert_eq!(other.unwrap_err(), found);
        shown(&found)
    }

    /// A PNG of so many pixels that holds none.
    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
        let mut header = b"IHDR".to_vec();
        header.extend([width.to_be_bytes(), height.to_be_bytes()].concat());
        header.extend([1, 0, 0, 0, 0]);
        for chunk in [&header[..], b"IDAT", b"IEND"] {
            bytes.extend((chunk.len() as u32 - 4).to_be_bytes());
            bytes.extend(chunk);
            bytes.extend(sum(chunk).to_be_bytes());
        }
        bytes
    }

    /// The checksum of a chunk (CRC-32).
    fn sum(bytes: &[u8]) -> u32 {
        let bit = |sum: u32, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
        !bytes.iter().fold(!0, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), bit))
    }

    #[test]
    fn images_by_their_headers() {
        assert_eq!(pixels(&png(60_000, 60_000)), Some((60_000, 60_000)));
        assert_eq!(problem("a.png", &png(7_000, 10_000)), None);
        assert_eq!(pixels(b"a,b\n1,2\n"), None);
        assert_eq!(
            with("report/bomb.png", png(60_000, 60_000)),
            "Error: the image `report/bomb.png` has 60000 × 60000 pixels\n\
             hint: make it smaller: 70,000,000 pixels are the most, as of A3 at 600 dots an inch"
        );
    }

    #[test]
    fn files_by_their_size() {
        assert_eq!(
            with("a.typ", vec![b' '; SOURCE + 1]),
            "Error: `a.typ` is larger than 1 MiB\nhint: divide the source"
        );
        assert_eq!(
            with("a.json", vec![0; FILE + 1]),
            "Error: `a.json` is larger than 256 MiB\nhint: let a stage make it smaller"
        );
    }

    #[test]
    fn plugins_from_a_file_or_from_bytes() {
        assert_eq!(
            with("p.wasm", b"\0asm\x01\0\0\0".to_vec()),
            "Error: `p.wasm` is a plugin, and the report takes none\n\
             hint: let a stage compute what the plugin does"
        );
        for call in ["plugin", "std.plugin"] {
            let main = format!("#let p = {call}(bytes((0, 97, 115, 109, 1, 0, 0, 0)))");
            let said = refusal(&[("main.typ", &main)]);
            assert!(said.starts_with("Error: the report takes no plugins\nmain.typ:1:"), "{said}");
        }
    }

    /// Chains that are as deep as they are long, at the bound and far beyond it.
    #[test]
    fn sources_by_their_depth() {
        for (begin, link, end) in [
            ("#let x = ", "1+", "1"),
            ("#let f(x) = f\n#let x = f", "(1)", ""),
            ("#let x = (a: 1)\n#let y = x", ".a", ""),
            ("$a", "/a", "$"),
            ("#", "if false [a] else ", "[a]"),
        ] {
            let chain = |links: usize| format!("{begin}{}{end}", link.repeat(links));
            let said = refusal(&[("main.typ", &chain(40_000))]);
            assert!(
                said.starts_with(
                    "Error: the source is nested more than 1,000 deep here\nmain.typ:"
                ),
                "{said}"
            );
            // Whatever Typst says of it, the stack holds.
            let _ = pdf(&project(&[("main.typ", &chain(400))]));
        }
    }

    #[test]
    fn code_that_is_made_of_text() {
        let eval = |terms: usize| format!("#let x = eval(\"1+\" * {terms} + \"1\")");
        assert!(pdf(&project(&[("main.typ", &eval(4_000))])).is_ok());
        let main = eval(60_000);
        let said = refusal(&[("main.typ", &main)]);
        let words = "Error: a text of more than 10,000 characters is no code\nmain.typ:1:10";
        assert!(said.starts_with(words), "{said}");
        let math = "#eval(\"a\" + \"/a\" * 4000, mode: \"math\")";
        assert!(pdf(&project(&[("main.typ", math)])).is_ok());
    }
}
