-- What dealers have and sell, read from the journal as the other projections are, and the demand that
-- followed from it. Quantities are in ten-thousandths, days since 1970-01-01.

-- What one record says of a dealer's stock of an item in one place.
create table insight_stock (
    generation    integer not null,
    document      text not null,
    -- The dealer, as it is named when no merge is counted.
    party         text not null,
    item          text not null,
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
    party      text not null,
    item       text not null,
    day        integer not null,
    quantity   bigint not null,
    primary key (generation, party, item, day)
);

-- How many reports of a dealer are about a day: where there is none, nobody knows what was sold.
create table insight_reported (
    generation integer not null,
    party      text not null,
    day        integer not null,
    reports    bigint not null,
    primary key (generation, party, day)
);

-- What was asked for, to replenish dealers: stays when projections are made anew.
create table replenishment_demand (
    number     text primary key,
    dealer     text not null,
    item       text not null,
    -- Which time it was for this dealer and item.
    occurrence integer not null,
    quantity   bigint not null,
    made_on    integer not null,
    -- When the dealer had enough again.
    ended_on   integer
);

create index replenishment_demand_dealer on replenishment_demand (dealer, item);
