//! A system call that fails, each in turn: an error that is told, never a wrong
//! result, and the next run completes.

use crate::kill::{faults, fresh, some, store_paths, strace, strace_works};

/// Lets every call of these system calls fail in turn, each with its error.
fn sweep(calls: &[(&str, &str)], paths: &[String]) {
    if !strace_works() {
        return;
    }
    let mut found = Vec::new();
    for (call, error) in calls {
        let mut n = 1;
        loop {
            let space = fresh();
            let output = strace(&space, call, &format!("error={error}"), n, paths);
            let trace = space.text(".colophon/logs/trace");
            if !trace.contains("(INJECTED)") {
                break;
            }
            let said = String::from_utf8_lossy(&output.stderr);
            let code = output.status.code().unwrap_or(-1);
            let told = code == 0 || said.starts_with("error: ") || said.contains("\nerror: ");
            let mut hold = |so: bool, what: &str| {
                if !so {
                    found.push(format!("{call} {n} {error}: {what}: {code} {said}"));
                }
            };
            let beyond_repair = code == 8 && *error == "EIO";
            hold(beyond_repair || matches!(code, 0 | 1 | 9), "the exit code is another");
            hold(told && !said.contains("panic"), "it is not told");
            for fault in faults(&space) {
                // What can't be read at all may be set aside and made again.
                let expected = fault.starts_with("left over") || fault.contains("not sound");
                let aside = !paths.is_empty() && *error == "EIO" && expected;
                // A record that could not be looked at may have been written beside it.
                let beside = fault.contains(".2.json") && !fault.contains("quarantine");
                hold(aside || beside, &fault);
            }
            n += 1;
            assert!(n < 1000, "{call} has no end");
        }
        eprintln!("{call}: failed {} times", n - 1);
        assert!(n > 1, "{call} is never called");
    }
    assert!(found.is_empty(), "{} faults, such as\n{}", found.len(), some(&found));
}

#[test]
fn a_failing_write() {
    sweep(&[("write", "ENOSPC"), ("fsync", "EIO"), ("copy_file_range", "EIO")], &[]);
}

#[test]
fn a_failing_change_of_a_name() {
    sweep(&[("rename", "EIO"), ("mkdir", "ENOSPC"), ("fchmod", "EPERM"), ("flock", "ENOLCK")], &[]);
}

#[test]
fn a_failing_call_on_the_store() {
    sweep(&[("openat", "EIO"), ("read", "EIO")], &store_paths());
}

/// Too many open files, or no permission for now, are no damage.
#[test]
fn a_call_on_the_store_that_fails_for_now() {
    sweep(&[("openat", "EMFILE"), ("openat", "EACCES")], &store_paths());
}
