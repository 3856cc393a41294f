import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keptLead, leadsOf } from '../support/leads.ts'
import { newAddress, operatorToken } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

let t: TestApp
let as: string
beforeAll(async () => {
  t = await startTestApp({}, { work: false })
  as = await operatorToken(t)
})
afterAll(() => t.close())

const get = (path: string) => t.call('GET', `/v1/operator/leads${path}`, { as })

/** What the trail says of an action, the newest first. */
async function noted(action: string): Promise<Record<string, unknown>[]> {
  const { body } = await t.call('GET', `/v1/operator/audit?action=${action}`, { as })
  return body.data.map(({ details }: { details: object }) => details)
}

/** The lines of an export, without the first, cell by cell; none of what is tested here has a quoted comma. */
async function exported(
  query = '',
): Promise<{ names: string[]; lines: Record<string, string>[]; text: string }> {
  const reply = await get(`/export${query}`)
  expect(reply.status).toBe(200)
  const [head = '', ...rows] = reply.text.replace('\ufeff', '').split('\r\n').slice(0, -1)
  const names = head.split(',')
  const lines = rows.map((row) => Object.fromEntries(row.split(',').map((cell, i) => [names[i] ?? '', cell])))
  return { names, lines, text: reply.text }
}

describe('listLeads', () => {
  test('200: the newest first, in pages, and each reading is in the trail', async () => {
    const ids: string[] = []
    for (let i = 0; i < 3; i++) {
      t.moveClock(1)
      ids.unshift(await keptLead(t))
    }
    const first = await get('?limit=2')
    expect(first.body.data.map(({ id }: { id: string }) => id)).toEqual(ids.slice(0, 2))
    const second = await get(`?limit=2&cursor=${first.body.next_cursor}`)
    expect(second.body.data[0].id).toBe(ids[2])
    expect((await noted('operator.read-leads')).slice(0, 2)).toEqual([{ spam: false }, { spam: false }])
  })

  test('200: what a program wrote is apart', async () => {
    const [real, spam] = [await keptLead(t), await keptLead(t, { website: 'x' })]
    const idsOf = async (query: string) => (await leadsOf(t, query)).map(({ id }) => id)
    expect(await idsOf('&spam=true')).toContain(spam)
    expect(await idsOf('&spam=true')).not.toContain(real)
    for (const query of ['', '&spam=false']) {
      expect(await idsOf(query)).toContain(real)
      expect(await idsOf(query)).not.toContain(spam)
    }
  })
})

describe('exportLeads', () => {
  test('200: a file that spreadsheets open, with the same filter', async () => {
    const email = newAddress('grace')
    const id = await keptLead(t, { email, message: 'Hello' })
    const spam = await keptLead(t, { website: 'x', message: 'Buy' })
    const reply = await get('/export')
    expect(reply.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="leads.csv"',
      'cache-control': 'no-store',
    })
    const { names, lines, text } = await exported()
    expect(text.startsWith('\ufeffid,created_at,email,name,')).toBe(true)
    expect(names).toContain('utm_source')
    expect(lines.find((line) => line.id === id)).toMatchObject({
      email,
      company: 'Compilers & Co',
      utm_source: 'newsletter',
      spam_reason: '',
      created_at: t.app.now().toISOString(),
    })
    expect(lines.map((line) => line.id)).not.toContain(spam)
    const trapped = await exported('?spam=true')
    expect(trapped.lines.find((line) => line.id === spam)).toMatchObject({ spam_reason: 'honeypot' })
    expect(trapped.lines.map((line) => line.id)).not.toContain(id)
    expect((await noted('operator.exported-leads'))[0]).toEqual({ spam: true })
  })

  test('200: what a spreadsheet would calculate is text, and quotes and lines stay in their cell', async () => {
    await keptLead(t, {
      email: '+formula@customer.example',
      name: '=HYPERLINK("http://evil.example","Ada")',
      company: '@SUM(A1)',
      message: 'One, "two"\nthree',
      attribution: { utm_term: '-2+3' },
    })
    const { text } = await exported()
    expect(text).toContain(
      `,'+formula@customer.example,"'=HYPERLINK(""http://evil.example"",""Ada"")",'@SUM(A1),50-200,enterprise,"One, ""two""\nthree",pricing,`,
    )
    expect(text).toContain(`,'-2+3,`)
  })

  test('200: all of them, also where there are more than are read at a time', async () => {
    const { rows } = await t.app.pool.query(
      `insert into sales_leads (id, created_at, email, name, company, attribution)
       select gen_random_uuid(), $1::timestamptz - (n / 3) * interval '1 minute', n || '@many.example', 'Many', 'Co', '{}'
       from generate_series(1, 1234) n returning id`,
      [t.app.now()],
    )
    const { lines } = await exported()
    const many = lines.filter((line) => line.email?.endsWith('@many.example')).map((line) => line.id)
    expect([...many].sort()).toEqual(rows.map(({ id }) => id).sort())
  })
})

describe('deleteLead', () => {
  test('204: it is gone, and the trail says why and nothing of the person', async () => {
    const email = newAddress('grace')
    const id = await keptLead(t, { email })
    const remove = () =>
      t.call('DELETE', `/v1/operator/leads/${id}`, { as, body: { reason: 'They asked for it' } })
    expect((await remove()).status).toBe(204)
    expect((await leadsOf(t)).map((lead) => lead.id)).not.toContain(id)
    expect((await noted('lead.deleted'))[0]).toEqual({ lead: id, reason: 'They asked for it' })
    expect((await remove()).body.code).toBe('not-found')
    const { body } = await t.call('GET', '/v1/operator/audit?limit=100', { as })
    expect(JSON.stringify(body)).not.toContain(email)
  })
})
