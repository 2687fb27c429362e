//! The store port of courts' orders.

use super::{CourtOrder, OrderId};
use crate::ContractId;
use async_trait::async_trait;
use dancu_core::{PersonalNumber, StoreError};
use jiff::civil::Date;

/// Keeps orders.
#[async_trait]
pub trait OrderStore: Send + Sync {
    /// Adds an order that must be new (`moves_before` is `None`), or replaces one that still has so many moves. False, and
    /// nothing is written: somebody was quicker, or another order about the person under the contract is open.
    async fn save_order(&self, order: CourtOrder, moves_before: Option<usize>) -> Result<bool, StoreError>;

    /// The order with this identifier.
    async fn order(&self, id: OrderId) -> Result<Option<CourtOrder>, StoreError>;

    /// The order that stands about a person under a contract on a day.
    async fn standing_order(
        &self,
        contract: &ContractId,
        number: PersonalNumber,
        day: Date,
    ) -> Result<Option<OrderId>, StoreError>;

    /// The orders that stand about a person on a day, under whichever contracts; at most as many as there are contracts.
    async fn orders_about(&self, number: PersonalNumber, day: Date) -> Result<Vec<OrderId>, StoreError>;

    /// Orders that are open, or those that are not, by their last day, the earliest first; behind one that was shown
    /// before, even if that is on the other list by now; at most `length_max`.
    async fn orders(
        &self,
        is_open: bool,
        after: Option<OrderId>,
        length_max: usize,
    ) -> Result<Vec<CourtOrder>, StoreError>;
}
