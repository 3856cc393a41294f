import { describeSettings } from '../src/settings.ts'

const note = 'Made from src/settings.ts by `npm run generate`.'

/** docs/configuration.md. */
export function configurationPage(): string {
  const rows = describeSettings().map(
    ({ variable, description, fallback, required, secret }) =>
      `| \`${variable}\` | ${required ? '**required**' : fallback === undefined ? 'unset' : `\`${fallback}\``} | ${cell(description)}${secret ? ' *Secret.*' : ''} |`,
  )
  return `# Configuration

Every setting is an environment variable. All faults are printed at once at start, each naming its variable, and
the process ends; secrets are never printed. A secret may be in a file instead, as orchestrators mount them: \`SECRET_FILE\`
names the file that holds what \`SECRET\` would. An integration whose variables are unset is off and says so.
\`npm start\` sets what the sandbox needs and lets any variable be overridden.

<!-- ${note} -->

| variable | default | meaning |
|---|---|---|
${rows.join('\n')}
`
}

/** .env.example. */
export function environmentExample(): string {
  const entries = describeSettings().map(
    ({ variable, description, fallback, required }) =>
      `# ${description}\n${required ? '' : '#'}${variable}=${fallback ?? ''}`,
  )
  return `# ${note}\n\n${entries.join('\n\n')}\n`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
