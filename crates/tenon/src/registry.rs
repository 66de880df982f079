//! The connectors that are part of this binary, listed one by one.

use tenon_connector::ConnectorKind;

/// Every kind of system that a connector file may name.
pub(crate) const KINDS: &[ConnectorKind] = &[
    connector_crm::KIND,
    connector_erp::KIND,
    connector_invoicing::KIND,
    connector_pdm::KIND,
    connector_oa::KIND,
    connector_drp::KIND,
    connector_scm::KIND,
    connector_custom::KIND,
];
