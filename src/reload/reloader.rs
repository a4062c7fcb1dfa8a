//! Reads the policy files again and reports the result to the operator.

use std::{
    path::PathBuf,
    sync::mpsc::{Receiver, Sender},
};

use super::{
    debounce::{Trigger, debounce},
    watch::Watch,
};
use crate::{
    backend::specs,
    mcp::Server,
    policy::{Diagnostics, Files, Policy},
    stderr::notify,
};

/// Each read may name more files to watch before the next one; this many reads suffice.
const MAX_READS: usize = 3;

/// Reloads a policy file.
pub(super) struct Reloader {
    path: PathBuf,
    server: Server,
    watch: Option<Watch>,
    /// Why the files cannot be watched.
    watch_error: Option<String>,
    /// Why the last change did not take effect.
    rejected: Option<String>,
}

impl Reloader {
    pub(super) fn new(path: PathBuf, server: Server) -> Self {
        Self {
            path,
            server,
            watch: None,
            watch_error: None,
            rejected: None,
        }
    }

    /// Runs until the program ends. `changes` triggers the next round.
    pub(super) fn run(mut self, changes: Sender<Trigger>, triggers: &Receiver<Trigger>) {
        match Watch::new(changes) {
            Ok(watch) => self.watch = Some(watch),
            Err(error) => self.report_watch(Some(error.to_string())),
        }
        let mut trigger = Some(Trigger::Change);
        while let Some(cause) = trigger {
            let files = self.read();
            self.reload(files, cause);
            trigger = debounce(triggers);
        }
    }

    /// The current files, each of them watched before it was read.
    fn read(&mut self) -> Files {
        let mut files = Files::read(&self.path);
        for _ in 0..MAX_READS {
            let named = files.named().to_owned();
            if let Some(watch) = &mut self.watch {
                let outcome = watch.set(&named);
                self.report_watch(outcome.err().map(|error| error.to_string()));
            }
            files = Files::read(&self.path);
            if files.named() == named {
                break;
            }
        }
        files
    }

    /// Warns once while the files cannot be watched.
    fn report_watch(&mut self, error: Option<String>) {
        if let Some(error) = &error
            && self.watch_error.is_none()
        {
            let next = if cfg!(unix) {
                "send SIGHUP to reload them"
            } else {
                "restart the server to reload them"
            };
            notify(format!(
                "warning: cannot watch the policy files: {error}; {next}"
            ));
        }
        self.watch_error = error;
    }

    fn reload(&mut self, files: Files, trigger: Trigger) {
        let path = self.path.display().to_string();
        if files.version() == self.server.policy().version {
            if self.rejected.take().is_some() {
                self.server.settle();
                notify(format!("{path}: matches the policy in force again"));
            } else if trigger == Trigger::Sighup {
                notify(format!("{path}: unchanged, and in force"));
            }
            return;
        }
        let checked = files
            .check_for(specs(), self.server.policy().accounts())
            .and_then(|policy| self.server.check_policy(&policy).map(|()| policy));
        match checked {
            Ok(policy) => self.replace(policy, &path),
            Err(errors) => self.reject(&errors, &path, trigger),
        }
    }

    fn replace(&mut self, policy: Policy, path: &str) {
        self.rejected = None;
        let mut report = format!("{path}: changed, and in force from now on");
        if !policy.knows(self.server.grant()) {
            let grant = self.server.grant();
            report += &format!(
                "\nwarning: the policy no longer has `[grants.{grant}]`, so all its calls are refused"
            );
        }
        if !policy.warnings.is_empty() {
            report += &format!("\n{}", policy.warnings);
        }
        self.server.replace(policy);
        notify(report);
    }

    fn reject(&mut self, errors: &Diagnostics, path: &str, trigger: Trigger) {
        self.server.reject(errors);
        let text = errors.to_string();
        if trigger != Trigger::Sighup && self.rejected.as_ref() == Some(&text) {
            return;
        }
        notify(format!(
            "error: {path} was changed and is NOT in force; the previous policy stays in force\n{text}"
        ));
        self.rejected = Some(text);
    }
}
