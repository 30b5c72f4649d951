//! Progress of a run: on a terminal a bar and a line for each stage under way,
//! elsewhere plain lines, or JSON lines on standard output.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

use engine::observe::{Event, How, Observer};
use engine::plain::plain;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::message;
use crate::report::{duration, for_errors, print_json_line, say};
use crate::text::Text;

/// Writes each event as a line of JSON.
pub(crate) struct Lines;

impl Observer for Lines {
    fn event(&self, event: Event) {
        let _ = print_json_line(&event);
    }
}

/// Tells people.
pub(crate) struct Progress {
    verbose: bool,
    quiet: bool,
    screen: Mutex<Screen>,
}

#[derive(Default)]
struct Screen {
    /// Cached stages that were not mentioned yet: if nothing else happens, they
    /// are not worth a line each.
    cached: Vec<String>,
    stages: usize,
    terminal: Option<Terminal>,
}

struct Terminal {
    all: MultiProgress,
    bar: ProgressBar,
    running: BTreeMap<String, ProgressBar>,
}

/// Above this number of stages, those that are cached are counted, not listed.
const LISTED: usize = 100;

impl Progress {
    pub(crate) fn new(verbose: bool, quiet: bool) -> Self {
        Progress { verbose, quiet, screen: Mutex::default() }
    }

    /// Takes the bar off the screen.
    pub(crate) fn end(&self) {
        let mut screen = self.screen.lock().expect("no panic while held");
        if let Some(terminal) = screen.terminal.take() {
            terminal.bar.finish_and_clear();
            for (_, line) in terminal.running {
                line.finish_and_clear();
            }
        }
    }
}

impl Observer for Progress {
    fn event(&self, event: Event) {
        let mut screen = self.screen.lock().expect("no panic while held");
        match event {
            Event::Begun { stages } => screen.stages = stages,
            Event::Started { stage, expected } => screen.start(stage, expected, self.quiet),
            Event::Finished { stage, how: How::Cached, .. } => {
                screen.step();
                if self.verbose || (screen.terminal_or_busy() && screen.stages <= LISTED) {
                    screen.line(label("cached", "2", &stage).end(), self.quiet);
                } else {
                    screen.cached.push(stage);
                }
            }
            Event::Finished { stage, how: How::Ran, seconds, note } => {
                screen.stop(&stage);
                let note = note.map(|note| format!("  {note}")).unwrap_or_default();
                let mut line = label("ran", "32", &stage);
                line.line(&format!("  {}{note}", duration(seconds)));
                screen.line(&line, self.quiet);
            }
            Event::Failed { stage, seconds, .. } => {
                screen.stop(&stage);
                let mut line = label("failed", "31;1", &stage);
                line.line(&format!("  {}", duration(seconds)));
                screen.line(&line, self.quiet);
            }
            Event::Skipped { stage } => {
                screen.line(label("skipped", "33", &stage).end(), self.quiet)
            }
            Event::Published { path } if self.verbose => {
                screen.line(label("put in place", "2", &path).end(), self.quiet);
            }
            Event::Published { .. } => {}
            Event::Noted { diagnostic } => screen.line(&message::render(&diagnostic), false),
        }
    }
}

/// A line that does not end yet.
fn label(word: &str, colour: &str, stage: &str) -> Text {
    let mut line = Text::default();
    line.paint(&format!("{word:>8}"), colour).add(&format!(" {stage}"));
    line
}

impl Screen {
    /// Something runs: from now on every stage is worth a line.
    fn terminal_or_busy(&self) -> bool {
        self.terminal.is_some() || self.stages == 0
    }

    fn start(&mut self, stage: String, expected: Option<f64>, quiet: bool) {
        let cached = std::mem::take(&mut self.cached);
        if self.stages <= LISTED {
            for stage in &cached {
                self.line(label("cached", "2", stage).end(), quiet);
            }
        }
        let terminal =
            self.terminal.get_or_insert_with(|| Terminal::new(self.stages, cached.len(), quiet));
        terminal.start(stage, expected);
    }

    fn step(&self) {
        if let Some(terminal) = &self.terminal {
            terminal.bar.inc(1);
        }
    }

    fn stop(&mut self, stage: &str) {
        self.step();
        if let Some(line) =
            self.terminal.as_mut().and_then(|terminal| terminal.running.remove(stage))
        {
            line.finish_and_clear();
        }
    }

    fn line(&self, text: &Text, quiet: bool) {
        match &self.terminal {
            _ if quiet => {}
            Some(terminal) if !terminal.all.is_hidden() => {
                let _ = terminal.all.println(for_errors(text).trim_end());
            }
            _ => say(text),
        }
    }
}

impl Terminal {
    fn new(stages: usize, cached: usize, quiet: bool) -> Self {
        let shown = std::io::stderr().is_terminal() && !quiet && std::env::var_os("CI").is_none();
        let target =
            if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let all = MultiProgress::with_draw_target(target);
        let bar = all.add(ProgressBar::new(stages as u64));
        let word = if stages == 1 { "stage" } else { "stages" };
        let template = format!("{{bar:30.green/dim}} {{pos}}/{{len}} {word}  {{elapsed}}");
        let style = ProgressStyle::with_template(&template);
        bar.set_style(style.expect("the template is right").progress_chars("━━─"));
        bar.set_position(cached as u64);
        Terminal { all, bar, running: BTreeMap::new() }
    }

    fn start(&mut self, stage: String, expected: Option<f64>) {
        let line = self.all.insert_before(&self.bar, ProgressBar::new_spinner());
        let style = ProgressStyle::with_template("{spinner:>8.cyan} {msg}  {elapsed}");
        line.set_style(style.expect("the template is right"));
        let usual = expected.filter(|seconds| *seconds >= 1.0);
        let usual = usual.map(|seconds| format!(" (last time {})", duration(seconds)));
        line.set_message(format!("{}{}", plain(&stage), usual.unwrap_or_default()));
        if !self.all.is_hidden() {
            line.enable_steady_tick(Duration::from_millis(100));
        }
        self.running.insert(stage, line);
    }
}
