//! What every store of changes must do: commits under guards, once each, and every list beside them.

mod commits;
mod desk;
mod files;
mod guards;
mod kept;
mod lists;
mod races;

use dancu_changes::ChangeStore;
use desk::Desk;
use std::sync::Arc;

/// Runs every case, each on a store of its own; `open` gives an empty one with whatever keeps it alive. Cases race
/// where they can: give them a runtime with several threads.
pub async fn changes_suite<S: ChangeStore + 'static, G>(open: impl Fn() -> (S, G)) {
    macro_rules! cases {
        ($($room:ident: $($case:ident)*;)*) => { $($({
            let (store, _guard) = open();
            $room::$case(&Desk::new(Arc::new(store))).await;
        })*)* };
    }
    cases! {
        commits:
            an_empty_store_holds_nothing
            a_commit_is_seen_everywhere
            an_event_may_concern_several_persons_and_change_one
            sealed_values_stay_apart
            sealed_and_other_values_of_one_event
            persons_are_counted_once
            answers_agree_with_the_rule_on_both_times
            events_of_a_person_come_by_pages_the_newest_first
            events_of_a_commune_come_by_pages_the_newest_first
            stays_and_the_centres_events_are_on_no_desk
            the_outbox_comes_in_order_and_by_pages
            old_entries_leave_the_outbox_and_its_start_says_so
            many_records_are_read_as_each_of_them_is
            reads_at_the_same_time_agree_with_the_histories;
        guards:
            an_identifier_is_used_once
            a_person_changed_meanwhile_stops_a_commit
            a_sealed_value_or_a_note_meanwhile_stops_a_commit
            a_number_that_was_free_is_guarded_too
            a_newcomer_in_a_household_stops_a_commit
            a_new_relative_stops_a_commit
            a_merge_of_units_stops_another_one
            an_event_is_taken_back_once
            a_load_is_recorded_behind_sealed_values_and_notes
            a_file_says_nothing_of_a_number_out_of_use;
        files:
            a_file_that_contradicts_an_event_is_a_finding_and_the_event_stands;
        races:
            commits_to_one_person_are_neither_lost_nor_doubled
            one_command_sent_by_many_is_one_event
            commits_that_meet_are_each_answered_for_themselves
            readers_of_the_outbox_miss_nothing
            the_service_decides_again_until_all_are_recorded;
        lists:
            relatives_are_seen_in_their_time_and_by_pages
            everyone_who_ever_named_a_person_is_known
            residents_are_seen_in_their_time_and_by_pages
            residents_of_several_communes_come_once
            households_of_changes_are_seen_like_those_of_files;
        kept:
            findings_are_added_once
            findings_come_by_pages_the_newest_first
            a_finding_is_moved_by_one_hand_at_a_time
            proposals_are_saved_by_one_hand_at_a_time
            proposals_come_by_pages_the_earliest_first
            stays_are_seen_on_their_days_and_by_pages
            stays_go_with_their_events
            units_come_in_the_order_of_their_days;
    }
}
