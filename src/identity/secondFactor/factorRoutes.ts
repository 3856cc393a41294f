import Type from 'typebox'
import type { Access } from '../../access/access.ts'
import { TokensSchema, tokensFor } from '../../access/tokensReply.ts'
import type { App } from '../../app.ts'
import { inTx } from '../../db/transaction.ts'
import {
  describeFactors,
  FactorsFields,
  METHODS_TOLD,
  PasskeyOffer,
  RecoveryCodes,
  TotpOffer,
} from '../../factors/describeFactors.ts'
import { factorsOf } from '../../factors/factorsOf.ts'
import { NewPasskey, ProofFields, proofOf, TotpCode } from '../../factors/fields.ts'
import { askForPasskey } from '../../factors/passkeys/askForPasskey.ts'
import { route } from '../../http/route.ts'
import { Fields, Instant, Nullable, named, Uuid } from '../../http/schemas.ts'
import type { Server } from '../../http/server.ts'
import type { ProblemCode } from '../../problems.ts'
import { DisplayName } from '../fields.ts'
import { rememberDevice } from '../knownDevices.ts'
import { addTotp, offerAuthenticator } from './addTotp.ts'
import { addUserPasskey, offerUserPasskey } from './passkeys.ts'
import { proveInSession } from './proveInSession.ts'
import { removeFactor } from './removeFactor.ts'
import { renewRecoveryCodes } from './renewRecoveryCodes.ts'
import { FactorMethodSchema, PasskeyQuestion } from './signInRoutes.ts'

const FactorsSchema = named(
  'Factors',
  Type.Object({
    methods: Type.Array(FactorMethodSchema, { description: METHODS_TOLD }),
    ...FactorsFields,
    session: Type.Object({
      factor: Nullable(FactorMethodSchema),
      proved_at: Nullable(Instant),
    }),
  }),
)

const MaybeCodes = Type.Optional(RecoveryCodes)

/** What any change of a factor may be refused for. */
const whenChanging: ProblemCode[] = ['recent-sign-in-required', 'email-verification-required']

/** The factors of whoever is signed in. */
export function factorRoutes(server: Server, app: App, access: Access): void {
  const { config } = app
  route(
    server,
    app,
    {
      operationId: 'getFactors',
      method: 'GET',
      url: '/v1/me/factors',
      access: 'user',
      summary: 'The second factors of the user, and what has proved this session',
      replies: { 200: FactorsSchema },
    },
    async ({ caller: { actor } }) => {
      const factors = await factorsOf(app.db, { kind: 'user', id: actor.userId })
      const { factor } = access.snapshotOf(actor).session
      return {
        ...describeFactors(factors),
        session: { factor: factor?.method ?? null, proved_at: factor?.provedAt.toISOString() ?? null },
      }
    },
  )

  route(
    server,
    app,
    {
      operationId: 'askMyPasskey',
      method: 'POST',
      url: '/v1/me/factors/question',
      access: 'user',
      summary: 'A new question to a passkey of the user, to prove it in the running session',
      replies: { 200: Type.Object({ passkey: Nullable(PasskeyQuestion) }) },
    },
    async ({ caller, at }) => {
      const holder = { kind: 'user', id: caller.actor.userId } as const
      const passkey = await inTx(app, (tx) => askForPasskey(tx, app, holder, at))
      return { passkey: passkey && { ...passkey } }
    },
  )

  route(
    server,
    app,
    {
      operationId: 'proveFactor',
      method: 'POST',
      url: '/v1/me/factors/prove',
      access: 'user',
      summary:
        'Prove a factor in the running session: it opens accounts that ask for one, and changes of factors for ten minutes',
      body: Fields(ProofFields),
      replies: { 200: TokensSchema },
      refusals: ['wrong-second-factor', 'no-second-factor', 'too-many-requests'],
    },
    async ({ caller, body, at, reply }) => {
      const { snapshot, user } = await proveInSession(app, caller, proofOf(body), at)
      rememberDevice(reply, config, { user, isProved: true }, at)
      return tokensFor(access, config, snapshot, at)
    },
  )

  route(
    server,
    app,
    {
      operationId: 'offerTotp',
      method: 'POST',
      url: '/v1/me/factors/totp',
      access: 'user',
      summary: 'A secret for an authenticator app, in force once a code of it is shown',
      replies: {
        200: TotpOffer,
      },
      refusals: whenChanging,
    },
    async ({ caller, at }) => inTx(app, (tx) => offerAuthenticator(tx, app, caller, at)),
  )

  route(
    server,
    app,
    {
      operationId: 'confirmTotp',
      method: 'POST',
      url: '/v1/me/factors/totp/confirm',
      access: 'user',
      summary:
        'Put the authenticator app in force with a code of it. With the first factor the other sessions end, and there are recovery codes',
      body: Fields({ code: TotpCode }),
      replies: { 200: Type.Object({ recovery_codes: MaybeCodes }) },
      refusals: [...whenChanging, 'wrong-second-factor', 'too-many-requests'],
    },
    async ({ caller, body, at, reply }) => {
      const { user, codes } = await addTotp(app, caller, body.code, at)
      rememberDevice(reply, config, { user, isProved: true }, at)
      return { ...(codes && { recovery_codes: codes }) }
    },
  )

  route(
    server,
    app,
    {
      operationId: 'removeTotp',
      method: 'DELETE',
      url: '/v1/me/factors/totp',
      access: 'user',
      summary: 'Take the authenticator app away',
      replies: { 204: null },
      refusals: [...whenChanging, 'no-second-factor', 'last-second-factor'],
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
      operationId: 'offerPasskey',
      method: 'POST',
      url: '/v1/me/factors/passkeys/options',
      access: 'user',
      summary: 'What a browser makes a passkey from',
      replies: {
        200: PasskeyOffer,
      },
      refusals: [...whenChanging, 'too-many-passkeys'],
    },
    async ({ caller, at }) => ({ ...(await inTx(app, (tx) => offerUserPasskey(tx, app, caller, at))) }),
  )

  route(
    server,
    app,
    {
      operationId: 'addPasskey',
      method: 'POST',
      url: '/v1/me/factors/passkeys',
      access: 'user',
      summary:
        'Add the passkey that the browser made. With the first factor the other sessions end, and there are recovery codes',
      body: Fields({ name: DisplayName, response: NewPasskey }),
      replies: { 201: Type.Object({ id: Uuid, recovery_codes: MaybeCodes }) },
      refusals: [...whenChanging, 'wrong-second-factor', 'too-many-passkeys'],
    },
    async ({ caller, body, at, reply }) => {
      const passkey = { name: body.name.trim(), response: body.response }
      const { id, user, codes } = await addUserPasskey(app, caller, passkey, at)
      rememberDevice(reply, config, { user, isProved: true }, at)
      return reply.code(201).send({ id, ...(codes && { recovery_codes: codes }) })
    },
  )

  route(
    server,
    app,
    {
      operationId: 'removePasskey',
      method: 'DELETE',
      url: '/v1/me/factors/passkeys/:id',
      access: 'user',
      summary: 'Take a passkey away',
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
      operationId: 'renewRecoveryCodes',
      method: 'POST',
      url: '/v1/me/factors/recovery-codes',
      access: 'user',
      summary: 'Ten new recovery codes in place of those before',
      replies: { 200: Type.Object({ recovery_codes: RecoveryCodes }) },
      refusals: [...whenChanging, 'no-second-factor'],
    },
    async ({ caller, at }) => ({
      recovery_codes: await inTx(app, (tx) => renewRecoveryCodes(tx, app, caller, at)),
    }),
  )
}
