//! The presets load as they are, and their mappings do what their cases say.

#[path = "../../crm/tests/suite/mod.rs"]
mod suite;

#[test]
fn every_preset_loads_from_a_minimal_file() {
    suite::every_preset_loads(&connector_drp::KIND);
}

#[test]
fn every_case_holds_and_every_inbound_output_is_canonical() {
    suite::every_case_holds(&connector_drp::KIND);
}

#[test]
fn every_mapping_has_cases_and_every_file_a_use() {
    suite::nothing_is_untested_or_unused(&connector_drp::KIND);
}

#[test]
fn the_example_configuration_holds() {
    suite::the_example_holds(&connector_drp::KIND);
}
