//! A commune's own node: the way to the centre, and the rounds by which its queue is handed over.

use crate::{cli::UpArgs, client::ClientSecret, config::Config, failure::Failure, secrets, stores::Stores};
use async_trait::async_trait;
use dancu_changes::Envelope;
use dancu_core::{Clock, Entropy};
use dancu_handover::{
    Answer, Centre, EntryState, Handover, HandoverStore, QueueKey, Round, Unreachable, back_off,
};
use dancu_store_sqlite::SqliteHandover;
use serde::Deserialize;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use url::Url;

/// Time in which the centre must answer a batch.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);
/// Between two looks at an empty queue.
const IDLE: Duration = Duration::from_millis(500);

/// The centre over HTTP, as client software with a signed assertion.
struct HttpCentre {
    http: reqwest::Client,
    centre: Url,
    client: String,
    secret: ClientSecret,
    token: Mutex<Option<String>>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

#[derive(Deserialize)]
struct Answers {
    answers: Vec<Answer>,
}

#[expect(clippy::needless_pass_by_value, reason = "errors are mapped by name")]
fn unreachable(error: impl ToString) -> Unreachable {
    Unreachable(error.to_string())
}

impl HttpCentre {
    fn address(&self, path: &str) -> Result<Url, Unreachable> {
        self.centre.join(path).map_err(unreachable)
    }

    async fn fresh_token(&self) -> Result<String, Unreachable> {
        let audience = self.centre.as_str().trim_end_matches('/');
        let assertion = self
            .secret
            .assertion(&self.client, audience, self.clock.now(), &*self.entropy)
            .map_err(|failure| unreachable(failure.0.en))?;
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            .append_pair("client_assertion", &assertion)
            .finish();
        let request = self
            .http
            .post(self.address("/oauth/token")?)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let answer = request.send().await.and_then(reqwest::Response::error_for_status);
        let token: Token = answer.map_err(unreachable)?.json().await.map_err(unreachable)?;
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.access_token.clone());
        Ok(token.access_token)
    }

    async fn post(&self, token: &str, envelopes: &[Envelope]) -> Result<reqwest::Response, Unreachable> {
        let request = self.http.post(self.address("/v1/commands")?).bearer_auth(token).json(envelopes);
        request.send().await.map_err(unreachable)
    }
}

#[async_trait]
impl Centre for HttpCentre {
    async fn send(&self, envelopes: &[Envelope]) -> Result<Vec<Answer>, Unreachable> {
        let held = self.token.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let token = match held {
            Some(token) => token,
            None => self.fresh_token().await?,
        };
        let mut answer = self.post(&token, envelopes).await?;
        if answer.status() == reqwest::StatusCode::UNAUTHORIZED {
            // The token has ended. What was sent was not looked at.
            answer = self.post(&self.fresh_token().await?, envelopes).await?;
        }
        let answers: Answers = match answer.error_for_status() {
            Ok(answer) => answer.json().await.map_err(unreachable)?,
            Err(error) => return Err(unreachable(error)),
        };
        Ok(answers.answers)
    }
}

/// Where the queue is kept: in the database, if one is named, or in a file of the data folder.
async fn queue_of(stores: &Stores, config: &Config) -> Result<Arc<dyn HandoverStore>, Failure> {
    let Some(queue) = stores.handover.clone() else {
        return Ok(Arc::new(SqliteHandover::open(&config.data_dir)?));
    };
    // A node that moved to a database without its queue would never hand over what is in the file.
    if config.data_dir.join("handover.db").exists() && queue.rows(None, 1).await?.is_empty() {
        let left = SqliteHandover::open(&config.data_dir)?;
        if left.count(EntryState::Waiting).await? + left.count(EntryState::Sent).await? > 0 {
            let folder = config.data_dir.display();
            return Err(Failure::new(
                "DANCU-CLI-102",
                format!(
                    "Trong {folder}/handover.db còn yêu cầu chưa chuyển về trung tâm. Hãy chạy không có --store cho \
                     đến khi chuyển hết, hoặc chép kho bằng `dancu store copy`."
                ),
                format!(
                    "{folder}/handover.db holds commands that were not handed over. Run without --store until they \
                     are, or copy the store with `dancu store copy`."
                ),
            ));
        }
    }
    Ok(queue)
}

/// Opens the queue of a commune's node; `None` when this is none.
pub async fn open(
    args: &UpArgs,
    stores: &Stores,
    config: &Config,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
) -> Result<Option<Arc<Handover>>, Failure> {
    let (Some(centre), Some(client), Some(key)) = (&args.centre, &args.client, &args.client_key) else {
        return Ok(None);
    };
    let is_near = matches!(centre.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if centre.scheme() != "https" && !(centre.scheme() == "http" && is_near) {
        return Err(Failure::new(
            "DANCU-CLI-100",
            "Địa chỉ trung tâm phải bắt đầu bằng https://. Hãy sửa --centre.",
            "The address of the centre must begin with https://. Correct --centre.",
        ));
    }
    let http = reqwest::Client::builder().timeout(ANSWER_TIME_MAX).build().map_err(|error| {
        Failure::new(
            "DANCU-CLI-101",
            format!("Không chuẩn bị được kết nối tới trung tâm: {error}."),
            format!("The way to the centre cannot be prepared: {error}."),
        )
    })?;
    let way = HttpCentre {
        http,
        centre: centre.clone(),
        client: client.clone(),
        secret: ClientSecret::read(key)?,
        token: Mutex::new(None),
        clock: Arc::clone(clock),
        entropy: Arc::clone(entropy),
    };
    let queue = queue_of(stores, config).await?;
    let queue_key = QueueKey::new(&secrets::load_or_create(&config.keys_dir, "handover.key", &**entropy)?);
    let handover = Handover::new(queue, Arc::new(way), queue_key, Arc::clone(clock), Arc::clone(entropy));
    Ok(Some(Arc::new(handover)))
}

/// Hands the queue over for as long as it is polled.
pub async fn keep_handing_over(handover: Arc<Handover>) {
    loop {
        let wait = match handover.round().await {
            Ok(Round::Answered(_)) => Duration::ZERO,
            Ok(Round::Idle) => IDLE,
            Ok(Round::Later) => back_off(handover.failures()),
            Err(error) => {
                tracing::warn!(%error, "the queue could not be handed over");
                back_off(6)
            }
        };
        tokio::time::sleep(wait).await;
    }
}
