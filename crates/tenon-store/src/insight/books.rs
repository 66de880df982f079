//! What is written into a generation, and the documents that are in it.

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::contracts::write_contracts;
use super::dealers::write_dealers;
use super::session::{Session, given};
use super::{CustomerRow, DocumentRow, Engine, FoundReference, Insight, PendingRow, Projection};
use crate::StoreError;

#[derive(Serialize)]
pub(super) struct Named {
    generation: i32,
    id: Uuid,
}

pub(super) fn named(generation: i32, ids: &[Uuid]) -> Vec<Named> {
    let named = |id: &Uuid| Named {
        generation,
        id: *id,
    };
    ids.iter().map(named).collect()
}

/// A row with the generation to which it belongs.
#[derive(Serialize)]
pub(super) struct In<'a, T> {
    generation: i32,
    #[serde(flatten)]
    row: &'a T,
}

pub(super) fn within<T>(generation: i32, rows: &[T]) -> Vec<In<'_, T>> {
    rows.iter().map(|row| In { generation, row }).collect()
}

impl Insight {
    /// The documents of these ids.
    pub async fn documents(
        &self,
        generation: i32,
        ids: &[Uuid],
    ) -> Result<Vec<DocumentRow>, StoreError> {
        self.documents_by(
            "join insight_document d on d.generation = g.generation and d.id = g.id",
            generation,
            ids,
        )
        .await
    }

    /// The documents that name these orders or invoices.
    pub async fn documents_of(
        &self,
        generation: i32,
        subjects: &[Uuid],
    ) -> Result<Vec<DocumentRow>, StoreError> {
        self.documents_by(
            "join insight_link l on l.generation = g.generation and l.subject = g.id
             join insight_document d on d.generation = l.generation and d.id = l.document",
            generation,
            subjects,
        )
        .await
    }

    async fn documents_by(
        &self,
        join: &str,
        generation: i32,
        ids: &[Uuid],
    ) -> Result<Vec<DocumentRow>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let question = format!(
            "select distinct d.id, d.entity, d.stamp, d.position, d.party, d.number, d.day, d.status,
                 d.outcome, d.owner, d.source, d.currency, d.amount, d.score, d.facts
             from {{generation integer, id uuid}} g {join}"
        );
        // By key, as the message path does: not planned for a sweep.
        let mut session = Session::look_up(&self.engine).await?;
        session.ask(&question, &named(generation, ids)).await
    }

    /// References of documents that the crosswalk knows by now, of at most so many documents.
    pub async fn found_references(
        &self,
        generation: i32,
        limit: u32,
    ) -> Result<Vec<FoundReference>, StoreError> {
        let master = match &self.engine {
            Engine::Postgres(_) => "coalesce(c.unmerged_id, c.master_id)".to_owned(),
            Engine::Sqlite(_) => uuid_text("coalesce(c.unmerged_id, c.master_id)"),
        };
        let question = format!(
            "select p.document, p.entity, p.system, p.native_id, {master} as master_id
             from {{generation integer, most integer}} g
             join insight_pending p on p.generation = g.generation
             join crosswalk c on c.native_id = p.native_id and c.entity = p.entity
                 and c.system = p.system
             limit (select most from {{most integer}} g)"
        );
        let mut session = Session::read(&self.engine).await?;
        let given = json!({ "generation": generation, "most": limit });
        session.ask(&question, &[given]).await
    }

    /// Everything that a portion changes, together with the position that it brings the generation to.
    ///
    /// # Errors
    /// `Conflict` when the generation does not stand at `from`: another node has brought it on.
    pub async fn project(
        &self,
        generation: i32,
        from: i64,
        through: i64,
        projection: &Projection,
    ) -> Result<(), StoreError> {
        let mut session = Session::write(&self.engine).await?;
        let step = json!({ "generation": generation, "source": from, "target": through });
        let moved = session
            .run(
                "update insight_generation set position = (select target from {target bigint} g)
                 where generation = (select generation from {generation integer} g)
                     and position = (select source from {source bigint} g)",
                &[step],
            )
            .await?;
        if moved != 1 {
            return Err(StoreError::Conflict(format!(
                "generation {generation} of the projections does not stand at position {from}"
            )));
        }
        write_documents(&mut session, generation, projection).await?;
        write_figures(&mut session, generation, projection).await?;
        write_contracts(&mut session, generation, &projection.contracts).await?;
        write_dealers(&mut session, generation, projection).await?;
        write_customers(&mut session, generation, projection).await?;
        if projection.merged {
            follow_merges(&mut session, &self.engine, generation).await?;
        }
        session.commit().await
    }
}

/// The text of a 16-byte identifier, as SQLite keeps them elsewhere.
fn uuid_text(column: &str) -> String {
    let part = |from: u32, length: u32| format!("substr(hex({column}), {from}, {length})");
    format!(
        "lower({} || '-' || {} || '-' || {} || '-' || {} || '-' || {})",
        part(1, 8),
        part(9, 4),
        part(13, 4),
        part(17, 4),
        part(21, 12)
    )
}

async fn write_documents(
    session: &mut Session,
    generation: i32,
    projection: &Projection,
) -> Result<(), StoreError> {
    let documents = &projection.documents;
    if !documents.is_empty() {
        let ids: Vec<Uuid> = documents.iter().map(|document| document.id).collect();
        for table in ["insight_link", "insight_pending"] {
            let statement = format!(
                "delete from {table} where (generation, document) in
                     (select g.generation, g.id from {{generation integer, id uuid}} g)"
            );
            session.run(&statement, &named(generation, &ids)).await?;
        }
        session
            .run(
                "insert into insight_document (generation, id, entity, stamp, position, party, number,
                     day, status, outcome, owner, source, currency, amount, score, facts)
                 select g.generation, g.id, g.entity, g.stamp, g.position, g.party, g.number, g.day,
                     g.status, g.outcome, g.owner, g.source, g.currency, g.amount, g.score, g.facts
                 from {generation integer, id uuid, entity text, stamp text, position bigint, party uuid,
                     number text, day integer, status text, outcome text, owner text, source text,
                     currency text, amount bigint, score integer, facts text} g where true
                 on conflict (generation, id) do update
                 set entity = excluded.entity, stamp = excluded.stamp, position = excluded.position,
                     party = excluded.party, number = excluded.number, day = excluded.day,
                     status = excluded.status, outcome = excluded.outcome, owner = excluded.owner,
                     source = excluded.source, currency = excluded.currency,
                     amount = excluded.amount, score = excluded.score, facts = excluded.facts",
                &within(generation, documents),
            )
            .await?;
    }
    if !projection.links.is_empty() {
        let links = projection.links.iter().map(|(subject, document)| {
            json!({ "generation": generation, "subject": subject, "document": document })
        });
        let links: Vec<_> = links.collect();
        session
            .run(
                "insert into insight_link (generation, subject, document)
                 select g.generation, g.subject, g.document
                 from {generation integer, subject uuid, document uuid} g where true
                 on conflict (generation, subject, document) do nothing",
                &links,
            )
            .await?;
    }
    if !projection.pending.is_empty() {
        session
            .run::<In<'_, PendingRow>>(
                "insert into insight_pending (generation, document, entity, system, native_id)
                 select g.generation, g.document, g.entity, g.system, g.native_id
                 from {generation integer, document uuid, entity text, system text,
                     native_id text} g where true
                 on conflict (generation, document, entity, system, native_id) do nothing",
                &within(generation, &projection.pending),
            )
            .await?;
    }
    Ok(())
}

async fn write_figures(
    session: &mut Session,
    generation: i32,
    projection: &Projection,
) -> Result<(), StoreError> {
    if !projection.gone.is_empty() {
        session
            .run(
                "delete from insight_order where (generation, id) in
                     (select g.generation, g.id from {generation integer, id uuid} g)",
                &named(generation, &projection.gone),
            )
            .await?;
    }
    if !projection.orders.is_empty() {
        session
            .run(
                "insert into insight_order (generation, id, party, kind, number, contract, currency, day,
                     status, state, ordered, shipped, invoiced, received, short, unbilled, over_billed,
                     outstanding, mixed, short_on, unbilled_on, billed_on, settled_on, facts)
                 select g.generation, g.id, g.party, g.kind, g.number, g.contract, g.currency, g.day,
                     g.status, g.state, g.ordered, g.shipped, g.invoiced, g.received, g.short,
                     g.unbilled, g.over_billed, g.outstanding, g.mixed, g.short_on, g.unbilled_on,
                     g.billed_on, g.settled_on, g.facts
                 from {generation integer, id uuid, party uuid, kind text, number text, contract text,
                     currency text, day integer, status text, state text, ordered bigint,
                     shipped bigint, invoiced bigint, received bigint, short bigint, unbilled bigint,
                     over_billed bigint, outstanding bigint, mixed integer, short_on integer,
                     unbilled_on integer, billed_on integer, settled_on integer, facts text} g
                 where true
                 on conflict (generation, id) do update
                 set party = excluded.party, kind = excluded.kind, number = excluded.number,
                     contract = excluded.contract, currency = excluded.currency, day = excluded.day,
                     status = excluded.status, state = excluded.state, ordered = excluded.ordered,
                     shipped = excluded.shipped, invoiced = excluded.invoiced,
                     received = excluded.received, short = excluded.short,
                     unbilled = excluded.unbilled, over_billed = excluded.over_billed,
                     outstanding = excluded.outstanding, mixed = excluded.mixed,
                     short_on = excluded.short_on, unbilled_on = excluded.unbilled_on,
                     billed_on = excluded.billed_on, settled_on = excluded.settled_on,
                     facts = excluded.facts",
                &within(generation, &projection.orders),
            )
            .await?;
    }
    if !projection.months.is_empty() {
        session
            .run(
                "insert into insight_month (generation, party, month, currency, orders, ordered, invoiced,
                     billed, received)
                 select g.generation, g.party, g.month, g.currency, g.orders, g.ordered, g.invoiced,
                     g.billed, g.received
                 from {generation integer, party uuid, month integer, currency text, orders bigint,
                     ordered bigint, invoiced bigint, billed bigint, received bigint} g where true
                 on conflict (generation, party, month, currency) do update
                 set orders = insight_month.orders + excluded.orders,
                     ordered = insight_month.ordered + excluded.ordered,
                     invoiced = insight_month.invoiced + excluded.invoiced,
                     billed = insight_month.billed + excluded.billed,
                     received = insight_month.received + excluded.received",
                &within(generation, &projection.months),
            )
            .await?;
        // What was taken back whole is as if nobody had told it: it is not there when figures are made anew. What was
        // taken back first comes to nothing as well, when the rest is told.
        session
            .run(
                "delete from insight_month where (generation, party, month, currency) in
                     (select g.generation, g.party, g.month, g.currency
                      from {generation integer, party uuid, month integer, currency text} g)
                     and orders = 0 and ordered = 0 and invoiced = 0 and billed = 0 and received = 0",
                &within(generation, &projection.months),
            )
            .await?;
    }
    if !projection.products.is_empty() {
        session
            .run(
                "insert into insight_product_month (generation, party, item, month, currency, quantity, amount)
                 select g.generation, g.party, g.item, g.month, g.currency, g.quantity, g.amount
                 from {generation integer, party uuid, item uuid, month integer, currency text,
                     quantity bigint, amount bigint} g where true
                 on conflict (generation, party, item, month, currency) do update
                 set quantity = insight_product_month.quantity + excluded.quantity,
                     amount = insight_product_month.amount + excluded.amount",
                &within(generation, &projection.products),
            )
            .await?;
        session
            .run(
                "delete from insight_product_month where (generation, party, item, month, currency) in
                     (select g.generation, g.party, g.item, g.month, g.currency
                      from {generation integer, party uuid, item uuid, month integer, currency text} g)
                     and quantity = 0 and amount = 0",
                &within(generation, &projection.products),
            )
            .await?;
    }
    if !projection.items.is_empty() {
        session
            .run(
                "insert into insight_item (generation, id, stamp, code, name, cost, currency)
                 select g.generation, g.id, g.stamp, g.code, g.name, g.cost, g.currency
                 from {generation integer, id uuid, stamp text, code text, name text, cost bigint,
                     currency text} g where true
                 on conflict (generation, id) do update
                 set stamp = excluded.stamp, code = excluded.code, name = excluded.name,
                     cost = excluded.cost, currency = excluded.currency
                 where insight_item.stamp < excluded.stamp",
                &within(generation, &projection.items),
            )
            .await?;
    }
    Ok(())
}

async fn write_customers(
    session: &mut Session,
    generation: i32,
    projection: &Projection,
) -> Result<(), StoreError> {
    if !projection.customers.is_empty() {
        session
            .run::<In<'_, CustomerRow>>(
                "insert into insight_customer (generation, id, root, version, code, name, kind, stage,
                     grade, industry, source, owner, credit_days, known_on, facts, stamp)
                 select g.generation, g.id, g.id, g.version, g.code, g.name, g.kind, g.stage, g.grade,
                     g.industry, g.source, g.owner, g.credit_days, g.known_on, g.facts, ''
                 from {generation integer, id uuid, version bigint, code text, name text, kind text,
                     stage text, grade text, industry text, source text, owner text,
                     credit_days integer, known_on integer, facts text} g where true
                 on conflict (generation, id) do update
                 set version = excluded.version, code = excluded.code, name = excluded.name,
                     kind = excluded.kind, stage = excluded.stage, grade = excluded.grade,
                     industry = excluded.industry, source = excluded.source, owner = excluded.owner,
                     credit_days = excluded.credit_days, facts = excluded.facts,
                     known_on = case when insight_customer.known_on < excluded.known_on
                         then insight_customer.known_on else excluded.known_on end
                 where insight_customer.version < excluded.version",
                &within(generation, &projection.customers),
            )
            .await?;
    }
    let mut touched: Vec<Uuid> = projection.touched.clone();
    touched.extend(projection.words.iter().map(|word| word.id));
    touched.extend(projection.customers.iter().map(|customer| customer.id));
    touched.sort();
    touched.dedup();
    if !touched.is_empty() {
        // A row that is there is written only where it had a score.
        session
            .run(
                "insert into insight_customer (generation, id, root, version, facts, stamp)
                 select g.generation, g.id, g.id, -1, '', ''
                 from {generation integer, id uuid} g where true
                 on conflict (generation, id) do update set scored_on = null
                 where insight_customer.scored_on is not null",
                &named(generation, &touched),
            )
            .await?;
        session
            .run(
                "update insight_customer set scored_on = null
                 where (generation, id) in (
                     select c.generation, c.root from {generation integer, id uuid} g
                     join insight_customer c on c.generation = g.generation and c.id = g.id
                         and c.root <> c.id)
                     and scored_on is not null",
                &named(generation, &touched),
            )
            .await?;
    }
    if !projection.words.is_empty() {
        session
            .run(
                "update insight_customer
                 set cooperation = coalesce(g.cooperation, insight_customer.cooperation),
                     declined = coalesce(g.declined, insight_customer.declined), stamp = g.stamp
                 from {generation integer, id uuid, cooperation integer, declined text,
                     stamp text} g
                 where insight_customer.generation = g.generation and insight_customer.id = g.id
                     and insight_customer.stamp < g.stamp",
                &within(generation, &projection.words),
            )
            .await?;
    }
    Ok(())
}

/// A customer that is another one now than it was.
#[derive(Serialize, Deserialize)]
struct Turned {
    id: Uuid,
    root: Uuid,
    was: Uuid,
}

/// How many of them are written at a time.
const TURNED: usize = 5_000;

/// Leads every customer to the one that it is when merges are counted.
async fn follow_merges(
    session: &mut Session,
    engine: &Engine,
    generation: i32,
) -> Result<(), StoreError> {
    let (id, into) = match engine {
        Engine::Postgres(_) => ("master_id".to_owned(), "merged_into".to_owned()),
        Engine::Sqlite(_) => (uuid_text("master_id"), uuid_text("merged_into")),
    };
    let chain = format!(
        "with recursive merged(id, root) as (
             select {id}, {into} from golden where merged_into is not null
         ), led(id, root, steps) as (
             select id, root, 0 from merged
             union all
             select led.id, merged.root, led.steps + 1 from led
             join merged on merged.id = led.root where led.steps < 50
         ), last(id, root) as (
             select id, root from led
             where not exists (select 1 from merged where merged.id = led.root)
         )"
    );
    let generation_of = given("generation");
    let question = format!(
        "{chain}
         select c.id, last.root, c.root as was
         from last join insight_customer c on c.generation = {generation_of} and c.id = last.id
         where c.root <> last.root
         union all
         select c.id, c.id as root, c.root as was
         from insight_customer c
         where c.generation = {generation_of} and c.root <> c.id
             and not exists (select 1 from last where last.id = c.id)"
    );
    let asked = json!({ "generation": generation });
    let turned: Vec<Turned> = session.ask(&question, &[asked]).await?;
    for turned in turned.chunks(TURNED) {
        session
            .run(
                "update insight_customer set root = g.root
                 from {generation integer, id uuid, root uuid} g
                 where insight_customer.generation = g.generation and insight_customer.id = g.id",
                &within(generation, turned),
            )
            .await?;
        // Whose facts are counted elsewhere now, or here again.
        let scored: Vec<Uuid> = turned
            .iter()
            .flat_map(|turned| [turned.id, turned.root, turned.was])
            .collect();
        session
            .run(
                "update insight_customer set scored_on = null
                 where (generation, id) in
                     (select g.generation, g.id from {generation integer, id uuid} g)
                     and scored_on is not null",
                &named(generation, &scored),
            )
            .await?;
    }
    Ok(())
}
