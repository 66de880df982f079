//! Every master in one go: as a table for those who keep lists, and how much their records say.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use serde::Serialize;
use tenon_core::customer::Customer;
use tenon_core::text::{SPREADSHEET_MARK, inert};
use tenon_core::{MasterId, SystemName};
use tenon_master::quality;
use tenon_store::{GoldenRow, SharedStore, StoreError};

/// Masters read at once.
const PAGE: u32 = 500;

/// The values of the golden record, in the order of the columns.
const FIELDS: [&str; 11] = [
    "code",
    "legal_name",
    "short_name",
    "tax_id",
    "kind",
    "stage",
    "industry",
    "source",
    "grade",
    "owner",
    "former_names",
];

/// What systems call one master.
type Ids = BTreeMap<SystemName, Vec<String>>;

/// Every master with its values and the systems' own ids, as CSV in portions: UTF-8 with its mark, by which
/// spreadsheets know it, a header, and a line each.
pub struct Listing {
    store: SharedStore,
    systems: Vec<SystemName>,
    after: Option<MasterId>,
    begun: bool,
    masters: u64,
}

impl Listing {
    /// A list with a column for each of these systems.
    pub fn new(store: SharedStore, systems: Vec<SystemName>) -> Self {
        Self {
            store,
            systems,
            after: None,
            begun: false,
            masters: 0,
        }
    }

    /// How many masters were given so far.
    pub fn masters(&self) -> u64 {
        self.masters
    }

    /// The next portion; `None` at the end.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        let page = self.store.masters(self.after, PAGE).await?;
        // Of nobody there is a header, too.
        if self.begun && page.is_empty() {
            return Ok(None);
        }
        self.after = page.last().map(|last| last.master_id).or(self.after);
        let mark = if self.begun { "" } else { SPREADSHEET_MARK };
        let mut writer = csv::Writer::from_writer(mark.as_bytes().to_vec());
        let unwritable = |error: csv::Error| StoreError::Bug(error.to_string());
        if !self.begun {
            let header = ["master_id", "version"].into_iter().chain(FIELDS);
            let systems = self.systems.iter().map(SystemName::as_str);
            writer
                .write_record(header.chain(systems))
                .map_err(unwritable)?;
            self.begun = true;
        }
        let masters: Vec<MasterId> = page.iter().map(|row| row.master_id).collect();
        let mut ids: HashMap<MasterId, Ids> = HashMap::new();
        for (master, record) in self.store.records(&masters).await? {
            let of = ids.entry(master).or_default();
            of.entry(record.system).or_default().push(record.native_id);
        }
        for row in &page {
            let cells = self.cells(row, ids.remove(&row.master_id).unwrap_or_default());
            writer
                .write_record(cells.iter().map(|cell| inert(cell).into_owned()))
                .map_err(unwritable)?;
            self.masters += 1;
        }
        let written = writer.into_inner();
        let written = written.map_err(|error| StoreError::Bug(error.to_string()))?;
        Ok(Some(written.into()))
    }

    fn cells(&self, row: &GoldenRow, ids: Ids) -> Vec<String> {
        let golden = serde_json::to_value(&row.golden.customer).unwrap_or_default();
        let mut cells = vec![row.master_id.to_string(), row.version.to_string()];
        for field in FIELDS {
            let value = golden.get(field);
            let text = value.and_then(|value| value.as_str().map(str::to_owned));
            let list = value.and_then(|value| value.as_array());
            let list = list.map(|list| {
                let texts = list.iter().filter_map(|item| item.as_str());
                texts.collect::<Vec<_>>().join("; ")
            });
            cells.push(text.or(list).unwrap_or_default());
        }
        let of = |system| ids.get(system).map(|ids| ids.join("; "));
        cells.extend(
            self.systems
                .iter()
                .map(|system| of(system).unwrap_or_default()),
        );
        cells
    }
}

/// How much some records say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Fullness {
    /// How many records.
    pub records: u64,
    /// The mean of their scores, from 0 to 100.
    pub score: u64,
    /// How many of them lack a field, by field.
    pub lacking: BTreeMap<String, u64>,
    #[serde(skip)]
    sum: u64,
}

impl Fullness {
    fn take(&mut self, customer: &Customer) {
        let quality = quality(customer);
        self.records += 1;
        self.sum += u64::from(quality.score);
        self.score = self.sum / self.records;
        for field in quality.lacks {
            *self.lacking.entry(field).or_default() += 1;
        }
    }
}

/// How much the golden records say, and the records of each system of which they are made. Reads every master.
///
/// # Errors
/// When the store cannot be reached.
pub async fn fullness(
    store: &SharedStore,
) -> Result<(Fullness, BTreeMap<SystemName, Fullness>), StoreError> {
    let mut systems: BTreeMap<SystemName, Fullness> = BTreeMap::new();
    let mut golden = Fullness::default();
    let mut after = None;
    loop {
        let page = store.masters(after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok((golden, systems));
        };
        after = Some(last.master_id);
        for row in &page {
            golden.take(&row.golden.customer);
            for statement in &row.sources.statements {
                let system = statement.record.provenance.system.clone();
                let records = systems.entry(system).or_default();
                records.take(&statement.record.customer);
            }
        }
    }
}
