-- What Stripe says, mirrored; the inbox of its events; what was asked of it.

-- entitlements ---------------------------------------------------------------------------------------

create table plan_versions (
  plan text not null references plans on delete cascade,
  version bigint not null references catalogue_versions,
  limits jsonb not null,
  primary key (plan, version)
);
comment on table plan_versions is 'what a plan''s limits were from one catalogue version on, for those who bought it then';

alter table plans add column pin_limits boolean not null default false;

alter table grants
  add column stripe_subscription_id text unique,
  add column once_key text,
  add column pinned_version bigint,
  add constraint grants_stripe check ((source = 'stripe') = (stripe_subscription_id is not null)),
  add foreign key (plan, pinned_version) references plan_versions (plan, version);
comment on column grants.once_key is 'a second grant to the same account for the same reason is not given';
create unique index grants_once on grants (account_id, once_key);

-- billing --------------------------------------------------------------------------------------------

-- One row: the mode of the Stripe account that this database follows, once there was a key.
create table stripe_mode (
  one_row boolean primary key default true check (one_row),
  livemode boolean not null
);

create table stripe_customers (
  id uuid primary key,
  account_id uuid not null references accounts,
  stripe_customer_id text unique,
  asked jsonb not null,
  created_at timestamptz not null,
  deleted_at timestamptz,
  projected_token bigint not null default 0,
  looked_at timestamptz
);
comment on column stripe_customers.id is 'the idempotency key of its creation';
comment on column stripe_customers.asked is 'what Stripe is asked, word for word; empty once it has answered';
comment on column stripe_customers.stripe_customer_id is 'null until Stripe has answered';
comment on column stripe_customers.projected_token is 'what was fetched with a lower token is older and is not written';
create unique index stripe_customers_live on stripe_customers (account_id) where deleted_at is null;

create sequence projection_tokens;

-- One row: the instant at which the next call may begin.
create table stripe_pace (
  one_row boolean primary key default true check (one_row),
  next_at timestamptz not null
);
insert into stripe_pace (next_at) values ('-infinity');

create table stripe_prices (
  stripe_price_id text primary key,
  stripe_product_id text not null,
  plan text not null references plans,
  billing_interval text not null check (billing_interval in ('month', 'year')),
  currency text not null,
  amount_minor bigint not null,
  created_at timestamptz not null,
  retired_at timestamptz
);
create unique index stripe_prices_current on stripe_prices (plan, billing_interval) where retired_at is null;

create table subscriptions (
  stripe_subscription_id text primary key,
  account_id uuid not null references accounts,
  stripe_customer_id text not null references stripe_customers (stripe_customer_id),
  status text not null,
  plan text references plans,
  stripe_price_id text not null,
  billing_interval text check (billing_interval in ('month', 'year')),
  quantity integer not null,
  current_period_start timestamptz not null,
  current_period_end timestamptz not null,
  trial_end timestamptz,
  cancel_at_period_end boolean not null,
  cancel_at timestamptz,
  canceled_at timestamptz,
  ended_at timestamptz,
  past_due_since timestamptz,
  scheduled jsonb,
  card jsonb,
  checkout_id uuid,
  created_at timestamptz not null,
  first_seen_at timestamptz not null,
  is_shown boolean not null,
  is_live boolean not null generated always as (status in ('trialing', 'active', 'past_due', 'unpaid', 'paused')) stored,
  is_last_period boolean not null generated always as (cancel_at_period_end or coalesce(cancel_at <= current_period_end, false)) stored
);
comment on column subscriptions.status is 'Stripe''s own word; it may add words';
comment on column subscriptions.plan is 'null for a price that belongs to no plan of ours';
comment on column subscriptions.created_at is 'at Stripe';
comment on column subscriptions.first_seen_at is 'when it was first mirrored';
comment on column subscriptions.is_last_period is 'set to end with the period that is paid for: it will not be charged for again';
comment on column subscriptions.is_live is 'a going concern: no second one may be bought beside it';
comment on column subscriptions.is_shown is 'the one of the account that is shown and changed; others are history, or one too many';
create index subscriptions_account on subscriptions (account_id);
create index subscriptions_customer on subscriptions (stripe_customer_id);
create unique index subscriptions_shown on subscriptions (account_id) where is_shown;
create index subscriptions_trial_end on subscriptions (trial_end) where status = 'trialing';
-- The month at whose end the card expires, counted from year 0.
create index subscriptions_card_expiry on subscriptions
  (((card ->> 'expYear')::integer * 12 + (card ->> 'expMonth')::integer))
  where is_live and not is_last_period;

create table checkout_sessions (
  id uuid primary key,
  account_id uuid not null references accounts,
  stripe_customer_id text not null references stripe_customers (stripe_customer_id),
  stripe_session_id text unique,
  wish jsonb not null,
  asked jsonb not null,
  status text not null check (status in ('open', 'complete', 'expired')),
  created_at timestamptz not null,
  expires_at timestamptz not null
);
comment on column checkout_sessions.id is 'the idempotency key of its creation';
comment on column checkout_sessions.stripe_session_id is 'null until Stripe has answered';
create unique index checkout_sessions_open on checkout_sessions (account_id) where status = 'open';

create table stripe_operations (
  id uuid primary key,
  account_id uuid not null references accounts,
  kind text not null,
  wish jsonb not null,
  created_at timestamptz not null,
  finished_at timestamptz,
  outcome text,
  check ((finished_at is null) = (outcome is null))
);
comment on table stripe_operations is 'what was asked of Stripe; the id is the idempotency key, until the outcome is known';
create unique index stripe_operations_open on stripe_operations (account_id) where finished_at is null;

create table stripe_events (
  id text primary key,
  type text not null,
  shape text not null check (shape in ('snapshot', 'thin')),
  stripe_customer_id text,
  object_id text,
  status text not null check (status in ('received', 'handled', 'ignored', 'parked')),
  reason text,
  attempts integer not null default 0,
  payload json not null,
  created_at timestamptz not null,
  received_at timestamptz not null,
  handled_at timestamptz
);
comment on column stripe_events.reason is 'why it was ignored or parked, or what went wrong last';
comment on column stripe_events.payload is 'for whoever looks into what cannot be followed; empty once it is handled or ignored. json, not jsonb, which refuses some of what JSON may hold';
create index stripe_events_waiting on stripe_events (stripe_customer_id) where status = 'received';
create index stripe_events_customer on stripe_events (stripe_customer_id, received_at desc, id desc);
create index stripe_events_newest on stripe_events (received_at desc, id desc);
create index stripe_events_status on stripe_events (status, received_at desc, id desc);

create table reconciliations (
  id uuid primary key,
  started_at timestamptz not null,
  finished_at timestamptz,
  subscriptions integer,
  repaired integer
);
create index reconciliations_started on reconciliations (started_at desc);

create table drift (
  id uuid primary key,
  found_at timestamptz not null,
  account_id uuid references accounts,
  stripe_customer_id text not null,
  stripe_subscription_id text,
  kind text not null,
  details jsonb not null
);
create index drift_found on drift (found_at desc, id desc);
-- The same two are reported once.
create unique index drift_doubles on drift (account_id, details) where kind = 'two-live-subscriptions';
