import { Anchor, Divider, Stack } from '@mantine/core'
import { IconFingerprint } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import { Field, Form, Submit } from '../forms/form.tsx'
import { useWords } from '../words/words.ts'
import { CodeField } from './codeField.tsx'
import { askPasskey, hasPasskeys, isOfBrowser } from './passkeys.ts'

/** What somebody may prove, and what a passkey is asked. */
export interface Question {
  methods: string[]
  passkey: object | null
}

/** One proof, as the service takes it. */
export type Proof = { code: string } | { recovery_code: string } | { passkey: never }

interface ProveFormProps {
  question: Question
  submit: string
  /** Sends the proof. What it throws is said. */
  onProof: (proof: Proof) => Promise<unknown>
  /** Asks anew what a passkey is to answer, where each question is good once. */
  askAgain?: () => Promise<Question>
  /** As that of a form. */
  explain?: (thrown: unknown) => ReactNode | null
}

/** Takes one of somebody's second factors: a passkey, the code of an app, or a recovery code in place of both. */
export function ProveForm({
  question,
  submit,
  onProof,
  askAgain = async () => question,
  explain = () => null,
}: ProveFormProps) {
  const { words } = useWords()
  const own = words.factor
  const has = (method: string) => question.methods.includes(method) && (method !== 'passkey' || hasPasskeys())
  const [isRecovering, setRecovering] = useState(!has('totp') && !has('passkey'))
  return (
    <Stack gap="md">
      {has('passkey') && !isRecovering && (
        <UsePasskey {...{ question, askAgain, onProof, explain }} isMain={!has('totp')} />
      )}
      {has('passkey') && has('totp') && !isRecovering && <Divider label={words.shared.or} />}
      {has('totp') && !isRecovering && (
        <Form key="code" onSubmit={({ code = '' }) => onProof({ code })} explain={explain}>
          <CodeField />
          <Submit>{submit}</Submit>
        </Form>
      )}
      {isRecovering && (
        <Form
          key="recovery"
          onSubmit={({ recovery_code = '' }) => onProof({ recovery_code })}
          explain={explain}
        >
          <Field
            name="recovery_code"
            label={own.recoveryCode}
            description={own.recoveryHint}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            maxLength={40}
            autoFocus
            required
          />
          <Submit>{submit}</Submit>
        </Form>
      )}
      {has('recovery-code') && (has('totp') || has('passkey')) && (
        <Anchor component="button" type="button" fz="sm" onClick={() => setRecovering(!isRecovering)}>
          {isRecovering ? own.useFactor : own.useRecovery}
        </Anchor>
      )}
    </Stack>
  )
}

type UsePasskeyProps = Omit<Required<ProveFormProps>, 'submit'> & { isMain: boolean }

function UsePasskey({ question, askAgain, onProof, explain, isMain }: UsePasskeyProps) {
  const { words } = useWords()
  const [wasAsked, setAsked] = useState(false)
  return (
    <Form
      onSubmit={async () => {
        const { passkey } = wasAsked ? await askAgain() : question
        setAsked(true)
        await onProof({ passkey: (await askPasskey(passkey)) as never })
      }}
      explain={(thrown) => (isOfBrowser(thrown) ? words.factor.passkeyUnused : explain(thrown))}
    >
      <Submit
        variant={isMain ? 'filled' : 'default'}
        leftSection={<IconFingerprint size={20} stroke={1.6} aria-hidden />}
      >
        {words.factor.usePasskey}
      </Submit>
    </Form>
  )
}
