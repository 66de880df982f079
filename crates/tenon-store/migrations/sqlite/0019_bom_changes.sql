-- The number of the release or join that last changed what an item is made of, or which item it is: who
-- decided upon something else looks again, and nobody else does.
create table bom_change (
    item_id blob primary key,
    number  integer not null
) without rowid;
