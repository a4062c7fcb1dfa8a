//! The issuer's keys, kept for a while and fetched again when they have to be.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{fetch, jwks::KeySet};
use crate::{clock::Clock, policy::OAuth};

/// How long nothing is fetched after it was fetched, whatever keys tokens name.
const PAUSE: Duration = Duration::from_secs(60);

/// The same after it could not be fetched.
pub(super) const RETRY: Duration = Duration::from_secs(10);

/// How long keys that are no longer fresh are used while their server does not answer.
const KEPT: Duration = Duration::from_secs(60 * 60);

/// The keys of the issuer that the policy names.
pub(super) struct Keys {
    clock: Clock,
    known: Mutex<Known>,
    /// One at a time fetches.
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// What is known of one issuer's keys.
#[derive(Default)]
struct Known {
    /// The issuer, and where its keys are.
    of: Option<(String, Option<String>)>,
    set: Option<Set>,
    tried: Option<Duration>,
    failed: bool,
}

#[derive(Clone)]
struct Set {
    keys: Arc<KeySet>,
    fetched: Duration,
    fresh_for: Duration,
}

/// The keys cannot be had.
#[derive(Debug)]
pub(super) struct Unavailable;

enum Found {
    Keys(Arc<KeySet>),
    /// They have to be fetched; those will do if somebody else does it.
    Due(Option<Arc<KeySet>>),
    Nothing,
}

impl Keys {
    /// Nothing is known yet, and nothing is fetched before it is needed.
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            known: Mutex::default(),
            turn: Arc::default(),
        }
    }

    /// Keys that have what is wanted, or that are sure not to have it.
    ///
    /// # Errors
    /// When nobody can say.
    pub(super) async fn with(
        self: &Arc<Self>,
        oauth: &OAuth,
        wanted: impl Fn(&KeySet) -> bool,
    ) -> Result<Arc<KeySet>, Unavailable> {
        let turn = match self.look(oauth, &wanted) {
            Found::Keys(keys) => return Ok(keys),
            Found::Nothing => return Err(Unavailable),
            Found::Due(Some(old)) => match self.turn.clone().try_lock_owned() {
                Ok(turn) => turn,
                Err(_) => return Ok(old),
            },
            Found::Due(None) => self.turn.clone().lock_owned().await,
        };
        // Somebody else may have been faster.
        if let Found::Due(_) = self.look(oauth, &wanted) {
            let (keys, oauth) = (self.clone(), oauth.clone());
            // It goes on whoever still waits, so that nobody can keep others from it.
            let fetching = tokio::spawn(async move {
                keys.fetch(&oauth).await;
                drop(turn);
            });
            fetching.await.map_err(|_| Unavailable)?;
        }
        match self.look(oauth, &wanted) {
            Found::Keys(keys) => Ok(keys),
            Found::Due(_) | Found::Nothing => Err(Unavailable),
        }
    }

    fn look(&self, oauth: &OAuth, wanted: &impl Fn(&KeySet) -> bool) -> Found {
        let now = self.clock.elapsed();
        let mut known = self.lock();
        let of = Some(name(oauth));
        if known.of != of {
            *known = Known {
                of,
                ..Known::default()
            };
        }
        let younger = |set: &&Set, than| now.saturating_sub(set.fetched) < than;
        let fresh = known.set.as_ref().filter(|set| younger(set, set.fresh_for));
        if let Some(set) = fresh.filter(|set| wanted(&set.keys)) {
            return Found::Keys(set.keys.clone());
        }
        let kept = known.set.as_ref();
        let kept = kept.filter(|set| younger(set, set.fresh_for + KEPT));
        let fits = kept.filter(|set| wanted(&set.keys));
        let pause = if known.failed { RETRY } else { PAUSE };
        let tried = known.tried;
        if tried.is_none_or(|tried| now.saturating_sub(tried) >= pause) {
            return Found::Due(fits.map(|set| set.keys.clone()));
        }
        // As long as the last look failed, nobody knows that a key is not there.
        let sure = if known.failed { fits } else { kept };
        sure.map_or(Found::Nothing, |set| Found::Keys(set.keys.clone()))
    }

    async fn fetch(&self, oauth: &OAuth) {
        let fetched = fetch::keys(oauth).await;
        let now = self.clock.elapsed();
        let mut known = self.lock();
        // The policy may name another issuer by now.
        if known.of != Some(name(oauth)) {
            return;
        }
        known.tried = Some(now);
        known.failed = fetched.is_err();
        match fetched {
            Ok(fetched) => {
                known.set = Some(Set {
                    keys: Arc::new(fetched.keys),
                    fetched: now,
                    fresh_for: fetched.fresh_for,
                });
            }
            Err(why) => {
                tracing::warn!(issuer = oauth.issuer.text, why, "no keys from the issuer");
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name(oauth: &OAuth) -> (String, Option<String>) {
    let keys = oauth.jwks_uri.as_ref().map(|address| address.text.clone());
    (oauth.issuer.text.clone(), keys)
}
