import { type components, unwrap } from '@frontgate/client'
import { Anchor, Button, SegmentedControl, Spoiler, Text } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { Failed } from '../shell/failed.tsx'
import { saveFile } from '../shell/saveFile.ts'
import { useWords } from '../words/words.ts'
import { Act } from './act.tsx'
import { Heading } from './heading.tsx'
import { Instant } from './instant.tsx'
import { operatorClient } from './operatorClient.ts'
import { PagedRows } from './pagedRows.tsx'
import { useMay } from './useMay.ts'
import { usePages } from './usePages.ts'
import { said } from './words/words.ts'

type Lead = components['schemas']['Lead']
const { leads: texts } = said

/** Who asked to talk to sales. */
export function LeadsPage() {
  const { words } = useWords()
  const [isSpam, setSpam] = useState(false)
  const mayExport = useMay('support')
  const query = { ...(isSpam && { spam: true }) }
  const pages = usePages<Lead>(['leads', isSpam], async (page) =>
    unwrap(await operatorClient.api.GET('/v1/operator/leads', { params: { query: { ...query, ...page } } })),
  )
  const download = useMutation({
    mutationFn: async () => {
      const file = await operatorClient.api.GET('/v1/operator/leads/export', {
        params: { query },
        parseAs: 'blob',
      })
      saveFile(unwrap(file) as unknown as Blob, 'leads.csv')
    },
  })
  return (
    <>
      <Heading title={said.places.leads} lead={texts.lead}>
        {mayExport && (
          <Button
            variant="default"
            loading={download.isPending}
            onClick={() => download.mutate()}
            leftSection={<IconDownload size={16} aria-hidden />}
          >
            {texts.export}
          </Button>
        )}
      </Heading>
      {download.error && <Failed error={download.error} reset={() => download.mutate()} />}
      <SegmentedControl
        aria-label={texts.filter}
        value={isSpam ? 'spam' : 'people'}
        onChange={(value) => setSpam(value === 'spam')}
        data={[
          { value: 'people', label: texts.people },
          { value: 'spam', label: texts.spam },
        ]}
        style={{ alignSelf: 'flex-start' }}
      />
      <PagedRows
        label={said.places.leads}
        pages={pages}
        keyOf={({ id }) => id}
        empty={isSpam ? texts.noSpam : texts.none}
        columns={[
          {
            head: texts.who,
            cell: ({ name, email }) => (
              <>
                {name}
                <br />
                <Anchor href={`mailto:${email}`} fz="sm" fw={400}>
                  {email}
                </Anchor>
              </>
            ),
          },
          {
            head: texts.company,
            cell: ({ company, company_size: size }) => (
              <>
                {company}
                {size && (
                  <Text fz="sm" c="dimmed">
                    {texts.size(size)}
                  </Text>
                )}
              </>
            ),
          },
          { head: texts.plan, cell: ({ plan }) => plan },
          {
            head: texts.message,
            cell: ({ message }) =>
              message && (
                <Spoiler maxHeight={68} showLabel={words.shared.more} hideLabel={texts.less} fz="sm">
                  {message}
                </Spoiler>
              ),
          },
          {
            head: texts.source,
            cell: ({ source, attribution }) =>
              [source, ...Object.values(attribution)].filter(Boolean).join(', ') || null,
          },
          { head: texts.at, cell: ({ created_at: at }) => <Instant at={at} /> },
          { head: '', isAtEnd: true, cell: (lead) => <DeleteLead lead={lead} /> },
        ]}
      />
    </>
  )
}

function DeleteLead({ lead: { id, name, email } }: { lead: Lead }) {
  return (
    <Act
      label={texts.delete}
      takes="support"
      about={email}
      title={texts.deleteTitle(name)}
      says={texts.deleteSays(email)}
      done={texts.deleted(email)}
      isGrave
      run={async ({ reason = '' }) =>
        unwrap(
          await operatorClient.api.DELETE('/v1/operator/leads/{id}', {
            params: { path: { id } },
            body: { reason },
          }),
        )
      }
    />
  )
}
