import type { FastifyReply, FastifyRequest } from 'fastify'
import { clearCookie, cookieName, setCookie } from '../../access/tokensReply.ts'
import type { Config } from '../../config.ts'
import { type Problem, problem } from '../../problems.ts'
import type { Asked } from './challenges.ts'

/** The refusal that asks for the second step. */
export function secondFactorRequired({ token, expiresAt, methods, passkey }: Asked): Problem {
  const members = { challenge: token, expires_at: expiresAt.toISOString(), methods, passkey }
  return problem('second-factor-required', members)
}

/** Has a browser hold the challenge where no page, history or log sees it, also over a way to a provider and back. */
export function keepChallenge(reply: FastifyReply, config: Config, { token, expiresAt }: Asked): void {
  setCookie(reply, config, nameOf(config), token, expiresAt)
}

/** The challenge that the browser of a request holds. */
export function keptChallenge(request: FastifyRequest, config: Config): string | undefined {
  return request.cookies[nameOf(config)]
}

/** Takes it away. */
export function forgetChallenge(reply: FastifyReply, config: Config): void {
  clearCookie(reply, config, nameOf(config))
}

const nameOf = (config: Config) => cookieName(config, 'frontgate_second_factor')
