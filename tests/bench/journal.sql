-- A journal of :messages messages over ninety days, as a company's would be, in PostgreSQL (`psql -v messages=N -f`).
--
-- Bodies are random bytes as long as compressed ones, so that nothing is saved that would not be.
-- The tables are as the migrations leave them; keys and indexes are made after the rows, which is faster.
\set ON_ERROR_STOP on
set synchronous_commit = off;
set maintenance_work_mem = '512MB';
set max_parallel_maintenance_workers = 0;
set max_parallel_workers_per_gather = 0;
set timezone = 'UTC';

do $$
declare month date := date_trunc('month', now() - interval '95 days');
begin
    while month <= date_trunc('month', now()) loop
        execute format('create table if not exists %I partition of journal for values from (%L) to (%L)',
            'journal_' || to_char(month, 'YYYY_MM'), month::timestamptz, (month + interval '1 month')::timestamptz);
        execute format('create table if not exists %I partition of payload for values from (%L) to (%L) with (toast_tuple_target = 8160)',
            'payload_' || to_char(month, 'YYYY_MM'), month::timestamptz, (month + interval '1 month')::timestamptz);
        month := month + interval '1 month';
    end loop;
end $$;

-- What is made again when the rows are there.
create temp table made_later as
    select format('create index %I on %I %s', i.relname, t.relname,
               substring(pg_get_indexdef(i.oid) from 'USING .*$')) as statement, i.relname as name
    from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
    where t.relname in ('journal', 'delivery', 'crosswalk') and t.relnamespace = current_schema()::regnamespace
        and not x.indisprimary;
select format('drop index %I', name) from made_later \gexec
alter table inbox drop constraint inbox_pkey;
alter table journal drop constraint journal_pkey;
alter table payload drop constraint payload_pkey;
alter table delivery drop constraint delivery_pkey;
alter table crosswalk drop constraint crosswalk_pkey;

create function pg_temp.message_of(n bigint) returns uuid immutable language sql
    return md5('message ' || n)::uuid;
-- Customers have thirty messages each; every other record has three.
create function pg_temp.record_of(n bigint, entity text) returns bigint immutable language sql
    return case entity when 'customer' then n / 200 else n / 3 end;

create temp table noise as
    select string_agg(decode(md5(n::text), 'hex'), '') as bytes from generate_series(1, 4000) n;

create unlogged table made as
    select n, entity, source, state,
        now() - (:messages - n) * (interval '90 days' / :messages) as at,
        pg_temp.record_of(n, entity) as record
    from (
        select n, case
                when n % 100003 = 7 then 'case'
                when n % 100 < 40 then 'order' when n % 100 < 55 then 'customer'
                when n % 100 < 70 then 'invoice' when n % 100 < 78 then 'shipment'
                when n % 100 < 86 then 'receipt' when n % 100 < 95 then 'inventory'
                when n % 100 < 98 then 'item' when n % 100 < 99 then 'bom' else 'opportunity' end as entity,
            case when n % 1000003 = 5 then 'oa' when n % 100 < 55 then 'crm' when n % 100 < 86 then 'erp'
                when n % 100 < 95 then 'drp' when n % 100 < 98 then 'erp' when n % 100 < 99 then 'pdm'
                else 'crm' end as source,
            case when n % 1000 = 3 then 'invalid' when n % 500 = 4 then 'filtered'
                when n % 3000017 = 9 then 'refused'
                when n % 100 between 40 and 54 and n % 7 = 0 then 'unchanged' else 'routed' end as state
        from generate_series(1::bigint, :messages) n
    ) drawn;

insert into inbox select pg_temp.message_of(n), n, at from made;

insert into journal (position, journaled_at, message_id, entity, source, native_id, master_id,
        business_key, origin, state, detail, targets, attributes)
    select n, at, pg_temp.message_of(n), entity, source, upper(left(entity, 2)) || '-' || record,
        md5(entity || record)::uuid, upper(left(entity, 2)) || '-2026-' || record,
        entity || 's.ndjson:' || n % 5000, state,
        case when state in ('invalid', 'refused') then 'lines[0].amount: must be a decimal with at most two places' end,
        case when state = 'routed' then array['erp', 'invoicing'] else '{}'::text[] end,
        json_build_object('id', pg_temp.message_of(n), 'type', entity || '.changed.v1', 'source', source,
            'time', to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'partitionkey', entity || '/' || record,
            'inlet', entity || 's', 'subject', upper(left(entity, 2)) || '-' || record,
            'masterid', md5(entity || record)::uuid, 'sequence', '1')
    from made;

insert into payload (position, journaled_at, raw, canonical)
    select n, at, substring(bytes from (n % 50000)::int + 1 for 280),
        case when state <> 'invalid' then substring(bytes from (n % 40000)::int + 7 for 420) end
    from made, noise;

insert into delivery (message_id, system, entity, master_id, state, detail, attempts, latency_ms, native_id, at)
    select pg_temp.message_of(n), system, entity, md5(entity || record)::uuid, 'delivered', 'upserted', 1,
        40 + n % 900, upper(left(entity, 2)) || record, at
    from made, unnest(array['erp', 'invoicing']) system where state = 'routed';

insert into crosswalk (entity, system, native_id, master_id, inbound, linked_at)
    select distinct on (entity, record) entity, source, upper(left(entity, 2)) || '-' || record,
        md5(entity || record)::uuid, true, at
    from made where entity <> 'inventory' order by entity, record;

select setval('journal_position', :messages);
alter table inbox add primary key (message_id);
alter table journal add primary key (position, journaled_at);
alter table payload add primary key (position, journaled_at);
alter table delivery add primary key (message_id, system);
alter table crosswalk add primary key (native_id, entity, system);
select statement from made_later \gexec
drop table made;
analyze;
