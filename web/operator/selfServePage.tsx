import { unwrap } from '@frontgate/client'
import { Code, Group, Skeleton, Stack, Text, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Field, useForm } from '../forms/form.tsx'
import { Failed } from '../shell/failed.tsx'
import { Act } from './act.tsx'
import { Heading } from './heading.tsx'
import { Mark } from './mark.tsx'
import { operatorClient } from './operatorClient.ts'
import { Nothing, Section } from './section.tsx'
import { said } from './words/words.ts'

const { selfServe: texts } = said

/** Who may create accounts before all may. */
export function SelfServePage() {
  const { data, error, refetch } = useQuery({
    queryKey: ['operator', 'self-serve'],
    queryFn: async () => unwrap(await operatorClient.api.GET('/v1/operator/self-serve')),
  })
  if (error && !data) return <Failed error={error} reset={() => void refetch()} />
  return (
    <>
      <Heading title={said.places.selfServe} lead={texts.lead} />
      {data ? (
        <Section
          title={data.enabled ? texts.isOpen : texts.isClosed}
          lead={data.enabled ? texts.isOpenLead : texts.isClosedLead}
          acts={<Change domains={data.domains} share={data.share} />}
        >
          <Stack>
            <div>
              <Text fz="sm" c="dimmed" mb={4}>
                {texts.domains}
              </Text>
              {data.domains.length === 0 ? (
                <Nothing>{texts.noDomains}</Nothing>
              ) : (
                <Group gap={6}>
                  {data.domains.map((domain) => (
                    <Code key={domain}>{domain}</Code>
                  ))}
                </Group>
              )}
            </div>
            <div>
              <Text fz="sm" c="dimmed" mb={4}>
                {texts.share}
              </Text>
              <Group gap="xs">
                <Text fw={650}>{data.share} %</Text>
                {data.enabled && <Mark tone="quiet">{texts.doesNotMatter}</Mark>}
              </Group>
            </div>
          </Stack>
        </Section>
      ) : (
        <Skeleton h={200} />
      )}
    </>
  )
}

function Change({ domains, share }: { domains: string[]; share: number }) {
  return (
    <Act
      label={texts.change}
      takes="admin"
      title={texts.changeTitle}
      says={texts.changeSays}
      done={texts.changed}
      run={async (fields) => {
        const body = {
          domains: (fields.domains ?? '').split(/[\s,;]+/).filter(Boolean),
          share: Number(fields.share ?? 0),
          reason: fields.reason ?? '',
        }
        return unwrap(await operatorClient.api.PUT('/v1/operator/self-serve', { body }))
      }}
    >
      <Domains domains={domains} />
      <Field
        name="share"
        type="number"
        inputMode="numeric"
        min={0}
        max={100}
        step={1}
        label={texts.share}
        description={texts.shareHint}
        defaultValue={share}
        required
      />
    </Act>
  )
}

function Domains({ domains }: { domains: string[] }) {
  const { faults } = useForm()
  return (
    <Textarea
      name="domains"
      label={texts.domains}
      description={texts.domainsHint}
      defaultValue={domains.join('\n')}
      error={faults.domains}
      autosize
      minRows={3}
      maxRows={10}
      autoComplete="off"
      spellCheck={false}
      data-autofocus
    />
  )
}
