-- The tables of a source and of a target. A target's change of a record is noted as an effect;
-- writing the same again is none.
create table source_customer (event integer primary key autoincrement, id text, name text, tax text, owner text);
create table source_order (event integer primary key autoincrement, no text, buyer text, currency text,
    revision integer, amount text);

create table book_order (order_no text primary key, buyer text, net text, revision text);
create table order_effect (step integer primary key autoincrement, key text, revision text);
create trigger order_made after insert on book_order begin
    insert into order_effect (key, revision) values (new.order_no, new.revision);
end;
create trigger order_changed after update on book_order when new.revision is not old.revision begin
    insert into order_effect (key, revision) values (new.order_no, new.revision);
end;

create table book_customer (id text primary key, tax text, owner text);
create table customer_effect (step integer primary key autoincrement, key text, revision text);
create trigger customer_made after insert on book_customer begin
    insert into customer_effect (key, revision) values (new.tax, new.owner);
end;
create trigger customer_changed after update on book_customer when new.owner is not old.owner begin
    insert into customer_effect (key, revision) values (new.tax, new.owner);
end;
