//! `import`: converts the policy of another program.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::Args;

use super::{
    CliError,
    output::{exit, print, write_file},
};
use crate::{
    backend::{sandbox, tools_of},
    import::{Imported, LARGEST, import, shown},
};

/// Convert a policy of PolicyLayer (JSON) or Intercept (YAML).
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  whatsapp-guard import intercept.yaml --output policy.toml
  whatsapp-guard import policylayer.json | less
  whatsapp-guard import --json intercept.yaml | jq '.not_carried[].why'

The result is never looser than the source: a tool with a rule that cannot be converted
is refused until you write the rule yourself. Standard error lists what was not
converted, with line and column. Tools that this program does not have are omitted.

Exit codes: 0 everything was converted, 1 something was not, 2 the file cannot be read
or is not a policy, or the output already exists")]
pub(super) struct Import {
    /// The policy to convert; - is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The file to write; default: standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace an existing output file
    #[arg(long, requires = "output")]
    force: bool,
    /// Print JSON: the policy and what was not converted
    #[arg(long)]
    json: bool,
}

impl Import {
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        let file = self.file.display().to_string();
        let text = self
            .read()
            .map_err(|error| CliError::Usage(format!("cannot read {}: {error}", shown(&file))))?;
        let origin = match self.file.file_name() {
            Some(name) if file != "-" => name.to_string_lossy().into_owned(),
            _ => "standard input".to_owned(),
        };
        let tools = tools_of(sandbox::spec())?;
        let imported = import(&origin, &text, &tools)
            .map_err(|wrong| CliError::Usage(format!("{}:{wrong}", shown(&file))))?;
        if let Some(output) = &self.output {
            write_file(output, &imported.policy, self.force)?;
        }
        print(self.json, &imported, |out| match &self.output {
            Some(_) => Ok(()),
            None => out.write_all(imported.policy.as_bytes()),
        })?;
        if !self.json {
            self.explain(&file, &imported)?;
        }
        Ok(exit(imported.not_carried.is_empty()))
    }

    fn read(&self) -> io::Result<String> {
        let source: Box<dyn Read> = if self.file.as_os_str() == "-" {
            Box::new(io::stdin().lock())
        } else {
            Box::new(File::open(&self.file)?)
        };
        let mut text = String::new();
        source.take(LARGEST + 1).read_to_string(&mut text)?;
        if text.len() as u64 > LARGEST {
            return Err(io::Error::other("the file is larger than 1 MiB"));
        }
        Ok(text)
    }

    /// Lists on standard error what was not converted.
    fn explain(&self, file: &str, imported: &Imported) -> io::Result<()> {
        let mut err = anstream::stderr().lock();
        for lost in &imported.not_carried {
            let (line, column) = (lost.line, lost.column);
            let (file, key) = (shown(file), shown(&lost.key));
            writeln!(err, "{file}:{line}:{column}: {key}: {}", lost.why)?;
        }
        if let Some(output) = &self.output {
            let output = output.display();
            writeln!(
                err,
                "Wrote {output}. `whatsapp-guard check {output}` shows its effect"
            )?;
        }
        Ok(())
    }
}
