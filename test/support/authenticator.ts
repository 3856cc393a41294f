import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server'

const USER_PRESENT = 0x01
const USER_VERIFIED = 0x04
const HAS_CREDENTIAL = 0x40

/** Makes the certificates with which the maker of a key vouches for it. */
type Certify = (key: { publicKey: KeyObject; clientDataHash: Buffer }) => Buffer[]

/** A key that answers as a browser with a security key would (WebAuthn Level 3), on pages of one origin. */
export class Authenticator {
  readonly #origin: string
  readonly #id = randomBytes(16)
  readonly #privateKey: KeyObject
  readonly #publicKey: KeyObject
  /** How often it says that it was used; set it back to act as a copy would. */
  counter = 0

  constructor(origin: string) {
    this.#origin = origin
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    this.#privateKey = pair.privateKey
    this.#publicKey = pair.publicKey
  }

  /** What `navigator.credentials.create()` answers; the key may vouch for itself, or its maker as Android's do. */
  create(
    { challenge, rp }: PublicKeyCredentialCreationOptionsJSON,
    vouches: 'nobody' | 'itself' | Certify = 'nobody',
  ): RegistrationResponseJSON {
    const credential = Buffer.concat([Buffer.alloc(16), uint16(this.#id.length), this.#id, this.#coseKey()])
    const authData = this.#authenticatorData(rp.id ?? '', HAS_CREDENTIAL, credential)
    const clientData = this.#clientData('webauthn.create', challenge)
    const clientDataHash = createHash('sha256').update(clientData).digest()
    const certificates =
      typeof vouches === 'function' ? vouches({ publicKey: this.#publicKey, clientDataHash }) : null
    const statement: [Buffer, Buffer][] = [
      [cborText('alg'), cborInt(-7)],
      [
        cborText('sig'),
        cborBytes(sign('sha256', Buffer.concat([authData, clientDataHash]), this.#privateKey)),
      ],
    ]
    if (certificates) statement.push([cborText('x5c'), cborList(certificates.map(cborBytes))])
    const format = vouches === 'nobody' ? 'none' : certificates ? 'android-key' : 'packed'
    const attestation = cborMap([
      [cborText('fmt'), cborText(format)],
      [cborText('attStmt'), cborMap(vouches === 'nobody' ? [] : statement)],
      [cborText('authData'), cborBytes(authData)],
    ])
    return {
      id: this.#id.toString('base64url'),
      rawId: this.#id.toString('base64url'),
      type: 'public-key',
      clientExtensionResults: {},
      response: {
        clientDataJSON: clientData.toString('base64url'),
        attestationObject: attestation.toString('base64url'),
        transports: ['usb'],
      },
    }
  }

  /** What `navigator.credentials.get()` answers. */
  get({ challenge, rpId }: PublicKeyCredentialRequestOptionsJSON): AuthenticationResponseJSON {
    this.counter++
    const authData = this.#authenticatorData(rpId ?? '')
    const clientData = this.#clientData('webauthn.get', challenge)
    const signed = Buffer.concat([authData, createHash('sha256').update(clientData).digest()])
    return {
      id: this.#id.toString('base64url'),
      rawId: this.#id.toString('base64url'),
      type: 'public-key',
      clientExtensionResults: {},
      response: {
        clientDataJSON: clientData.toString('base64url'),
        authenticatorData: authData.toString('base64url'),
        signature: sign('sha256', signed, this.#privateKey).toString('base64url'),
      },
    }
  }

  #clientData(type: string, challenge: string): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin: this.#origin, crossOrigin: false }))
  }

  #authenticatorData(rpId: string, flags = 0, rest = Buffer.alloc(0)): Buffer {
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(this.counter)
    const rpIdHash = createHash('sha256').update(rpId).digest()
    return Buffer.concat([rpIdHash, Buffer.from([USER_PRESENT | USER_VERIFIED | flags]), counter, rest])
  }

  /** As RFC 9053 writes a key for ES256: the numbers are those of its members. */
  #coseKey(): Buffer {
    const { x = '', y = '' } = this.#publicKey.export({ format: 'jwk' })
    return cborMap([
      [cborInt(1), cborInt(2)],
      [cborInt(3), cborInt(-7)],
      [cborInt(-1), cborInt(1)],
      [cborInt(-2), cborBytes(Buffer.from(x, 'base64url'))],
      [cborInt(-3), cborBytes(Buffer.from(y, 'base64url'))],
    ])
  }
}

// As much of CBOR (RFC 8949) as an attestation takes.
const INT = 0
const NEGATIVE_INT = 1
const BYTES = 2
const TEXT = 3
const LIST = 4
const MAP = 5

const cborInt = (n: number) => (n < 0 ? head(NEGATIVE_INT, -1 - n) : head(INT, n))
const cborBytes = (bytes: Buffer) => Buffer.concat([head(BYTES, bytes.length), bytes])
const cborText = (text: string) => Buffer.concat([head(TEXT, Buffer.byteLength(text)), Buffer.from(text)])
const cborList = (items: Buffer[]) => Buffer.concat([head(LIST, items.length), ...items])
const cborMap = (entries: [Buffer, Buffer][]) => Buffer.concat([head(MAP, entries.length), ...entries.flat()])

function head(major: number, argument: number): Buffer {
  if (argument < 24) return Buffer.from([(major << 5) | argument])
  if (argument < 256) return Buffer.from([(major << 5) | 24, argument])
  return Buffer.concat([Buffer.from([(major << 5) | 25]), uint16(argument)])
}

function uint16(n: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(n)
  return bytes
}
