import type { FastifyReply } from 'fastify'
import type { ProblemCode } from '../problems.ts'

const codes = new WeakMap<FastifyReply, ProblemCode>()

/** Notes what a request is refused with, for what counts and traces it afterwards. */
export function noteCode(reply: FastifyReply, code: ProblemCode): void {
  codes.set(reply, code)
}

/** The code of the refusal that a request was answered with, if it was. */
export function codeSentTo(reply: FastifyReply): ProblemCode | undefined {
  return codes.get(reply)
}
