import fc from 'fast-check'

const deep = (levels: number): unknown => {
  let value: unknown = 'bottom'
  for (let level = 0; level < levels; level++) value = level % 2 ? [value] : { a: value }
  return value
}

/** Texts that have broken something somewhere. */
const hostileTexts = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\u0001\u001f\u007f',
  '\ud800',
  'half \udc00',
  '\u202egnol\u202c',
  '\u2028\u2029',
  '\ufeffada@customer.example',
  'e\u0301\u0301\u0301',
  'İıſK',
  'ﷺ'.repeat(30),
  '👨‍👩‍👧‍👦'.repeat(20),
  'x'.repeat(5_000),
  'ß'.repeat(20_000),
  "'; drop table users; --",
  '" or ""="',
  '#{7*7}{{7*7}}<%= 7*7 %>',
  '<script>alert(1)</script>',
  '../../../../etc/passwd',
  '%00%2e%2e%2f%c0%af',
  '\\x00\\u0000',
  '{"a":1}',
  'null',
  'undefined',
  'NaN',
  '-0',
  '1e999',
  '9007199254740993',
  '99999999999999999999999999',
  '0x10',
  '٣',
  'true',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'a@b@c@customer.example',
  `${'a'.repeat(64)}@${'b'.repeat(63)}.example`,
  `${'a.'.repeat(2_000)}@customer.example`,
  '"quoted\r\nBcc: all"@customer.example',
  'ada@customer.example\r\nBcc: eve@customer.example',
  'ada@xn--0.example',
  'ada@[127.0.0.1]',
  'javascript:alert(1)',
  'https://127.0.0.1:22/',
  'http://169.254.0.1/',
  'https://a:b@[::1]:99999/',
  '//evil.example/%2f..',
  '/\\evil.example',
  '0000-00-00T00:00:00Z',
  '9999-12-31T23:59:60Z',
  '+275760-09-13T00:00:00Z',
  '2026-02-30T00:00:00+99:99',
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  'a'.repeat(64_000),
]

const hostileNumbers = [
  0,
  -0,
  -1,
  1.5,
  1e-320,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 53,
  2 ** 63,
  1e21,
  1.7976931348623157e308,
]

/** A text that nobody sends in good faith. */
export const hostileText = fc.oneof(
  fc.constantFrom(...hostileTexts),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
)

/** A value of whatever type, where one of another was wanted. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: hostileText },
  { weight: 3, arbitrary: fc.constantFrom<unknown>(...hostileNumbers) },
  { weight: 2, arbitrary: fc.constantFrom<unknown>(null, true, false, [], {}, [[]], [null], { '': '' }) },
  { weight: 1, arbitrary: fc.constantFrom(20, 500, 4_000).map(deep) },
  { weight: 1, arbitrary: fc.jsonValue() },
  { weight: 1, arbitrary: fc.constantFrom(200, 5_000).map((length) => Array.from({ length }, (_, i) => i)) },
  {
    weight: 1,
    arbitrary: fc.constant(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`key${i}`, i]))),
  },
)

/** Members that reach for what every object has; JSON.parse makes them own members, as a client's text would. */
export const pollution = [
  '"__proto__":{"isAdmin":true}',
  '"constructor":{"prototype":{"isAdmin":true}}',
  '"__proto__":null',
  '"toString":1',
  '"then":{}',
  '"toJSON":"x"',
  '"length":-1',
]

/** Headers that a client may send and should not, by name. Texts go over the wire as latin1. */
export const hostileHeaders: [name: string, values: string[]][] = [
  ['Host', ['evil.example', '', 'localhost:4000:4000', 'a b', '[::1', 'x'.repeat(4_000), '\xff\xfe']],
  [
    'Authorization',
    ['', 'Bearer', 'Bearer ', 'Basic Og==', 'bearer x', `Bearer ${'x'.repeat(9_000)}`, 'Bearer \xff'],
  ],
  [
    'Content-Type',
    [
      '',
      'text/plain',
      'application/json; charset=utf-16',
      'application/json;',
      'application/JSON',
      'multipart/form-data; boundary=x',
      'application/x-www-form-urlencoded',
      'application/json\xff',
      '/'.repeat(500),
    ],
  ],
  ['Content-Encoding', ['gzip', 'br', 'deflate', 'identity', 'gzip, gzip', 'nonsense']],
  ['Transfer-Encoding', ['gzip, chunked', 'identity', 'chunked, chunked', 'xchunked', ' chunked']],
  ['Content-Length', ['0', '-1', '+2', '1e3', '0x2', '99999999999999999999', '2, 2', '']],
  ['Expect', ['100-continue', 'nonsense', '']],
  ['Upgrade', ['websocket', 'h2c', 'TLS/1.0']],
  ['Connection', ['upgrade', 'close', 'keep-alive, upgrade', 'Authorization', '\t']],
  [
    'X-Forwarded-For',
    ['', 'unknown', '127.0.0.1', '::1', "'; --", '1.2.3.4, '.repeat(500), '[fe80::1%eth0]:99', '\xff'],
  ],
  ['Forwarded', ['for=_hidden;by=_x', 'for="[::1]"', ';;;']],
  ['X-Forwarded-Host', ['evil.example']],
  ['X-Forwarded-Proto', ['javascript']],
  ['X-Original-URL', ['/v1/operator/accounts']],
  ['X-HTTP-Method-Override', ['DELETE']],
  ['Origin', ['null', 'https://evil.example', 'http://localhost:4000.evil.example', '\xff', '']],
  ['Access-Control-Request-Method', ['DELETE', '\xff']],
  [
    'Cookie',
    [
      '',
      '=',
      ';;;',
      'frontgate_refresh=%',
      'a=b; '.repeat(2_000),
      '__Host-frontgate_refresh="',
      '\xff=\xfe',
      `frontgate_device=${'x'.repeat(4_000)}`,
    ],
  ],
  ['Accept', ['', '*/*;q=2', 'text/html', 'application/problem+xml', 'x/y,'.repeat(1_000)]],
  ['Accept-Language', ['', 'de', 'xx-'.repeat(1_000), '\xff', '*;q=-1']],
  ['Accept-Encoding', ['gzip', 'br;q=1', 'nonsense', 'identity;q=0, *;q=0']],
  ['If-None-Match', ['*', '"x"', 'W/"', '"x",'.repeat(1_000)]],
  ['If-Modified-Since', ['yesterday', 'Thu, 01 Jan 1970 00:00:00 GMT']],
  ['Range', ['bytes=0-0', 'bytes=-1', `bytes=${'0-,'.repeat(1_000)}`]],
  ['Last-Event-ID', ['', '0', '-1', 'x', '99999999999999999999', '\xff']],
  ['User-Agent', ['', 'x'.repeat(9_000), '\xff\xfe', '<script>']],
  ['Stripe-Signature', ['', 't=1,v1=x', 't=99999999999999999999,v1=', 'v1='.repeat(1_000)]],
  ['Traceparent', ['00-00000000000000000000000000000000-0000000000000000-00', 'x', '\xff']],
  ['Sec-Fetch-Site', ['cross-site', 'nonsense']],
  ['X-Long', ['x'.repeat(20_000)]],
  ['X Space', ['x']],
  ['X-Cr', ['a\rb', 'a\nX-Injected: b', 'a\0b']],
]
