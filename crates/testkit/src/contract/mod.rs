//! The contract suite of the store: what [`application::ports::Store`] and its parts promise, each promise a case.
//!
//! [`store_contract!`](crate::store_contract) makes a test of every case. Each case works in organisations of its own, so that
//! the store need not be empty.

pub mod accounts;
pub mod audit;
pub mod bulk;
pub mod categories;
pub mod contracts;
pub mod credentials;
pub mod customers;
#[cfg(feature = "database")]
pub mod document_store;
pub mod identification_processes;
mod org;
pub mod outbox;
pub mod promotions;
pub mod special_treatment;
pub mod tokenizations;
pub mod units;

/// Makes one test of every case. `$make` names an async function without arguments that returns a fixture: anything that
/// dereferences to a [`Store`](application::ports::Store). It is dropped when the case has ended. The tests stand in the modules
/// `customers`, `accounts` and so on.
#[macro_export]
macro_rules! store_contract {
    ($make:path) => {
        $crate::store_contract! { @tests $make, customers:
            every_type_comes_back_as_it_was
            text_of_any_script_comes_back
            instants_come_back_to_the_microsecond
            an_update_writes_all_that_can_change
            one_live_customer_per_document
            one_live_customer_per_document_after_updates
            a_number_is_another_document_with_another_type
            one_live_digital_customer_per_email
            an_ended_customer_frees_what_was_its_own
            one_of_many_simultaneous_inserts_wins
            external_ids_are_numbers_never_given_twice
            external_ids_are_kept_when_brought
            look_ups_find_two_at_the_most
            look_ups_by_document_take_any_type_or_one
            ended_customers_are_read_but_not_looked_up
            unknown_customers_are_nothing
            an_old_copy_is_stale
            no_update_is_lost
            the_same_in_two_organisations
            customers_of_other_organisations_are_unknown
            an_id_is_used_once
        }
        $crate::store_contract! { @tests $make, accounts:
            every_account_comes_back_as_it_was
            the_view_shows_the_customer_as_it_is_now
            an_update_writes_all_that_can_change
            lists_are_oldest_first
            lists_leave_out_what_has_ended
            any_live_sees_live_accounts_only
            payment_methods_are_kept_newest_first
            billing_addresses_are_chained_newest_first
            changes_at_one_instant_keep_their_order
            billing_addresses_are_found_by_their_day_in_utc
            external_ids_are_numbers_never_given_twice
            external_ids_are_kept_when_brought
            look_ups_find_two_live_ones_at_the_most
            unknown_accounts_are_nothing
            known_accounts_without_history_are_empty
            an_old_copy_is_stale_and_leaves_no_history
            no_update_is_lost
            the_same_in_two_organisations
            accounts_of_other_organisations_are_unknown
            an_account_needs_its_customer
            cards_come_back_as_they_were
            cards_of_other_organisations_are_unknown
        }
        $crate::store_contract! { @tests $make, contracts:
            every_contract_comes_back_as_it_was
            contracts_are_listed_newest_start_first
            contracts_are_found_by_live_accounts
            contracts_of_other_organisations_are_unknown
            a_contract_is_added_once
        }
        $crate::store_contract! { @tests $make, identification_processes:
            every_process_comes_back_as_it_was
            processes_are_listed_newest_first
            processes_of_others_are_unknown
            a_process_is_added_once_to_its_customer
        }
        $crate::store_contract! { @tests $make, audit:
            a_timeline_is_newest_first
            a_timeline_is_read_in_pages
            a_timeline_shows_one_customer_of_one_organisation
            nothing_of_a_dropped_unit_is_audited
        }
        $crate::store_contract! { @tests $make, categories:
            every_category_comes_back_as_it_was
            category_ids_are_numbers_never_given_twice
            simultaneous_categories_have_different_ids
            one_live_category_per_name
            removed_categories_are_gone
            an_old_copy_is_stale
            every_assignment_comes_back_as_it_was
            a_customer_has_a_category_once
            assignments_without_value_are_hidden
            values_are_kept_newest_first
            the_history_outlives_its_category_and_customer
            values_in_use_are_found
            categories_of_other_organisations_are_unknown
            no_value_is_dropped_while_it_is_given
        }
        $crate::store_contract! { @tests $make, special_treatment:
            what_is_offered_comes_back
            an_old_list_is_stale
            special_treatment_comes_and_goes
            special_treatments_in_use_are_found
            special_treatment_of_other_organisations_is_unknown
            no_special_treatment_is_dropped_while_it_is_given
        }
        $crate::store_contract! { @tests $make, credentials:
            every_credential_comes_back_as_it_was
            an_update_writes_all_that_can_change
            one_unended_credential_per_username
            one_unended_credential_per_customer
            an_ended_credential_frees_what_was_its_own
            one_of_many_simultaneous_inserts_wins
            the_unended_ones_in_the_way_are_found
            who_takes_what_others_have_waits_for_them
            lists_show_the_live_one_of_a_customer
            customers_are_found_by_a_live_username
            customers_are_found_by_username_and_document
            an_old_copy_is_stale
            the_same_in_two_organisations
            a_credential_needs_its_customer
        }
        $crate::store_contract! { @tests $make, outbox:
            effects_come_out_as_they_went_in
            effects_of_every_kind_come_out_as_they_went_in
            who_has_waited_for_longest_is_claimed_first
            one_effect_of_a_customer_at_a_time_in_order
            tokenizations_wait_for_their_own_reference_only
            nobody_else_gets_a_claimed_effect
            a_claim_that_was_lost_changes_nothing
            parked_effects_wait_for_an_operator
            simultaneous_claims_share_the_effects
            nothing_of_a_dropped_unit_is_to_happen
            who_waits_hears_of_new_effects
        }
        $crate::store_contract! { @tests $make, tokenizations:
            tokenizations_come_back_as_they_were
            the_newest_under_a_reference_is_the_last_attempt
            an_attempt_is_made_once
            tokenizations_of_an_account_are_newest_first
            tokenizations_of_one_instant_have_an_order
            cards_of_a_customer_are_newest_first
            an_old_copy_is_stale
            tokenizations_of_other_organisations_are_unknown
        }
        $crate::store_contract! { @tests $make, promotions:
            every_promotion_comes_back_as_it_was
            an_update_writes_all_that_can_change
            live_promotions_are_those_that_have_not_ended
            operations_are_kept_oldest_first
            an_old_copy_is_stale_and_leaves_no_history
            a_dropped_unit_leaves_no_promotion
            who_has_found_the_account_has_its_promotions_alone
            promotions_of_others_are_unknown
            a_promotion_needs_its_account
        }
        $crate::store_contract! { @tests $make, bulk:
            many_are_added_as_one_would_be
            a_unit_goes_on_from_its_mark
            what_is_referred_to_is_found
            imported_lines_are_remembered
            categories_bring_their_ids
        }
        $crate::store_contract! { @tests $make, units:
            the_store_is_ready
            a_unit_keeps_all_its_changes
            a_dropped_unit_leaves_nothing
            a_refused_change_leaves_nothing
            a_unit_sees_its_own_changes_and_others_see_them_after_it
            a_unit_reads_what_is_read_outside
            no_customer_ends_while_an_account_is_opened
        }
    };
    (@tests $make:path, $part:ident: $($case:ident)*) => {
        mod $part {
            #[allow(unused_imports, reason = "needed unless the fixture is named by an absolute path")]
            use super::*;

            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $case() {
                    let fixture = $make().await;
                    $crate::contract::$part::$case(&*fixture).await;
                }
            )*
        }
    };
}
