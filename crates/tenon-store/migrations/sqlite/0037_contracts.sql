-- By the days of which time zone a generation counts; nothing where an older release began it.
alter table insight_generation add column time_zone text not null default '';

-- Contracts by number and currency: what the newest document says of one, where anybody told of it, and its
-- orders added up: all but drafts and cancelled ones, those outside its days counted apart.
create table insight_contract (
    generation  integer not null,
    number      text not null,
    currency    text not null,
    document    text,
    party       text,
    title       text,
    status      text,
    amount      bigint,
    valid_from  integer,
    valid_until integer,
    orders      bigint not null,
    ordered     bigint not null,
    shipped     bigint not null,
    invoiced    bigint not null,
    received    bigint not null,
    exceeded    bigint not null,
    outside     bigint not null,
    primary key (generation, number, currency)
);

create index insight_contract_party on insight_contract (generation, party, number, currency) where document is not null;
create index insight_contract_exceeded on insight_contract (generation, exceeded desc, number, currency) where exceeded > 0;
create index insight_contract_outside on insight_contract (generation, number, currency) where outside > 0;
create index insight_contract_unknown on insight_contract (generation, number, currency) where document is null;

create index insight_document_contract on insight_document (generation, number) where entity = 'document';

-- A contract may have very many orders: they are added up from the index alone.
drop index insight_order_contract;
create index insight_order_contract on insight_order
    (generation, contract, currency, kind, state, day, ordered, shipped, invoiced, received) where contract is not null;
-- One row a contract and a currency; without a document where orders name one that nobody told of.
create view bi_contract as
select
       k.number,
       k.currency,
       k.document as document_id,
       coalesce(n.root, k.party) as customer_id,
       c.code as customer_code,
       c.name as customer_name,
       k.title,
       k.status,
       date(k.valid_from * 86400, 'unixepoch') as valid_from,
       date(k.valid_until * 86400, 'unixepoch') as valid_until,
       case when k.amount < 0 then '-' else '' end || printf('%d.%04d', abs(k.amount) / 10000, abs(k.amount) % 10000) as amount,
       k.orders,
       case when k.ordered < 0 then '-' else '' end || printf('%d.%04d', abs(k.ordered) / 10000, abs(k.ordered) % 10000) as ordered,
       case when k.shipped < 0 then '-' else '' end || printf('%d.%04d', abs(k.shipped) / 10000, abs(k.shipped) % 10000) as shipped,
       case when k.invoiced < 0 then '-' else '' end || printf('%d.%04d', abs(k.invoiced) / 10000, abs(k.invoiced) % 10000) as invoiced,
       case when k.received < 0 then '-' else '' end || printf('%d.%04d', abs(k.received) / 10000, abs(k.received) % 10000) as received,
       case when k.exceeded < 0 then '-' else '' end || printf('%d.%04d', abs(k.exceeded) / 10000, abs(k.exceeded) % 10000) as exceeded,
       k.outside
from insight_contract k
join insight_generation g on g.generation = k.generation and g.live = 1
left join insight_customer n on n.generation = k.generation and n.id = k.party
left join insight_customer c on c.generation = k.generation and c.id = coalesce(n.root, k.party);
