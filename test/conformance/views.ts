import assert from 'node:assert/strict'
import { memoryCloud } from '../../local/cloud/embedded-cloud.ts'
import { positionText } from '../../shared/model/position.ts'
import type { ViewPut, ViewRow, ViewsPort } from '../../shared/ports/results.ts'
import { ManualClock } from '../cloud/clouds.ts'
import { Random } from '../cloud/random.ts'
import { uniqueName } from './subject.ts'
import { type SubjectSpec, suiteOf } from './suite.ts'

const position = (version: number) => positionText(String(version), 0, 0)

/** What ViewsPort promises. When a tombstone goes is the clock's matter, and tested elsewhere. */
export function viewsSuite(spec: SubjectSpec): void {
  suiteOf('views', spec, declare => {
    declare('put() keeps the row of the newest position, whatever the order of puts', async ({ ports: { views } }) => {
      const view = uniqueName('totals')
      await views.put(view, [{ key: 'a', position: position(9), value: 9 }])
      await views.put(view, [{ key: 'a', position: position(10), value: 10 }])
      await views.put(view, [
        { key: 'a', position: position(9), value: 'late' },
        { key: 'a', position: position(10), value: 'repeated' },
        { key: 'b', position: position(1), value: 1 },
      ])
      assert.deepEqual(await rowsOf(views, view), [
        { key: 'a', position: position(10), value: 10 },
        { key: 'b', position: position(1), value: 1 },
      ])
      assert.deepEqual(await views.scan(uniqueName('other')), [])
    })

    declare('a tombstone hides the row and drops older puts', async ({ ports: { views } }) => {
      const view = uniqueName('v')
      await views.put(view, [{ key: 'a', position: position(1), value: 1 }])
      await views.put(view, [{ key: 'a', position: position(3) }])
      await views.put(view, [{ key: 'a', position: position(2), value: 'late' }])
      assert.deepEqual(await views.scan(view), [])
      await views.put(view, [{ key: 'a', position: position(4), value: 4 }])
      assert.deepEqual(await rowsOf(views, view), [{ key: 'a', position: position(4), value: 4 }])
    })

    declare('of puts of one key in one call, the newest stays, and of equal ones the first', async ({ ports }) => {
      const view = uniqueName('v')
      const put = (version: number, value: string): ViewPut => ({ key: 'a', position: position(version), value })
      await ports.views.put(view, [put(2, 'two'), put(7, 'first of seven'), put(7, 'second of seven'), put(3, 'three')])
      assert.deepEqual(await rowsOf(ports.views, view), [{ key: 'a', position: position(7), value: 'first of seven' }])
    })

    declare('of puts at the same time, the newest position stays', async ({ ports: { views } }) => {
      const view = uniqueName('v')
      const versions = Array.from({ length: 20 }, (_, i) => (i * 7) % 20)
      await Promise.all(versions.map(value => views.put(view, [{ key: 'a', position: position(value), value }])))
      assert.deepEqual(await rowsOf(views, view), [{ key: 'a', position: position(19), value: 19 }])
    })

    declare('many rows are put by one call, and all are found again', async ({ ports: { views } }) => {
      const view = uniqueName('v')
      const keys = Array.from({ length: 300 }, (_, i) => `sRow ${String(i).padStart(3, '0')}`)
      await views.put(
        view,
        keys.map(key => ({ key, position: position(1), value: { key, amount: key.length } })),
      )
      assert.deepEqual(
        (await rowsOf(views, view)).map(({ key }) => key),
        keys,
      )
    })

    declare('values come back as they were put, and later changes to what was put do not show', async ({ ports }) => {
      const view = uniqueName('v')
      const list: unknown[] = [1, { deep: 'é' }]
      const values: unknown[] = [
        { key: 12345678901234567890n, at: new Date(5), none: null, bad: Number.NaN, gone: undefined, list },
        new Map<unknown, unknown>([['a', new Set([1, undefined])]]),
        { z: 1, a: { '': [], ' ': '' }, é: '"\n\u2028' },
        [-0, 0, 1e308, 5e-324, Number.NEGATIVE_INFINITY],
        0.1,
        null,
        '',
        'half \ud83d a pair',
        new Uint8Array([1, 2, 255]),
        [undefined, null],
        // A name that is no prototype here.
        JSON.parse('{"__proto__":{"a":1},"constructor":2}'),
      ]
      const kept = structuredClone(values)
      await ports.views.put(
        view,
        values.map((value, i) => ({ key: String.fromCharCode(97 + i), position: position(1), value })),
      )
      list.push(2)
      assert.deepEqual(
        (await rowsOf(ports.views, view)).map(({ value }) => structuredClone(value)),
        kept,
      )
      const names = await rowsOf(ports.views, view)
      assert.deepEqual(Object.keys(Object(names[2].value)), ['z', 'a', 'é'])
    })

    declare('any text is a key', async ({ ports: { views } }) => {
      const view = uniqueName('v')
      const keys = ['', ' ', 'ä/\u0000', 'long '.repeat(1_000), `${'long '.repeat(1_000)}!`, 'x'.repeat(1023), '=', '#']
      await views.put(
        view,
        keys.map(key => ({ key, position: position(1), value: key.length })),
      )
      assert.deepEqual((await rowsOf(views, view)).map(({ key }) => key).sort(), [...keys].sort())
    })

    declare('a row that no item can hold is refused', async ({ ports: { views } }) => {
      const rows = [{ key: 'a', position: position(1), value: 'x'.repeat(500_000) }]
      await assert.rejects(views.put('v', rows), {
        name: 'RangeError',
        message: /^Cannot store row "a" of view "v": 5000\d\d bytes/,
      })
    })

    declare('random schedules show what they show in memory', async ({ ports: { views } }) => {
      const reference = memoryCloud(new ManualClock()).ports.views
      const random = new Random(7)
      const view = uniqueName('v')
      for (let step = 0; step < 40; step++) {
        const rows = Array.from({ length: random.below(4) }, (_, i) => {
          const row = { key: `key ${random.below(6)}`, position: position(random.below(60)) }
          return random.below(3) === 0 ? row : { ...row, value: { step, i } }
        })
        await Promise.all([views.put(view, rows), reference.put(view, rows)])
        if (step % 5 > 0) continue
        assert.deepEqual(await rowsOf(views, view), await rowsOf(reference, view), `step ${step}`)
      }
    })
  })
}

const rowsOf = async (views: ViewsPort, view: string): Promise<ViewRow[]> =>
  [...(await views.scan(view))].sort((a, b) => (a.key < b.key ? -1 : 1))
