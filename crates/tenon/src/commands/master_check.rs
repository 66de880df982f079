//! `tenon master check`: is this customer known already?

use tenon_core::customer::{Address, Contact, Customer};
use tenon_pipeline::{Known, check};

use crate::cli::MasterCheck;
use crate::engine::open_store;
use crate::exit::Exit;
use crate::output;

pub(super) async fn run(options: MasterCheck) -> Result<(), Exit> {
    let configuration = super::migrate::load(&options.config)?;
    let json = options.json;
    let customer = customer(options);
    if customer == Customer::default() {
        output::talk("nothing to look for: give --name, --tax-id, --phone or another part");
        return Err(Exit::Problems);
    }
    let store = open_store(&configuration.settings).await?;
    let policy = &configuration.settings.matching.matching;
    let checked = check(store.as_ref(), policy, &customer).await?;
    if json {
        return output::json(&checked);
    }
    for known in &checked.candidates {
        show(known);
    }
    if checked.candidates.is_empty() {
        output::talk("nobody like that is known");
    }
    Ok(())
}

fn customer(options: MasterCheck) -> Customer {
    let is_placed = options.address.is_some() || options.city.is_some();
    let address = is_placed.then(|| Address {
        city: options.city,
        street: options.address,
        ..Address::default()
    });
    let contact = options.contact.map(|name| Contact {
        name,
        ..Contact::default()
    });
    Customer {
        legal_name: options.name,
        tax_id: options.tax_id,
        code: options.code,
        phones: options.phone,
        emails: options.email,
        addresses: address.into_iter().collect(),
        contacts: contact.into_iter().collect(),
        ..Customer::default()
    }
}

fn show(known: &Known) {
    let name = known.legal_name.as_deref().or(known.short_name.as_deref());
    output::data(&format!(
        "{:5.1} %  {}  {}  {}",
        known.probability * 100.0,
        known.code.as_deref().unwrap_or("-"),
        name.unwrap_or("-"),
        known.master_id,
    ));
    if let Some(forbidden) = known.forbidden {
        output::data(&format!("         another company: {forbidden}"));
    }
    if let Some(owner) = &known.owner {
        output::data(&format!("         looked after by {owner}"));
    }
    if let Some(claim) = &known.claim {
        output::data(&format!(
            "         claimed by {} until {}",
            claim.owner, claim.until
        ));
    }
    for reason in &known.reasons {
        output::data(&format!("         {:+5.1}  {}", reason.bits, reason.text));
    }
}
