import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { confluentRegistry, type FetchLike, memoryRegistry, type WrittenSchema } from '../../shared/registry/index.ts'

const avro = (text: string): WrittenSchema => ({ type: 'AVRO', text })
const money = avro('{"type":"record","name":"Money","fields":[{"name":"cents","type":"long"}]}')
const order: WrittenSchema = {
  type: 'AVRO',
  text: '{"type":"record","name":"Order","fields":[{"name":"price","type":"Money"}]}',
  references: [{ name: 'Money', schema: money }],
}

/** A fetch that answers by the path, and tells what was asked. */
function answering(answers: Readonly<Record<string, unknown>>): {
  readonly fetch: FetchLike
  readonly asked: string[]
} {
  const asked: string[] = []
  const fetch: FetchLike = async (url, { method }) => {
    const { pathname, search } = new URL(url)
    asked.push(`${method} ${pathname}${search}`)
    const answer = answers[pathname]
    const notFound = { error_code: 40403, message: 'Schema not found' }
    return { status: answer === undefined ? 404 : 200, text: async () => JSON.stringify(answer ?? notFound) }
  }
  return { fetch, asked }
}

describe('a client of Confluent’s registry', () => {
  test('registers a schema with what it refers to, and reads it back whole', async () => {
    const registry = memoryRegistry()
    const id = await registry.idOf('orders-value', order)
    assert.equal(id, 2)
    const other = confluentRegistry({ url: 'http://registry', fetch: registry.fetch })
    assert.deepEqual(await other.schemaOf(id), order)
    assert.deepEqual(await other.schemaOf(1), money)
    assert.equal(await other.schemaOf(3), undefined)
    assert.equal(await other.idOf('other-value', order), id)
  })

  test('only looks up where it may not register', async () => {
    const registry = memoryRegistry()
    const reader = confluentRegistry({ url: 'http://registry', register: false, fetch: registry.fetch })
    await assert.rejects(reader.idOf('s', money), {
      name: 'StopDeploymentError',
      message:
        'Cannot find the schema of subject "s": schema registry http://registry does not have it, register it or let the client do so',
    })
    assert.equal(await reader.idOf('s', money).catch(() => registry.idOf('s', money)), 1)
    assert.equal(await reader.idOf('s', money), 1)
  })

  test('asks once for each id, also for many at once, and keeps what it learned', async () => {
    const { fetch, asked } = answering({ '/schemas/ids/1': { schema: '"int"' } })
    const registry = confluentRegistry({ url: 'http://registry/', fetch })
    await Promise.all([1, 1, 1].map(id => registry.schemaOf(id)))
    assert.deepEqual(await registry.schemaOf(1), avro('"int"'))
    assert.deepEqual(asked, ['GET /schemas/ids/1'])
    // An id that is not there may come: it is asked for again.
    assert.equal(await registry.schemaOf(2), undefined)
    assert.equal(await registry.schemaOf(2), undefined)
    assert.equal(asked.length, 3)
  })

  test('what is refused for the moment is asked for again, and a failure is not kept', async () => {
    const outcomes: (number | Error)[] = [
      429,
      503,
      new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') }),
      200,
    ]
    const fetch: FetchLike = async () => {
      const outcome = outcomes.shift() ?? 500
      if (outcome instanceof Error) throw outcome
      return { status: outcome, text: async () => '{"schema":"\\"int\\""}' }
    }
    const registry = confluentRegistry({ url: 'http://registry', fetch })
    assert.deepEqual(await registry.schemaOf(1), avro('"int"'))
    await assert.rejects(registry.schemaOf(2), {
      name: 'RetryBatchError',
      message: /^Cannot look up schema 2: http:\/\/registry answered with status 500/,
    })
    outcomes.push(200)
    assert.deepEqual(await registry.schemaOf(2), avro('"int"'))
  })

  test('a 404 of something else than the registry is no answer', async () => {
    const fetch: FetchLike = async () => ({ status: 404, text: async () => '<html>not here</html>' })
    await assert.rejects(confluentRegistry({ url: 'http://registry', fetch }).schemaOf(1), /refused it, status 404/)
  })

  test('names what it may not do, and shows no secret', async () => {
    const seen: (string | undefined)[] = []
    const fetch: FetchLike = async (_, { headers }) => {
      seen.push(headers.authorization)
      return { status: 401, text: async () => '{"error_code":401,"message":"Unauthorized"}' }
    }
    const stop = {
      name: 'StopDeploymentError',
      message:
        'Cannot look up schema 1: access to https://r.example is denied (Unauthorized (401)), give the client other credentials',
    }
    await assert.rejects(confluentRegistry({ url: 'https://u:p%40@r.example', fetch }).schemaOf(1), stop)
    await assert.rejects(
      confluentRegistry({ url: 'https://r.example', auth: { user: 'u', password: 'p@' }, fetch }).schemaOf(1),
      stop,
    )
    await assert.rejects(confluentRegistry({ url: 'https://r.example', auth: { token: 't' }, fetch }).schemaOf(1), stop)
    const basic = `Basic ${Buffer.from('u:p@').toString('base64')}`
    assert.deepEqual(seen, [basic, basic, 'Bearer t'])
    assert.throws(() => confluentRegistry({ url: 'registry' }), { name: 'ConfigurationError' })
  })

  test('an incompatible schema stops the deployment', async () => {
    const registry = memoryRegistry()
    await registry.idOf('s', money)
    await assert.rejects(registry.idOf('s', avro('"string"')), {
      name: 'StopDeploymentError',
      message: /refused it, .*incompatible/,
    })
    const lenient = memoryRegistry({ compatibility: 'NONE' })
    assert.equal(await lenient.idOf('s', money), 1)
    assert.equal(await lenient.idOf('s', avro('"string"')), 2)
  })

  test('references that lead around in a circle are refused', async () => {
    const to = (subject: string) => ({ schema: '"int"', references: [{ name: 'x', subject, version: 1 }] })
    const { fetch } = answering({
      '/schemas/ids/1': to('a'),
      '/subjects/a/versions/1': to('b'),
      '/subjects/b/versions/1': to('a'),
    })
    const registry = confluentRegistry({ url: 'http://registry', fetch })
    await assert.rejects(registry.schemaOf(1), /lead around in a circle through subject "a"/)
    const references: { name: string; schema: WrittenSchema }[] = []
    const schema: WrittenSchema = { type: 'PROTOBUF', text: '', references }
    references.push({ name: 'again', schema })
    await assert.rejects(registry.idOf('s', schema), /circle|circular/i)
  })

  test('a caller that gives up leaves the call to the others', async () => {
    const stop = new AbortController()
    let answer = (): void => {}
    const fetch: FetchLike = () =>
      new Promise(resolve => {
        answer = () => resolve({ status: 200, text: async () => '{"schema":"\\"int\\""}' })
      })
    const registry = confluentRegistry({ url: 'http://registry', fetch })
    const [given, kept] = [registry.schemaOf(1, stop.signal), registry.schemaOf(1)]
    stop.abort(new Error('no time'))
    await assert.rejects(given, /no time/)
    answer()
    assert.deepEqual(await kept, avro('"int"'))
  })
})
