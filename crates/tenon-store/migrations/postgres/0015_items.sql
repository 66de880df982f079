-- What systems say of items, so that one system's item is recognised in another's.
create table item_record (
    system          text not null collate "C",
    native_id       text not null collate "C",
    master_id       uuid not null,
    code            text not null,
    name            text not null,
    specification   text,
    unit            text,
    -- In one spelling; the second a digest, absent where name and specification say too little.
    code_key        text not null collate "C",
    description_key text collate "C",
    primary key (native_id, system)
);

create index item_record_code on item_record (code_key);
create index item_record_description on item_record (description_key);
create index item_record_master on item_record (master_id);

-- What goes into what, by released bills of materials; and their bodies, for those that open phantoms.
create table bom_use (
    bom_id       uuid not null,
    place        integer not null,
    number       text not null,
    item_id      uuid not null,
    item         text not null,
    component_id uuid not null,
    component    text not null,
    phantom      boolean not null,
    primary key (bom_id, place)
);

create index bom_use_item on bom_use (item_id);
create index bom_use_component on bom_use (component_id);

create table bom_body (
    bom_id  uuid primary key,
    item_id uuid not null,
    body    text not null
);

create index bom_body_item on bom_body (item_id);

-- Two who release at once do not see each other: releases are numbered, and who comes second looks again.
create table bom_release (
    number bigint not null
);
insert into bom_release (number) values (0);
