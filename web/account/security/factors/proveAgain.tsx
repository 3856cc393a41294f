import { unwrap } from '@frontgate/client'
import { Modal } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { client } from '../../../client.ts'
import { ProveForm } from '../../../factors/proveForm.tsx'
import { Loading } from '../../../shell/loading.tsx'
import { useWords } from '../../../words/words.ts'
import { Fault } from '../../fault.tsx'
import { factorsChanged } from './useFactors.ts'

interface ProveAgainProps {
  methods: string[]
  onDone: () => void
  onClose: () => void
}

/** Proves a factor in the running session, which takes nobody out of what they are doing. */
export function ProveAgain({ methods, onDone, onClose }: ProveAgainProps) {
  const { words } = useWords()
  const ask = async () => {
    const { passkey } = unwrap(await client.api.POST('/v1/me/factors/question', { body: {} }))
    return { methods, passkey }
  }
  const { data, error } = useQuery({ queryKey: ['factor-question'], queryFn: ask, gcTime: 0 })
  return (
    <Modal
      opened
      onClose={onClose}
      title={words.factor.proveTitle}
      centered
      closeButtonProps={{ 'aria-label': words.shared.close }}
    >
      <Fault error={error} />
      {!data && !error && <Loading />}
      {data && (
        <ProveForm
          question={data}
          submit={words.factor.prove}
          askAgain={ask}
          onProof={async (proof) => {
            unwrap(await client.api.POST('/v1/me/factors/prove', { body: proof }))
            await factorsChanged()
            onDone()
          }}
        />
      )}
    </Modal>
  )
}
