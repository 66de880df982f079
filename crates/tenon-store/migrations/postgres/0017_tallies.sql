-- How many there are of what, so that nobody has to count: kept by whatever writes, in its own transaction.
-- Each statement adds rows, with a minus for what went, and their sum counts: nobody waits for a row that another
-- one holds. One statement in a hundred puts together what it finds.
create table tally (
    -- `message`, `delivery`, `inbound` and `outbound` (what is parked), `master`, `link`.
    what   text not null collate "C",
    system text not null collate "C",
    state  text not null collate "C",
    -- Of what is parked the code, of links the entity, of messages the month, which goes as a whole.
    part   text not null collate "C",
    count  bigint not null
);

create function add_tallies_up() returns void language sql as $$
    with found as (
        delete from tally where ctid = any (array(select ctid from tally for update skip locked)) returning *
    )
    insert into tally
    select what, system, state, part, sum(count) from found group by 1, 2, 3, 4 having sum(count) <> 0
$$;

-- Nobody of an earlier release writes meanwhile.
select pg_advisory_xact_lock(7601, hashtext(current_schema()));
lock table parked, delivery, journal, crosswalk, golden in share row exclusive mode;

do $migration$
declare
    counted record;
    event text;
begin
    -- Masters and links never go, and a link is for ever told or given.
    for counted in select * from (values
        ('parked', '{insert,update,delete}'::text[], $$direction, system, state, code$$),
        ('delivery', '{insert,update,delete}', $$'delivery', system, state, ''$$),
        ('journal', '{insert,update,delete}', $$'message', '', state, to_char(journaled_at at time zone 'UTC', 'YYYY_MM')$$),
        ('golden', '{insert,update}', $$'master', '', case when merged_into is null then 'own' else 'merged' end, ''$$),
        ('crosswalk', '{insert}', $$'link', '', case when inbound then 'told' else 'given' end, entity$$)
    ) as counted(relation, events, columns) loop
        execute format($function$
            create function tally_%1$s() returns trigger language plpgsql as $$
            begin
                if tg_op = 'INSERT' then
                    insert into tally select %2$s, count(*) from come group by 1, 2, 3, 4;
                elsif tg_op = 'DELETE' then
                    insert into tally select %2$s, -count(*) from gone group by 1, 2, 3, 4;
                else
                    insert into tally select one, two, three, four, sum(change) from (
                        select %2$s, 1 from come union all select %2$s, -1 from gone
                    ) as changed(one, two, three, four, change)
                    group by 1, 2, 3, 4 having sum(change) <> 0;
                end if;
                if random() < 0.01 then
                    perform add_tallies_up();
                end if;
                return null;
            end $$ $function$, counted.relation, counted.columns);
        foreach event in array counted.events loop
            execute format('create trigger tally_%1$s after %1$s on %2$s referencing %3$s
                for each statement execute function tally_%2$s()', event, counted.relation,
                case event when 'insert' then 'new table as come' when 'delete' then 'old table as gone'
                    else 'old table as gone new table as come' end);
        end loop;
        execute format('insert into tally select %2$s, count(*) from %1$s group by 1, 2, 3, 4',
            counted.relation, counted.columns);
    end loop;
end $migration$;

-- What stands outside of the months is taken away by itself.
create trigger tally_delete after delete on journal_default referencing old table as gone
    for each statement execute function tally_journal();

-- Since when the eldest of each group of parked messages waits.
create index parked_group on parked (system, direction, state, code, parked_at);
drop index parked_count;

-- How long the latest deliveries took; what is old is found by it too.
create index delivery_latency on delivery (at);
drop index delivery_at;
