//! `import`: a policy of another program in our words.

use std::{
    fs::File,
    io::{self, BufWriter, Read, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::Args;

use super::{
    CliError,
    output::{stdout, write_file, write_json},
};
use crate::{
    backend::{sandbox, tools_of},
    import::{Imported, LARGEST, import, shown},
};

/// Turn a policy of PolicyLayer (JSON) or Intercept (YAML) into one for this program.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  whatsapp-guard import intercept.yaml --output policy.toml
  whatsapp-guard import policylayer.json | less
  whatsapp-guard import --json intercept.yaml | jq '.not_carried[].why'

Nothing gets looser: a tool of which something could not be carried over is refused
until you write it by hand. What was left out is told on standard error, with line
and column. Names of tools that this program does not know are left out.

Exit codes: 0 all of it is carried over, 1 something is not, 2 the file cannot be
read or is no policy, or the output is there already")]
pub(super) struct Import {
    /// The policy; - is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where to write it; standard output when left out
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the output if it is there
    #[arg(long, requires = "output")]
    force: bool,
    /// Print JSON: the policy and what is not in it
    #[arg(long)]
    json: bool,
}

impl Import {
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        let file = self.file.display().to_string();
        let text = self.read().map_err(|error| {
            CliError::Usage(format!("{} cannot be read: {error}", shown(&file)))
        })?;
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
        self.tell(&file, &imported)?;
        Ok(if imported.not_carried.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
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
            return Err(io::Error::other("it is larger than 1 MiB"));
        }
        Ok(text)
    }

    fn tell(&self, file: &str, imported: &Imported) -> io::Result<()> {
        if self.json {
            return write_json(&mut stdout(), imported);
        }
        if self.output.is_none() {
            stdout().write_all(imported.policy.as_bytes())?;
        }
        let mut err = BufWriter::new(anstream::stderr().lock());
        for lost in &imported.not_carried {
            let (line, column) = (lost.line, lost.column);
            let (file, key) = (shown(file), shown(&lost.key));
            writeln!(err, "{file}:{line}:{column}: {key}: {}", lost.why)?;
        }
        if let Some(output) = &self.output {
            let output = output.display();
            writeln!(
                err,
                "{output} is written; `whatsapp-guard check --policy {output}` says what it means"
            )?;
        }
        err.flush()
    }
}
