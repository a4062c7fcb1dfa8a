//! Caches the issuer's keys, and fetches them when they are stale or a key is missing.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{fetch_keys::fetch_keys, jwks::KeySet};
use crate::{clock::Clock, policy::OAuth};

/// The shortest time between two fetches, whatever keys the tokens name.
const REFETCH_INTERVAL: Duration = Duration::from_secs(60);

/// The shortest time between a fetch that failed and the next.
pub(super) const RETRY_INTERVAL: Duration = Duration::from_secs(10);

/// How long stale keys are used while the issuer does not respond.
const MAX_STALE: Duration = Duration::from_secs(60 * 60);

/// The keys of the issuer that the policy names.
pub(super) struct KeyCache {
    clock: Clock,
    state: Mutex<CacheState>,
    /// Held during a fetch.
    fetching: Arc<tokio::sync::Mutex<()>>,
}

/// What is known about the keys of one issuer.
#[derive(Default)]
struct CacheState {
    /// The issuer and its `jwks_uri`.
    source: Option<KeySource>,
    cached: Option<CachedKeys>,
    /// When the last fetch ended.
    fetched_at: Option<Duration>,
    /// Whether the last fetch failed.
    failed: bool,
}

type KeySource = (String, Option<String>);

struct CachedKeys {
    keys: Arc<KeySet>,
    fetched_at: Duration,
    ttl: Duration,
}

enum CacheLookup {
    Hit(Arc<KeySet>),
    /// A fetch is due. Stale keys serve while another request fetches.
    Due(Option<Arc<KeySet>>),
    Unavailable,
}

impl KeyCache {
    /// An empty cache. Keys are fetched when they are first needed.
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            state: Mutex::default(),
            fetching: Arc::default(),
        }
    }

    /// Keys that have the wanted key, or that certainly lack it. `None` if the issuer
    /// does not respond.
    pub(super) async fn get(
        self: &Arc<Self>,
        oauth: &OAuth,
        wanted: impl Fn(&KeySet) -> bool,
    ) -> Option<Arc<KeySet>> {
        let turn = match self.lookup(oauth, &wanted) {
            CacheLookup::Hit(keys) => return Some(keys),
            CacheLookup::Unavailable => return None,
            CacheLookup::Due(Some(stale)) => match self.fetching.clone().try_lock_owned() {
                Ok(turn) => turn,
                Err(_) => return Some(stale),
            },
            CacheLookup::Due(None) => self.fetching.clone().lock_owned().await,
        };
        // Another request may have fetched in the meantime.
        if let CacheLookup::Due(_) = self.lookup(oauth, &wanted) {
            let (cache, oauth) = (self.clone(), oauth.clone());
            // A task of its own: a client that disconnects does not cancel the fetch
            // that others wait for.
            let task = tokio::spawn(async move {
                cache.fetch(&oauth).await;
                drop(turn);
            });
            task.await.ok()?;
        }
        match self.lookup(oauth, &wanted) {
            CacheLookup::Hit(keys) => Some(keys),
            CacheLookup::Due(_) | CacheLookup::Unavailable => None,
        }
    }

    fn lookup(&self, oauth: &OAuth, wanted: &impl Fn(&KeySet) -> bool) -> CacheLookup {
        let now = self.clock.elapsed();
        let mut state = self.lock();
        let source = Some(key_source(oauth));
        if state.source != source {
            *state = CacheState {
                source,
                ..CacheState::default()
            };
        }
        let age = |since: Duration| now.saturating_sub(since);
        let cached = state.cached.as_ref();
        let fresh = cached.filter(|cached| age(cached.fetched_at) < cached.ttl);
        if let Some(cached) = fresh.filter(|cached| wanted(&cached.keys)) {
            return CacheLookup::Hit(cached.keys.clone());
        }
        let usable = cached.filter(|cached| age(cached.fetched_at) < cached.ttl + MAX_STALE);
        let matching = usable.filter(|cached| wanted(&cached.keys));
        let interval = if state.failed {
            RETRY_INTERVAL
        } else {
            REFETCH_INTERVAL
        };
        if state.fetched_at.is_none_or(|at| age(at) >= interval) {
            return CacheLookup::Due(matching.map(|cached| cached.keys.clone()));
        }
        // After a fetch that failed, the issuer may have a key that the cache lacks.
        let certain = if state.failed { matching } else { usable };
        certain.map_or(CacheLookup::Unavailable, |cached| {
            CacheLookup::Hit(cached.keys.clone())
        })
    }

    async fn fetch(&self, oauth: &OAuth) {
        let fetched = fetch_keys(oauth).await;
        let now = self.clock.elapsed();
        let mut state = self.lock();
        // The policy may name another issuer in the meantime.
        if state.source != Some(key_source(oauth)) {
            return;
        }
        state.fetched_at = Some(now);
        state.failed = fetched.is_err();
        match fetched {
            Ok(fetched) => {
                state.cached = Some(CachedKeys {
                    keys: Arc::new(fetched.keys),
                    fetched_at: now,
                    ttl: fetched.ttl,
                });
            }
            Err(why) => {
                tracing::warn!(
                    issuer = oauth.issuer.text,
                    why,
                    "cannot fetch the issuer's keys"
                );
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, CacheState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key_source(oauth: &OAuth) -> KeySource {
    let jwks_uri = oauth.jwks_uri.as_ref().map(|address| address.text.clone());
    (oauth.issuer.text.clone(), jwks_uri)
}
