import { placeToGo } from './placeToGo.ts'

/** What a visitor came with that the next page wants to know too. */
const names = ['return_to', 'invite_token', 'plan', 'interval', 'login'] as const

/** What the address of the page carries on to the next one, as its query. For links: `search={carriedOn() as never}`. */
export function carriedOn(): Record<string, string> {
  const asked = new URLSearchParams(location.search)
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = asked.get(name)
      return value ? [[name, value]] : []
    }),
  )
}

/** Where whoever has signed in goes on: where they were going, or to the plan that they chose. */
export function placeAfterSignIn(): string {
  const { return_to, plan, interval } = carriedOn()
  if (return_to || !plan) return placeToGo()
  return `/billing?${new URLSearchParams({ plan, ...(interval && { interval }) })}`
}

/** Where the second step of a sign-in is taken, which goes on as the first would have. */
export function secondStep(added: Record<string, string> = {}): string {
  return `/sign-in/second-factor?${new URLSearchParams({ ...carriedOn(), ...added })}`
}

/** Where whoever has just signed up goes on: the first steps of an account, which know the plan that was chosen. */
export function placeAfterSignUp(): string {
  const { return_to, plan, interval } = carriedOn()
  const query = new URLSearchParams({
    ...(plan && { plan }),
    ...(interval && { interval }),
    ...(return_to && { return_to }),
  })
  return query.size > 0 ? `/welcome?${query}` : '/welcome'
}
