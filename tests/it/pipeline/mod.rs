//! The way of a message, from a source's record to its effect in a target, on both engines.
//!
//! The embedded engine is one SQLite file; the servers are RabbitMQ and PostgreSQL. Each case has
//! engines, connector files and target tables of its own, and asserts the journal, the settlement
//! and the target's effect together.

mod api;
mod bad_input;
mod changes;
mod company;
mod dependencies;
mod durability;
mod flow;
mod interruptions;
mod keeping;
mod life;
mod likeness;
mod masters;
mod node;
mod nodes;
mod order;
mod people;
mod place;
mod reloading;
mod settlement;
mod stewardship;

/// Runs every case on both engines.
macro_rules! suite {
    ($($room:ident :: $case:ident,)*) => {
        mod on_servers {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let house = super::place::House::rabbitmq().await;
                    super::$room::$case(&house).await;
                }
            )*
        }

        mod embedded {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let house = super::place::House::embedded().await;
                    super::$room::$case(&house).await;
                }
            )*
        }
    };
}

suite! {
    flow::an_order_goes_from_source_to_row,
    flow::a_table_is_read_on_where_it_was_left,
    flow::what_is_invalid_is_parked_and_the_rest_flows,
    flow::a_record_that_no_message_can_carry_is_parked,
    flow::a_key_without_end_is_parked,
    flow::a_repaired_mapping_takes_what_was_parked_once,
    flow::an_old_record_is_not_sent_again_unless_forced,
    flow::unreadable_messages_are_dead_letters,
    flow::a_dead_letter_is_sent_again_and_has_its_effect_once,
    dependencies::an_order_waits_for_its_customer_in_the_target,
    dependencies::an_order_waits_for_a_customer_that_nobody_knows,
    dependencies::an_invoice_waits_for_the_tax_id,
    dependencies::an_invoice_waits_for_a_stranger,
    masters::two_records_of_one_customer_are_one_master,
    masters::what_comes_later_is_later_whatever_the_clocks_say,
    masters::nothing_is_echoed_and_every_change_is_delivered,
    masters::a_second_source_that_says_the_same_is_kept,
    masters::a_key_of_another_master_stays_there,
    masters::a_late_golden_version_is_superseded,
    masters::only_the_record_that_lags_is_given_a_version,
    masters::a_redriven_customer_reaches_every_subscriber,
    changes::a_command_tells_how_it_was_and_how_it_is,
    stewardship::a_merged_customer_is_one_in_every_system_and_two_again,
    stewardship::an_order_follows_its_customer_through_a_merge,
    stewardship::a_command_is_done_once_and_its_events_are_published_again,
    stewardship::merges_among_traffic_restore_exactly,
    stewardship::what_the_machine_doubts_a_person_decides,
    likeness::a_like_record_joins_and_comes_again,
    likeness::what_is_doubtful_is_asked_once_and_heeded,
    likeness::what_likeness_joined_is_parted_exactly,
    likeness::exact_keys_alone_if_so_told,
    likeness::two_spellings_at_once_are_one_master,
    life::an_order_signs_and_a_receipt_hands_over,
    life::a_word_skips_no_stage,
    life::who_has_not_bought_for_long_is_dormant,
    life::an_unknown_code_waits_for_a_person,
    life::a_branch_belongs_to_its_head_office,
    bad_input::a_name_that_is_too_long_or_empty_names_nobody,
    bad_input::signs_and_test_entries_join_nobody,
    bad_input::a_name_in_mixed_scripts_finds_its_company,
    bad_input::a_misread_tax_id_is_suspected_and_not_trusted,
    bad_input::merging_the_merged_and_parting_out_of_order_is_refused,
    keeping::a_pin_wins_until_it_is_released,
    keeping::a_grade_is_given_by_a_person_and_told_with_what_it_brings,
    keeping::a_reserved_code_is_for_who_brings_it,
    keeping::of_many_who_claim_at_once_one_wins,
    keeping::nobody_belongs_to_himself,
    durability::a_message_accepted_twice_takes_effect_once,
    durability::a_crash_loses_nothing_and_repeats_nothing,
    durability::a_graceful_stop_is_quick_and_loses_nothing,
    durability::a_stop_does_not_wait_for_a_target_that_hangs,
    durability::a_parked_copy_of_a_settled_message_gives_up_its_place,
    nodes::roles_may_be_split,
    order::revisions_of_a_key_stay_in_order,
    settlement::a_rejected_message_blocks_its_lane_only,
    settlement::a_target_that_hangs_does_not_slow_another,
    settlement::a_target_names_the_time_of_the_next_attempt,
    settlement::transient_failures_are_tried_again,
    settlement::refused_credentials_pause_the_system,
    settlement::a_target_that_hangs_burns_no_attempts,
    settlement::a_target_that_breaks_off_burns_no_attempts,
    settlement::a_target_that_is_gone_burns_no_attempts,
    people::a_redriven_message_goes_before_its_followers,
    people::a_dropped_message_frees_its_lane,
    people::a_bulk_drop_that_is_cut_off_goes_on,
    people::a_delivered_message_is_delivered_again,
    reloading::traffic_flows_on_while_connectors_are_reloaded,
    reloading::what_a_file_says_now_holds_from_then_on,
    reloading::a_file_that_does_not_hold_changes_nothing,
    reloading::a_system_that_does_not_answer_changes_nothing,
    reloading::every_node_serves_what_the_file_on_its_own_disk_says,
}
