//! Entering and lifting orders.

use super::{CourtOrder, OrderId, OrderMove, OrderState, OrderStep, OrderStore};
use crate::{Directory, ExchangeStore, Persons, visibility::order_days_max};
use dancu_core::{Clock, Entropy, Explain, Explanation, PersonalNumber, StoreError, holds_personal_number};
use jiff::{ToSpan, civil::Date};
use std::{collections::HashSet, fmt, sync::Arc};
use uuid::Uuid;

/// Longest text of an order, in characters.
const TEXT_CHARACTERS_MAX: usize = 200;

/// An order as it is entered from the paper.
#[derive(Clone)]
pub struct NewOrder {
    /// About whom.
    pub number: String,
    /// Under which contract.
    pub contract: String,
    /// Which court.
    pub court: String,
    /// Number of the order.
    pub order_number: String,
    /// First day.
    pub from: Date,
    /// First day on which it no longer stands.
    pub until: Date,
}

impl fmt::Debug for NewOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewOrder(…)")
    }
}

/// Why an order or a step was not taken.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// There is no such order.
    #[error("no such order")]
    NotFound,
    /// The number is none.
    #[error("the number cannot be read")]
    Number,
    /// The contract is not one that an order can be about.
    #[error("no contract that an order can be about")]
    Contract,
    /// A text is missing, too long, or holds a personal number.
    #[error("a text of 1 to {TEXT_CHARACTERS_MAX} characters without personal numbers is needed")]
    Text,
    /// The days are none that the rules allow.
    #[error("the days are not within {days_max} days from today on")]
    Days {
        /// Days at most.
        days_max: u32,
    },
    /// Another order about the person under the contract is open.
    #[error("another order is open")]
    Doubled,
    /// The order is not in a state for this step, or it takes another person, or somebody was quicker.
    #[error("the step cannot be taken by this person now")]
    NotNow,
    /// The store could not read or keep.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Explain for OrderError {
    fn explain(&self) -> Explanation {
        let (code, vi, en) = match self {
            Self::NotFound => (
                "DANCU-EXCHANGE-150",
                "Không có lệnh này. Hãy mở lại danh sách.",
                "There is no such order. Open the list again.",
            ),
            Self::Number => (
                "DANCU-EXCHANGE-151",
                "Số định danh không đúng. Hãy đối chiếu với lệnh.",
                "The personal number is not right. Compare it with the order.",
            ),
            Self::Contract => (
                "DANCU-EXCHANGE-152",
                "Không có hợp đồng này, hoặc hợp đồng của cơ quan quản lý hay theo sự đồng ý: không thể giữ kín với người dân.",
                "There is no such contract, or it is of an office of the register or by consent: it cannot be withheld from the person.",
            ),
            Self::Text => (
                "DANCU-EXCHANGE-153",
                "Hãy ghi tòa án, số lệnh hoặc lý do, tối đa 200 ký tự, không ghi số định danh cá nhân.",
                "Write the court, the order's number or the ground, up to 200 characters, without personal numbers.",
            ),
            Self::Days { days_max } => {
                return Explanation::new(
                    "DANCU-EXCHANGE-154",
                    format!(
                        "Ngày không hợp lệ: lệnh kết thúc sau hôm nay và kéo dài tối đa {days_max} ngày."
                    ),
                    format!(
                        "The days cannot be: an order ends after today and lasts {days_max} days at most."
                    ),
                );
            }
            Self::Doubled => (
                "DANCU-EXCHANGE-155",
                "Đã có lệnh đang mở về người này theo hợp đồng này. Hãy gỡ hoặc cất lệnh cũ trước.",
                "An order about this person under this contract is open. Lift it or put it away first.",
            ),
            Self::NotNow => (
                "DANCU-EXCHANGE-156",
                "Không thực hiện được bước này: cần một người khác, hoặc lệnh đã sang bước khác. Hãy mở lại danh sách.",
                "The step cannot be taken: it needs another person, or the order has moved on. Open the list again.",
            ),
            Self::Store(error) => return error.explain(),
        };
        Explanation::new(code, vi, en)
    }
}

/// Takes orders and steps.
pub struct OrderService {
    store: Arc<dyn OrderStore>,
    connections: Arc<dyn ExchangeStore>,
    directory: Arc<Directory>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl fmt::Debug for OrderService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OrderService")
    }
}

impl OrderService {
    /// Puts the service together.
    pub fn new(
        store: Arc<dyn OrderStore>,
        connections: Arc<dyn ExchangeStore>,
        directory: Arc<Directory>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self { store, connections, directory, clock, entropy }
    }

    /// Enters an order. It does nothing before a second person has confirmed it. The register is not looked at.
    pub async fn enter(&self, by: &str, new: &NewOrder) -> Result<CourtOrder, OrderError> {
        let number: PersonalNumber = new.number.trim().parse().map_err(|_| OrderError::Number)?;
        let callers = self.directory.all();
        let contract = callers.values().map(|caller| &caller.contract).find(|contract| {
            contract.id.as_str() == new.contract.trim()
                && !contract.is_of_own_office()
                && !contract.access_history
                && contract.persons == Persons::All
        });
        let contract = contract.ok_or(OrderError::Contract)?.id.clone();
        let (court, order_number) = (text(&new.court)?, text(&new.order_number)?);
        let today = self.clock.today();
        let days_max = order_days_max(today);
        let last = new.from.saturating_add(i64::from(days_max).days());
        if new.until <= new.from || new.until <= today || new.until > last {
            return Err(OrderError::Days { days_max });
        }
        let mut bytes = [0; 16];
        self.entropy.fill(&mut bytes);
        let state = OrderState::Entered;
        let entered = OrderMove { at: self.clock.now(), by: by.to_owned(), to: state, note: String::new() };
        let order = CourtOrder {
            id: OrderId(uuid::Builder::from_random_bytes(bytes).into_uuid()),
            number,
            contract,
            court,
            order_number,
            from: new.from,
            until: new.until,
            state,
            moves: vec![entered],
        };
        if self.store.save_order(order.clone(), None).await? { Ok(order) } else { Err(OrderError::Doubled) }
    }

    /// Takes a step. What it withholds, or no longer withholds, is known to the next question.
    pub async fn step(
        &self,
        by: &str,
        id: OrderId,
        step: OrderStep,
        note: &str,
    ) -> Result<CourtOrder, OrderError> {
        let order = self.store.order(id).await?.ok_or(OrderError::NotFound)?;
        let note =
            if step == OrderStep::AskLift || !note.trim().is_empty() { text(note)? } else { String::new() };
        let stepped = order.stepped(step, (by, &note), self.clock.now(), self.clock.today());
        let stepped = stepped.ok_or(OrderError::NotNow)?;
        if !self.store.save_order(stepped.clone(), Some(order.moves.len())).await? {
            return Err(OrderError::NotNow);
        }
        self.directory.reload(self.connections.as_ref()).await?;
        Ok(stepped)
    }

    /// Orders that are open, or those that are not.
    pub async fn list(
        &self,
        is_open: bool,
        after: Option<OrderId>,
        length_max: usize,
    ) -> Result<Vec<CourtOrder>, OrderError> {
        Ok(self.store.orders(is_open, after, length_max).await?)
    }

    /// The orders behind which something about a person is not to be seen today, as records name them.
    pub async fn withholding(&self, number: PersonalNumber) -> Result<HashSet<String>, StoreError> {
        let orders = self.store.orders_about(number, self.clock.today()).await?;
        Ok(orders.iter().map(ToString::to_string).collect())
    }

    /// The order that a record names; `None` for one that is unknown.
    pub async fn of_record(&self, id: &str) -> Result<Option<CourtOrder>, StoreError> {
        match id.parse::<Uuid>() {
            Ok(id) => self.store.order(OrderId(id)).await,
            Err(_) => Ok(None),
        }
    }
}

fn text(text: &str) -> Result<String, OrderError> {
    let text = text.trim();
    let fits = (1..=TEXT_CHARACTERS_MAX).contains(&text.chars().count());
    if fits && !text.chars().any(char::is_control) && !holds_personal_number(text) {
        Ok(text.to_owned())
    } else {
        Err(OrderError::Text)
    }
}
