//! One suite that every store must pass, on PostgreSQL and on SQLite.
//!
//! Each test has a schema or a file of its own. What only one of them can show stands in a module
//! of its name.

mod access;
mod boms;
mod claims;
mod contracts;
mod costs;
mod customers;
mod dealers;
mod deeds;
mod deliveries;
mod dependencies;
mod fixtures;
mod inbound;
mod insight;
mod items;
mod lanes;
mod likeness;
mod masters;
mod matters;
mod merging;
mod names;
mod nodes;
mod outbound;
mod people;
mod products;
mod reading;
mod reviews;
mod searches;
mod sums;

/// Runs every case on both stores.
macro_rules! suite {
    ($($room:ident :: $case:ident,)*) => {
        mod on_postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let house = super::fixtures::House::postgres().await;
                    super::$room::$case(&house).await;
                }
            )*
        }

        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let house = super::fixtures::House::sqlite().await;
                    super::$room::$case(&house).await;
                }
            )*
        }
    };
}

suite! {
    access::a_change_and_its_entry_are_written_together,
    access::the_trail_is_a_chain_whose_tampering_shows,
    access::many_writers_make_one_chain,
    access::links_are_good_once,
    access::sessions_end_with_what_they_stand_on,
    access::the_trail_is_found_by_who_what_of_what_and_when,
    access::tokens_are_found_by_their_digest,
    boms::what_an_item_is_made_of_is_found_to_the_last,
    boms::who_did_not_see_a_release_looks_again,
    claims::one_node_at_a_time_has_a_claim,
    inbound::a_batch_is_journaled_with_its_payloads,
    inbound::the_first_message_of_a_record_is_told,
    inbound::a_message_is_journaled_once,
    inbound::a_failing_commit_leaves_nothing,
    inbound::a_seen_message_can_be_published_again,
    inbound::a_link_joins_a_record_to_one_master,
    inbound::an_invalid_message_is_parked_with_its_raw_record,
    inbound::a_redriven_message_is_journaled_anew,
    inbound::text_with_a_nul_is_kept,
    inbound::of_many_writers_of_one_message_one_wins,
    inbound::a_restated_record_forgets_what_was_delivered,
    masters::a_golden_record_rises_by_versions,
    masters::another_version_is_a_conflict,
    masters::a_key_belongs_to_one_master,
    masters::taken_codes_are_those_of_the_stem,
    masters::a_master_is_found_by_native_id_key_and_id,
    masters::racing_writers_make_one_master,
    masters::racing_writers_lose_no_change,
    likeness::a_master_is_found_by_what_it_shares,
    likeness::a_changed_master_is_found_by_what_it_now_says,
    likeness::a_crowd_is_counted_and_not_named,
    likeness::a_failing_commit_leaves_no_keys,
    likeness::masters_that_are_there_are_filled_in_once,
    names::a_master_is_found_by_any_part_of_its_names,
    names::what_is_called_just_so_comes_first_of_however_many,
    names::names_follow_changes_and_merges,
    names::names_of_masters_that_are_there_are_filled_in,
    nodes::a_node_is_there_as_long_as_it_says_so,
    nodes::a_node_tells_what_it_is_and_what_it_serves,
    nodes::of_what_is_asked_about_a_system_the_latest_holds,
    merging::a_merge_moves_every_tie_and_an_unmerge_moves_it_back,
    merging::a_look_up_is_of_one_moment,
    merging::a_merge_in_a_merged_master_comes_back_with_it,
    merging::what_names_a_merged_master_is_led_to_the_survivor,
    merging::a_delivery_that_a_merge_overtook_links_the_survivor,
    merging::who_waited_for_a_merged_master_is_looked_at_again,
    reviews::a_pair_is_asked_about_once,
    reviews::a_review_is_decided_by_one_person,
    reviews::what_was_said_of_a_pair_is_taken_back,
    reviews::decisions_are_read_latest_first,
    searches::a_search_is_its_owners_unless_it_is_shared,
    outbound::an_outcome_is_final,
    outbound::what_was_taken_is_kept_as_it_was,
    outbound::holdings_are_found_by_master,
    outbound::a_foreign_link_stays_and_is_noted,
    outbound::references_are_resolved,
    outbound::both_outcomes_and_links_are_written_or_neither,
    lanes::what_is_resent_holds_its_place_before_later_ones_are_looked_for,
    lanes::followers_stand_behind,
    lanes::an_outcome_advances_its_lane,
    lanes::a_follower_of_nobody_is_due,
    lanes::a_message_is_parked_once,
    lanes::a_retry_is_due_when_its_time_has_come,
    lanes::a_parked_message_keeps_its_place,
    lanes::lanes_are_independent,
    lanes::a_late_park_does_not_undo_an_outcome,
    lanes::racing_ends_and_arrivals_leave_no_lane_stuck,
    dependencies::a_delivery_releases_who_waited_for_its_link,
    dependencies::a_source_releases_who_waited_for_its_record,
    dependencies::a_change_releases_who_waited_for_the_master,
    dependencies::who_waits_for_what_is_there_is_due,
    dependencies::a_link_elsewhere_releases_nobody,
    dependencies::the_sweep_finds_what_was_missed,
    dependencies::racing_links_and_parks_lose_no_wake_up,
    dependencies::a_hundred_thousand_may_wait,
    insight::the_journal_is_read_forward,
    insight::figures_follow_from_the_journal,
    insight::tools_read_the_figures_through_views,
    insight::a_generation_is_built_beside_and_swapped,
    insight::figures_follow_a_merge_and_its_undoing,
    insight::reminders_are_given_once,
    insight::a_reminder_that_nobody_took_is_given_later,
    matters::orders_are_listed_by_pages_and_summed,
    matters::months_count_customers_once,
    contracts::contracts_are_listed_by_pages_and_summed,
    customers::customers_are_listed_whole_and_in_order,
    customers::what_reports_count_is_listed,
    customers::documents_are_listed_to_the_end,
    sums::merges_and_corrections_are_counted_as_they_stand,
    sums::figures_are_made_anew_while_messages_come,
    costs::a_new_customer_costs_the_same_by_month_and_by_year,
    costs::costs_of_cohorts_come_to_what_sources_cost,
    dealers::late_and_corrected_reports_count_on_their_days,
    dealers::demand_is_sent_once_for_each_time,
    dealers::demand_waits_until_a_dealer_has_told_all,
    dealers::what_is_no_longer_reported_is_no_stock,
    dealers::reorder_points_hold_for_places_and_units_are_not_mixed,
    dealers::what_is_sold_counts_as_the_stock_does_or_is_unknown,
    dealers::a_demand_that_was_cut_short_is_sent_as_it_was,
    items::an_item_is_found_by_code_and_by_what_it_is,
    items::an_item_is_found_by_what_it_says_now,
    items::of_two_who_meet_one_item_one_is_told_to_look_again,
    products::growth_and_margin_are_of_the_months_that_are_asked_for,
    products::products_by_quarter_are_made_anew_by_month,
    products::a_merged_customer_is_asked_for_by_any_of_its_ids,
    people::redrive_makes_due_and_keeps_order,
    people::drop_advances_the_lane,
    people::a_dropped_inbound_message_is_marked,
    people::parked_messages_are_listed_and_filtered,
    deeds::every_attempt_is_kept,
    deeds::an_inbound_message_has_a_history_too,
    deeds::a_correction_takes_two_persons,
    deeds::what_changed_meanwhile_is_not_corrected,
    deeds::a_redrive_is_of_what_was_parked_when_it_began,
    deeds::a_drop_is_of_what_was_selected_when_it_began,
    reading::bodies_of_every_length_come_back,
    reading::what_is_rare_is_found_among_much,
    reading::checkpoints_are_kept,
    reading::messages_are_paged_newest_first,
    reading::messages_are_filtered,
    deliveries::deliveries_are_filtered_and_paged,
    deliveries::what_the_journal_forgot_still_has_its_delivery,
    reading::every_kind_of_key_traces,
    reading::a_trace_shows_deliveries,
    reading::the_dashboard_counts,
    reading::counts_follow_every_change,
    reading::racing_writers_are_all_counted,
    reading::it_is_all_there_after_reopening,
    reading::many_nodes_may_migrate_at_once,
    reading::tables_newer_than_the_program_are_refused,
    reading::missing_tables_are_named,
}

mod postgres;
mod sqlite;
