//! sandbox
/// x
pub struct Running {
    url: url::Url,
}
impl Running {
    /// x
    pub fn url(&self) -> &url::Url {
        &self.url
    }
}
/// x
pub async fn start() -> std::io::Result<Running> {
    Err(std::io::Error::other("x"))
}
