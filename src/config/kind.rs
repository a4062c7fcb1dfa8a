//! Which API a back end speaks.

use serde::Serialize;

/// The API that is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A WAHA server.
    Waha,
    /// A GREEN-API instance.
    GreenApi,
    /// The built-in stand-in.
    Sandbox,
}

impl Kind {
    /// Every back end.
    pub const ALL: [Self; 3] = [Self::Waha, Self::GreenApi, Self::Sandbox];

    /// The name under which it is configured.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waha => "waha",
            Self::GreenApi => "green-api",
            Self::Sandbox => "sandbox",
        }
    }
}
