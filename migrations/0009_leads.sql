-- Who asks to talk to sales, and who may create accounts ahead of everybody else.

create table sales_leads (
  id uuid primary key,
  created_at timestamptz not null,
  email text not null check (email = lower(email) and length(email) between 3 and 320),
  name text not null,
  company text not null,
  company_size text,
  plan text,
  message text,
  source text,
  attribution jsonb not null,
  spam_reason text check (spam_reason in ('honeypot')),
  turnstile text check (turnstile in ('passed', 'unavailable')),
  mailed_at timestamptz,
  check (spam_reason is null or mailed_at is null)
);
comment on table sales_leads is 'people who are no users; kept until an operator deletes them';
comment on column sales_leads.plan is 'as it was asked for: it may be none of ours';
comment on column sales_leads.spam_reason is 'null for what a person seems to have written';
comment on column sales_leads.turnstile is 'what Cloudflare said; null where it was not asked';
comment on column sales_leads.mailed_at is 'when the mail to sales was promised; null for spam, for what was sent twice, and where nobody gets mails';
create index sales_leads_real on sales_leads (created_at desc, id desc) where spam_reason is null;
create index sales_leads_spam on sales_leads (created_at desc, id desc) where spam_reason is not null;
create index sales_leads_mailed on sales_leads (email, mailed_at desc) where mailed_at is not null;

create table self_serve_openings (
  is_only boolean primary key default true check (is_only),
  domains text[] not null,
  share integer not null check (share between 0 and 100),
  set_at timestamptz not null,
  set_by uuid not null references operators
);
comment on table self_serve_openings is 'one row or none: who may create accounts while SELF_SERVE_ENABLED is off';
comment on column self_serve_openings.share is 'of a hundred visitors';
