import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { article, printer, startTestProduct } from './testProduct.ts'

const product = startTestProduct()

describe('trees', () => {
  test('are made, read, saved as a next version, and removed', async () => {
    const call = await product.as('proActive')
    const made = await call('POST', '/api/trees', printer)
    expect(made).toMatchObject({ status: 201, body: { ...printer, version: 1 } })
    const { id } = made.body
    const saved = await call('PUT', `/api/trees/${id}`, { ...printer, name: 'Printer', version: 1 })
    expect(saved).toMatchObject({
      status: 200,
      body: { id, name: 'Printer', version: 2, nodes: printer.nodes },
    })
    expect((await call('GET', '/api/trees')).body.data).toMatchObject([
      { id, name: 'Printer', version: 2, nodes: 3 },
    ])
    expect((await call('DELETE', `/api/trees/${id}`)).status).toBe(204)
    expect((await call('GET', '/api/trees')).body.data).toEqual([])
    expect((await call('GET', `/api/trees/${id}`)).status).toBe(404)
  })

  test('that are not whole are refused with everything that is wrong', async () => {
    const call = await product.as('proActive')
    const nodes = [...printer.nodes.slice(0, 2), { id: 'lost', kind: 'question', text: 'Why?', answers: [] }]
    const reply = await call('POST', '/api/trees', { name: 'Broken', nodes })
    expect(reply).toMatchObject({
      status: 422,
      body: {
        code: 'tree-not-whole',
        faults: [
          { node: 'light', detail: 'The answer “No” leads nowhere.' },
          { node: 'lost', detail: 'A question without answers is a dead end.' },
        ],
      },
    })
    expect((await call('GET', '/api/trees')).body.data).toEqual([])
  })

  test('of two who save the same version only one does', async () => {
    const call = await product.as('proActive')
    const { id } = (await call('POST', '/api/trees', printer)).body
    const saving = ['One', 'Two'].map((name) =>
      call('PUT', `/api/trees/${id}`, { ...printer, name, version: 1 }),
    )
    const replies = await Promise.all(saving)
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 409])
    expect(replies.find(({ status }) => status === 409)?.body).toMatchObject({
      code: 'version-outdated',
      version: 2,
    })
  })

  test('never are more than the plan allows, however many are made at once', async () => {
    const accountId = randomUUID()
    const call = await product.as('proActive', { accountId, limits: { trees: 5 } })
    const replies = await Promise.all(Array.from({ length: 12 }, () => call('POST', '/api/trees', printer)))
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(5)
    for (const { body } of replies.filter(({ status }) => status !== 201)) {
      expect(body).toMatchObject({ code: 'limit-reached', limit: 5, upgrade_url: expect.any(String) })
    }
    expect((await call('GET', '/api/trees')).body.data).toHaveLength(5)
    // One that goes makes room for one.
    const [first] = (await call('GET', '/api/trees')).body.data
    await call('DELETE', `/api/trees/${first.id}`)
    expect((await call('POST', '/api/trees', printer)).status).toBe(201)
    expect((await call('POST', '/api/trees', printer)).status).toBe(402)
  })

  test('above the limit of a smaller plan stay, and no other is made until there is room', async () => {
    const accountId = randomUUID()
    const before = await product.as('proActive', { accountId })
    for (const name of ['A', 'B', 'C']) await before('POST', '/api/trees', { ...printer, name })
    const call = await product.as('trialExpired', { accountId })
    const { data } = (await call('GET', '/api/trees')).body
    expect(data).toHaveLength(3)
    for (const { id } of data)
      expect((await call('GET', `/api/trees/${id}`)).body.nodes).toEqual(printer.nodes)
    const refused = await call('POST', '/api/trees', printer)
    expect(refused).toMatchObject({
      status: 402,
      body: { code: 'limit-reached', limit: 1, used: 3, required_plan: 'pro' },
    })
    for (const { id } of data) await call('DELETE', `/api/trees/${id}`)
    expect((await call('POST', '/api/trees', printer)).status).toBe(201)
  })
})

describe('sessions', () => {
  async function begin() {
    const call = await product.as('proActive')
    const { id: tree } = (await call('POST', '/api/trees', printer)).body
    const { id } = (await call('POST', '/api/sessions', { tree_id: tree, person: 'Grace Hopper' })).body
    const step = (kind: string, node_id: string, text = '') =>
      call('POST', `/api/sessions/${id}/steps`, { kind, node_id, text })
    return { call, tree, id, step }
  }

  test('keep every step, lead back, and end with what came of them', async () => {
    const { call, id, step } = await begin()
    expect((await step('answer', 'light', 'Yes')).body).toMatchObject({
      current: { id: 'paper' },
      path: [{ answer: 'Yes' }],
    })
    await step('note', 'paper', 'The tray is full')
    expect((await step('back', 'paper')).body).toMatchObject({ current: { id: 'light' }, path: [] })
    expect((await step('answer', 'light', 'No')).body).toMatchObject({ current: { id: 'plug' } })
    const ended = await call('POST', `/api/sessions/${id}/end`, {
      outcome: 'solved',
      summary: 'It was the cable.',
    })
    expect(ended.body).toMatchObject({
      outcome: 'solved',
      summary: 'It was the cable.',
      steps: [
        { kind: 'answer', text: 'Yes' },
        { kind: 'note', text: 'The tray is full' },
        { kind: 'back' },
        { kind: 'answer', text: 'No' },
      ],
    })
    expect((await step('note', 'plug', 'Too late')).body).toMatchObject({
      status: 409,
      code: 'session-ended',
    })
    expect((await call('POST', `/api/sessions/${id}/end`, { outcome: 'solved', summary: '' })).status).toBe(
      409,
    )
  })

  test('go on with the version that they began with, also when the tree is changed or gone', async () => {
    const { call, tree, id, step } = await begin()
    const nodes = [{ id: 'end', kind: 'outcome', text: 'Buy another one.' }]
    await call('PUT', `/api/trees/${tree}`, { name: 'Other', nodes, version: 1 })
    expect((await step('answer', 'light', 'Yes')).body).toMatchObject({
      tree_version: 1,
      current: { id: 'paper' },
    })
    await call('DELETE', `/api/trees/${tree}`)
    expect((await call('GET', `/api/sessions/${id}`)).body).toMatchObject({
      tree_name: printer.name,
      nodes: printer.nodes,
    })
    expect((await call('POST', '/api/sessions', { tree_id: tree, person: '' })).status).toBe(404)
  })

  test('take a step once when it is clicked twice', async () => {
    const { call, id, step } = await begin()
    const replies = await Promise.all([step('answer', 'light', 'Yes'), step('answer', 'light', 'Yes')])
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 409])
    expect((await call('GET', `/api/sessions/${id}`)).body.steps).toHaveLength(1)
    expect((await step('answer', 'paper', 'Yes')).body).toMatchObject({ code: 'step-not-possible' })
  })

  test('are found by any words in them, and listed page by page', async () => {
    const { call, tree, id, step } = await begin()
    await step('note', 'light', 'It smells of 100% smoke')
    const other = (await call('POST', '/api/sessions', { tree_id: tree, person: 'Ada' })).body.id
    const find = async (query: string) => {
      const { body } = await call('GET', `/api/sessions?${new URLSearchParams({ query })}`)
      return body.data.map((session: { id: string }) => session.id)
    }
    expect(await find('')).toEqual([other, id])
    expect(await find('hopper SMOKE')).toEqual([id])
    expect(await find('100%')).toEqual([id])
    expect(await find('%_')).toEqual([])
    expect(await find('printer')).toEqual([other, id])
    for (let i = 0; i < 30; i++) await call('POST', '/api/sessions', { tree_id: tree, person: `Caller ${i}` })
    const first = (await call('GET', '/api/sessions')).body
    const second = (await call('GET', `/api/sessions?before=${first.next}`)).body
    expect([first.data.length, second.data.length, second.next]).toEqual([25, 7, null])
    expect(new Set([...first.data, ...second.data].map((session) => session.id)).size).toBe(32)
  })
})

test('scripts are filled in, and say which parameters are missing', async () => {
  const call = await product.as('proActive')
  const made = await call('POST', '/api/scripts', { name: 'Hello', body: 'Hello {{name}}: {{ticket}}' })
  expect(made.body).toMatchObject({ parameters: ['name', 'ticket'] })
  const fill = (values: object) => call('POST', `/api/scripts/${made.body.id}/fill`, { values })
  expect((await fill({ name: 'Ada', ticket: '7' })).body).toEqual({ text: 'Hello Ada: 7' })
  expect((await fill({ name: 'Ada' })).body).toMatchObject({
    code: 'parameters-missing',
    parameters: ['ticket'],
  })
  const saved = await call('PUT', `/api/scripts/${made.body.id}`, { name: 'Hi', body: 'Hi!' })
  expect(saved.body).toMatchObject({ name: 'Hi', parameters: [] })
  expect((await call('GET', '/api/scripts')).body.data).toMatchObject([{ name: 'Hi' }])
})

test('FlowPilot goes by what was noted and typed, and shows which words led there', async () => {
  const call = await product.as('proActive')
  const { id: tree_id } = (await call('POST', '/api/trees', printer)).body
  const other = (await call('POST', '/api/trees', { ...printer, name: 'The projector stays dark' })).body.id
  const { id } = (await call('POST', '/api/sessions', { tree_id, person: '' })).body
  await call('POST', `/api/sessions/${id}/steps`, {
    kind: 'note',
    node_id: 'light',
    text: 'She moved the cables',
  })
  const reply = await call('POST', '/api/flowpilot', { session_id: id, words: 'beside the projector' })
  expect(reply.body).toEqual({
    next: [{ answer: 'No', score: expect.any(Number), words: ['cables'] }],
    trees: [
      {
        id: other,
        name: 'The projector stays dark',
        score: expect.any(Number),
        words: ['cables', 'projector'],
      },
    ],
  })
})

describe('the KB Accelerator', () => {
  test('makes a draft that can be kept, and counts it', async () => {
    const call = await product.as('proActive', { limits: { kb_conversions: 1 } })
    const draft = await call('POST', '/api/accelerator', { article })
    expect(draft).toMatchObject({ status: 200, body: { name: expect.any(String), nodes: expect.any(Array) } })
    expect((await call('POST', '/api/trees', draft.body)).status).toBe(201)
    const refused = await call('POST', '/api/accelerator', { article })
    expect(refused).toMatchObject({ status: 402, body: { code: 'limit-reached', limit: 1, used: 1 } })
  })

  test('gives back what it counted for an article that it cannot convert', async () => {
    const call = await product.as('proActive', { limits: { kb_conversions: 1 } })
    for (let i = 0; i < 3; i++) {
      const failed = await call('POST', '/api/accelerator', { article: 'We are open from nine to five.' })
      expect(failed).toMatchObject({ status: 422, body: { code: 'article-not-convertible' } })
    }
    expect((await call('POST', '/api/accelerator', { article })).status).toBe(200)
  })
})

test('an article and a script have a size, and a refusal says which', async () => {
  const call = await product.as('proActive')
  expect(await call('POST', '/api/accelerator', { article: 'a'.repeat(100_001) })).toMatchObject({
    status: 422,
    body: { code: 'invalid-request', detail: expect.stringContaining('100000 characters') },
  })
  expect(await call('POST', '/api/scripts', { name: 'Long', body: 'a'.repeat(20_001) })).toMatchObject({
    status: 422,
    body: { code: 'invalid-request', detail: expect.stringContaining('20000 characters') },
  })
})

test('a trial closes for a token that is still good, when it ends', async () => {
  const accountId = randomUUID()
  const call = await product.as('trialing', { accountId })
  const { id: tree_id } = (await call('POST', '/api/trees', printer)).body
  const begin = () => call('POST', '/api/sessions', { tree_id, person: '' })
  expect((await begin()).status).toBe(201)
  product.kit.advance(14 * 86_400)
  const later = await product.as('trialExpired', { accountId })
  expect(await later('POST', '/api/sessions', { tree_id, person: '' })).toMatchObject({
    status: 402,
    body: { code: 'subscription-required', reason: 'trial-expired' },
  })
})
