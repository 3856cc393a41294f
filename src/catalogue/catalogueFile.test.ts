import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readCatalogueFile } from './catalogueFile.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frontgate-catalogue-'))
})
afterAll(() => rm(folder, { recursive: true }))

const smallest = {
  features: { scripts: { description: '', enabled: true, default: false } },
  plans: [
    { plan: 'free', display_name: 'Free', description: '', limits: {}, features: {} },
    {
      plan: 'pro',
      display_name: 'Pro',
      description: '',
      price: { currency: 'usd', month: 2900 },
      limits: {
        members: 5,
        trees: null,
        calls: { per: 'month', amount: 50 },
        fax: { per: 'billing_month', amount: 5 },
      },
      features: { scripts: true },
    },
  ],
}
const [free, pro] = smallest.plans

async function read(content: unknown): Promise<unknown> {
  const path = join(folder, 'catalogue.json')
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  return readCatalogueFile(path)
}

test('a file that fits is read as it stands', async () => {
  expect(await read(smallest)).toEqual(smallest)
})

test('the shipped catalogue fits', async () => {
  const { plans } = await readCatalogueFile(fileURLToPath(new URL('../../catalogue.json', import.meta.url)))
  expect(plans.map(({ plan }) => plan)).toEqual(['free', 'pro', 'team', 'enterprise'])
})

describe('a file that does not fit is refused with its faults', () => {
  test('it is missing', async () => {
    await expect(readCatalogueFile(join(folder, 'nowhere.json'))).rejects.toThrow(
      /nowhere.json cannot be read.*CATALOGUE_FILE/,
    )
  })
  test('it is not JSON', async () => {
    await expect(read('{ plans: [')).rejects.toThrow(/is not JSON/)
  })
  test('all faults at once, each with its place', async () => {
    const message = await read({
      features: smallest.features,
      plans: [
        { ...free, colour: 'red' },
        { ...pro, display_name: '', price: { currency: 'dollars', month: -1 } },
      ],
    }).then(String, (error: Error) => error.message)
    expect(message).toContain('/plans/0')
    expect(message).toContain('/plans/1/display_name')
    expect(message).toContain('/plans/1/price/currency')
    expect(message).toContain('/plans/1/price/month')
  })

  const contradictions: [string, object, RegExp][] = [
    ['a plan twice', { plans: [free, pro, pro] }, /lists pro twice/],
    ['no plan free', { plans: [pro] }, /no plan free/],
    ['no plan pro', { plans: [free] }, /no plan pro/],
    ['a feature nobody describes', { features: {} }, /does not describe the feature of pro: scripts/],
    [
      'a feature whose name every object has',
      { plans: [free, { ...pro, features: { scripts: true, constructor: true } }] },
      /does not describe the feature of pro: constructor/,
    ],
    [
      'a plan with a name that no guard could ask for',
      { plans: [free, pro, { ...pro, plan: 'Pro+' }] },
      /\/plans\/2\/plan/,
    ],
    [
      'a limit per fortnight',
      { plans: [free, { ...pro, limits: { calls: { per: 'fortnight', amount: 1 } } }] },
      /\/plans\/1\/limits/,
    ],
    ['an unknown field', { colours: [] }, /colours|additional/i],
  ]
  test.each(contradictions)('%s', async (_name, change, fault) => {
    await expect(read({ ...smallest, ...change })).rejects.toThrow(fault)
  })
})
