//! Generations: the live one, and the one that is built beside it.

use serde::Deserialize;
use serde_json::{Value, json};
use tenon_core::Timestamp;
use uuid::Uuid;

use super::session::Session;
use super::{DocumentRow, Engine, Generation, Insight};
use crate::StoreError;
use crate::rows::timestamp;

/// The tables that hold generations, without that of the generations themselves.
const TABLES: [&str; 14] = [
    "insight_document",
    "insight_link",
    "insight_pending",
    "insight_order",
    "insight_contract",
    "insight_month",
    // Of older releases.
    "insight_product",
    "insight_product_month",
    "insight_stock",
    "insight_sold",
    "insight_sold_unit",
    "insight_reported",
    "insight_item",
    "insight_customer",
];

impl Insight {
    /// The generations that there are.
    pub async fn generations(&self) -> Result<Vec<Generation>, StoreError> {
        let mut session = Session::read(&self.engine).await?;
        session
            .ask(
                "select i.generation, i.position, i.live, i.time_zone from insight_generation i, {one integer} g
                 order by i.generation",
                &[json!({ "one": 1 })],
            )
            .await
    }

    /// The last position of the journal, and since when the oldest message waits that a generation has not entered
    /// up to `position`; `None` where it has entered all.
    pub async fn behind(&self, position: i64) -> Result<(i64, Option<Timestamp>), StoreError> {
        #[derive(Deserialize)]
        struct Found {
            position: i64,
            at: i64,
        }
        let at = match &self.engine {
            Engine::Postgres(_) => "cast(extract(epoch from j.journaled_at) * 1000000 as bigint)",
            Engine::Sqlite(_) => "j.journaled_at",
        };
        let given = [json!({ "position": position })];
        let mut session = Session::look_up(&self.engine).await?;
        let last = format!(
            "select j.position, {at} as at from journal j
             where (select g.position from {{position bigint}} g) >= 0
             order by j.position desc limit 1"
        );
        let next = format!(
            "select j.position, {at} as at from journal j
             where j.position > (select g.position from {{position bigint}} g)
             order by j.position limit 1"
        );
        let last: Vec<Found> = session.ask(&last, &given).await?;
        let next: Vec<Found> = session.ask(&next, &given).await?;
        let end = last
            .first()
            .map_or(position, |last| last.position.max(position));
        let waits = next.first().map(|next| timestamp(next.at)).transpose()?;
        Ok((end, waits))
    }

    /// Begins a generation, at the journal's beginning.
    pub async fn begin_generation(
        &self,
        generation: i32,
        live: bool,
        time_zone: &str,
    ) -> Result<(), StoreError> {
        let mut session = Session::write(&self.engine).await?;
        let row =
            [json!({ "generation": generation, "live": i32::from(live), "time_zone": time_zone })];
        session
            .run(
                "insert into insight_generation (generation, position, live, time_zone)
                 select g.generation, 0, g.live, g.time_zone
                 from {generation integer, live integer, time_zone text} g where true
                 on conflict (generation) do nothing",
                &row,
            )
            .await?;
        session.commit().await
    }

    /// Documents of a generation that were last stated at or before a position, in the order of their
    /// ids; for a new generation to take over what the journal has forgotten.
    pub async fn documents_before(
        &self,
        generation: i32,
        position: i64,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<DocumentRow>, StoreError> {
        let mut session = Session::read(&self.engine).await?;
        let given = json!({ "generation": generation, "position": position,
            "after": after.unwrap_or_default(), "most": limit });
        session
            .ask(
                "select d.id, d.entity, d.stamp, d.position, d.party, d.number, d.day, d.status, d.outcome,
                     d.owner, d.source, d.currency, d.amount, d.score, d.facts
                 from {generation integer, position bigint, after uuid, most integer} g
                 join insight_document d on d.generation = g.generation and d.id > g.after
                 where d.position <= g.position
                 order by d.id limit (select most from {most integer} g)",
                &[given],
            )
            .await
    }

    /// Takes the customers and items of another generation over, what people said of them included.
    pub async fn take_over(&self, from: i32, to: i32) -> Result<(), StoreError> {
        let mut session = Session::write(&self.engine).await?;
        let given = [json!({ "source": from, "target": to })];
        session
            .run(
                "insert into insight_customer (generation, id, root, version, code, name, kind, stage,
                     grade, industry, source, owner, credit_days, known_on, facts, cooperation,
                     declined, stamp)
                 select g.target, c.id, c.root, c.version, c.code, c.name, c.kind, c.stage, c.grade,
                     c.industry, c.source, c.owner, c.credit_days, c.known_on, c.facts,
                     c.cooperation, c.declined, c.stamp
                 from {source integer, target integer} g
                 join insight_customer c on c.generation = g.source where true
                 on conflict (generation, id) do nothing",
                &given,
            )
            .await?;
        session
            .run(
                "insert into insight_item (generation, id, stamp, code, name, cost, currency)
                 select g.target, i.id, i.stamp, i.code, i.name, i.cost, i.currency
                 from {source integer, target integer} g
                 join insight_item i on i.generation = g.source where true
                 on conflict (generation, id) do nothing",
                &given,
            )
            .await?;
        session.commit().await
    }

    /// Whether a node of an older release has counted products of a generation by quarter, so that not all are kept by
    /// month.
    pub async fn has_quarters(&self, generation: i32) -> Result<bool, StoreError> {
        let mut session = Session::look_up(&self.engine).await?;
        let found: Vec<Value> = session
            .ask(
                "select p.generation from {generation integer} g
                 join insight_product p on p.generation = g.generation limit 1",
                &[json!({ "generation": generation })],
            )
            .await?;
        Ok(!found.is_empty())
    }

    /// Makes a generation the one that readers see.
    pub async fn go_live(&self, generation: i32) -> Result<(), StoreError> {
        let mut session = Session::write(&self.engine).await?;
        session
            .run(
                "update insight_generation
                 set live = case when generation = (select generation from {generation integer} g)
                     then 1 else 0 end",
                &[json!({ "generation": generation })],
            )
            .await?;
        session.commit().await
    }

    /// Removes a generation that nobody reads, in portions, so that nobody is held up.
    pub async fn discard(&self, generation: i32) -> Result<(), StoreError> {
        const PORTION: i64 = 20_000;
        let row = [json!({ "generation": generation, "most": PORTION })];
        for table in TABLES {
            loop {
                let mut session = Session::write(&self.engine).await?;
                let removed = match &self.engine {
                    // A name from the list above.
                    Engine::Postgres(_) => {
                        let statement = format!(
                            "delete from {table} where ctid = any(array(
                                 select t.ctid from {table} t
                                 where t.generation = (select generation from {{generation integer}} g)
                                 limit (select most from {{most bigint}} g)))"
                        );
                        session.run(&statement, &row).await?
                    }
                    Engine::Sqlite(_) => {
                        let statement = format!(
                            "delete from {table} where rowid in (
                                 select t.rowid from {table} t
                                 where t.generation = (select generation from {{generation integer}} g)
                                 limit (select most from {{most bigint}} g))"
                        );
                        session.run(&statement, &row).await?
                    }
                };
                session.commit().await?;
                if removed == 0 {
                    break;
                }
            }
        }
        let mut session = Session::write(&self.engine).await?;
        session
            .run(
                "delete from insight_generation
                 where generation = (select generation from {generation integer} g)",
                &row,
            )
            .await?;
        session.commit().await
    }
}
