import { Argument, Command, Option } from 'commander'
import { AccessTokens } from './access/accessTokens.ts'
import { createProductKey } from './access/productKeys/createProductKey.ts'
import { allProductKeys, type DescribedProductKey } from './access/productKeys/describeProductKey.ts'
import { revokeProductKey } from './access/productKeys/revokeProductKey.ts'
import { rotateSigningKey } from './access/signingKeys.ts'
import { type App, openApp } from './app.ts'
import { readAddress, readId, readInstant, readName, readReason } from './arguments.ts'
import { audit } from './audit/audit.ts'
import { followMode } from './billing/followMode.ts'
import { applyPrices, type PriceStep, planPrices } from './billing/prices/applyPrices.ts'
import { type Progress, reconcile } from './billing/reconcile/reconcile.ts'
import { applyCatalogue } from './catalogue/applyCatalogue.ts'
import { type Catalogue, loadCatalogue } from './catalogue/catalogue.ts'
import { type CatalogueFile, readCatalogueFile } from './catalogue/catalogueFile.ts'
import { ConfigFaults, readConfig } from './config.ts'
import { grantRights } from './db/grantRights.ts'
import { inTx, type Tx } from './db/transaction.ts'
import { refuseUnknownTrialPlan } from './entitlements/trials.ts'
import { resealTotpSecrets } from './factors/totp/resealSecrets.ts'
import { type OperatorRole, operatorRoles, type Scope, scopes, systemCaller } from './http/actor.ts'
import { resetFactors } from './identity/secondFactor/resetFactors.ts'
import { findUserByEmail } from './identity/users.ts'
import { countOwnerless } from './imports/countOwnerless.ts'
import { type Tally as ImportTally, importFile } from './imports/importFile.ts'
import { RefusedLines } from './imports/refusedLines.ts'
import type { Refusal } from './imports/rules.ts'
import { addOperator } from './operators/addOperator.ts'
import { changeRole } from './operators/changeRole.ts'
import { resetOperatorFactors } from './operators/factors/resetOperatorFactors.ts'
import { findOperator } from './operators/findOperator.ts'
import { type Grandfathering, grandfather, type Tally } from './operators/grandfather.ts'
import { allOperators } from './operators/listOperators.ts'
import { removeOperator } from './operators/removeOperator.ts'
import { prepareDatabase } from './prepare.ts'
import { buildServer } from './server.ts'
import { startService } from './service.ts'
import { isPassing } from './stripe/errors.ts'
import { resealSecrets } from './webhooks/secrets.ts'

const NO_OPERATOR = 'There is no such operator: `frontgate operator add` makes one.'

const program = new Command('frontgate')
  .description('The front gate of a B2B SaaS: sign-up, billing and entitlements beside the product.')
  .addHelpText('after', '\nSettings come from environment variables: docs/configuration.md lists them.')

program
  .command('serve')
  .description('answer requests; also runs jobs unless --no-work')
  .option('--no-work', 'leave jobs to `frontgate work` in other processes')
  .option('--no-migrate', 'expect the database to be prepared by `frontgate migrate`')
  .action(({ work, migrate }: { work: boolean; migrate: boolean }) => run({ serve: true, work }, migrate))

program
  .command('work')
  .description('run jobs: mails, reminders, and whatever else was promised')
  .option('--no-migrate', 'expect the database to be prepared by `frontgate migrate`')
  .action(({ migrate }: { migrate: boolean }) => run({ serve: false, work: true }, migrate))

program
  .command('migrate')
  .description('bring the database to this version; applies the catalogue file to a new one')
  .option('--grant-to <role>', 'give another role what `serve` and `work` need, and no more')
  .action(({ grantTo }: { grantTo?: string }) =>
    withApp(async (app) => {
      const { migrations } = await prepareDatabase(app)
      if (grantTo !== undefined) await inTx(app, (tx) => grantRights(tx, grantTo))
      say(migrations.length > 0 ? `Ran ${migrations.join(', ')}.` : 'The database is up to date.')
    }),
  )

program
  .command('catalogue')
  .description('plans, prices, limits and features')
  .command('apply')
  .description('make the tables say what CATALOGUE_FILE says, and show the difference')
  .option('--dry-run', 'only show the difference')
  .action(({ dryRun = false }: { dryRun?: boolean }) =>
    withApp(async (app) => {
      const file = await readCatalogueFile(app.config.catalogueFile)
      const { differences, catalogue } = await tryOut(app, file)
      for (const difference of differences) say(difference)
      const steps = await stepsAtStripe(app, catalogue)
      const changes = steps?.flatMap(({ says }) => says ?? []) ?? []
      for (const change of changes) say(change)
      if (!dryRun) await applyAll(app, file, steps)
      const count = differences.length + changes.length
      const words = `${count} difference${count === 1 ? '' : 's'}`
      say(
        count === 0 ? 'Nothing to change.' : dryRun ? `${words}; nothing was changed.` : `${words} applied.`,
      )
      if (!steps) throw new Error('Stripe does not answer, so its prices are as they were: run this again.')
    }),
  )

program
  .command('reconcile')
  .description('compare everything Stripe holds with what is held here, mend the difference and report it')
  .action(() =>
    withApp(async (app) => {
      if (!app.stripe) throw new Error('STRIPE_SECRET_KEY is not set, so there is nothing to compare with.')
      await followMode(app)
      const { subscriptions, repaired } = await reconcile(app, showProgress)
      if (process.stderr.isTTY) process.stderr.write('\n')
      say(
        repaired === 0
          ? `All ${subscriptions} subscriptions are mirrored as Stripe holds them.`
          : `${repaired} of ${subscriptions} subscriptions differed and are mended. GET /v1/operator/drift tells which.`,
      )
    }),
  )

program
  .command('grandfather')
  .description('give every account that is older than a day a plan for nothing, once; may be run again')
  .requiredOption('--before <date>', 'accounts that were created before it', readInstant)
  .requiredOption('--plan <plan>', 'the plan they keep')
  .option('--until <date>', 'when that ends; without it, never', readInstant)
  .option('--reason <text>', 'what the audit trail says', readReason)
  .option('--dry-run', 'only count')
  .action(({ before, plan, until, reason, dryRun = false }: GrandfatherOptions) =>
    withApp(async (app) => {
      const why = reason ?? `Here before ${before.toISOString()}`
      const order = { before, plan, until: until ?? null, reason: why }
      const tally = await grandfather(app, order, { dryRun, onProgress: showTally })
      if (process.stderr.isTTY) process.stderr.write('\n')
      say(`${dryRun ? 'Would be given' : 'Given'} ${plan}: ${tally.given}`)
      say(`Had it from here already: ${tally.had}`)
      say(`Left as they are, canceled or past due: ${tally.left}`)
      say(`Left as they are, closed: ${tally.closed}`)
    }),
  )

program
  .command('import')
  .description(
    'bring in users, accounts, members and subscriptions that were elsewhere before; may be run again',
  )
  .argument('<file>', 'one JSON object a line: docs/guides/import.md')
  .option('--dry-run', 'only say what would become of each line')
  .option('--report <file>', 'where lines that are refused are written; without it, beside the file')
  .action((file: string, { dryRun = false, report }: { dryRun?: boolean; report?: string }) =>
    withApp(async (app) => {
      await refuseUnknownTrialPlan(app.db, app.config)
      if (!dryRun) await followMode(app)
      const refused = new RefusedLines(report ?? `${file}.refused.jsonl`, { of: file })
      const onRefused = (refusals: Refusal[]) => refused.write(refusals)
      const tally = await importFile(app, file, { dryRun, onRefused, onProgress: showLines() })
      if (process.stderr.isTTY) process.stderr.write('\n')
      for (const line of sayTally(tally, dryRun)) say(line)
      const ownerless = dryRun ? 0 : await countOwnerless(app.db)
      if (ownerless > 0) say(`Accounts that were imported and that nobody owns: ${ownerless}`)
      if (refused.count === 0) return
      say(`Refused, each with its reason in ${refused.file}: ${refused.count}`)
      process.exitCode = 1
    }),
  )

program
  .command('keys')
  .description('the keys that sign access tokens')
  .command('rotate')
  .description('add a key; it is published first and signs ten minutes later')
  .option('--now', 'let it sign at once: products may refuse tokens until they fetch the key set again')
  .action(({ now = false }: { now?: boolean }) =>
    withApp(async (app) => {
      const at = app.now()
      // Before the trail says that it is done.
      await resealTotpSecrets(app)
      const { kid, signsFrom } = await inTx(app, async (tx) => {
        const key = await rotateSigningKey(tx, app.config, at, { now })
        await resealSecrets(tx, app.config)
        await audit(tx, systemCaller, { action: 'keys.rotated', details: { kid: key.kid } }, at)
        return key
      })
      say(
        `Key ${kid} signs from ${signsFrom.toISOString()}. Tokens of the old key stay valid until they expire.`,
      )
    }),
  )

const operator = program.command('operator').description('staff who may see and change accounts')
const roleOption = (what: string) => new Option('--role <role>', what).choices(operatorRoles)
const reasonOption = () =>
  new Option('--reason <text>', 'what the audit trail says')
    .argParser(readReason)
    .default('On the command line')
operator
  .command('add')
  .description('make an address an operator: an admin, unless --role says otherwise; harmless when it is one')
  .argument('<email>', 'the address', readAddress)
  .addOption(roleOption('what they may do; one who is an operator already gets it'))
  .addOption(reasonOption())
  .action((email: string, { role, reason }: { role?: OperatorRole; reason: string }) =>
    withApp(async (app) => {
      const order = { email, reason, ...(role && { role }) }
      const { id } = await inTx(app, (tx) => addOperator(tx, systemCaller, order, app.now()))
      say(`Operator ${id}`)
    }),
  )
operator
  .command('list')
  .description('who they are, what they may do, and when they last signed in')
  .action(() =>
    withApp(async (app) => {
      const operators = await allOperators(app.db)
      for (const one of operators) {
        say(
          [
            one.email,
            one.role,
            one.id,
            `signed in ${one.last_signed_in_at ?? 'never lately'}`,
            one.second_factor ? 'second factor' : 'no second factor',
          ].join('  '),
        )
      }
      if (operators.length === 0) say('There are none: `frontgate operator add` makes one.')
    }),
  )
operator
  .command('role')
  .description('give an operator another role, which counts at once')
  .argument('<email>', 'the address', readAddress)
  .addArgument(new Argument('<role>', 'what they may do').choices(operatorRoles))
  .addOption(reasonOption())
  .action((email: string, role: OperatorRole, { reason }: { reason: string }) =>
    withApp(async (app) => {
      await onOperator(app, email, (tx, id) => changeRole(tx, systemCaller, { id, role, reason }, app.now()))
      say(`${email} has the role ${role}.`)
    }),
  )
operator
  .command('remove')
  .description('make an operator a stranger again; their tokens are refused at once')
  .argument('<email>', 'the address', readAddress)
  .addOption(reasonOption())
  .action((email: string, { reason }: { reason: string }) =>
    withApp(async (app) => {
      await onOperator(app, email, (tx, id) => removeOperator(tx, systemCaller, { id, reason }, app.now()))
      say('Removed.')
    }),
  )
operator
  .command('reset-factors')
  .description('take the second factor of an operator away who has lost it; their sessions end')
  .argument('<email>', 'the address', readAddress)
  .addOption(reasonOption())
  .action((email: string, { reason }: { reason: string }) =>
    withApp(async (app) => {
      await onOperator(app, email, (tx, id) =>
        resetOperatorFactors(tx, systemCaller, { id, reason }, app.now()),
      )
      say('Reset: the next time they sign in they set up another one.')
    }),
  )
operator
  .command('token')
  .description('print an access token of an operator, good for ten minutes and without a second factor')
  .argument('<email>', 'the address', readAddress)
  .addOption(reasonOption())
  .action((email: string, { reason }: { reason: string }) =>
    withApp(async (app) => {
      const known = await findOperator(app.db, email)
      if (!known) throw new Error(NO_OPERATOR)
      const details = { operator: known.id, second_factor: false, reason }
      await audit(app.db, systemCaller, { action: 'operator.token-printed', details }, app.now())
      say(await new AccessTokens(app).issueToOperator(known.id, app.now()))
    }),
  )

program
  .command('user')
  .description('those who sign in to the product')
  .command('reset-factors')
  .description(
    'take the second factor of a user away who has lost it, and has proved otherwise who they are; their sessions end',
  )
  .argument('<email>', 'the address', readAddress)
  .addOption(reasonOption())
  .action((email: string, { reason }: { reason: string }) =>
    withApp(async (app) => {
      await inTx(app, async (tx) => {
        const user = await findUserByEmail(tx, email)
        const order = user && { userId: user.id, reason }
        if (!order || !(await resetFactors(tx, systemCaller, order, app.now())))
          throw new Error('There is no such user, or they have no second factor.')
      })
      say('Reset: they sign in without, and can set up another one.')
    }),
  )

const productKeys = program
  .command('product-keys')
  .description('keys with which a product’s servers ask for any account')
productKeys
  .command('create')
  .description(
    'make a key and print it, this once and never again; what is known of it goes to standard error',
  )
  .requiredOption('--name <name>', 'what it is for, as lists show it', readName)
  .addOption(new Option('--scope <scope...>', 'what it is good for').choices(scopes).makeOptionMandatory())
  .option('--expires <date>', 'when it ends; without it, when it is revoked', readInstant)
  .action(({ name, scope, expires }: { name: string; scope: Scope[]; expires?: Date }) =>
    withApp(async (app) => {
      if (expires && expires <= app.now()) throw new Error('--expires names a time that has gone.')
      const order = { name, scopes: scope, expiresAt: expires ?? null }
      const created = await inTx(app, (tx) => createProductKey(tx, systemCaller, order, app.now()))
      process.stderr.write(`Product key ${created.id} (${created.scopes.join(', ')}):\n`)
      say(created.key)
    }),
  )
productKeys
  .command('list')
  .description('all keys as far as they may be shown, the newest first')
  .action(() =>
    withApp(async (app) => {
      const keys = await allProductKeys(app.db)
      for (const key of keys) say(wordsFor(key, app.now()))
      if (keys.length === 0) say('There are none: `frontgate product-keys create` makes one.')
    }),
  )
productKeys
  .command('revoke')
  .description('end a key for good: it is refused within a second; harmless when it has ended')
  .argument('<id>', 'the id of the key, not the key', readId)
  .option('--reason <text>', 'what the audit trail says', readReason, 'Revoked on the command line')
  .action((id: string, { reason }: { reason: string }) =>
    withApp(async (app) => {
      const order = { id, reason }
      const isKnown = await inTx(app, (tx) => revokeProductKey(tx, systemCaller, order, app.now()))
      if (!isKnown) throw new Error('There is no such product key: `frontgate product-keys list` names them.')
      say('Revoked.')
    }),
  )

program
  .command('openapi')
  .description('print the contract of the HTTP interface')
  .action(() =>
    withApp(async (app) => {
      const { server } = await buildServer(app)
      await server.fastify.ready()
      say(JSON.stringify(server.fastify.swagger(), null, 2))
    }),
  )

/** Changes an operator in one transaction. */
async function onOperator(
  app: App,
  email: string,
  change: (tx: Tx, id: string) => Promise<void>,
): Promise<void> {
  await inTx(app, async (tx) => {
    const known = await findOperator(tx, email)
    if (!known) throw new Error(NO_OPERATOR)
    await change(tx, known.id)
  })
}

async function run(parts: { serve: boolean; work: boolean }, migrate: boolean): Promise<void> {
  const app = openApp(readConfig())
  if (migrate) await prepareDatabase(app)
  await refuseUnknownTrialPlan(app.db, app.config)
  const service = await startService(app, parts)
  let stopping = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1)
      stopping = true
      app.log.info({ signal }, 'stopping')
      // Nobody waits at a keyboard for a load balancer.
      const drainSeconds = parts.serve && signal === 'SIGTERM' ? app.config.drainSeconds : 0
      // What has not finished by then is cut off; jobs that were running are promised still.
      setTimeout(() => process.exit(1), (drainSeconds + app.config.shutdownSeconds) * 1000).unref()
      service.stop({ drainSeconds }).then(() => process.exit(0), fail)
    })
  }
}

async function withApp(work: (app: App) => Promise<void>): Promise<void> {
  const app = openApp(readConfig())
  try {
    await work(app)
  } finally {
    await app.close()
  }
}

/** What is to be done so that Stripe sells what the catalogue says; nothing where there is no key, null while it is away. */
async function stepsAtStripe(app: App, catalogue: Catalogue): Promise<PriceStep[] | null> {
  if (!app.stripe) {
    say('STRIPE_SECRET_KEY is not set: the prices at Stripe are left alone.')
    return []
  }
  try {
    return await planPrices(await app.stripe.client(), catalogue)
  } catch (error) {
    if (isPassing(error)) return null
    throw error
  }
}

async function applyAll(app: App, file: CatalogueFile, steps: PriceStep[] | null): Promise<void> {
  await followMode(app)
  await inTx(app, (tx) => applyCatalogue(tx, file, app.now()))
  if (app.stripe && steps) await applyPrices(app, await app.stripe.client(), steps)
}

function showProgress({ subscriptions, repaired }: Progress): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${subscriptions} subscriptions read, ${repaired} mended`)
}

interface GrandfatherOptions extends Pick<Grandfathering, 'before' | 'plan'> {
  until?: Date
  reason?: string
  dryRun?: boolean
}

function showTally({ given, had, left, closed }: Tally): void {
  if (!process.stderr.isTTY) return
  process.stderr.write(`\r${given + had + left + closed} accounts read, ${given} given`)
}

const kinds = [
  ['account', 'Accounts'],
  ['user', 'Users'],
  ['member', 'Members'],
  ['subscription', 'Subscriptions'],
] as const

function sayTally(tally: ImportTally, dryRun: boolean): string[] {
  const said = kinds
    .filter(([kind]) => Object.values(tally[kind]).some((count) => count > 0))
    .map(([kind, words]) => {
      const { imported, updated, unchanged, refused } = tally[kind]
      return `${words}: ${imported} imported, ${updated} updated, ${unchanged} unchanged, ${refused} refused`
    })
  if (tally.unreadable > 0) said.push(`Lines that nobody can read: ${tally.unreadable}`)
  const changes = kinds.reduce((sum, [kind]) => sum + tally[kind].imported + tally[kind].updated, 0)
  if (changes === 0) return [...said, 'Nothing to change.']
  return dryRun ? [...said, 'Nothing was changed.'] : said
}

const LINES_BETWEEN_WORDS = 100_000

/** On a terminal one line that moves, else a line now and then. */
function showLines(): (tally: ImportTally) => void {
  let said = 0
  return ({ lines }) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${lines} lines read`)
    else if (lines - said >= LINES_BETWEEN_WORDS) {
      said = lines
      process.stderr.write(`${lines} lines read\n`)
    }
  }
}

function wordsFor(key: DescribedProductKey, at: Date): string {
  const { id, name, last_four, scopes, expires_at, last_used_at, revoked_at } = key
  const hasEnded = expires_at !== null && new Date(expires_at) <= at
  const end = expires_at && `${hasEnded ? 'expired' : 'expires'} ${expires_at}`
  const state = revoked_at ? `revoked ${revoked_at}` : (end ?? 'live')
  const use = last_used_at ? `last used ${last_used_at}` : 'never used'
  return [id, `…${last_four}`, name, scopes.join(' '), state, use].join('  ')
}

class TriedOut extends Error {
  readonly differences: string[]
  readonly catalogue: Catalogue
  constructor(differences: string[], catalogue: Catalogue) {
    super('tried out')
    this.differences = differences
    this.catalogue = catalogue
  }
}

/** Finds out what the file would change, by applying it and taking that back. */
async function tryOut(app: App, file: CatalogueFile): Promise<TriedOut> {
  const tried = await inTx(app, async (tx): Promise<never> => {
    const differences = await applyCatalogue(tx, file, app.now())
    throw new TriedOut(differences, await loadCatalogue(tx))
  }).catch((error: unknown) => error)
  if (tried instanceof TriedOut) return tried
  throw tried
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** What the codes of connections and of PostgreSQL mean for whoever starts this. */
const explanations: Record<string, string> = {
  ECONNREFUSED: 'The database of DATABASE_URL does not answer. Is it running, and is the port right?',
  ENOTFOUND: 'The host in DATABASE_URL is not known.',
  EAI_AGAIN: 'The host in DATABASE_URL cannot be looked up right now.',
  ETIMEDOUT: 'The database of DATABASE_URL cannot be reached. Is a firewall in between?',
  '28P01': 'The database refuses the user or the password in DATABASE_URL.',
  '28000': 'The database refuses the user in DATABASE_URL.',
  '3D000': 'The database that DATABASE_URL names does not exist. Create it first.',
  '42501':
    'The database refuses this to the user in DATABASE_URL: run `frontgate migrate --grant-to <role>` as the owner of the tables, and the others with --no-migrate.',
  '42704': 'The database knows no such role.',
  '42P01': 'The database is not prepared for this version: run `frontgate migrate`.',
}

function fail(error: unknown): never {
  process.stderr.write(`${describe(error)}\n`)
  process.exit(1)
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof ConfigFaults) return error.message
  const { code } = error as { code?: string }
  const known = code === undefined ? undefined : explanations[code]
  if (known) return `${known} (${code})`
  if (!(error.cause instanceof Error)) return error.message
  const cause = describe(error.cause)
  return error.message.includes(cause) ? error.message : `${error.message} (${cause})`
}

// Last, when everything above is there.
await program.parseAsync().catch(fail)
