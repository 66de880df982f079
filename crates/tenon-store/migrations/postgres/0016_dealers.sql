-- What dealers have and sell, read from the journal as the other projections are, and the demand that
-- followed from it. Quantities are in ten-thousandths, days since 1970-01-01.

-- What one record says of a dealer's stock of an item in one place.
create table insight_stock (
    generation    integer not null,
    document      uuid not null,
    -- The dealer, as it is named when no merge is counted.
    party         uuid not null,
    item          uuid not null,
    quantity      bigint not null,
    -- Without what is promised; absent where the dealer does not say.
    available     bigint,
    in_transit    bigint,
    reorder_point bigint,
    unit          text,
    counted_on    integer not null,
    primary key (generation, document)
);

create index insight_stock_party on insight_stock (generation, party, item);

-- What a dealer sold of an item on a day; the quantity of a longer period is spread over its days.
create table insight_sold (
    generation integer not null,
    party      uuid not null,
    item       uuid not null,
    day        integer not null,
    quantity   bigint not null,
    primary key (generation, party, item, day)
);

create index insight_sold_day on insight_sold (generation, party, day);

-- How many reports of a dealer are about a day: where there is none, nobody knows what was sold.
create table insight_reported (
    generation integer not null,
    party      uuid not null,
    day        integer not null,
    reports    bigint not null,
    primary key (generation, party, day)
);

-- What was asked for, to replenish dealers: stays when projections are made anew.
create table replenishment_demand (
    number     text collate "C" primary key,
    dealer     uuid not null,
    item       uuid not null,
    -- Which time it was for this dealer and item.
    occurrence integer not null,
    quantity   bigint not null,
    made_on    integer not null,
    -- When the dealer had enough again.
    ended_on   integer
);

create index replenishment_demand_dealer on replenishment_demand (dealer, item);

-- For tools of business intelligence, as the other views of theirs are.

-- What one record says of a dealer's stock of an item in one place.
create view bi_stock as
select
       coalesce(n.root, s.party) as customer_id,
       c.code as customer_code,
       c.name as customer_name,
       s.item as item_id,
       i.code as item_code,
       i.name as item_name,
       d.number as warehouse,
       (s.quantity::numeric / 10000)::numeric(24, 4) as quantity,
       (s.available::numeric / 10000)::numeric(24, 4) as available,
       (s.in_transit::numeric / 10000)::numeric(24, 4) as in_transit,
       (s.reorder_point::numeric / 10000)::numeric(24, 4) as reorder_point,
       s.unit,
       date '1970-01-01' + s.counted_on as counted_on
from insight_stock s
join insight_generation g on g.generation = s.generation and g.live = 1
join insight_document d on d.generation = s.generation and d.id = s.document
left join insight_customer n on n.generation = s.generation and n.id = s.party
left join insight_customer c on c.generation = s.generation and c.id = coalesce(n.root, s.party)
left join insight_item i on i.generation = s.generation and i.id = s.item;

-- What each dealer sold of each item on each day that it reported.
create view bi_sell_out as
select
       coalesce(n.root, s.party) as customer_id,
       c.code as customer_code,
       c.name as customer_name,
       s.item as item_id,
       i.code as item_code,
       i.name as item_name,
       date '1970-01-01' + s.day as sold_on,
       (sum(s.quantity)::numeric / 10000)::numeric(24, 4) as quantity
from insight_sold s
join insight_generation g on g.generation = s.generation and g.live = 1
left join insight_customer n on n.generation = s.generation and n.id = s.party
left join insight_customer c on c.generation = s.generation and c.id = coalesce(n.root, s.party)
left join insight_item i on i.generation = s.generation and i.id = s.item
where s.quantity <> 0
group by coalesce(n.root, s.party), c.code, c.name, s.item, i.code, i.name, s.day;
