import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { audit } from '../audit/audit.ts'
import type { Config } from '../config.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller } from '../http/actor.ts'
import { queueMail } from '../mail/queueMail.ts'
import { attributionNames, type JudgedLead } from './leads.ts'
import { linesOf } from './rules.ts'

const LEADS_LOCK = 3_105_620
const SAME_WITHIN_MS = 3_600_000

/** Stores a lead and tells sales, but not of spam, and of the same words from the same address once an hour. */
export async function keepLead(
  tx: Tx,
  { salesEmail }: Pick<Config, 'salesEmail'>,
  caller: Caller,
  lead: JudgedLead,
  at: Date,
): Promise<void> {
  const { email, spamReason } = lead
  const id = uuidv7()
  const isMailed = salesEmail !== undefined && spamReason === null && !(await wasMailed(tx, lead, at))
  await Promise.all([
    tx
      .insertInto('sales_leads')
      .values({
        id,
        created_at: at,
        email,
        name: lead.name,
        company: lead.company,
        company_size: lead.companySize,
        plan: lead.plan,
        message: lead.message,
        source: lead.source,
        attribution: JSON.stringify(lead.attribution),
        spam_reason: spamReason,
        turnstile: lead.turnstile,
        mailed_at: isMailed ? at : null,
      })
      .execute(),
    audit(tx, caller, { action: 'lead.created', details: { lead: id, spam: spamReason } }, at),
    isMailed ? tellSales(tx, salesEmail, lead, at) : undefined,
  ])
}

/** Whether sales has this already. Of two at once, as of a double click, the second waits and finds the first. */
async function wasMailed(tx: Tx, { email, message }: JudgedLead, at: Date): Promise<boolean> {
  const [, earlier] = await Promise.all([
    sql`select pg_advisory_xact_lock(${LEADS_LOCK}, hashtext(${email}))`.execute(tx),
    tx
      .selectFrom('sales_leads')
      .select('id')
      .where('email', '=', email)
      .where('message', 'is not distinct from', message)
      .where('mailed_at', '>', new Date(at.getTime() - SAME_WITHIN_MS))
      .limit(1)
      .executeTakeFirst(),
  ])
  return earlier !== undefined
}

function tellSales(tx: Tx, salesEmail: string, lead: JudgedLead, at: Date): Promise<boolean> {
  const { name, company, email, message } = lead
  return queueMail(
    tx,
    {
      template: 'sales-lead',
      to: { address: salesEmail, name: null },
      replyTo: { address: email, name },
      fill: { name, company, email, lines: linesOf(message), facts: factsOf(lead) },
    },
    at,
  )
}

function factsOf({ companySize, plan, source, attribution, turnstile }: JudgedLead): string[] {
  const facts: Record<string, string | null | undefined> = {
    'Company size': companySize,
    Plan: plan,
    Source: source,
    ...Object.fromEntries(attributionNames.map((name) => [name, attribution[name]])),
    Turnstile: turnstile === 'unavailable' ? 'did not answer, so this may be spam' : null,
  }
  return Object.entries(facts).flatMap(([name, fact]) => (fact ? [`${name}: ${fact}`] : []))
}
