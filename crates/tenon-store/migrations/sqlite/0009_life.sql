-- Where customers stand in the sales life cycle and when they last bought: what tells who falls dormant.
create table life (
    master_id blob primary key,
    stage     text,
    active_at integer not null
) without rowid;

create index life_active on life (active_at) where stage in ('signed', 'in_service');
