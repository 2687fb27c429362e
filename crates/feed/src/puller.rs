//! A client asks for changes.

use crate::{ChangeTeller, FeedError, Span, Telling};
use dancu_core::Clock;
use dancu_exchange::{Caller, RefusalLog, RefusalReason, check_changes};
use std::{fmt, sync::Arc};

/// What a client sends.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pull<'a> {
    /// The cursor of the last answer; `now` for the present end; `None` for all that is kept.
    pub after: Option<&'a str>,
    /// Changes at most, 1 to [`ChangeTeller::TOLD_MAX`].
    pub limit: Option<&'a str>,
}

/// Changes of an answer when the client names no number.
const TOLD_USUALLY: usize = 100;

/// Answers clients that ask for changes.
pub struct ChangePuller {
    teller: Arc<ChangeTeller>,
    refusals: Arc<RefusalLog>,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for ChangePuller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChangePuller")
    }
}

impl ChangePuller {
    /// Puts it together.
    pub fn new(teller: Arc<ChangeTeller>, refusals: Arc<RefusalLog>, clock: Arc<dyn Clock>) -> Self {
        Self { teller, refusals, clock }
    }

    /// The next changes for a client.
    pub async fn pull(&self, caller: &Caller, asked: Pull<'_>) -> Result<Telling, FeedError> {
        let now = self.clock.now();
        let refuse = |reason| self.refusals.note(now, Some(&caller.client.id), reason);
        let _place = caller.enter(dancu_core::today_in_viet_nam(now)).map_err(refuse)?;
        if caller.contract.feed.is_none() {
            return Err(refuse(RefusalReason::NoFeed).into());
        }
        let day = dancu_core::today_in_viet_nam(now);
        check_changes(caller, day).map_err(refuse)?;
        let told_max = asked.limit.map_or(Ok(TOLD_USUALLY), read_limit)?;
        let after = match asked.after {
            None => self.teller.start().await?,
            Some("now") => {
                let next = self.teller.end().await?;
                return Ok(Telling { entries: Vec::new(), next, has_more: false });
            }
            Some(text) => text.parse().map_err(|_| FeedError::Cursor)?,
        };
        let telling = self.teller.tell(caller, Span { after, through: None, told_max }).await;
        if matches!(telling, Err(FeedError::DailyLimit { .. })) {
            refuse(RefusalReason::DailyLimit);
        }
        telling
    }
}

fn read_limit(text: &str) -> Result<usize, FeedError> {
    let limit = text.parse().map_err(|_| FeedError::Limit)?;
    if (1..=ChangeTeller::TOLD_MAX).contains(&limit) { Ok(limit) } else { Err(FeedError::Limit) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_beyond_the_bounds_is_refused() {
        assert!(matches!((read_limit("1"), read_limit("500")), (Ok(1), Ok(500))));
        for bad in ["0", "501", "-1", "", "many", "99999999999999999999999"] {
            assert!(matches!(read_limit(bad), Err(FeedError::Limit)), "{bad}");
        }
    }
}
