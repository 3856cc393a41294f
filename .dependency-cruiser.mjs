// The module table of ARCHITECTURE.md as rules: what may import what. `npm run check` runs it.
const platform =
  '^src/(app|config|problems).ts$|^src/(audit|db|http|jobs|limits|mail|oidc|secrets|stripe|tracing|turnstile)/'
const order = [
  'leads',
  'catalogue',
  'entitlements',
  'access',
  'factors',
  'identity',
  'accounts',
  'billing',
  'webhooks',
  'imports',
  'records',
  'operators',
]

/** A module may import those before it in the order, itself, and the platform. */
const layers = order.map((module, i) => ({
  name: `${module}-imports-only-what-is-below`,
  comment: `${module} may import ${order.slice(0, i).join(', ') || 'no other module'} and the platform. What a higher module should do is asked for with a named job.`,
  severity: 'error',
  from: { path: `^src/${module}/`, pathNot: '\\.test\\.ts$' },
  to: { path: '^src/', pathNot: `${platform}|^src/(${order.slice(0, i + 1).join('|')})/` },
}))

export default {
  forbidden: [
    ...layers,
    {
      name: 'no-cycles',
      comment: 'Files that import each other can only be read together. Type imports are free.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'platform-knows-no-business',
      severity: 'error',
      from: { path: '^src/(audit|db|http|jobs|limits|mail|oidc|secrets|stripe|tracing|turnstile)/' },
      to: { path: `^src/(${order.join('|')})/` },
    },
    {
      name: 'rules-are-pure',
      comment: 'A rule takes what it decides on, and the time: no database, no clock, no network.',
      severity: 'error',
      from: { path: '/(rules|truthTable|facts)\\.ts$' },
      to: { dependencyTypesNot: ['type-only', 'local'], pathNot: '^src/' },
    },
    {
      name: 'rules-import-rules',
      comment: 'And the order of roles, which is as pure.',
      severity: 'error',
      from: { path: '/(rules|truthTable)\\.ts$' },
      to: {
        path: '^src/',
        pathNot: '/(rules|truthTable|facts)\\.ts$|^src/http/actor\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'src-never-imports-the-sandbox-or-tests',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(sandbox|test|bench|scripts)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'libraries-have-one-home',
      comment: 'Each of these is spoken to in one place, so that it can be swapped there.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: '^src/(mail|jobs|limits|secrets|access|factors)/|^src/db/migrate\\.ts$',
      },
      to: {
        dependencyTypesNot: ['type-only'],
        path: '^node_modules/(nodemailer|graphile-worker|ioredis|@node-rs/(argon2|bcrypt)|fast-jwt|otpauth|react|react-email|@simplewebauthn)/',
      },
    },
    {
      name: 'stripe-is-loaded-in-one-place',
      comment: 'Types of the SDK are free; the SDK itself is loaded when it is first needed.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/stripe/openStripe\\.ts$' },
      to: { path: '^node_modules/stripe/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'openid-client-is-loaded-in-one-place',
      comment: 'Types are free; the library is loaded when somebody first signs in with a provider.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/oidc/openOidc\\.ts$' },
      to: { path: '^node_modules/openid-client/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'opentelemetry-is-loaded-in-one-place',
      comment: 'Types are free; the SDK is loaded where a collector is configured.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/tracing/startSender\\.ts$' },
      to: { path: '^node_modules/@opentelemetry/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'the-client-stands-alone',
      comment: 'It runs in other people’s processes, which have nothing of ours but this.',
      severity: 'error',
      from: { path: '^client/src/', pathNot: '\\.test\\.tsx?$' },
      to: { path: '^(src|sandbox|test|bench|scripts|examples)/' },
    },
    {
      name: 'guards-know-no-browser',
      comment: 'A product’s server signs nobody in and shows nothing, and a browser guards nothing.',
      severity: 'error',
      from: {
        path: '^client/src/(guards/|testing/|(fastify|express|hono|next|webhooks)\\.ts)',
        pathNot: '\\.test\\.tsx?$',
      },
      to: { path: '^client/src/(api|react)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'the-api-knows-no-guards',
      severity: 'error',
      from: { path: '^client/src/(api|react)/', pathNot: '\\.test\\.tsx?$' },
      to: { path: '^client/src/(guards|testing)/' },
    },
    {
      name: 'react-is-for-react',
      comment: 'Products without it install none.',
      severity: 'error',
      from: { path: '^client/src/', pathNot: '^client/src/react/|\\.test\\.tsx?$' },
      to: { path: 'node_modules/react(-dom)?/|^client/src/react/' },
    },
    {
      name: 'frameworks-are-for-their-guards',
      severity: 'error',
      from: { path: '^client/src/', pathNot: '^client/src/(fastify|express|hono)\\.ts$|\\.test\\.tsx?$' },
      to: { path: 'node_modules/(fastify|express|hono)/' },
    },
    {
      name: 'the-example-is-a-product',
      comment: 'It uses of us what a product would: the client library.',
      severity: 'error',
      from: { path: '^examples/', pathNot: '\\.test\\.tsx?$' },
      to: { path: '^(src|sandbox|test|bench|scripts)/|^client/src/' },
    },
    {
      name: 'nothing-else-reads-sources-of-the-client',
      comment: 'What products cannot import from `@frontgate/client`, we do not either.',
      severity: 'error',
      from: { path: '^(src|sandbox|scripts)/' },
      to: { path: '^client/src/' },
    },
    {
      name: 'no-undeclared-packages',
      severity: 'error',
      from: { path: '^(src|sandbox|scripts|client/src)/', pathNot: '^client/.*\\.test\\.tsx?$' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'undetermined', 'unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    parser: 'swc',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
}
