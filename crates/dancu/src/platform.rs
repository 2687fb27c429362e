//! Joins all rooms over one data folder. Nothing else knows every part.

use crate::{
    config::Config,
    failure::Failure,
    postmen,
    sandbox::SandboxHouse,
    secrets,
    stores::{self, OtherLogs, Stores, open_ledger_of},
    timestamps, witness,
};
use dancu_changes::ChangeService;
use dancu_core::{Clock, Entropy, StoreError};
use dancu_evidence::Timestamper;
use dancu_exchange::{
    AssertionRules, ConsentService, Directory, ExchangeStore, Gate, LifeService, OrderService,
    PrivacyService, RefusalLog, SealedService, SigningKey, TokenService, TokenSettings, UsageCounter,
    VerifyService,
};
use dancu_feed::{
    ChangePuller, ChangeTeller, Courier, CourierParts, Patience, WebhookKey, remove_old_entries,
};
use dancu_identity::{AttemptLimits, CodeKey, Identity, IdentityParts, RelyingParty, periods};
use dancu_ledger::{
    CommitOptions, Ledger, LedgerError, LedgerOptions, Logs, PublicLog, Publisher,
    load_or_create_node_signer, secret_key_file,
};
use dancu_openid::{OpenId, OpenIdParts};
use dancu_reception::{Desk, Tickets};
use dancu_register::{RegisterStore, Seals};
use dancu_search::{Finder, SearchService, SearchStore};
use dancu_store_sqlite::FolderLock;
use dancu_web::{AppState, Latencies, Looks};
use std::sync::Arc;

/// Longest time from now to the end of a client's assertion, and the difference of clocks that is forgiven.
const ASSERTION_LIFETIME_S: i64 = 300;
const ASSERTION_SKEW_S: i64 = 30;
/// How long an access token is good.
const TOKEN_LIFETIME_S: i64 = 600;

/// A running platform. The folder's lock is held until it is dropped.
pub struct Platform {
    /// What the doors work with.
    pub state: Arc<AppState>,
    /// The register's store, for loading.
    pub store: Arc<dyn RegisterStore>,
    /// Every store.
    pub stores: Stores,
    /// Seals what files state of sealed kinds.
    pub seals: Arc<Seals>,
    /// The synthetic country of the sandbox.
    sandbox: Arc<SandboxHouse>,
    /// Delivers changes.
    pub courier: Arc<Courier>,
    /// Has the log's checkpoints stamped; none where no authority is named.
    pub timestamper: Option<Timestamper>,
    _lock: FolderLock,
}

impl Platform {
    /// Opens everything, checks the ends of the log, and starts the ledger's threads.
    // tidy: allow long function: it joins every room once, read from top to bottom
    pub async fn open(
        config: &Config,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, Failure> {
        let (stores, lock) = Stores::open(config).await?;
        let identity = open_identity(config, &stores, &clock, &entropy)?;
        let OpenLedger { ledger, public_log, logs, publisher } = open_ledger(config, &clock, &entropy)?;
        let directory = Arc::new(Directory::new(crate::policies::policies(config)?));
        let exchange_store = Arc::clone(&stores.exchange);
        directory.reload(&*exchange_store).await?;
        directory.follow(&*exchange_store).await?;
        let life =
            Arc::new(LifeService::new(Arc::clone(&stores.life), Arc::clone(&directory), Arc::clone(&clock)));
        let alarms = crate::alarms::service(&stores, &life, &clock);
        let refusals = Arc::new(RefusalLog::default());
        let tokens = open_tokens(config, &exchange_store, &directory, &refusals, (&clock, &entropy));
        let (gate, consents, privacy, orders) =
            open_wills(&stores, &directory, &refusals, (&clock, &entropy));
        let verify = Arc::new(VerifyService::new(
            Arc::clone(&stores.register),
            Arc::clone(&ledger),
            Arc::clone(&gate),
            Arc::clone(&refusals),
            Arc::clone(&clock),
        ));
        let search = open_search(&stores, &ledger, &refusals, (&clock, &entropy));
        let cohorts = crate::extracts::service(&stores, &verify, &identity, (&clock, &entropy));
        let statistics = stores.statistics_service(&refusals, &clock);
        let file_reviews = stores.file_review_service(&clock);
        let tickets = Tickets::new(secrets::load_or_create(&config.keys_dir, "tickets.key", &*entropy)?);
        let desk = Desk::new(Arc::clone(&verify), Arc::clone(&stores.reception), tickets, Arc::clone(&clock));
        let seals = Arc::new(secrets::seals(config, &*entropy)?);
        let sealed = SealedService::new(Arc::clone(&verify), Arc::clone(&seals));
        let changes = ChangeService::new(
            Arc::clone(&stores.changes),
            Arc::clone(&seals),
            Arc::clone(&clock),
            Arc::clone(&entropy),
        );
        let answer_seed = secrets::load_or_create(&config.keys_dir, "answers.key", &*entropy)?;
        let answer_key = SigningKey::from_seed(&answer_seed)?;
        let feed =
            open_feed(config, &stores, (&ledger, &gate), &logs, &directory, &refusals, (&clock, &entropy))?;
        let evidence = timestamps::open(config, &logs, &entropy)?;
        let (cosigning, witness) = witness::open(config, &public_log, &logs, (&clock, &*entropy))?;
        let sandbox = Arc::new(SandboxHouse::new(config, &clock, &entropy));
        let state = Arc::new(AppState {
            openid: open_provider(config, &stores, (&directory, &tokens, &verify), (&clock, &entropy))?,
            sandbox: Arc::clone(&sandbox) as _,
            clock,
            entropy,
            public_origin: config.public_origin.clone(),
            xroad: config.xroad_place(),
            source_url: config.source_url.clone().unwrap_or_default(),
            register: Arc::clone(&stores.register),
            changes: Arc::new(changes),
            handover: None,
            looks: Looks::default(),
            identity,
            directory,
            exchange_store,
            life,
            alarms: Arc::new(alarms),
            tokens,
            refusals,
            verify,
            consents: Arc::new(consents),
            privacy: Arc::new(privacy),
            orders: Arc::new(orders),
            file_reviews: Arc::new(file_reviews),
            cohorts: Arc::new(cohorts),
            statistics: Arc::new(statistics),
            usage: Arc::new(UsageCounter::new(Arc::clone(&stores.usage), Arc::clone(&public_log))),
            sealed: Arc::new(sealed),
            search: Arc::new(search),
            desk: Arc::new(desk),
            puller: Arc::new(feed.puller),
            feed: Arc::clone(&stores.feed),
            outbox: Arc::clone(&stores.outbox),
            answer_key: Arc::new(answer_key),
            webhook_key: feed.key,
            ledger,
            public_log,
            logs,
            publisher,
            cosigning,
            witness,
            evidence: evidence.evidence,
            latencies: Latencies::default(),
        });
        Ok(Self {
            state,
            store: Arc::clone(&stores.register),
            stores,
            seals,
            sandbox,
            courier: Arc::new(feed.courier),
            timestamper: evidence.timestamper,
            _lock: lock,
        })
    }

    /// Commits what waits, publishes it, and closes the files.
    pub fn close(self) {
        self.state.ledger.shut_down();
        self.state.publisher.shut_down();
        self.sandbox.close();
        self.stores.close();
    }
}

fn open_search(
    stores: &Stores,
    ledger: &Arc<Ledger>,
    refusals: &Arc<RefusalLog>,
    (clock, entropy): (&Arc<dyn Clock>, &Arc<dyn Entropy>),
) -> SearchService {
    SearchService::new(
        Finder::new(Arc::clone(&stores.register), Arc::clone(&stores.search)),
        Arc::clone(ledger),
        Arc::clone(refusals),
        Arc::clone(clock),
        Arc::clone(entropy),
    )
}

fn open_tokens(
    config: &Config,
    store: &Arc<dyn ExchangeStore>,
    directory: &Arc<Directory>,
    refusals: &Arc<RefusalLog>,
    (clock, entropy): (&Arc<dyn Clock>, &Arc<dyn Entropy>),
) -> Arc<TokenService> {
    Arc::new(TokenService::new(
        Arc::clone(store),
        Arc::clone(directory),
        Arc::clone(refusals),
        Arc::clone(clock),
        Arc::clone(entropy),
        TokenSettings { assertion: assertion_rules(config), lifetime_s: TOKEN_LIFETIME_S },
    ))
}

fn open_provider(
    config: &Config,
    stores: &Stores,
    (directory, tokens, verify): (&Arc<Directory>, &Arc<TokenService>, &Arc<VerifyService>),
    (clock, entropy): (&Arc<dyn Clock>, &Arc<dyn Entropy>),
) -> Result<Arc<OpenId>, Failure> {
    Ok(Arc::new(OpenId::new(OpenIdParts {
        store: Arc::clone(&stores.openid),
        directory: Arc::clone(directory),
        tokens: Arc::clone(tokens),
        verify: Arc::clone(verify),
        clock: Arc::clone(clock),
        entropy: Arc::clone(entropy),
        keys: crate::sign_in_keys::open(config, &**entropy)?,
        issuer: config.public_origin.origin().ascii_serialization(),
    })))
}

fn open_identity(
    config: &Config,
    stores: &Stores,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
) -> Result<Arc<Identity>, Failure> {
    let host = config.public_origin.host_str().unwrap_or("localhost").to_owned();
    Ok(Arc::new(Identity::new(IdentityParts {
        store: Arc::clone(&stores.identity),
        clock: Arc::clone(clock),
        entropy: Arc::clone(entropy),
        code_key: CodeKey::new(secrets::load_or_create(&config.keys_dir, "codes.key", &**entropy)?),
        periods: periods(),
        relying_party: RelyingParty {
            id: host,
            origin: config.public_origin.clone(),
            name: "Dancu".to_owned(),
        },
        code_limits: AttemptLimits::CODES,
        passkey_limits: AttemptLimits::PASSKEYS,
    })?))
}

/// What stands between a contract and a person: their consents, and what they asked to be restricted.
fn open_wills(
    stores: &Stores,
    directory: &Arc<Directory>,
    refusals: &Arc<RefusalLog>,
    (clock, entropy): (&Arc<dyn Clock>, &Arc<dyn Entropy>),
) -> (Arc<Gate>, ConsentService, PrivacyService, OrderService) {
    let wills = || (Arc::clone(&stores.consents), Arc::clone(&stores.cases));
    let (consents, cases) = wills();
    let gate = Arc::new(Gate::new(consents, cases, Arc::clone(&stores.orders)));
    let consents = ConsentService::new(wills(), Arc::clone(refusals), Arc::clone(clock), Arc::clone(entropy));
    let privacy = PrivacyService::new(
        Arc::clone(&stores.cases),
        Arc::clone(&stores.exchange),
        Arc::clone(directory),
        Arc::clone(clock),
    );
    let orders = OrderService::new(
        Arc::clone(&stores.orders),
        Arc::clone(&stores.exchange),
        Arc::clone(directory),
        Arc::clone(clock),
        Arc::clone(entropy),
    );
    (gate, consents, privacy, orders)
}

/// The change feed's two ways out, and the key of the second.
struct OpenFeed {
    puller: ChangePuller,
    courier: Courier,
    key: Arc<WebhookKey>,
}

fn open_feed(
    config: &Config,
    stores: &Stores,
    (ledger, gate): (&Arc<Ledger>, &Arc<Gate>),
    logs: &Arc<Logs>,
    directory: &Arc<Directory>,
    refusals: &Arc<RefusalLog>,
    (clock, entropy): (&Arc<dyn Clock>, &Arc<dyn Entropy>),
) -> Result<OpenFeed, Failure> {
    let answered = Arc::new(Arc::clone(logs));
    let (outbox, gate) = (Arc::clone(&stores.outbox), Arc::clone(gate));
    let teller = Arc::new(ChangeTeller::new(outbox, answered, gate, Arc::clone(ledger)));
    let puller = ChangePuller::new(Arc::clone(&teller), Arc::clone(refusals), Arc::clone(clock));
    let seed = secrets::load_or_create(&config.keys_dir, "webhook.key", &**entropy)?;
    let key = Arc::new(WebhookKey::from_seed(&seed)?);
    let courier = Courier::new(CourierParts {
        store: Arc::clone(&stores.feed),
        teller,
        directory: Arc::clone(directory),
        postman: Arc::new(postmen::open(config)?),
        key: Arc::clone(&key),
        clock: Arc::clone(clock),
        entropy: Arc::clone(entropy),
        patience: Patience::default(),
    });
    Ok(OpenFeed { puller, courier, key })
}

/// This node's ledger and the logs of all.
struct OpenLedger {
    ledger: Arc<Ledger>,
    public_log: Arc<PublicLog>,
    logs: Arc<Logs>,
    publisher: Arc<Publisher>,
}

fn open_ledger(
    config: &Config,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
) -> Result<OpenLedger, Failure> {
    let stores::OpenLedger { store: mut log_store, parts, registry, shares } = open_ledger_of(config)?;
    let origin = config.node.origin(&config.log_origin);
    // A log that was opened but never written to has an empty head; a lost key harms nobody yet.
    let is_new = log_store.head()?.is_none_or(|head| head.frontier.size() == 0);
    let signer = load_or_create_node_signer(&config.keys_dir, &config.node, &origin, &**entropy, is_new)?;
    let verifier = signer.verifier().clone();
    let options = LedgerOptions {
        commits: CommitOptions { linger_us: config.commit_linger_us, ..CommitOptions::default() },
        accept_clock_behind: config.accept_clock_behind,
        log: parts.log,
    };
    let (location, is_alone) = (parts.records.location(), shares.is_none());
    let passed = (Arc::clone(clock), Arc::clone(entropy));
    let ledger = match shares {
        Some(shares) => Ledger::start_sharing(log_store, location, signer, passed, options, shares),
        None => Ledger::start(log_store, location, signer, passed.0, passed.1, options),
    }
    .map_err(|error| match error {
        // The key is a sound one, of another log: the operator must know which file to restore.
        LedgerError::Signature { .. } => {
            LedgerError::Key { file: config.keys_dir.join(secret_key_file(&config.node)), origin }
        }
        error => error,
    })?;
    let keys = secrets::mark(config, &**entropy)?;
    if let Some(other) = registry.announce(parts.log, verifier.as_str(), &keys)? {
        return Err(secrets::differ(config, &other));
    }
    let public_log = Arc::new(PublicLog::open(parts, verifier)?);
    // The first reader must find a checkpoint.
    public_log.publish()?;
    let others = OtherLogs::new(registry, config);
    if is_alone {
        // The other nodes' days came with a copy of their database.
        ledger.count_others(others.counts_of_others(public_log.number(), ledger.counting_day())?);
    }
    let logs = Arc::new(if others.are_possible(config, public_log.number())? {
        Logs::open(Arc::clone(&public_log), Arc::new(others))?
    } else {
        Logs::alone(Arc::clone(&public_log))
    });
    let publisher = Publisher::start(Arc::clone(&public_log))?;
    Ok(OpenLedger { ledger: Arc::new(ledger), public_log, logs, publisher: Arc::new(publisher) })
}

/// Takes up what other nodes decide of connections, half a second behind, for as long as it is polled. A node that
/// cannot reach the database answers nobody, so it obeys no old decision for longer.
pub async fn follow_connections(state: Arc<AppState>) {
    let mut every = tokio::time::interval(std::time::Duration::from_millis(500));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut was_told = false;
    loop {
        every.tick().await;
        let followed = state.directory.follow(&*state.exchange_store).await;
        if let Some(error) = followed.as_ref().err().filter(|_| !was_told) {
            tracing::warn!(%error, "what other nodes changed of connections cannot be read");
        }
        was_told = followed.is_err();
    }
}

/// Follows the logs of the other nodes, a second behind, for as long as it is polled.
pub async fn follow_logs(logs: Arc<Logs>) {
    let mut every = tokio::time::interval(std::time::Duration::from_secs(1));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut told = None;
    loop {
        every.tick().await;
        let followed = Arc::clone(&logs);
        let Ok(outcome) = tokio::task::spawn_blocking(move || followed.follow()).await else { continue };
        let failure = outcome.err();
        if let Some(error) = failure.as_ref().filter(|error| told.as_ref() != Some(*error)) {
            tracing::error!(%error, "the log of another node cannot be followed");
        }
        told = failure;
    }
}

/// Assertions may name the issuer or the token endpoint. A trial on one machine has its loopback address too; a house
/// that others reach has not, for every trial has the same one and could hand on what it was sent.
fn assertion_rules(config: &Config) -> AssertionRules {
    let origin = config.public_origin.as_str().trim_end_matches('/').to_owned();
    let is_trial = config.public_origin.host_str() == Some("localhost");
    let listen = is_trial.then(|| format!("http://{}", config.listen));
    let audiences = [Some(origin), listen]
        .into_iter()
        .flatten()
        .flat_map(|base| [format!("{base}/oauth/token"), base])
        .collect();
    AssertionRules { audiences, lifetime_s_max: ASSERTION_LIFETIME_S, skew_s_max: ASSERTION_SKEW_S }
}

/// Writes refusals each second, and each minute removes what has ended, for as long as it is polled.
pub async fn housekeeping(state: Arc<AppState>) {
    let mut every = tokio::time::interval(std::time::Duration::from_secs(1));
    for second in 0_u64.. {
        every.tick().await;
        if let Err(error) = write_refusals(&state).await {
            tracing::warn!(%error, "refusals could not be written");
        }
        if let Err(error) = state.usage.catch_up().await {
            tracing::warn!(%error, "the use of products could not be counted");
        }
        if second % 60 == 0 {
            remove_ended(&state).await;
            remove_old_changes(&state).await;
        }
    }
}

/// Puts persons who were in the register before the index of the search into it, until all are in: some thousands in
/// each transaction, so that others write between.
pub async fn index_older_persons(store: Arc<dyn SearchStore>) {
    const PERSONS: usize = 2_000;
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);
    loop {
        match store.index_more(PERSONS).await {
            Ok(progress) if progress.is_complete => return,
            Ok(progress) => tracing::debug!(persons = progress.done, "indexed for the search"),
            Err(error) => {
                tracing::warn!(%error, "persons could not be indexed for the search");
                tokio::time::sleep(PATIENCE).await;
            }
        }
    }
}

/// Writes the refusals since the last call.
pub async fn write_refusals(state: &AppState) -> Result<(), StoreError> {
    /// Refusals that are kept.
    const REFUSALS_MAX: u32 = 100_000;
    let entries = state.refusals.take_pending();
    if entries.is_empty() {
        return Ok(());
    }
    state.exchange_store.add_refusals(entries, REFUSALS_MAX).await
}

async fn remove_ended(state: &AppState) {
    /// Rows that one round removes.
    const ROWS_MAX: u32 = 100_000;
    if let Err(error) = state.exchange_store.remove_ended(state.clock.now(), ROWS_MAX).await {
        tracing::warn!(%error, "ended tokens could not be removed");
    }
    if let Err(error) = state.identity.sweep().await {
        tracing::warn!(%error, "ended sessions could not be removed");
    }
    if let Err(error) = state.openid.sweep().await {
        tracing::warn!(%error, "ended sign-ins at portals could not be removed");
    }
}

/// What waits goes in rounds of one transaction each, so that others write between.
async fn remove_old_changes(state: &AppState) {
    match remove_old_entries(&*state.outbox, &*state.clock).await {
        Ok(0) => {}
        Ok(entries) => tracing::info!(entries, "old entries of the change feed were removed"),
        Err(error) => tracing::warn!(%error, "old entries of the change feed could not be removed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assertion_for_a_trial_on_someones_own_machine_is_none_for_the_house() {
        let audiences = |origin: &str| {
            let config = Config { public_origin: origin.parse().unwrap(), ..Config::default() };
            assertion_rules(&config).audiences
        };
        let at = |base: &str| [format!("{base}/oauth/token"), base.to_owned()];
        assert_eq!(audiences("https://dancu.example"), at("https://dancu.example"));
        let [trial, listening] = [at("http://localhost:8080"), at("http://127.0.0.1:8080")];
        assert_eq!(audiences("http://localhost:8080"), [trial, listening].concat());
    }
}
