import { whyNot } from '../src/accounts/members/rules.ts'
import { isAtLeast, isOperatorAtLeast, operatorRoles, type Role, roles } from '../src/http/actor.ts'
import type { Contract } from '../src/http/route.ts'

/** docs/roles.md. */
export function rolesPage(contracts: Contract[]): string {
  return `# Who may do what

<!-- Made from the operations' contracts and src/accounts/members/rules.ts by \`npm run generate\`. -->

Roles are ordered, ${roles.join(' > ')}: each may do what the ones after it may. Somebody who is a member of several
accounts has a role in each; the table is about the current one. What is not in it is open to anyone, to any signed-in
user, or to operators (below), but for \`POST /v1/accounts/{id}/reopen\`, which takes an owner of the closed account. Product keys
have no role: the description of an operation names the scope that opens it to them.

| operation | ${roles.join(' | ')} | |
|---|${roles.map(() => ':-:|').join('')}---|
${contracts.flatMap(operationRow).join('\n')}

## Who may act on whom

What a member may make of another one in the same account. Admins and owners reach up to their own role, and the same holds
for the role that they invite somebody with. When a member is lowered or taken out, invites that they could not send any more
are taken back with it.

| | ${roles.map((target) => `another ${target}`).join(' | ')} | themselves |
|---|${roles.map(() => '---|').join('')}---|
${roles.map(actorRow).join('\n')}

There is always an owner: the last one cannot leave, be taken out or be lowered, which is 409 \`last-owner\`, but hands the
account over, or closes it. Whoever hands it over becomes an admin.

## What operators may do

Staff of the company that runs this have roles of their own, ordered too, ${operatorRoles.join(' > ')}: to decide what accounts get
and who is an operator, to help accounts, and to look. Reading is written to the trail like everything else. There is always an
admin among them: the last one is neither removed nor lowered, which is 409 \`last-admin\`.

| operation | ${operatorRoles.join(' | ')} | |
|---|${operatorRoles.map(() => ':-:|').join('')}---|
${contracts.flatMap(staffRow).join('\n')}
`
}

function operationRow({ method, url, access, summary }: Contract): string[] {
  if (typeof access !== 'object' || !('member' in access)) return []
  const marks = roles.map((role) => (isAtLeast(role, access.member) ? '✓' : ''))
  return [`| \`${method} ${url.replace(/:(\w+)/g, '{$1}')}\` | ${marks.join(' | ')} | ${summary} |`]
}

function staffRow({ method, url, access, summary }: Contract): string[] {
  if (typeof access !== 'object' || !('operator' in access)) return []
  const marks = operatorRoles.map((role) => (isOperatorAtLeast(role, access.operator) ? '✓' : ''))
  return [`| \`${method} ${url.replace(/:(\w+)/g, '{$1}')}\` | ${marks.join(' | ')} | ${summary} |`]
}

function actorRow(own: Role): string {
  const cells = [...roles.map((target) => outcomes(own, target, false)), outcomes(own, own, true)]
  return `| **${own}** | ${cells.join(' | ')} |`
}

/** What can become of somebody, in words. */
function outcomes(own: Role, target: Role, isSelf: boolean): string {
  const may = (becomes: Role | null) => !whyNot({ own, target, becomes, isSelf, otherOwners: 1 })
  const given = roles.filter((role) => role !== target && may(role))
  const out = isSelf ? 'left' : 'taken out'
  return [...given, ...(may(null) ? [out] : [])].join(', ') || '–'
}
