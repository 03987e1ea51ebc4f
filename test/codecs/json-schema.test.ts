import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as v from 'valibot'
import { z } from 'zod'
import type { Codec } from '../../shared/codecs/codec.ts'
import { json } from '../../shared/codecs/json.ts'
import type { StandardSchema } from '../../shared/codecs/standard-schema.ts'
import { ConfigurationError, MalformedRecordError } from '../../shared/model/errors.ts'

function decode<T>(codec: Codec<T>, text: string): T {
  const bytes = Buffer.from(text)
  return codec.decode(bytes, 0, bytes.length)
}

function refuses<T>(codec: Codec<T>, text: string, message: string): void {
  assert.throws(() => decode(codec, text), { name: MalformedRecordError.name, message })
}

/** Compiles only if both are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const holds = <Claim extends true>(claim: Claim): void => assert.ok(claim)

const zodOrder = z.object({
  id: z.string(),
  at: z.coerce.date(),
  lines: z.array(z.object({ price: z.number(), side: z.enum(['B', 'S']).default('B') })),
})
const valibotOrder = v.object({
  id: v.string(),
  lines: v.array(v.object({ price: v.pipe(v.number(), v.minValue(0)), note: v.optional(v.string()) })),
})

describe('json() with a schema of Zod', () => {
  const codec = json(zodOrder)

  it('has the type that the schema gives out, and its values', () => {
    type Expected = { id: string; at: Date; lines: { price: number; side: 'B' | 'S' }[] }
    holds<Same<ReturnType<typeof codec.decode>, Expected>>(true)
    assert.deepEqual(decode(codec, '{"id":"1","at":"2026-01-01","lines":[{"price":2}],"more":1}'), {
      id: '1',
      at: new Date('2026-01-01'),
      lines: [{ price: 2, side: 'B' }],
    })
  })

  it('tells where, what was found and why', () => {
    refuses(
      codec,
      '{"id":"1","at":"2026-01-01","lines":[{"price":1},{"price":1},{"price":"x"}]}',
      'Cannot read JSON: found "x" at "lines[2].price", expected what the schema takes (Invalid input: expected number, received string)',
    )
    refuses(
      json(z.object({ 'a b': z.object({ c: z.string() }) })),
      '{"a b":{}}',
      'Cannot read JSON: found nothing at "["a b"].c", expected what the schema takes (Invalid input: expected string, received undefined)',
    )
    refuses(
      json(z.string()),
      '[1,2]',
      'Cannot read JSON: found [1,2], expected what the schema takes (Invalid input: expected string, received array)',
    )
  })

  it('tells the first few of many issues', () => {
    const many = json(z.array(z.string()))
    assert.throws(() => decode(many, '[1,2,3,4,5]'), /found 1 at "\[0\]".*; found 2 .*; found 3 .*; and 2 more$/)
  })

  it('reads what it wrote, and refuses to write what it would not read', () => {
    const value = { id: '1', at: new Date(5), lines: [{ price: 2, side: 'S' as const }] }
    const bytes = codec.encode(value)
    assert.deepEqual(codec.decode(bytes, 0, bytes.length), value)
    assert.throws(() => codec.encode({ ...value, lines: [{ price: Number.NaN, side: 'S' }] }), {
      name: 'RangeError',
      message:
        'Cannot write JSON: it would not be read back: found null at "lines[0].price", expected what the schema takes (Invalid input: expected number, received null)',
    })
  })

  it('tells of a schema that answers later', () => {
    refuses(
      json(z.object({ id: z.string().refine(async () => true) })),
      '{"id":"1"}',
      'Cannot read JSON: found a schema of zod that answers later, expected one that validates at once',
    )
  })
})

describe('json() with a schema of Valibot', () => {
  const codec = json(valibotOrder)

  it('has the type that the schema gives out, and its values', () => {
    type Expected = { id: string; lines: { price: number; note?: string | undefined }[] }
    holds<Same<ReturnType<typeof codec.decode>, Expected>>(true)
    assert.deepEqual(decode(codec, '{"id":"1","lines":[{"price":2}]}'), { id: '1', lines: [{ price: 2 }] })
  })

  it('tells where, what was found and why', () => {
    refuses(
      codec,
      '{"id":"1","lines":[{"price":-2}]}',
      'Cannot read JSON: found -2 at "lines[0].price", expected what the schema takes (Invalid value: Expected >=0 but received -2)',
    )
  })

  it('is refused where it is known to answer later', () => {
    assert.throws(() => json(v.objectAsync({ id: v.string() })), {
      name: ConfigurationError.name,
      message:
        'Cannot make a codec for JSON: the schema of valibot validates asynchronously, one that answers at once would be right',
    })
  })
})

describe('json() with a schema of any other library', () => {
  /** As ArkType's: a function with the property. */
  const schema: StandardSchema<unknown, number> & ((value: unknown) => unknown) = Object.assign(
    (value: unknown) => value,
    {
      '~standard': {
        version: 1 as const,
        vendor: 'mine',
        validate: (value: unknown) => {
          if (typeof value === 'number') return { value }
          if (value === 'throw') throw new TypeError('no\nway')
          return { issues: [{ message: `not a number\n${'x'.repeat(5_000)}`, path: [{ key: 'a' }, Symbol('s'), 0] }] }
        },
      },
    },
  )

  it('takes one that is a function', () => {
    const value: number = decode(json(schema), '5')
    assert.equal(value, 5)
  })

  it('tells what it throws, and keeps the message on one line', () => {
    refuses(
      json(schema),
      '"throw"',
      'Cannot read JSON: found a value on which the schema throws: no\\u000away, expected one that it takes',
    )
    assert.throws(
      () => decode(json(schema), '{"a":"\\u2028"}'),
      error => error instanceof Error && error.message.length < 500 && /^[ -~…]+$/.test(error.message),
    )
  })
})
