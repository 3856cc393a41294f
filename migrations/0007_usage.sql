-- Limits of an account's own, periods that follow billing, and usage that is counted once for each key.

-- catalogue ------------------------------------------------------------------------------------------

alter table plan_limits
  drop constraint plan_limits_per_check,
  add constraint plan_limits_per_check check (per in ('month', 'billing_month'));

-- entitlements ---------------------------------------------------------------------------------------

create table account_limits (
  account_id uuid not null references accounts,
  name text not null check (name ~ '^[a-z][a-z0-9_]{0,39}$'),
  amount bigint check (amount >= 0),
  until_at timestamptz,
  reason text not null,
  set_by text not null,
  set_at timestamptz not null,
  primary key (account_id, name)
);
comment on column account_limits.amount is 'null is unlimited';
comment on column usage.period_start is 'the epoch for a level, which has no periods';

-- No foreign key: checking it would lock the row of the account with each call.
create table usage_keys (
  account_id uuid not null,
  idempotency_key text not null check (length(idempotency_key) between 1 and 200),
  round integer not null check (round > 0),
  name text not null,
  amount bigint not null check (amount > 0),
  period_start timestamptz not null,
  state text not null check (state in ('consumed', 'released', 'refused')),
  at timestamptz not null,
  primary key (account_id, idempotency_key, round)
);
comment on table usage_keys is 'what was consumed under a key, and whether it was given back, or refused; the last round counts';
comment on column usage_keys.round is 'one more each time that a key is consumed again after a release';
create index usage_keys_at on usage_keys (at);

-- billing --------------------------------------------------------------------------------------------

alter table subscriptions add column billing_anchor timestamptz;
comment on column subscriptions.billing_anchor is 'from which Stripe counts its periods; null until the first change after this column came';
