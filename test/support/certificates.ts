import { type KeyObject, sign } from 'node:crypto'

/** A certificate for an attestation of Android, signed by a root of one's own, that names a list of those revoked. */
export function androidCertificates(
  { publicKey, root }: { publicKey: KeyObject; root: { publicKey: KeyObject; privateKey: KeyObject } },
  { clientDataHash, revokedAt }: { clientDataHash: Buffer; revokedAt: string },
): Buffer[] {
  const description = sequence(
    ...[integer(3), enumerated(0), integer(3), enumerated(0)],
    ...[octets(clientDataHash), octets(Buffer.alloc(0)), sequence(), sequence()],
  )
  const points = sequence(sequence(der(0xa0, der(0xa0, der(0x86, Buffer.from(revokedAt))))))
  const isAuthority = sequence(der(0x01, Buffer.from([0xff])))
  const made = (subject: string, key: KeyObject, extensions: Buffer[]) =>
    certificate({ subject, key, signs: root.privateKey, extensions })
  return [
    made('Key', publicKey, [extension(KEY_DESCRIPTION, description), extension(REVOCATION, points)]),
    made('Root', root.publicKey, [extension(BASIC_CONSTRAINTS, isAuthority)]),
  ]
}

function certificate({
  subject,
  key,
  signs,
  extensions,
}: {
  subject: string
  key: KeyObject
  signs: KeyObject
  extensions: Buffer[]
}): Buffer {
  const signed = sequence(
    der(0xa0, integer(2)),
    integer(1),
    sequence(ECDSA_SHA256),
    nameOf('Root'),
    sequence(...['200101000000Z', '490101000000Z'].map((time) => der(0x17, Buffer.from(time)))),
    nameOf(subject),
    key.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  )
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', signed, signs)])
  return sequence(signed, sequence(ECDSA_SHA256), der(0x03, signature))
}

// As much of DER (X.690) as a certificate takes.
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'))
const sequence = (...parts: Buffer[]) => der(0x30, ...parts)
const octets = (bytes: Buffer) => der(0x04, bytes)
const integer = (n: number) => der(0x02, Buffer.from([n]))
const enumerated = (n: number) => der(0x0a, Buffer.from([n]))
const extension = (id: Buffer, value: Buffer) => sequence(id, octets(value))
const nameOf = (name: string) => sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(name)))))

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

const COMMON_NAME = oid('550403')
const BASIC_CONSTRAINTS = oid('551d13')
const REVOCATION = oid('551d1f')
const KEY_DESCRIPTION = oid('2b06010401d679020111')
const ECDSA_SHA256 = oid('2a8648ce3d040302')
