//! The profile of the sandbox's account.

use serde_json::json;

use super::{
    ME, SandboxState,
    pictures::SandboxPicture,
    request::{SandboxAnswer, SandboxRequest, found, success},
};

/// What others see of the account.
pub(super) struct SandboxProfile {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) picture: SandboxPicture,
}

impl Default for SandboxProfile {
    fn default() -> Self {
        Self {
            name: "Sandbox".into(),
            about: String::new(),
            picture: SandboxPicture::default(),
        }
    }
}

pub(super) fn get(state: &SandboxState) -> SandboxAnswer {
    let profile = &state.profile;
    found(json!({ "id": ME, "name": profile.name, "picture": profile.picture.url() }))
}

pub(super) fn rename(state: &mut SandboxState, request: &SandboxRequest) -> SandboxAnswer {
    request
        .required("/name")?
        .clone_into(&mut state.profile.name);
    success()
}

pub(super) fn describe(state: &mut SandboxState, request: &SandboxRequest) -> SandboxAnswer {
    request
        .required("/status")?
        .clone_into(&mut state.profile.about);
    success()
}

pub(super) fn set_picture(state: &mut SandboxState, request: &SandboxRequest) -> SandboxAnswer {
    state.profile.picture = SandboxPicture::sent(request, &mut state.files)?;
    success()
}
