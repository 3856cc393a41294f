import { readFile } from 'node:fs/promises'
import Type, { type Static } from 'typebox'
import { NAME_PATTERN, rates } from './catalogue.ts'

const Amount = Type.Union([Type.Integer({ minimum: 0 }), Type.Null()])

const PlanEntry = Type.Object(
  {
    plan: Type.String({ pattern: NAME_PATTERN }),
    display_name: Type.String({ minLength: 1 }),
    description: Type.String(),
    public: Type.Optional(Type.Boolean()),
    contact_sales: Type.Optional(Type.Boolean()),
    seats: Type.Optional(Type.Enum(['follow', 'fixed'])),
    pin_limits: Type.Optional(Type.Boolean()),
    price: Type.Optional(
      Type.Object(
        {
          currency: Type.String({ pattern: '^[a-z]{3}$' }),
          month: Type.Optional(Type.Integer({ minimum: 0 })),
          year: Type.Optional(Type.Integer({ minimum: 0 })),
        },
        { additionalProperties: false },
      ),
    ),
    limits: Type.Record(
      Type.String({ pattern: NAME_PATTERN }),
      Type.Union([
        Amount,
        Type.Object({ per: Type.Enum([...rates]), amount: Amount }, { additionalProperties: false }),
      ]),
    ),
    features: Type.Record(Type.String({ pattern: NAME_PATTERN }), Type.Boolean()),
  },
  { additionalProperties: false },
)

const CatalogueFile = Type.Object(
  {
    $schema: Type.Optional(Type.String()),
    features: Type.Record(
      Type.String({ pattern: NAME_PATTERN }),
      Type.Object(
        { description: Type.String(), enabled: Type.Boolean(), default: Type.Boolean() },
        { additionalProperties: false },
      ),
    ),
    plans: Type.Array(PlanEntry, { minItems: 1 }),
  },
  { additionalProperties: false },
)

export type CatalogueFile = Static<typeof CatalogueFile>

/** Reads and checks the catalogue file; throws with every fault it found, each with its place. */
export async function readCatalogueFile(path: string): Promise<CatalogueFile> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new Error(`The catalogue file ${path} cannot be read. CATALOGUE_FILE names it.`, { cause })
  })
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw new Error(`The catalogue file ${path} is not JSON: ${(cause as Error).message}`, { cause })
  }
  // Loaded when a file is read: it is hundreds of modules, and a start does without it.
  const { Value } = await import('typebox/value')
  const faults = Value.Errors(CatalogueFile, parsed).map(
    ({ instancePath, message }) => `${instancePath || '/'} ${message}`,
  )
  if (faults.length === 0) faults.push(...contradictionsIn(parsed as CatalogueFile))
  if (faults.length > 0) throw new Error([`The catalogue file ${path} has faults:`, ...faults].join('\n  - '))
  return parsed as CatalogueFile
}

function contradictionsIn({ plans, features }: CatalogueFile): string[] {
  const names = plans.map(({ plan }) => plan)
  const twice = names.filter((name, i) => names.indexOf(name) !== i)
  const unknown = plans.flatMap((plan) =>
    Object.keys(plan.features)
      .filter((name) => !Object.hasOwn(features, name))
      .map((name) => `${plan.plan}: ${name}`),
  )
  return [
    ...twice.map((name) => `/plans lists ${name} twice`),
    ...unknown.map((where) => `/features does not describe the feature of ${where}`),
    ...(names.includes('free') ? [] : ['/plans has no plan free: accounts without a grant are on it']),
    ...(names.includes('pro') ? [] : ['/plans has no plan pro: has_pro_entitlement asks for it']),
  ]
}
