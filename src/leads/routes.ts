import Type from 'typebox'
import type { App } from '../app.ts'
import { route } from '../http/route.ts'
import { Fields } from '../http/schemas.ts'
import type { Server } from '../http/server.ts'
import { normaliseAddress } from '../mail/addresses.ts'
import { problem } from '../problems.ts'
import { createSalesLead } from './createSalesLead.ts'
import { type Attribution, attributionNames } from './leads.ts'

/** Something to read on one line, since mails and lists show it. */
const OneLine = (maxLength: number) =>
  Type.String({ minLength: 1, maxLength, pattern: '^(?=.*\\S)[^\\u0000-\\u001f\\u007f\\u2028\\u2029]+$' })
const FreeText = (maxLength: number, description?: string) =>
  Type.String({ maxLength, ...(description && { description }) })
/** A range or a word from a list, or how many people it has. */
const CompanySize = Type.Union([FreeText(100), Type.Integer({ minimum: 0, maximum: 1_000_000_000 })])
const longestAttribution = 500

/** What people who are no users yet can ask for: to be talked to. */
export function leadRoutes(server: Server, app: App): void {
  route(
    server,
    app,
    {
      operationId: 'createSalesLead',
      method: 'POST',
      url: '/v1/sales-leads',
      access: 'anyone',
      summary: 'Ask to talk to sales; the answer is the same for everybody',
      body: Fields({
        email: Type.String({ maxLength: 320 }),
        name: OneLine(200),
        company: OneLine(200),
        company_size: Type.Optional(CompanySize),
        plan: Type.Optional(FreeText(100, 'What they are interested in, as the page calls it.')),
        message: Type.Optional(FreeText(5000)),
        source: Type.Optional(FreeText(100, 'Where on the product’s site this is sent from.')),
        attribution: Type.Optional(
          Fields(
            Object.fromEntries(
              attributionNames.map((name) => [name, Type.Optional(FreeText(longestAttribution))]),
            ) as Record<(typeof attributionNames)[number], Type.TOptional<Type.TString>>,
          ),
        ),
        website: Type.Optional(FreeText(2048, 'A trap: hide this field from people, and leave it empty.')),
        turnstile_token: Type.Optional(
          FreeText(2048, 'What the widget of `turnstile_site_key` gave, where GET /v1/config has one.'),
        ),
      }),
      replies: { 202: Type.Object({ status: Type.Literal('accepted') }) },
      refusals: ['too-many-requests'],
    },
    async ({ caller, body, at, reply }) => {
      const lead = {
        email: addressOf(body.email),
        name: tidy(body.name) ?? '',
        company: tidy(body.company) ?? '',
        companySize: tidy(body.company_size?.toString()),
        plan: tidy(body.plan),
        message: tidy(body.message),
        source: tidy(body.source),
        attribution: tidyAll(body.attribution ?? {}),
      }
      const traps = { website: body.website ?? '', turnstileToken: body.turnstile_token || null }
      await createSalesLead(app, caller, { lead, traps }, at)
      return reply.code(202).send({ status: 'accepted' })
    },
  )
}

function addressOf(typed: string): string {
  const email = normaliseAddress(typed)
  if (email) return email
  throw problem('invalid-request', { errors: [{ pointer: '#/email', detail: 'is not an e-mail address' }] })
}

/** Null for what says nothing. PostgreSQL takes no half of a surrogate pair, which a page may cut a text to. */
function tidy(text: string | undefined): string | null {
  return text?.toWellFormed().trim() || null
}

function tidyAll(given: Attribution): Attribution {
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, text]) => {
      const tidied = tidy(text)
      return tidied === null ? [] : [[name, tidied]]
    }),
  )
}
