import { describe, expect, test } from 'vitest'
import { openapi, operations } from './operations.ts'
import { schemaReader, withComponents } from './replies.ts'

/** What anybody may call; every other operation wants a token. */
const open = [
  'receiveStripeEvent',
  'getConfig',
  'listPlans',
  'createSalesLead',
  'register',
  'signIn',
  'askForSecondFactor',
  'finishSignIn',
  'refreshSession',
  'signOut',
  'verifyEmail',
  'forgotPassword',
  'resetPassword',
  'confirmEmailChange',
  'disownRegistration',
  'refuseEmailChange',
  'previewInvite',
  'startWithGoogle',
  'finishWithGoogle',
  'startWithMicrosoft',
  'finishWithMicrosoft',
  'askForOperatorLink',
  'signInOperator',
  'proveOperatorFactor',
  'refreshOperatorSession',
  'signOutOperator',
  'getKeys',
  'getLiveness',
  'getReadiness',
]

const text = JSON.stringify(openapi)
const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => String(reference))

describe('the document', () => {
  test('is OpenAPI 3.1 with a title, a version, and the way to identify', () => {
    expect(openapi.openapi).toMatch(/^3\.1\.\d+$/)
    expect(openapi.info).toMatchObject({
      title: 'Frontgate',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    })
    expect(openapi.components.securitySchemes).toEqual({
      accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
      productKey: {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'fg_…',
        description: expect.stringContaining('account_id'),
      },
    })
  })

  test('every reference leads to one of its own schemas, and every schema is referred to', () => {
    const names = Object.keys(openapi.components.schemas)
    const known = names.map((name) => `#/components/schemas/${name}`)
    expect(new Set(references)).toEqual(new Set(known))
    for (const name of names) expect(name).toMatch(/^[A-Z][A-Za-z]+$/)
  })

  test('every schema in it is JSON Schema 2020-12, and can be compiled', () => {
    const ajv = schemaReader()
    const schemas = operations.flatMap(({ body, replies, parameters }) => [
      ...[body, ...Object.values(replies)].filter((schema) => schema !== null),
      ...parameters.map(({ schema }) => schema),
    ])
    for (const schema of [...schemas, ...Object.values(openapi.components.schemas)]) {
      expect(ajv.validateSchema(schema), JSON.stringify(ajv.errors)).toBe(true)
      expect(() => ajv.compile(withComponents(schema))).not.toThrow()
    }
  })
})

test('every operation has a name of its own', () => {
  const names = operations.map(({ operationId }) => operationId)
  expect(new Set(names).size).toBe(names.length)
  for (const name of names) expect(name).toMatch(/^[a-z]+([A-Z][a-z]*)*$/)
})

describe.each(operations)('$operationId', (operation) => {
  const { operationId, path, parameters, security, summary, description, replies, method, body } = operation

  test('says what it does, and who may call it', () => {
    expect(summary).toMatch(/^[A-Z].{10,}[^.]$/)
    expect(description).toMatch(/^(Open to|For) .+\.$/)
    const [, scope] = /[Ff]or product keys with the scope (\S+)\.$/.exec(description ?? '') ?? []
    const isForKeys = description?.startsWith('For product keys')
    const access = [...(isForKeys ? [] : [{ accessToken: [] }]), ...(scope ? [{ productKey: [scope] }] : [])]
    expect(security).toEqual(open.includes(operationId) ? undefined : access)
  })

  test('names the fields of its path, and no others', () => {
    const inPath = [...path.matchAll(/\{([a-z_]+)\}/g)].map(([, name]) => name)
    expect(path).not.toContain(':')
    expect(parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name)).toEqual(inPath)
    for (const parameter of parameters) expect(parameter.required).toBe(parameter.in === 'path')
  })

  test('answers with a success or a problem', () => {
    const statuses = Object.keys(replies)
    expect(statuses.filter((status) => /^[23]\d\d$/.test(status)).length).toBeGreaterThan(0)
    expect(statuses.filter((status) => !/^[23]\d\d$/.test(status))).toEqual(['default'])
    expect(replies.default).toEqual({ $ref: '#/components/schemas/Problem' })
    for (const [status, schema] of Object.entries(replies)) {
      const hasNoFields = [
        'forwardAuth',
        'followChanges',
        'exportMe',
        'exportAccount',
        'exportLeads',
        'exportAudit',
      ].includes(operationId)
      const isEmpty = ['204', '302', '304'].includes(status) || hasNoFields
      if (status !== 'default') expect(schema === null, status).toBe(isEmpty)
    }
  })

  test('takes a closed set of fields', () => {
    if (method === 'GET') expect(body).toBeNull()
    // What Stripe sends is read as the bytes that it signed.
    if (body && operationId !== 'receiveStripeEvent')
      expect(body).toMatchObject({ type: 'object', additionalProperties: false })
  })
})
