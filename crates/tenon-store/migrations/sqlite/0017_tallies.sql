-- How many there are of what, so that nobody has to count: kept by whatever writes, in its own transaction.
create table tally (
    -- `message`, `delivery`, `inbound` and `outbound` (what is parked), `master`, `link`.
    what   text not null,
    system text not null,
    state  text not null,
    -- Of what is parked the code, of links the entity.
    part   text not null,
    count  integer not null,
    primary key (what, system, state, part)
) without rowid;

insert into tally
    select 'message', '', state, '', count(*) from journal group by state
    union all
    select 'delivery', system, state, '', count(*) from delivery group by system, state
    union all
    select direction, system, state, code, count(*) from parked group by direction, system, state, code
    union all
    select 'master', '', iif(merged_into is null, 'own', 'merged'), '', count(*) from golden group by 3
    union all
    select 'link', '', iif(inbound, 'told', 'given'), entity, count(*) from crosswalk
        where entity = 'customer' group by 3, 4;

create trigger journal_came after insert on journal begin
    insert into tally values ('message', '', new.state, '', 1) on conflict do update set count = count + 1;
end;
create trigger journal_turned after update of state on journal when old.state <> new.state begin
    update tally set count = count - 1 where what = 'message' and system = '' and state = old.state and part = '';
    insert into tally values ('message', '', new.state, '', 1) on conflict do update set count = count + 1;
end;
create trigger journal_went after delete on journal begin
    update tally set count = count - 1 where what = 'message' and system = '' and state = old.state and part = '';
end;

create trigger delivery_came after insert on delivery begin
    insert into tally values ('delivery', new.system, new.state, '', 1) on conflict do update set count = count + 1;
end;
create trigger delivery_turned after update of state on delivery when old.state <> new.state begin
    update tally set count = count - 1
        where what = 'delivery' and system = old.system and state = old.state and part = '';
    insert into tally values ('delivery', new.system, new.state, '', 1) on conflict do update set count = count + 1;
end;
create trigger delivery_went after delete on delivery begin
    update tally set count = count - 1
        where what = 'delivery' and system = old.system and state = old.state and part = '';
end;

create trigger parked_came after insert on parked begin
    insert into tally values (new.direction, new.system, new.state, new.code, 1)
        on conflict do update set count = count + 1;
end;
create trigger parked_turned after update of state, code on parked
when old.state <> new.state or old.code <> new.code begin
    update tally set count = count - 1
        where what = old.direction and system = old.system and state = old.state and part = old.code;
    insert into tally values (new.direction, new.system, new.state, new.code, 1)
        on conflict do update set count = count + 1;
end;
create trigger parked_went after delete on parked begin
    update tally set count = count - 1
        where what = old.direction and system = old.system and state = old.state and part = old.code;
end;

-- Masters and links never go, and a link is for ever told or given. Of links only those of masters are counted.
create trigger golden_came after insert on golden begin
    insert into tally values ('master', '', iif(new.merged_into is null, 'own', 'merged'), '', 1)
        on conflict do update set count = count + 1;
end;
create trigger golden_turned after update of merged_into on golden
when (old.merged_into is null) <> (new.merged_into is null) begin
    update tally set count = count - 1
        where what = 'master' and system = '' and state = iif(old.merged_into is null, 'own', 'merged') and part = '';
    insert into tally values ('master', '', iif(new.merged_into is null, 'own', 'merged'), '', 1)
        on conflict do update set count = count + 1;
end;
create trigger crosswalk_came after insert on crosswalk when new.entity = 'customer' begin
    insert into tally values ('link', '', iif(new.inbound, 'told', 'given'), new.entity, 1)
        on conflict do update set count = count + 1;
end;

-- Since when the eldest of each group of parked messages waits.
create index parked_group on parked (system, direction, state, code, parked_at);
drop index parked_count;

-- How long the latest deliveries took.
create index delivery_latency on delivery (at, latency_ms) where latency_ms is not null;
