import { said } from './words/words.ts'

/** A line of the trail, as far as its sentence needs it. */
export interface AuditLine {
  action: string
  actor_kind: string
  actor_id: string | null
  actor_email?: string | null
  user_id: string | null
  details: Record<string, unknown>
}

/** What a line of the trail says, in a sentence; `nameOf` names users as far as they are known. Null for rare ones. */
export function sayAudit(line: AuditLine, nameOf: (userId: string) => string | undefined): string | null {
  const say = Object.hasOwn(said.actions, line.action) ? said.actions[line.action] : undefined
  if (!say) return null
  const actors: Record<string, string> = said.actors
  const isUser = line.actor_kind === 'user' && line.actor_id !== null
  const known = isUser ? nameOf(line.actor_id ?? '') : line.actor_email
  const by = known || (actors[line.actor_kind] ?? line.actor_kind)
  const isThemselves = isUser && line.actor_id === line.user_id
  const whom = (line.user_id && nameOf(line.user_id)) || said.someUser
  const of = (name: string) => wordOf(line.details[name])
  const sentence = say({ by, whom: isThemselves ? by : whom, of })
  // An address stays as it is.
  if (/^\S+@/.test(sentence)) return sentence
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}

function wordOf(value: unknown): string {
  if (value === null || value === undefined) return '–'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
