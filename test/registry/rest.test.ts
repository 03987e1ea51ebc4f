import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { newRest, type Rest, record, refusedWith } from './registries.ts'

const register = (call: Rest, subject: string, schema: string, more: object = {}) =>
  call('POST', `/subjects/${subject}/versions`, { schema, ...more })

describe('subjects and versions', () => {
  test('a schema has one id under all subjects, and each subject its own versions', async () => {
    const call = newRest()
    assert.deepEqual(await call('GET', '/subjects'), [200, []])
    assert.deepEqual(await register(call, 'a', record('x')), [200, { id: 1 }])
    assert.deepEqual(await register(call, 'a', record('x', 'y?')), [200, { id: 2 }])
    assert.deepEqual(await register(call, 'b', record('x', 'y?')), [200, { id: 2 }])
    // The same schema, written in another way, is no new version.
    assert.deepEqual(await register(call, 'a', ` ${record('x').replaceAll(',', ' , ')}`), [200, { id: 1 }])
    assert.deepEqual(await call('GET', '/subjects'), [200, ['a', 'b']])
    assert.deepEqual(await call('GET', '/subjects/a/versions'), [200, [1, 2]])
    assert.deepEqual(await call('GET', '/subjects/a/versions/latest'), [
      200,
      { subject: 'a', version: 2, id: 2, schema: record('x', 'y?') },
    ])
    assert.deepEqual(await call('GET', '/subjects/a/versions/-1/schema'), [200, JSON.parse(record('x', 'y?'))])
    assert.deepEqual(await call('GET', '/schemas/ids/2'), [200, { schema: record('x', 'y?') }])
    assert.deepEqual(await call('GET', '/schemas/ids/2/schema'), [200, JSON.parse(record('x', 'y?'))])
    assert.deepEqual(await call('GET', '/schemas/ids/2/subjects'), [200, ['a', 'b']])
    assert.deepEqual(await call('GET', '/schemas/ids/2/versions'), [
      200,
      [
        { subject: 'a', version: 2 },
        { subject: 'b', version: 1 },
      ],
    ])
    assert.deepEqual(await call('POST', '/subjects/a', { schema: record('x') }), [
      200,
      { subject: 'a', version: 1, id: 1, schema: record('x') },
    ])
  })

  test('names are percent-encoded in paths', async () => {
    const call = newRest()
    const name = 'shop/orders value:€'
    await register(call, encodeURIComponent(name), '"int"')
    assert.deepEqual(await call('GET', '/subjects'), [200, [name]])
    assert.deepEqual(await call('GET', `/subjects/${encodeURIComponent(name)}/versions`), [200, [1]])
    refusedWith(await call('GET', '/subjects/%E0%A4%A/versions'), 400)
  })

  test('lists are filtered and paged', async () => {
    const call = newRest()
    for (const subject of ['a-key', 'a-value', 'b-value']) await register(call, subject, '"int"')
    await call('DELETE', '/subjects/b-value')
    assert.deepEqual(await call('GET', '/subjects?subjectPrefix=a-'), [200, ['a-key', 'a-value']])
    assert.deepEqual(await call('GET', '/subjects?subjectPrefix=:*:a-'), [200, ['a-key', 'a-value']])
    assert.deepEqual(await call('GET', '/subjects?offset=1&limit=1'), [200, ['a-value']])
    assert.deepEqual(await call('GET', '/subjects?deleted=true&limit=-1'), [200, ['a-key', 'a-value', 'b-value']])
    assert.deepEqual(await call('GET', '/subjects?deletedOnly=true'), [200, ['b-value']])
    const all = [
      { subject: 'a-key', version: 1, id: 1, schema: '"int"' },
      { subject: 'a-value', version: 1, id: 1, schema: '"int"' },
    ]
    assert.deepEqual(await call('GET', '/schemas'), [200, all])
    assert.deepEqual(await call('GET', '/schemas?subjectPrefix=a-v'), [200, all.slice(1)])
    await register(call, 'a-key', '"long"')
    assert.deepEqual(await call('GET', '/schemas?latestOnly=true&limit=1'), [
      200,
      [{ subject: 'a-key', version: 2, id: 2, schema: '"long"' }],
    ])
  })

  test('types, contexts and the root are there', async () => {
    const call = newRest()
    assert.deepEqual(await call('GET', '/'), [200, {}])
    assert.deepEqual(await call('GET', '/contexts'), [200, ['.']])
    assert.deepEqual(await call('GET', '/schemas/types'), [200, ['AVRO', 'JSON', 'PROTOBUF']])
  })

  test('normalized schemas are the same whatever the order of what has none', async () => {
    const call = newRest()
    const json = (schema: string) => ({ schema, schemaType: 'JSON' })
    const [one, other] = ['{"type":"object","title":"t"}', '{"title":"t","type":"object"}']
    assert.deepEqual(await call('POST', '/subjects/j/versions?normalize=true', json(one)), [200, { id: 1 }])
    assert.deepEqual(await call('POST', '/subjects/j/versions?normalize=true', json(other)), [200, { id: 1 }])
    refusedWith(await call('POST', '/subjects/j', json(one)), 40403)
    const [status] = await call('POST', '/subjects/j?normalize=true', json(one))
    assert.equal(status, 200)
    await call('PUT', '/config/j', { normalize: true })
    assert.deepEqual(await call('POST', '/subjects/j/versions', json(one)), [200, { id: 1 }])
  })
})

describe('refusals', () => {
  test('name what is not there by their codes', async () => {
    const call = newRest()
    refusedWith(await call('GET', '/subjects/none/versions'), 40401, /Subject 'none' not found/)
    refusedWith(await call('GET', '/subjects/none/versions/1'), 40401)
    refusedWith(await call('POST', '/subjects/none', { schema: '"int"' }), 40401)
    refusedWith(await call('DELETE', '/subjects/none'), 40401)
    refusedWith(await call('GET', '/schemas/ids/7'), 40403, /Schema 7 not found/)
    await register(call, 's', '"int"')
    refusedWith(await call('GET', '/subjects/s/versions/2'), 40402, /Version 2 not found/)
    refusedWith(await call('DELETE', '/subjects/s/versions/2'), 40402)
    refusedWith(await call('POST', '/subjects/s', { schema: '"long"' }), 40403, /Schema not found/)
    refusedWith(await call('GET', '/config/s'), 40408)
    refusedWith(await call('GET', '/mode/s'), 40409)
    refusedWith(await call('DELETE', '/config/s'), 40401)
    refusedWith(await call('DELETE', '/mode/s'), 40401)
    refusedWith(await call('GET', '/nothing'), 404)
    refusedWith(await call('PATCH', '/subjects'), 405)
    refusedWith(await call('GET', '/schemas/ids/x'), 404)
  })

  test('name what is invalid by their codes', async () => {
    const call = newRest()
    for (const version of ['0', '-2', 'first', '2147483648', '1.5']) {
      refusedWith(await call('GET', `/subjects/s/versions/${version}`), 42202, new RegExp(`'${version}'`))
    }
    for (const schema of ['', '{', '{"type":"record"}', '{"type":"nothing"}', '"a.b.C"', '["int","int"]']) {
      refusedWith(await register(call, 's', schema), 42201)
    }
    refusedWith(await register(call, 's', '"int"', { schemaType: 'XML' }), 42201, /XML/)
    refusedWith(await register(call, 's', 'message', { schemaType: 'PROTOBUF' }), 42201)
    refusedWith(await register(call, 's', '[]', { schemaType: 'JSON' }), 42201)
    refusedWith(await register(call, 's', '{"$ref":"#/definitions/none"}', { schemaType: 'JSON' }), 42201, /none/)
    refusedWith(await call('PUT', '/config', { compatibility: 'SOMEHOW' }), 42203, /FULL_TRANSITIVE/)
    refusedWith(await call('PUT', '/mode', { mode: 'ASLEEP' }), 42204, /READONLY_OVERRIDE/)
    refusedWith(await call('POST', '/subjects/s/versions', []), 400)
    refusedWith(await register(call, '__GLOBAL', '"int"'), 42208)
    refusedWith(await register(call, ':.other:s', '"int"'), 42208)
    assert.deepEqual(await call('GET', '/subjects'), [200, []])
  })

  test('an incompatible schema is refused with all that is wrong', async () => {
    const call = newRest()
    await register(call, 's', record('x'))
    const answer = await register(call, 's', record('x', 'y'))
    refusedWith(answer, 409, /READER_FIELD_MISSING_DEFAULT_VALUE.*'y' at path '\/fields\/1'.*oldSchemaVersion: 1/)
  })
})

describe('deletion', () => {
  test('is soft first, and for good when it is asked for again', async () => {
    const call = newRest()
    await register(call, 's', record('x'))
    await register(call, 's', record('x', 'y?'))
    refusedWith(await call('DELETE', '/subjects/s/versions/1?permanent=true'), 40407)
    assert.deepEqual(await call('DELETE', '/subjects/s/versions/1'), [200, 1])
    refusedWith(await call('DELETE', '/subjects/s/versions/1'), 40406)
    assert.deepEqual(await call('GET', '/subjects/s/versions'), [200, [2]])
    assert.deepEqual(await call('GET', '/subjects/s/versions?deleted=true'), [200, [1, 2]])
    assert.deepEqual(await call('GET', '/subjects/s/versions?deletedOnly=true'), [200, [1]])
    refusedWith(await call('GET', '/subjects/s/versions/1'), 40402)
    assert.deepEqual(await call('GET', '/subjects/s/versions/1?deleted=true'), [
      200,
      { subject: 's', version: 1, id: 1, deleted: true, schema: record('x') },
    ])
    // What was written with it can still be read.
    assert.deepEqual(await call('GET', '/schemas/ids/1'), [200, { schema: record('x') }])
    assert.deepEqual(await call('GET', '/schemas/ids/1/versions'), [200, []])
    assert.deepEqual(await call('GET', '/schemas/ids/1/versions?deleted=true'), [200, [{ subject: 's', version: 1 }]])
    refusedWith(await call('POST', '/subjects/s', { schema: record('x') }), 40403)
    assert.equal((await call('POST', '/subjects/s?deleted=true', { schema: record('x') }))[0], 200)
    assert.deepEqual(await call('DELETE', '/subjects/s/versions/1?permanent=true'), [200, 1])
    refusedWith(await call('GET', '/schemas/ids/1'), 40403)
    assert.deepEqual(await call('GET', '/subjects/s/versions?deleted=true'), [200, [2]])
  })

  test('a schema that comes back gets its id again, and a new version', async () => {
    const call = newRest()
    await register(call, 's', record('x'))
    await call('DELETE', '/subjects/s/versions/latest')
    refusedWith(await call('GET', '/subjects/s/versions'), 40401)
    assert.deepEqual(await register(call, 's', record('x')), [200, { id: 1 }])
    assert.deepEqual(await call('GET', '/subjects/s/versions'), [200, [2]])
    await call('DELETE', '/subjects/s')
    await call('DELETE', '/subjects/s?permanent=true')
    assert.deepEqual(await register(call, 's', '"int"'), [200, { id: 2 }])
    assert.deepEqual(await register(call, 't', record('x')), [200, { id: 1 }])
    assert.deepEqual(await call('GET', '/subjects/s/versions'), [200, [1]])
  })

  test('of a subject takes its versions and its settings', async () => {
    const call = newRest()
    await register(call, 's', record('x'))
    await register(call, 's', record('x', 'y?'))
    await call('PUT', '/config/s', { compatibility: 'NONE' })
    refusedWith(await call('DELETE', '/subjects/s?permanent=true'), 40405)
    assert.deepEqual(await call('DELETE', '/subjects/s'), [200, [1, 2]])
    refusedWith(await call('DELETE', '/subjects/s'), 40404)
    refusedWith(await call('GET', '/config/s'), 40408)
    assert.deepEqual(await call('GET', '/subjects?deleted=true'), [200, ['s']])
    assert.deepEqual(await call('DELETE', '/subjects/s?permanent=true'), [200, [1, 2]])
    assert.deepEqual(await call('GET', '/subjects?deleted=true'), [200, []])
    refusedWith(await call('DELETE', '/subjects/s?permanent=true'), 40401)
  })

  test('compatibility is not checked against what was deleted', async () => {
    const call = newRest()
    await register(call, 's', record('x'))
    await call('DELETE', '/subjects/s/versions/1')
    assert.deepEqual(await register(call, 's', '"string"'), [200, { id: 2 }])
  })
})

describe('references', () => {
  const money = JSON.stringify({
    type: 'record',
    name: 'Money',
    namespace: 'shop',
    fields: [{ name: 'cents', type: 'long' }],
  })
  const order = JSON.stringify({ type: 'record', name: 'Order', fields: [{ name: 'price', type: 'shop.Money' }] })
  const references = [{ name: 'shop.Money', subject: 'money', version: 1 }]

  test('a schema knows what it refers to, and what is referred to stays', async () => {
    const call = newRest()
    refusedWith(await register(call, 'order', order, { references }), 42201, /"money" and version 1/)
    await register(call, 'money', money)
    refusedWith(await register(call, 'order', order), 42201, /shop\.Money/)
    assert.deepEqual(await register(call, 'order', order, { references }), [200, { id: 2 }])
    assert.deepEqual(await call('GET', '/schemas/ids/2'), [200, { references, schema: order }])
    assert.deepEqual(await call('GET', '/subjects/money/versions/1/referencedby'), [200, [2]])
    refusedWith(await call('DELETE', '/subjects/money/versions/1'), 42206)
    refusedWith(await call('DELETE', '/subjects/money'), 42206)
    await call('DELETE', '/subjects/order')
    assert.deepEqual(await call('GET', '/subjects/money/versions/1/referencedby'), [200, []])
    assert.deepEqual(await call('DELETE', '/subjects/money'), [200, [1]])
  })

  test('a version of -1 is the newest one, and is kept by its number', async () => {
    const call = newRest()
    await register(call, 'money', money)
    const latest = [{ name: 'shop.Money', subject: 'money', version: -1 }]
    assert.deepEqual(await register(call, 'order', order, { references: latest }), [200, { id: 2 }])
    assert.deepEqual(await call('GET', '/schemas/ids/2'), [200, { references, schema: order }])
  })

  test('are compared through and through', async () => {
    const call = newRest()
    await register(call, 'money', money)
    await register(call, 'money', money.replace(']', ',{"name":"currency","type":"string","default":"EUR"}]'))
    await call('PUT', '/config/money', { compatibility: 'NONE' })
    await register(call, 'money', money.replace(']', ',{"name":"currency","type":"string"}]'))
    await register(call, 'order', order, { references })
    const at = (version: number) => ({ references: [{ name: 'shop.Money', subject: 'money', version }] })
    assert.deepEqual((await register(call, 'order', order, at(2)))[0], 200)
    await call('PUT', '/config/order', { compatibility: 'BACKWARD_TRANSITIVE' })
    refusedWith(await register(call, 'order', order, at(3)), 409, /currency/)
  })
})

describe('settings', () => {
  test('compatibility is of a subject, else of all, else BACKWARD', async () => {
    const call = newRest()
    assert.deepEqual(await call('GET', '/config'), [200, { compatibilityLevel: 'BACKWARD' }])
    assert.deepEqual(await call('PUT', '/config', { compatibility: 'full' }), [200, { compatibility: 'FULL' }])
    assert.deepEqual(await call('GET', '/config/s?defaultToGlobal=true'), [200, { compatibilityLevel: 'FULL' }])
    assert.deepEqual(await call('PUT', '/config/s', { compatibility: 'NONE' }), [200, { compatibility: 'NONE' }])
    assert.deepEqual(await call('GET', '/config/s'), [200, { compatibilityLevel: 'NONE' }])
    assert.deepEqual(await call('DELETE', '/config/s'), [200, { compatibilityLevel: 'NONE' }])
    assert.deepEqual(await call('DELETE', '/config'), [200, { compatibilityLevel: 'FULL' }])
    assert.deepEqual(await call('GET', '/config'), [200, { compatibilityLevel: 'BACKWARD' }])
    assert.deepEqual(await call('GET', '/subjects?deleted=true'), [200, []])
  })

  test('a registry that is only read refuses every change', async () => {
    const call = newRest()
    await register(call, 's', '"int"')
    assert.deepEqual(await call('PUT', '/mode', { mode: 'READONLY' }), [200, { mode: 'READONLY' }])
    refusedWith(await register(call, 's', '"long"'), 42205, /read-only mode/)
    refusedWith(await call('DELETE', '/subjects/s'), 42205)
    refusedWith(await call('PUT', '/config/s', { compatibility: 'NONE' }), 42205)
    assert.deepEqual((await call('GET', '/subjects/s/versions/1'))[0], 200)
    await call('PUT', '/mode/s', { mode: 'READWRITE' })
    assert.deepEqual(await register(call, 's', '"long"'), [200, { id: 2 }])
    await call('PUT', '/mode', { mode: 'READONLY_OVERRIDE' })
    refusedWith(await register(call, 's', '"float"'), 42205)
    assert.deepEqual(await call('GET', '/mode/s?defaultToGlobal=true'), [200, { mode: 'READONLY_OVERRIDE' }])
    assert.deepEqual(await call('DELETE', '/mode'), [200, { mode: 'READONLY_OVERRIDE' }])
    assert.deepEqual(await call('GET', '/mode'), [200, { mode: 'READWRITE' }])
    assert.deepEqual(await call('DELETE', '/mode/s'), [200, { mode: 'READWRITE' }])
  })

  test('IMPORT takes ids and versions as they are, and later ids come after them', async () => {
    const call = newRest()
    refusedWith(await register(call, 's', '"int"', { id: 40 }), 42205, /not in import mode/)
    assert.deepEqual(await call('PUT', '/mode/s', { mode: 'IMPORT' }), [200, { mode: 'IMPORT' }])
    refusedWith(await register(call, 's', '"int"'), 42205, /not in read-write mode/)
    assert.deepEqual(await register(call, 's', '"int"', { id: 40, version: 3 }), [200, { id: 40 }])
    assert.deepEqual(await register(call, 's', '"int"', { id: 40, version: 3 }), [200, { id: 40 }])
    refusedWith(await register(call, 's', '"string"', { id: 40 }), 42205, /id 40/)
    assert.deepEqual(await register(call, 's', '"string"', { id: 2, version: 1 }), [200, { id: 2 }])
    assert.deepEqual(await call('GET', '/subjects/s/versions'), [200, [1, 3]])
    await call('PUT', '/mode/s', { mode: 'READWRITE' })
    await call('PUT', '/config/s', { compatibility: 'NONE' })
    assert.deepEqual(await register(call, 's', '"bytes"'), [200, { id: 41 }])
    refusedWith(await call('PUT', '/mode/s', { mode: 'IMPORT' }), 42205, /existing subjects/)
    assert.equal((await call('PUT', '/mode/s?force=true', { mode: 'IMPORT' }))[0], 200)
  })
})

describe('a check of compatibility', () => {
  test('is with one version or with those that the level asks for, and changes nothing', async () => {
    const call = newRest()
    const check = (version: string, schema: string) =>
      call('POST', `/compatibility/subjects/s/versions${version}`, { schema })
    assert.deepEqual(await check('/latest', record('x')), [200, { is_compatible: true }])
    await register(call, 's', record('x'))
    await register(call, 's', record('x', 'y?'))
    assert.deepEqual(await check('', record('x', 'y')), [200, { is_compatible: true }])
    assert.deepEqual(await check('/1', record('x', 'y')), [200, { is_compatible: false }])
    await call('PUT', '/config', { compatibility: 'BACKWARD_TRANSITIVE' })
    assert.deepEqual(await check('', record('x', 'y')), [200, { is_compatible: false }])
    assert.deepEqual(await check('/latest?verbose=true', record('x')), [200, { is_compatible: true, messages: [] }])
    const [, verbose] = await check('/1?verbose=true', record('x', 'y'))
    assert.match(JSON.stringify(verbose), /READER_FIELD_MISSING_DEFAULT_VALUE/)
    refusedWith(await check('/7', record('x')), 40402)
    refusedWith(await check('/latest', '{'), 42201)
    assert.match(JSON.stringify((await check('?verbose=true', '{'))[1]), /"is_compatible":false.*no JSON/)
    assert.deepEqual(await call('GET', '/subjects/s/versions'), [200, [1, 2]])
  })

  test('schemas of different types never get along', async () => {
    const call = newRest()
    await register(call, 's', '"int"')
    refusedWith(await register(call, 's', '{"type":"integer"}', { schemaType: 'JSON' }), 409, /different schema type/)
  })
})
