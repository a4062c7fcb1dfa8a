//! Reading the files, and saying what came of it.

use std::{io::Write, path::PathBuf};

use super::{
    bell::{Bell, Cause},
    watch::Watch,
};
use crate::{
    backend::specs,
    mcp::Server,
    policy::{Diagnostics, Files, Policy},
};

/// Files may name others when they are read again; after so many times it is enough.
const MOST_READS: usize = 3;

/// A policy file, and what was said of it.
pub(super) struct Follower {
    path: PathBuf,
    server: Server,
    watch: Option<Watch>,
    /// What stands against watching it.
    trouble: Option<String>,
    /// Why its last change is not in force.
    wrong: Option<String>,
}

impl Follower {
    pub(super) fn new(path: PathBuf, server: Server) -> Self {
        Self {
            path,
            server,
            watch: None,
            trouble: None,
            wrong: None,
        }
    }

    /// Never ends, but with the program.
    pub(super) fn run(mut self, bell: &Bell) {
        match Watch::new(bell.clone()) {
            Ok(watch) => self.watch = Some(watch),
            Err(error) => self.trouble(Some(error.to_string())),
        }
        let mut cause = Cause::Change;
        loop {
            let files = self.read();
            self.follow(files, cause);
            cause = bell.wait();
        }
    }

    /// The files as they are, all of them watched before they were read.
    fn read(&mut self) -> Files {
        let mut files = Files::read(&self.path);
        for _ in 0..MOST_READS {
            let named = files.named().to_owned();
            self.listen(&named);
            files = Files::read(&self.path);
            if files.named() == named {
                break;
            }
        }
        files
    }

    fn listen(&mut self, named: &[PathBuf]) {
        if let Some(watch) = &mut self.watch {
            let outcome = watch.set(named);
            self.trouble(outcome.err().map(|error| error.to_string()));
        }
    }

    /// Says once that the files cannot be watched.
    fn trouble(&mut self, trouble: Option<String>) {
        if let Some(trouble) = &trouble
            && self.trouble.is_none()
        {
            let next = if cfg!(unix) {
                "send SIGHUP to have them read again"
            } else {
                "restart the server to have them read again"
            };
            say(&format!(
                "warning: the policy's files cannot be watched: {trouble}; {next}"
            ));
        }
        self.trouble = trouble;
    }

    fn follow(&mut self, files: Files, cause: Cause) {
        let path = self.path.display().to_string();
        if files.version() == self.server.policy().version {
            if self.wrong.take().is_some() {
                self.server.settle();
                say(&format!("{path}: says again what is in force"));
            } else if cause == Cause::Asked {
                say(&format!("{path}: unchanged, and in force"));
            }
            return;
        }
        match files.check_for(specs(), self.server.policy().accounts()) {
            Ok(policy) => self.replace(policy, &path),
            Err(wrong) => self.reject(&wrong, &path, cause),
        }
    }

    fn replace(&mut self, policy: Policy, path: &str) {
        self.wrong = None;
        let mut said = format!("{path}: changed, and in force from now on");
        if !policy.knows(self.server.grant()) {
            let grant = self.server.grant();
            said += &format!(
                "\nwarning: there is no `[grants.{grant}]` any more, so all its calls are refused"
            );
        }
        if !policy.warnings.is_empty() {
            said += &format!("\n{}", policy.warnings);
        }
        self.server.replace(policy);
        say(&said);
    }

    fn reject(&mut self, wrong: &Diagnostics, path: &str, cause: Cause) {
        self.server.reject(wrong);
        let text = wrong.to_string();
        if cause != Cause::Asked && self.wrong.as_ref() == Some(&text) {
            return;
        }
        say(&format!(
            "error: {path} was changed and is NOT in force; what was in force before stays in force\n{text}"
        ));
        self.wrong = Some(text);
    }
}

/// Tells the operator.
pub(super) fn say(text: &str) {
    // Nobody is left to tell when standard error is gone.
    let _ = writeln!(anstream::stderr(), "{text}");
}
