import Type from 'typebox'
import type { App } from '../../app.ts'
import { audit } from '../../audit/audit.ts'
import { inTx } from '../../db/transaction.ts'
import {
  describeFactors,
  FactorsFields,
  METHODS_TOLD,
  PasskeyOffer,
  RecoveryCodes,
  TotpOffer,
} from '../../factors/describeFactors.ts'
import { factorMethods, factorsOf } from '../../factors/factorsOf.ts'
import { NewPasskey, TotpCode } from '../../factors/fields.ts'
import { offerPasskey } from '../../factors/passkeys/offerPasskey.ts'
import { offerTotp } from '../../factors/totp/offerTotp.ts'
import { route } from '../../http/route.ts'
import { Fields, Nullable, named, Uuid } from '../../http/schemas.ts'
import type { Server } from '../../http/server.ts'
import { DisplayName } from '../../identity/fields.ts'
import type { ProblemCode } from '../../problems.ts'
import { addOperatorPasskey, addTotp } from './addFactor.ts'
import { holdForFactors } from './holdForFactors.ts'
import { removeFactor } from './removeFactor.ts'
import { renewRecoveryCodes } from './renewRecoveryCodes.ts'

const OperatorFactorsSchema = named(
  'OperatorFactors',
  Type.Object({
    required: Type.Boolean({ description: 'Whether operators need one here.' }),
    methods: Type.Array(Type.Enum([...factorMethods]), {
      description: METHODS_TOLD,
    }),
    ...FactorsFields,
  }),
)

const MaybeCodes = Type.Optional(RecoveryCodes)

/** Open also to those who can do nothing else yet. */
const ownAccess = { operator: 'read', isSetUp: true } as const

/** What any change of a factor may be refused for. */
const whenChanging: ProblemCode[] = ['recent-sign-in-required']

/** What operators prove who they are with after the mailed link. */
export function factorRoutes(server: Server, app: App): void {
  const url = '/v1/operator/auth/factors'
  route(
    server,
    app,
    {
      operationId: 'getOperatorFactors',
      method: 'GET',
      url,
      access: ownAccess,
      summary: 'One’s own second factors',
      replies: { 200: OperatorFactorsSchema },
    },
    async ({ caller, at }) => {
      const holder = { kind: 'operator', id: caller.actor.operatorId } as const
      const [factors] = await inTx(app, (tx) =>
        Promise.all([factorsOf(tx, holder), audit(tx, caller, { action: 'operator.read-own-factors' }, at)]),
      )
      return {
        required: app.config.operatorsNeedSecondFactor,
        ...describeFactors(factors),
      }
    },
  )

  route(
    server,
    app,
    {
      operationId: 'offerOperatorTotp',
      method: 'POST',
      url: `${url}/totp`,
      access: ownAccess,
      summary: 'A secret for one’s authenticator app, in force once a code of it is shown',
      replies: {
        200: TotpOffer,
      },
      refusals: whenChanging,
    },
    async ({ caller, at }) =>
      inTx(app, async (tx) => {
        const { holder, email } = await holdForFactors(tx, caller, at)
        return offerTotp(tx, app, holder, email, at)
      }),
  )

  route(
    server,
    app,
    {
      operationId: 'confirmOperatorTotp',
      method: 'POST',
      url: `${url}/totp/confirm`,
      access: ownAccess,
      summary:
        'Put the authenticator app in force with a code of it. With the first factor other sessions end, and there are recovery codes',
      body: Fields({ code: TotpCode }),
      replies: { 200: Type.Object({ recovery_codes: MaybeCodes }) },
      refusals: [...whenChanging, 'wrong-second-factor', 'too-many-requests'],
    },
    async ({ caller, body, at }) => {
      const { codes } = await addTotp(app, caller, body.code, at)
      return { ...(codes && { recovery_codes: codes }) }
    },
  )

  route(
    server,
    app,
    {
      operationId: 'removeOperatorTotp',
      method: 'DELETE',
      url: `${url}/totp`,
      access: ownAccess,
      summary: 'Take one’s authenticator app away',
      replies: { 204: null },
      refusals: [...whenChanging, 'not-found', 'last-second-factor'],
    },
    async ({ caller, at, reply }) => {
      await inTx(app, (tx) => removeFactor(tx, app, caller, { kind: 'totp' }, at))
      return reply.code(204).send()
    },
  )

  route(
    server,
    app,
    {
      operationId: 'offerOperatorPasskey',
      method: 'POST',
      url: `${url}/passkeys/options`,
      access: ownAccess,
      summary: 'What the browser makes a passkey of one’s own from',
      replies: {
        200: PasskeyOffer,
      },
      refusals: [...whenChanging, 'too-many-passkeys'],
    },
    async ({ caller, at }) =>
      inTx(app, async (tx) => {
        const { holder, email } = await holdForFactors(tx, caller, at)
        return { ...(await offerPasskey(tx, app, holder, { label: email, displayName: email }, at)) }
      }),
  )

  route(
    server,
    app,
    {
      operationId: 'addOperatorPasskey',
      method: 'POST',
      url: `${url}/passkeys`,
      access: ownAccess,
      summary:
        'Add the passkey that the browser made. With the first factor other sessions end, and there are recovery codes',
      body: Fields({ name: DisplayName, response: NewPasskey }),
      replies: { 201: Type.Object({ id: Nullable(Uuid), recovery_codes: MaybeCodes }) },
      refusals: [...whenChanging, 'wrong-second-factor', 'too-many-passkeys'],
    },
    async ({ caller, body, at, reply }) => {
      const passkey = { name: body.name.trim(), response: body.response }
      const { id, codes } = await inTx(app, (tx) => addOperatorPasskey(tx, app, caller, passkey, at))
      return reply.code(201).send({ id, ...(codes && { recovery_codes: codes }) })
    },
  )

  route(
    server,
    app,
    {
      operationId: 'removeOperatorPasskey',
      method: 'DELETE',
      url: `${url}/passkeys/:id`,
      access: ownAccess,
      summary: 'Take a passkey of one’s own away',
      params: Fields({ id: Uuid }),
      replies: { 204: null },
      refusals: [...whenChanging, 'not-found', 'last-second-factor'],
    },
    async ({ caller, params, at, reply }) => {
      await inTx(app, (tx) => removeFactor(tx, app, caller, { kind: 'passkey', id: params.id }, at))
      return reply.code(204).send()
    },
  )

  route(
    server,
    app,
    {
      operationId: 'renewOperatorRecoveryCodes',
      method: 'POST',
      url: `${url}/recovery-codes`,
      access: ownAccess,
      summary: 'Ten new recovery codes of one’s own, in place of those before',
      replies: { 200: Type.Object({ recovery_codes: RecoveryCodes }) },
      refusals: [...whenChanging, 'no-second-factor'],
    },
    async ({ caller, at }) => ({
      recovery_codes: await inTx(app, (tx) => renewRecoveryCodes(tx, caller, at)),
    }),
  )
}
