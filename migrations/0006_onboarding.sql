-- What a new account has answered and put off. What it has done is not kept: that is read from the facts.

alter table accounts add column named_at timestamptz;
comment on column accounts.named_at is 'when somebody last chose the name; null while it is the one that it was made with';
-- Whether a name was chosen was not kept so far; those that are made up all end like this.
update accounts set named_at = created_at where name not like '%’s account';

create table account_onboarding (
  account_id uuid primary key references accounts,
  answers jsonb not null check (jsonb_typeof(answers) = 'object'),
  skipped text[] not null check (skipped <@ array['name_account', 'invite', 'choose_plan']),
  updated_at timestamptz not null
);
comment on column account_onboarding.answers is 'by names that the product chooses';
