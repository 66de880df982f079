-- What projections keep: read models of the journal, made anew from it at any time. Every table holds
-- one or two generations: the live one, and the one that is being built beside it. Days are counted
-- since 1970-01-01, months as year * 12 + month - 1, quarters as year * 4 + quarter - 1; amounts are in
-- ten-thousandths of the currency's unit.

create table insight_generation (
    generation integer primary key,
    -- The last journal position that is in it.
    position   bigint not null,
    live       integer not null
);

-- What documents say, one row each: orders, shipments, invoices, receipts, opportunities, cases.
create table insight_document (
    generation integer not null,
    id         uuid not null,
    entity     text not null,
    -- Orders statements of one document, whenever they come in: the greatest is the latest.
    stamp      text not null collate "C",
    position   bigint not null,
    -- The customer, as it is named when no merge is counted.
    party      uuid not null,
    number     text not null collate "C",
    day        integer,
    status     text not null,
    outcome    text,
    owner      text,
    source     text,
    currency   text,
    amount     bigint,
    score      integer,
    facts      text not null,
    primary key (generation, id)
);

create index insight_document_party on insight_document (generation, party, entity, day);
create index insight_document_entity on insight_document (generation, entity, day)
    where entity in ('opportunity', 'case');

-- Which orders and invoices a document names.
create table insight_link (
    generation integer not null,
    subject    uuid not null,
    document   uuid not null,
    primary key (generation, subject, document)
);

create index insight_link_document on insight_link (generation, document);

-- References to what nobody has told of yet, until the crosswalk knows it.
create table insight_pending (
    generation integer not null,
    document   uuid not null,
    entity     text not null collate "C",
    system     text not null collate "C",
    native_id  text not null collate "C",
    primary key (generation, document, entity, system, native_id)
);

-- One row an order, and one for each document that leads to no order: how far they agree.
create table insight_order (
    generation  integer not null,
    id          uuid not null,
    party       uuid not null,
    kind        text not null,
    number      text not null collate "C",
    contract    text collate "C",
    currency    text not null,
    day         integer,
    status      text not null,
    state       text not null,
    ordered     bigint not null,
    shipped     bigint not null,
    invoiced    bigint not null,
    received    bigint not null,
    short       bigint not null,
    unbilled    bigint not null,
    over_billed bigint not null,
    outstanding bigint not null,
    mixed       integer not null,
    -- Since when goods are missing, a bill is missing, and money is owed; when the last of it came in.
    short_on    integer,
    unbilled_on integer,
    billed_on   integer,
    settled_on  integer,
    facts       text not null,
    primary key (generation, id)
);

create index insight_order_party on insight_order (generation, party, day);
create index insight_order_day on insight_order (generation, day, id);
create index insight_order_number on insight_order (generation, number);
create index insight_order_contract on insight_order (generation, contract) where contract is not null;
create index insight_order_short on insight_order (generation, short_on) where short > 0;
create index insight_order_unbilled on insight_order (generation, unbilled_on) where unbilled > 0;
create index insight_order_over on insight_order (generation, day) where over_billed > 0;
create index insight_order_owed on insight_order (generation, billed_on) where outstanding > 0;
create index insight_order_orphan on insight_order (generation, day) where state in ('orphan', 'mixed');

-- What each customer ordered, was billed and paid, by month and currency.
create table insight_month (
    generation integer not null,
    party      uuid not null,
    month      integer not null,
    currency   text not null,
    orders     bigint not null,
    ordered    bigint not null,
    invoiced   bigint not null,
    billed     bigint not null,
    received   bigint not null,
    primary key (generation, party, month, currency)
);

-- What each customer ordered of each item, by quarter and currency.
create table insight_product (
    generation integer not null,
    party      uuid not null,
    item       uuid not null,
    quarter    integer not null,
    currency   text not null,
    quantity   bigint not null,
    amount     bigint not null,
    primary key (generation, party, item, quarter, currency)
);

create index insight_product_item on insight_product (generation, item);

create table insight_item (
    generation integer not null,
    id         uuid not null,
    stamp      text not null collate "C",
    code       text not null,
    name       text not null,
    cost       bigint,
    currency   text,
    primary key (generation, id)
);

-- What the golden records say, and what customers are worth.
create table insight_customer (
    generation  integer not null,
    id          uuid not null,
    -- The customer that it is, when merges are counted: itself, if it was not merged.
    root        uuid not null,
    version     bigint not null,
    code        text,
    name        text,
    kind        text,
    stage       text,
    grade       text,
    industry    text,
    source      text,
    owner       text,
    credit_days integer,
    -- The day on which the hub first heard of it.
    known_on    integer,
    facts       text not null,
    -- What people said: how well it works with us, and which grade it is not to have.
    cooperation integer,
    declined    text,
    stamp       text not null collate "C",
    -- The day as of which the score was made; absent when facts have changed since.
    scored_on   integer,
    score       integer,
    proposed    text,
    parts       text,
    primary key (generation, id)
);

create index insight_customer_root on insight_customer (generation, root);
create index insight_customer_unscored on insight_customer (generation, id) where scored_on is null;
create index insight_customer_scored on insight_customer (generation, scored_on);
create index insight_customer_proposed on insight_customer (generation, score desc, id)
    where proposed is not null;
