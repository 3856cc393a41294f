-- Outgoing webhooks: which endpoints are told of changes to accounts, what they were told, and how that went.

create table webhook_endpoints (
  id uuid primary key,
  url text not null check (length(url) between 1 and 2000),
  description text not null check (length(description) <= 200),
  events text[] check (cardinality(events) > 0),
  created_at timestamptz not null,
  failing_since timestamptz,
  disabled_at timestamptz,
  disabled_because text check (disabled_because in ('operator', 'gone', 'failing')),
  check ((disabled_at is null) = (disabled_because is null))
);
comment on column webhook_endpoints.events is 'null is all of them, also those that are still to be invented';
comment on column webhook_endpoints.failing_since is 'the first failure after which nothing was delivered';

create table webhook_secrets (
  id uuid primary key,
  endpoint_id uuid not null references webhook_endpoints on delete cascade,
  sealed bytea not null,
  created_at timestamptz not null,
  until_at timestamptz
);
comment on table webhook_secrets is 'what deliveries are signed with: each that is not over signs';
comment on column webhook_secrets.until_at is 'null for the one that was made last';
create unique index webhook_secrets_current on webhook_secrets (endpoint_id) where until_at is null;
create index webhook_secrets_endpoint on webhook_secrets (endpoint_id);

create table webhook_watch (
  one boolean primary key default true check (one),
  xid xid8,
  looked_at timestamptz,
  stock pg_snapshot,
  stock_at timestamptz,
  round integer not null default 0,
  round_after uuid,
  check ((xid is null) = (stock is null) and (stock is null) = (stock_at is null))
);
comment on table webhook_watch is 'how far the table changes has been read for webhooks';
comment on column webhook_watch.xid is 'all changes below it are promised to be told; null while there is no endpoint, and nothing is told';
comment on column webhook_watch.looked_at is 'when xid moved on, or all accounts were looked at instead; by the clock of the database';
comment on column webhook_watch.stock is 'what was committed already when the first endpoint was added';
comment on column webhook_watch.round is 'of looking at all accounts, as when the catalogue changes: the next begins anew, and ends the one before';
comment on column webhook_watch.round_after is 'the last account that was looked at in it';
insert into webhook_watch default values;

create table webhook_told (
  -- Not a reference: the first endpoint would hold every account.
  account_id uuid primary key,
  version bigint not null default 0,
  name text,
  closed_at timestamptz,
  members json,
  entitlements json,
  next_change_at timestamptz,
  check (name is null or (members is not null and entitlements is not null))
);
comment on table webhook_told is 'what endpoints were last told of an account, while there are any';
comment on column webhook_told.version is 'of the latest message about the account';
comment on column webhook_told.name is 'null while it was not looked at since the first endpoint was added';
comment on column webhook_told.next_change_at is 'when the entitlements change by time alone';
create index webhook_told_next_change on webhook_told (next_change_at) where next_change_at is not null;
create index webhook_told_not_looked_at on webhook_told (account_id) where name is null;

create table webhook_messages (
  id text primary key check (id ~ '^msg_[0-9a-z]{1,40}$'),
  type text not null,
  -- Not a reference: whoever purges an account holds it, and would wait for whoever tells of it, who waits for them.
  account_id uuid,
  body text not null,
  created_at timestamptz not null
);
comment on column webhook_messages.body is 'the JSON as it is signed and sent, each time the same';
create index webhook_messages_account on webhook_messages (account_id) where account_id is not null;
create index webhook_messages_created on webhook_messages (created_at);

create table webhook_deliveries (
  id uuid primary key,
  message_id text not null references webhook_messages on delete cascade,
  endpoint_id uuid not null references webhook_endpoints on delete cascade,
  state text not null check (state in ('waiting', 'delivered', 'failed')),
  attempts integer not null default 0,
  created_at timestamptz not null,
  next_attempt_at timestamptz,
  last_attempt_at timestamptz,
  last_outcome text
    check (last_outcome in ('delivered', 'refused', 'timeout', 'unreachable', 'unsigned', 'endpoint-disabled')),
  last_status smallint,
  delivered_at timestamptz,
  given_up_at timestamptz,
  unique (message_id, endpoint_id),
  check ((state = 'waiting') = (next_attempt_at is not null)),
  check ((state = 'delivered') = (delivered_at is not null)),
  check ((state = 'failed') = (given_up_at is not null))
);
comment on column webhook_deliveries.next_attempt_at is 'while one is under way: when it is taken for lost';
comment on column webhook_deliveries.last_status is 'what the endpoint answered; null when it did not';
create index webhook_deliveries_waiting on webhook_deliveries (endpoint_id, next_attempt_at, id) where state = 'waiting';
create index webhook_deliveries_oldest on webhook_deliveries (created_at) where state = 'waiting';
create index webhook_deliveries_listed on webhook_deliveries (created_at desc, id desc);
create index webhook_deliveries_of_endpoint on webhook_deliveries (endpoint_id, created_at desc, id desc);
