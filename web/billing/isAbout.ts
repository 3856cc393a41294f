import { FrontgateProblem } from '@frontgate/client'

/** Whether a request was refused for one of its fields. */
export function isAbout(thrown: unknown, pointer: string): boolean {
  if (!(thrown instanceof FrontgateProblem) || thrown.code !== 'invalid-request') return false
  const errors = thrown.members.errors as { pointer: string }[]
  return errors.some((error) => error.pointer === pointer)
}
