-- What has changed, for whoever keeps a copy of it: other processes of the service, products that follow the stream,
-- and webhooks. One row per transaction, written in it.

create table changes (
  -- In the order in which transactions began, not in which they ended: whoever has seen all below a snapshot's xmin has
  -- seen all that will ever be there.
  xid xid8 primary key default pg_current_xact_id(),
  at timestamptz not null default clock_timestamp(),
  subjects text[] not null check (cardinality(subjects) > 0)
);
comment on table changes is 'what each transaction has changed that others may remember: account:<id>, user:<id>, session:<id>, product-key:<id>, catalogue';
comment on column changes.at is 'by the clock of the database: it only decides when the row is forgotten';
create index changes_at on changes using brin (at);
