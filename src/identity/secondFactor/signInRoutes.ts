import Type from 'typebox'
import type { Access } from '../../access/access.ts'
import { TokenDelivery, TokensSchema } from '../../access/tokensReply.ts'
import type { App } from '../../app.ts'
import { inTx } from '../../db/transaction.ts'
import { factorMethods } from '../../factors/factorsOf.ts'
import { ProofFields, proofOf } from '../../factors/fields.ts'
import { route } from '../../http/route.ts'
import { Fields, Nullable, named } from '../../http/schemas.ts'
import type { Server } from '../../http/server.ts'
import { problem } from '../../problems.ts'
import { provedDevice } from '../knownDevices.ts'
import { replyWithSession } from '../replyWithSession.ts'
import type { UserRecord } from '../users.ts'
import { forgetChallenge, keptChallenge } from './challengeCookie.ts'
import { findChallenge, methodsFor } from './challenges.ts'
import { finishSignIn } from './finishSignIn.ts'

const ChallengeText = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 200,
    description: 'What the first step was answered with. Default: the cookie of a browser.',
  }),
)

export const FactorMethodSchema = named('FactorMethod', Type.Enum([...factorMethods]))

/** What a browser is asked for a passkey with. */
export const PasskeyQuestion = Type.Object(
  { challenge: Type.String() },
  {
    additionalProperties: true,
    description: 'For `navigator.credentials.get()`, as JSON (WebAuthn Level 3).',
  },
)

/** The second step of a sign-in. */
export function secondStepRoutes(server: Server, app: App, access: Access): void {
  const { config } = app
  route(
    server,
    app,
    {
      operationId: 'askForSecondFactor',
      method: 'POST',
      url: '/v1/auth/second-factor/question',
      access: 'anyone',
      summary:
        'What the second step of a sign-in takes, with a new question to a passkey: for a page that was not there at the first step',
      body: Fields({ challenge: ChallengeText }),
      replies: {
        200: Type.Object({ methods: Type.Array(FactorMethodSchema), passkey: Nullable(PasskeyQuestion) }),
      },
      refusals: ['challenge-over'],
    },
    async ({ body, at, request }) => {
      const token = body.challenge ?? keptChallenge(request, config)
      return inTx(app, async (tx) => {
        const challenge = token ? await findChallenge(tx, token, at) : null
        if (!challenge) throw problem('challenge-over')
        return methodsFor(tx, app, challenge.userId, at)
      })
    },
  )

  route(
    server,
    app,
    {
      operationId: 'finishSignIn',
      method: 'POST',
      url: '/v1/auth/second-factor',
      access: 'anyone',
      summary: 'The second step of a sign-in: prove a factor, and be signed in',
      body: Fields({ challenge: ChallengeText, ...ProofFields, token_delivery: TokenDelivery }),
      replies: { 200: TokensSchema },
      refusals: ['challenge-over', 'wrong-second-factor', 'too-many-requests', 'overloaded'],
    },
    async ({ caller, body, at, request, reply }) => {
      const { challenge: given, token_delivery: delivery, ...proof } = body
      const challenge = given ?? keptChallenge(request, config)
      if (!challenge) throw problem('challenge-over')
      const deviceOf = (user: UserRecord) => provedDevice(request, config, user)
      const entered = await finishSignIn(app, caller, { challenge, proof: proofOf(proof), deviceOf }, at)
      forgetChallenge(reply, config)
      return replyWithSession({ access, config, reply, delivery }, entered, at)
    },
  )
}
