-- Product keys: what a product's own server asks with, for whichever account.

create table product_keys (
  id uuid primary key,
  name text not null check (length(name) between 1 and 200),
  key_hash bytea not null unique check (length(key_hash) = 32),
  last_four text not null check (length(last_four) = 4),
  scopes text[] not null check (cardinality(scopes) > 0 and scopes <@ array['entitlements:read', 'usage:write']),
  created_by uuid references operators,
  created_at timestamptz not null,
  expires_at timestamptz check (expires_at > created_at),
  last_used_at timestamptz,
  revoked_at timestamptz,
  revoked_by uuid references operators,
  check (revoked_by is null or revoked_at is not null)
);
comment on table product_keys is 'a key itself is nowhere: it was shown once';
comment on column product_keys.key_hash is 'SHA-256 of a key with 256 random bits';
comment on column product_keys.last_four is 'the end of the key, to tell keys apart';
comment on column product_keys.created_by is 'null where the command line made it';
comment on column product_keys.last_used_at is 'noted once a minute at most';

alter table audit_log
  drop constraint audit_log_actor_kind_check,
  add constraint audit_log_actor_kind_check
    check (actor_kind in ('anyone', 'user', 'product-key', 'operator', 'system'));
