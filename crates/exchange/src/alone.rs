//! Rights whose contracts give no other, so that legal basis and purpose are theirs alone.

use crate::Contract;

/// Such a right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alone {
    /// Sealed values.
    Sealed,
    /// Lists of persons.
    Cohort,
    /// Showing persons who looked at them.
    AccessHistory,
}

/// Whether a contract gives any right beside one that stands alone.
pub(crate) fn gives_more_than(contract: &Contract, alone: Alone) -> bool {
    (alone != Alone::Sealed && !contract.sealed.is_empty())
        || (alone != Alone::Cohort && contract.cohort.is_some())
        || (alone != Alone::AccessHistory && contract.access_history)
        || (alone != Alone::Sealed && !contract.persons.is_all())
        || !contract.fields.is_empty()
        || contract.may_tell_unknown
        || contract.search.is_some()
        || !contract.attest.is_empty()
        || contract.household.is_some()
        || contract.sign_in.is_some()
        || contract.file_match.is_some()
        || contract.statistics.is_some()
        || contract.feed.is_some()
        || contract.commands_for_commune.is_some()
        || match alone {
            // A portal may come from an X-Road and want its answers signed, but the person sees at once that it asked.
            Alone::AccessHistory => !contract.visibility.is_immediate(),
            Alone::Sealed | Alone::Cohort => contract.xroad_client.is_some() || contract.signed_answers,
        }
}
