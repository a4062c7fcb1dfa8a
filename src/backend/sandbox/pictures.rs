//! Pictures of the sandbox's account, of its groups and of people.

use serde_json::json;

use super::{
    ME, SandboxState,
    files::{MUM, SandboxFiles, url},
    group_settings::administered,
    request::{SandboxAnswer, SandboxRefusal, SandboxRequest, found, or_nothing, success},
};

/// The people who have a picture.
const PEOPLE: [(&str, &str); 1] = [("15552220001@c.us", MUM)];

/// The key of a picture's file, if there is a picture.
#[derive(Default)]
pub(super) struct SandboxPicture(Option<String>);

impl SandboxPicture {
    /// One of the pictures that are there from the start.
    pub(super) fn first(key: &str) -> Self {
        Self(Some(key.to_owned()))
    }

    /// The picture in a request; WhatsApp takes JPEG alone.
    pub(super) fn sent(
        request: &SandboxRequest,
        files: &mut SandboxFiles,
    ) -> Result<Self, SandboxRefusal> {
        let file = request.file()?;
        match file.mime {
            "image/jpeg" => Ok(Self(Some(files.keep(file).key))),
            _ => Err(SandboxRefusal::lacking("file.mimetype image/jpeg")),
        }
    }

    /// Its address.
    pub(super) fn url(&self) -> Option<String> {
        self.0.as_deref().map(url)
    }
}

pub(super) fn of_group(state: &SandboxState, id: &str) -> SandboxAnswer {
    let group = state.groups.0.get(id);
    or_nothing(group.map(|group| json!({ "url": group.picture.url() })))
}

pub(super) fn of_chat(state: &SandboxState, id: &str) -> SandboxAnswer {
    let url = if id == ME {
        state.profile.picture.url()
    } else if let Some(group) = state.groups.0.get(id) {
        group.picture.url()
    } else {
        let person = PEOPLE.iter().find(|(person, _)| *person == id);
        person.map(|(_, key)| url(key))
    };
    found(json!({ "url": url }))
}

pub(super) fn set(state: &mut SandboxState, id: &str, request: &SandboxRequest) -> SandboxAnswer {
    administered(state, id)?;
    let picture = SandboxPicture::sent(request, &mut state.files)?;
    administered(state, id)?.picture = picture;
    success()
}

pub(super) fn delete(state: &mut SandboxState, id: &str) -> SandboxAnswer {
    administered(state, id)?.picture = SandboxPicture::default();
    success()
}
