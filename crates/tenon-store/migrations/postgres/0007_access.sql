-- Who may what: accounts, their sessions, tokens of programs, and the trail of what was done.
-- Times are microseconds since 1970, so that one text of each statement serves both databases.

create table account (
    name         text primary key,
    display_name text not null,
    role         text not null,
    -- The only systems that it may touch, as a JSON list; null for all.
    systems      text,
    language     text,
    -- In the PHC form of argon2; null for who signs on elsewhere, or has not chosen one yet.
    password     text,
    -- Issuer and subject at the provider of single sign-on.
    subject      text unique,
    disabled     boolean not null,
    created_at   bigint not null,
    changed_at   bigint not null,
    signed_in_at bigint
);

-- What a browser shows is kept as its SHA-256 alone, here and below.
create table session (
    digest     bytea primary key,
    account    text not null,
    origin     text not null,
    created_at bigint not null,
    seen_at    bigint not null,
    expires_at bigint not null
);

create index session_account on session (account);

-- One-time links by which somebody chooses a password; without an account, the first administrator.
create table invitation (
    digest     bytea primary key,
    account    text,
    expires_at bigint not null
);

create table api_token (
    id         bigint generated always as identity primary key,
    digest     bytea not null unique,
    name       text not null unique,
    role       text not null,
    systems    text,
    created_by text not null,
    created_at bigint not null,
    expires_at bigint,
    used_at    bigint,
    revoked_at bigint
);

-- Failed sign-ins in a row by the name that was given, whether or not there is such an account.
create table sign_in (
    name     text primary key,
    failures bigint not null,
    last_at  bigint not null
);

-- Each entry holds the hash of the one before it.
create table audit (
    position bigint primary key,
    at       bigint not null,
    who      text not null,
    via      text not null,
    origin   text not null,
    action   text not null collate "C",
    subject  text not null,
    outcome  text not null,
    detail   text not null,
    previous bytea not null,
    hash     bytea not null
);
