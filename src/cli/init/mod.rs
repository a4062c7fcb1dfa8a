//! `init`: a policy file to start with.

mod presets;

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;

use super::{
    CliError,
    output::{refuse_existing, stdout, write_file},
    schema::schema_text,
};
use presets::{Preset, preset_parser};

/// The file beside a policy that says what its keys are, for editors.
const SCHEMA_FILE: &str = "policy.schema.json";

/// Write a commented policy file to start with.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  whatsapp-guard init
  whatsapp-guard init --preset family
  whatsapp-guard init ~/.config/whatsapp-guard/policy.toml
  whatsapp-guard init - | less

Without --preset the file is the built-in policy, with a comment for each key. With it, the
file is short, and its cases are beside it, for `whatsapp-guard test`. An editor that knows
`#:schema` (Even Better TOML, taplo) completes and checks the file by policy.schema.json,
which is written beside it unless it is there. Missing folders are created.

Exit codes: 0 written, 1 a file cannot be written, 2 a file already exists")]
pub(super) struct Init {
    /// The file to write; - is standard output
    #[arg(value_name = "FILE", default_value = "policy.toml")]
    file: PathBuf,
    /// Policy to start with; default: the built-in policy
    #[arg(long, value_name = "NAME", value_parser = preset_parser())]
    preset: Option<Preset>,
    /// Replace existing files
    #[arg(long)]
    force: bool,
}

impl Init {
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        let preset = self.preset.unwrap_or(Preset::BUILT_IN);
        let mut out = stdout();
        if self.file.as_os_str() == "-" {
            out.write_all(preset.policy.as_bytes())?;
            return Ok(ExitCode::SUCCESS);
        }
        let cases = preset.cases.map(|text| (cases_of(&self.file), text));
        if let Some((path, _)) = &cases
            && !self.force
        {
            // Nothing is written if a part of it cannot be.
            refuse_existing(path)?;
        }
        write_file(&self.file, preset.policy, self.force)?;
        if let Some((path, text)) = &cases {
            write_file(path, text, self.force)?;
        }
        let schema = self.file.with_file_name(SCHEMA_FILE);
        if !schema.exists() {
            write_file(&schema, &schema_text()?, false)?;
        }
        self.say_next(&mut out, cases.as_ref().map(|(path, _)| path.as_path()))?;
        Ok(ExitCode::SUCCESS)
    }

    fn say_next(&self, out: &mut impl Write, cases: Option<&Path>) -> io::Result<()> {
        let file = self.file.display();
        writeln!(
            out,
            "Wrote {file}. Next steps:
  edit it; each key has a comment
  whatsapp-guard check {file}            # what it does"
        )?;
        if let Some(cases) = cases {
            let cases = cases.display();
            writeln!(
                out,
                "  whatsapp-guard test {cases} --policy {file}   # whether it does what its cases say"
            )?;
        }
        writeln!(
            out,
            "  whatsapp-guard serve --policy {file}   # run the server with it"
        )
    }
}

/// The file of a policy's cases: `policy.cases.toml` beside `policy.toml`.
fn cases_of(policy: &Path) -> PathBuf {
    policy.with_extension("cases.toml")
}
