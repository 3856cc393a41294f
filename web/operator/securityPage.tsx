import { type components, unwrap } from '@frontgate/client'
import { Alert, Button, Code, Group, SimpleGrid, Skeleton, Stack, Text } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { QRCodeSVG } from 'qrcode.react'
import { useState } from 'react'
import { CodeField } from '../factors/codeField.tsx'
import { hasPasskeys, isOfBrowser, makePasskey } from '../factors/passkeys.ts'
import { Field, Form, Submit } from '../forms/form.tsx'
import { Failed } from '../shell/failed.tsx'
import { saveFile } from '../shell/saveFile.ts'
import { useWords } from '../words/words.ts'
import { Act } from './act.tsx'
import { Copyable } from './copyable.tsx'
import { Heading } from './heading.tsx'
import { Instant } from './instant.tsx'
import { Mark } from './mark.tsx'
import { operatorClient } from './operatorClient.ts'
import { Rows } from './rows.tsx'
import { Nothing, Section } from './section.tsx'
import { useOperator } from './useOperator.ts'
import { said } from './words/words.ts'

type Factors = components['schemas']['OperatorFactors']
const { security: texts } = said
const { api } = operatorClient
const FACTORS = '/v1/operator/auth/factors'
const atStart = { alignSelf: 'flex-start' } as const

/** What the operator proves who they are with after the mailed link; the one page there is before they have set it up. */
export function SecurityPage() {
  const { hasToSetUp } = useOperator()
  const [codes, setCodes] = useState<string[] | null>(null)
  const queries = useQueryClient()
  const { data, error, refetch } = useQuery({
    queryKey: ['operator', 'factors'],
    queryFn: async () => unwrap(await api.GET(FACTORS)),
  })
  if (error && !data) return <Failed error={error} reset={() => void refetch()} />
  const onAdded = async (shown: string[] | undefined) => {
    if (shown) setCodes(shown)
    await queries.invalidateQueries({ queryKey: ['operator', 'factors'] })
    // What is open from now on is seen once the codes have been.
    if (!shown) await operatorClient.refresh()
  }
  return (
    <>
      <Heading title={said.places.security} lead={texts.lead} />
      {hasToSetUp && !codes && (
        <Alert color="yellow" variant="outline" role="status" title={texts.needed}>
          {texts.neededLead}
        </Alert>
      )}
      {codes && (
        <RecoveryCodes
          codes={codes}
          onSeen={() => {
            setCodes(null)
            void operatorClient.refresh()
          }}
        />
      )}
      {data ? (
        <>
          <Authenticator factors={data} onAdded={onAdded} />
          <Passkeys factors={data} onAdded={onAdded} />
          {data.methods.length > 0 && <Codes factors={data} onMade={setCodes} />}
        </>
      ) : (
        <Stack role="status">
          <Skeleton h={160} />
          <Skeleton h={160} />
        </Stack>
      )}
    </>
  )
}

interface PartProps {
  factors: Factors
  /** Recovery codes, with somebody's first factor. */
  onAdded: (codes: string[] | undefined) => Promise<void>
}

function Authenticator({ factors: { totp, required, methods }, onAdded }: PartProps) {
  const [offer, setOffer] = useState<{ secret: string; uri: string } | null>(null)
  const isLast = methods.filter((method) => method !== 'recovery-code').length === 1
  return (
    <Section
      title={texts.totp}
      lead={texts.totpLead}
      acts={
        totp && (
          <Act
            label={said.security.remove}
            about={texts.totp}
            takes="read"
            title={texts.removeTitle(texts.totp)}
            says={required && isLast ? texts.lastStays : texts.removeSays}
            done={texts.removed}
            reason="none"
            isGrave
            run={async () => unwrap(await api.DELETE(`${FACTORS}/totp`))}
          />
        )
      }
    >
      {totp && !offer ? (
        <Group gap="xs">
          <Mark tone="good">{texts.isSet}</Mark>
          <Text fz="sm" c="dimmed">
            {texts.since} <Instant at={totp.since} />
          </Text>
        </Group>
      ) : offer ? (
        <Form
          onSubmit={async ({ code = '' }) => {
            const confirmed = unwrap(await api.POST(`${FACTORS}/totp/confirm`, { body: { code } }))
            setOffer(null)
            await onAdded(confirmed.recovery_codes)
          }}
        >
          <Group align="flex-start" gap="lg">
            <QRCodeSVG value={offer.uri} size={176} marginSize={3} title={texts.qr} />
            <Stack flex="1 1 16rem" gap="md">
              <Text fz="sm">{texts.scan}</Text>
              <div>
                <Text fz="sm" c="dimmed">
                  {texts.orType}
                </Text>
                <Copyable value={offer.secret} />
              </div>
              <CodeField hint={texts.codeHint} />
              <Submit fullWidth={false} style={atStart}>
                {texts.confirm}
              </Submit>
            </Stack>
          </Group>
        </Form>
      ) : (
        <Form onSubmit={async () => setOffer(unwrap(await api.POST(`${FACTORS}/totp`, { body: {} })))}>
          <Submit fullWidth={false} style={atStart}>
            {texts.setUp}
          </Submit>
        </Form>
      )}
    </Section>
  )
}

function Passkeys({ factors: { passkeys, required, methods }, onAdded }: PartProps) {
  const { words } = useWords()
  const isLast = passkeys.length === 1 && !methods.includes('totp')
  return (
    <Section title={texts.passkeys} lead={hasPasskeys() ? texts.passkeysLead : texts.noPasskeysHere}>
      <Stack>
        {passkeys.length === 0 ? (
          <Nothing>{texts.noPasskeys}</Nothing>
        ) : (
          <Rows
            label={texts.passkeys}
            rows={passkeys}
            keyOf={({ id }) => id}
            columns={[
              { head: texts.name, cell: ({ name }) => name },
              { head: texts.added, cell: ({ created_at: at }) => <Instant at={at} /> },
              {
                head: texts.used,
                cell: ({ last_used_at: at }) => (at ? <Instant at={at} /> : texts.never),
              },
              {
                head: '',
                isAtEnd: true,
                cell: ({ id, name }) => (
                  <Act
                    label={texts.remove}
                    about={name}
                    takes="read"
                    title={texts.removeTitle(name)}
                    says={required && isLast ? texts.lastStays : texts.removeSays}
                    done={texts.removed}
                    reason="none"
                    isGrave
                    run={async () =>
                      unwrap(await api.DELETE(`${FACTORS}/passkeys/{id}`, { params: { path: { id } } }))
                    }
                  />
                ),
              },
            ]}
          />
        )}
        {hasPasskeys() && (
          <Form
            onSubmit={async ({ name = '' }) => {
              const options = unwrap(await api.POST(`${FACTORS}/passkeys/options`, { body: {} }))
              const response = (await makePasskey(options)) as never
              const added = unwrap(await api.POST(`${FACTORS}/passkeys`, { body: { name, response } }))
              await onAdded(added.recovery_codes)
            }}
            explain={(thrown) => (isOfBrowser(thrown) ? words.factor.passkeyUnmade : null)}
          >
            <SimpleGrid cols={{ base: 1, sm: 2 }}>
              <Field
                name="name"
                label={texts.passkeyName}
                description={texts.passkeyNameHint}
                maxLength={100}
                autoComplete="off"
                required
              />
            </SimpleGrid>
            <Submit fullWidth={false} variant="default" style={atStart}>
              {texts.addPasskey}
            </Submit>
          </Form>
        )}
      </Stack>
    </Section>
  )
}

function Codes({
  factors: { recovery_codes_left: left },
  onMade,
}: {
  factors: Factors
  onMade: (codes: string[]) => void
}) {
  return (
    <Section
      title={texts.codes}
      lead={texts.codesLead}
      acts={
        <Act
          label={texts.renew}
          takes="read"
          title={texts.renew}
          says={texts.renewSays}
          done={({ recovery_codes: codes }: { recovery_codes: string[] }) => {
            onMade(codes)
            return texts.renewed
          }}
          reason="none"
          run={async () => unwrap(await api.POST(`${FACTORS}/recovery-codes`, { body: {} }))}
        />
      }
    >
      <Text fz="sm">{texts.left(left)}</Text>
    </Section>
  )
}

function RecoveryCodes({ codes, onSeen }: { codes: string[]; onSeen: () => void }) {
  const { words } = useWords()
  return (
    <Section title={texts.codesShown} lead={texts.codesShownLead}>
      <Stack>
        <SimpleGrid cols={{ base: 1, xs: 2 }} maw={480} spacing="xs">
          {codes.map((code) => (
            <Code key={code} fz="md">
              {code}
            </Code>
          ))}
        </SimpleGrid>
        <Group gap="xs">
          <Button
            variant="default"
            leftSection={<IconDownload size={16} aria-hidden />}
            onClick={() => saveFile(new Blob([`${codes.join('\n')}\n`]), 'recovery-codes.txt')}
          >
            {texts.download}
          </Button>
          <Button onClick={onSeen} aria-label={`${texts.seen} (${words.shared.close})`}>
            {texts.seen}
          </Button>
        </Group>
      </Stack>
    </Section>
  )
}
