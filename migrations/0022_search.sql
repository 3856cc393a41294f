-- Operators find accounts by a part of a name or an address: without these, every account and user is read for it.

create extension if not exists pg_trgm;

-- With many users it is made by hand before this, with `concurrently` (CHANGELOG.md).
-- squawk-ignore require-concurrent-index-creation
create index if not exists users_email_parts on users using gin (email gin_trgm_ops);
-- The same with many accounts.
-- squawk-ignore require-concurrent-index-creation
create index if not exists accounts_name_parts on accounts using gin (lower(name) gin_trgm_ops);
