//! Stores of a test's own, and records to put into them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tenon_core::customer::Customer;
use tenon_core::{
    Attributes, Entity, FailureKind, MasterId, MessageId, OrderingKey, Reference, SystemName,
    Timestamp,
};
use tenon_master::{GoldenRecord, KeyKind, MasterKey, Provenance, SourceRecord};
use tenon_store::{
    Commit, DeliveryRecord, Dependency, GoldenRow, Holding, Inbound, InboundState, Link,
    MasterWrite, Outcome, OutcomeState, Parcel, Park, ParkReason, ParkedId, ParkedRecord, Postgres,
    PostgresOptions, ReferenceLookup, Settlement, SharedStore, Sqlite, open_sqlite,
};

use crate::servers::{PostgresSchema, SqliteFile, postgres_schema, sqlite_file};

/// A store, and what goes away with it.
pub(super) struct House {
    pub(super) store: SharedStore,
    place: Place,
}

enum Place {
    Postgres(PostgresSchema),
    Sqlite(SqliteFile),
}

impl House {
    pub(super) async fn postgres() -> Self {
        Self::at(Place::Postgres(postgres_schema())).await
    }

    pub(super) async fn sqlite() -> Self {
        Self::at(Place::Sqlite(sqlite_file())).await
    }

    async fn at(place: Place) -> Self {
        let store = open(&place).await;
        store.migrate().await.unwrap();
        Self { store, place }
    }

    /// The same place through connections of another node.
    pub(super) async fn another_node(&self) -> SharedStore {
        open(&self.place).await
    }

    /// A place of the same kind with nothing in it.
    pub(super) async fn empty(&self) -> (SharedStore, Self) {
        let place = match self.place {
            Place::Postgres(_) => Place::Postgres(postgres_schema()),
            Place::Sqlite(_) => Place::Sqlite(sqlite_file()),
        };
        let store = open(&place).await;
        (store.clone(), Self { store, place })
    }

    /// Runs one statement beside the store.
    pub(super) async fn sql(&self, statement: &'static str) {
        use sqlx::{Connection, Executor};
        match &self.place {
            Place::Postgres(schema) => {
                let mut connection = sqlx::PgConnection::connect(&schema.url()).await.unwrap();
                connection.execute(statement).await.unwrap();
            }
            Place::Sqlite(file) => {
                let (writer, _) = open_sqlite(&file.path()).await.unwrap();
                writer.execute(statement).await.unwrap();
                writer.close().await;
            }
        }
    }

    /// A connection beside the store; on PostgreSQL only.
    pub(super) async fn connection(&self) -> sqlx::PgConnection {
        let Place::Postgres(schema) = &self.place else {
            panic!("a file has no sessions")
        };
        <sqlx::PgConnection as sqlx::Connection>::connect(&schema.url())
            .await
            .unwrap()
    }

    /// One number beside the store.
    pub(super) async fn number(&self, statement: &'static str) -> i64 {
        use sqlx::Connection;
        match &self.place {
            Place::Postgres(schema) => {
                let mut connection = sqlx::PgConnection::connect(&schema.url()).await.unwrap();
                sqlx::query_scalar(statement)
                    .fetch_one(&mut connection)
                    .await
                    .unwrap()
            }
            Place::Sqlite(file) => {
                let (_, reader) = open_sqlite(&file.path()).await.unwrap();
                sqlx::query_scalar(statement)
                    .fetch_one(&reader)
                    .await
                    .unwrap()
            }
        }
    }

    /// The names of a view's columns, in their order.
    pub(super) async fn columns(&self, view: &str) -> Vec<String> {
        use sqlx::Connection;
        match &self.place {
            Place::Postgres(schema) => {
                let mut connection = sqlx::PgConnection::connect(&schema.url()).await.unwrap();
                let columns = "select attname::text from pg_attribute
                     where attrelid = $1::regclass and attnum > 0 order by attnum";
                let columns = sqlx::query_scalar(columns).bind(view);
                columns.fetch_all(&mut connection).await.unwrap()
            }
            Place::Sqlite(file) => {
                let (_, reader) = open_sqlite(&file.path()).await.unwrap();
                let columns = "select name from pragma_table_info($1) order by cid";
                let columns = sqlx::query_scalar(columns).bind(view);
                columns.fetch_all(&reader).await.unwrap()
            }
        }
    }

    /// What `due` names for a system: the messages, oldest first.
    pub(super) async fn due(&self, name: &str) -> Vec<MessageId> {
        self.due_records(name)
            .await
            .iter()
            .map(|record| record.parcel.attributes.id)
            .collect()
    }

    pub(super) async fn due_records(&self, name: &str) -> Vec<ParkedRecord> {
        self.store.due(&system(name), 100).await.unwrap()
    }

    /// What became of a message at each system.
    pub(super) async fn deliveries(&self, id: MessageId) -> Vec<DeliveryRecord> {
        let mut found = self.store.deliveries(&[id]).await.unwrap();
        found.remove(&id).unwrap_or_default()
    }

    /// The parked row of a message.
    pub(super) async fn parked(&self, id: MessageId) -> Option<ParkedRecord> {
        let all = self
            .store
            .parked(&Default::default(), None, 10_000)
            .await
            .unwrap();
        all.into_iter()
            .find(|record| record.parcel.attributes.id == id)
    }

    pub(super) async fn settle(&self, outcomes: Vec<Outcome>, parked: Vec<Park>) -> Vec<String> {
        let settlement = Settlement {
            system: system("erp"),
            outcomes,
            parked,
        };
        let due = self.store.settle(settlement).await.unwrap();
        due.iter().map(|name| name.to_string()).collect()
    }
}

async fn open(place: &Place) -> SharedStore {
    match place {
        Place::Postgres(schema) => {
            let options = PostgresOptions {
                max_connections: 8,
                ..Default::default()
            };
            Arc::new(Postgres::connect(&schema.url(), options).await.unwrap())
        }
        Place::Sqlite(file) => {
            let (writer, reader) = open_sqlite(&file.path()).await.unwrap();
            Arc::new(Sqlite::open(writer, reader))
        }
    }
}

// ---- Names and identifiers --------------------------------------------------------------------

pub(super) fn system(name: &str) -> SystemName {
    SystemName::new(name).unwrap()
}

pub(super) fn master(number: u32) -> MasterId {
    MasterId::derive(&["master", &number.to_string()])
}

pub(super) fn link(entity: Entity, name: &str, native_id: &str, master_id: MasterId) -> Link {
    Link {
        entity,
        system: system(name),
        native_id: native_id.to_owned(),
        master_id,
    }
}

pub(super) fn key(kind: KeyKind, value: &str) -> MasterKey {
    MasterKey {
        kind,
        value: value.to_owned(),
    }
}

// ---- Inbound ----------------------------------------------------------------------------------

/// Order `number` of the CRM, journaled under its own master.
pub(super) fn order(number: u32) -> Inbound {
    let native = format!("SO-{number}");
    let mut attributes = Attributes::received(
        system("crm"),
        Entity::Order,
        "order",
        Some(native.clone()),
        Some(&native),
    );
    attributes.master_id = Some(master(number));
    // Fixed, so that every making of order `number` is equal to every other.
    attributes.occurred_at = "2023-11-14T22:13:20.123456789Z".parse().unwrap();
    attributes.accepted_at = "2023-11-14T22:13:21Z".parse().unwrap();
    Inbound {
        attributes,
        business_key: Some(format!("N-{number}")),
        origin: format!("orders.csv:{number}"),
        state: InboundState::Routed {
            targets: vec![system("erp"), system("invoicing")],
        },
        raw: Bytes::from(format!("{{\"raw\":{number}}}")),
        canonical: Some(Bytes::from(format!("{{\"number\":\"N-{number}\"}}"))),
    }
}

pub(super) fn order_link(number: u32) -> Link {
    link(
        Entity::Order,
        "crm",
        &format!("SO-{number}"),
        master(number),
    )
}

/// Orders with their links.
pub(super) fn orders(numbers: impl IntoIterator<Item = u32> + Clone) -> Commit {
    Commit {
        messages: numbers.clone().into_iter().map(order).collect(),
        links: numbers.into_iter().map(order_link).collect(),
        ..Default::default()
    }
}

pub(super) fn invalid(number: u32) -> Inbound {
    let mut message = order(number);
    message.attributes.master_id = None;
    message.canonical = None;
    message.state = InboundState::Invalid {
        code: "schema.violation".to_owned(),
        detail: "lines: too short".to_owned(),
    };
    message
}

/// A golden record in some version, told by the CRM.
pub(super) fn golden(master_id: MasterId, version: i64, name: &str) -> GoldenRow {
    let provenance = Provenance {
        system: system("crm"),
        native_id: "C-1".to_owned(),
        message_id: MessageId::derive(&["message", &version.to_string()]),
        occurred_at: Timestamp::from_microsecond(1_700_000_000_000_000 + version).unwrap(),
    };
    let customer = Customer {
        legal_name: Some(name.to_owned()),
        ..Default::default()
    };
    GoldenRow {
        master_id,
        version,
        golden: GoldenRecord {
            customer: customer.clone(),
            provenance: [("legal_name".to_owned(), provenance.clone())].into(),
        },
        sources: tenon_store::Sources {
            statements: vec![tenon_store::Statement {
                record: SourceRecord {
                    customer,
                    provenance,
                },
                version,
                of: None,
            }],
            ..Default::default()
        },
        merged_into: None,
    }
}

pub(super) fn write(master_id: MasterId, version: i64, replaces: Option<i64>) -> MasterWrite {
    MasterWrite {
        row: golden(master_id, version, &format!("上海川可 {version}")),
        replaces,
        message_id: MessageId::derive(&[&master_id.to_string(), &version.to_string()]),
    }
}

/// A master that is new, linked to a native id of the CRM.
pub(super) fn new_customer(number: u32) -> Commit {
    Commit {
        links: vec![link(
            Entity::Customer,
            "crm",
            &format!("C-{number}"),
            master(number),
        )],
        masters: vec![write(master(number), 1, None)],
        ..Default::default()
    }
}

// ---- Outbound ---------------------------------------------------------------------------------

pub(super) fn delivered(message: &Inbound, native_id: &str) -> Outcome {
    Outcome {
        message_id: message.attributes.id,
        entity: message.attributes.entity(),
        master_id: message.attributes.master_id.unwrap(),
        state: OutcomeState::Delivered,
        detail: "201 created".to_owned(),
        attempts: 1,
        latency: Duration::from_millis(40),
        holdings: vec![holding(native_id)],
        sent: None,
        parked: None,
    }
}

pub(super) fn holding(native_id: &str) -> Holding {
    Holding {
        native_id: native_id.to_owned(),
        hash: Some(vec![1, 2, 3]),
        sequence: Some(1),
        told: false,
    }
}

pub(super) fn in_lane(mut message: Inbound, lane: &str) -> Inbound {
    message.attributes.ordering_key = OrderingKey(lane.to_owned());
    message
}

pub(super) fn park(message: &Inbound, reason: ParkReason) -> Park {
    Park {
        id: None,
        parcel: Parcel {
            attributes: message.attributes.clone(),
            body: message.canonical.clone().unwrap_or_default(),
        },
        reason,
        attempts: 1,
        tried: true,
        sent: None,
    }
}

pub(super) fn failed() -> ParkReason {
    ParkReason::Failed {
        kind: FailureKind::Invalid,
        code: "http.status".to_owned(),
        detail: "422 from the erp".to_owned(),
    }
}

pub(super) fn needs(entity: Entity, reference: Reference) -> ParkReason {
    ParkReason::Dependency {
        on: Dependency::LinkInTarget(ReferenceLookup { entity, reference }),
        detail: "the customer is not yet in erp".to_owned(),
    }
}

pub(super) fn needs_native(name: &str, native_id: &str) -> ParkReason {
    needs(Entity::Customer, Reference::native(system(name), native_id))
}

pub(super) fn needs_master(number: u32) -> ParkReason {
    needs(
        Entity::Customer,
        Reference::Master {
            master_id: master(number),
        },
    )
}

pub(super) fn needs_change(number: u32, version: i64) -> ParkReason {
    ParkReason::Dependency {
        on: Dependency::MasterChange {
            master_id: master(number),
            version,
        },
        detail: "the customer has no legal name".to_owned(),
    }
}

/// The outcome that ends a parked message, with no new link.
pub(super) fn ends(record: &ParkedRecord) -> Outcome {
    let attributes = &record.parcel.attributes;
    Outcome {
        message_id: attributes.id,
        entity: attributes.entity(),
        master_id: attributes.master_id.unwrap(),
        state: OutcomeState::Delivered,
        detail: "200".to_owned(),
        attempts: record.attempts + 1,
        latency: Duration::from_millis(50),
        holdings: Vec::new(),
        sent: None,
        parked: Some(ParkedId(record.id.0)),
    }
}
