import assert from 'node:assert/strict'
import { uniqueName } from './subject.ts'
import { type SubjectSpec, suiteOf } from './suite.ts'

const keptMs = 3_600_000

/** What ClaimsPort promises. */
export function claimsSuite(spec: SubjectSpec): void {
  suiteOf('claims', spec, declare => {
    declare('an id is of the place that claims it first, however often places claim', async ({ ports: { claims } }) => {
      const source = uniqueName('shop/orders')
      const claim = (...ids: readonly (readonly [id: string, place: string])[]) =>
        claims.claim(
          source,
          ids.map(([id, place]) => ({ id, place })),
          keptMs,
        )
      assert.deepEqual(await claim(['a', 'one'], ['b', 'one'], ['é/+ c', 'two']), [true, true, true])
      assert.deepEqual(await claim(['é/+ c', 'one'], ['a', 'one'], ['b', 'two'], ['d', 'two']), [
        false,
        true,
        false,
        true,
      ])
      assert.deepEqual(await claim(['a', 'one'], ['a', 'two']), [true, false])
      assert.deepEqual(await claim(), [])
    })

    declare('ids of one source are none of another', async ({ ports: { claims } }) => {
      const [one, other] = [uniqueName('shop/one'), uniqueName('shop/other')]
      assert.deepEqual(await claims.claim(one, [{ id: 'a', place: 'one' }], keptMs), [true])
      assert.deepEqual(await claims.claim(other, [{ id: 'a', place: 'two' }], keptMs), [true])
      assert.deepEqual(await claims.claim(one, [{ id: 'a', place: 'two' }], keptMs), [false])
    })

    declare('of places that claim at the same time one has each id', async ({ ports: { claims } }) => {
      const source = uniqueName('shop/orders')
      const ids = Array.from({ length: 80 }, (_, i) => `id-${i}`)
      const places = ['one', 'two', 'three']
      const answers = await Promise.all(
        places.map(place =>
          claims.claim(
            source,
            ids.map(id => ({ id, place })),
            keptMs,
          ),
        ),
      )
      for (const [i, id] of ids.entries()) assert.equal(answers.filter(each => each[i]).length, 1, id)
    })
  })
}
