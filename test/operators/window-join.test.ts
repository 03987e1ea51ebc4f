import assert from 'node:assert/strict'
import { test } from 'node:test'
import { milliseconds } from '../../shared/model/duration.ts'
import { endOfTime, lastEventTime } from '../../shared/model/event-time.ts'
import { coGroup } from '../../shared/operators/joins/cogroup.ts'
import type { JoinDefinition } from '../../shared/operators/joins/join-types.ts'
import { windowJoin } from '../../shared/operators/joins/window-join.ts'
import { cumulating } from '../../shared/windows/cumulating.ts'
import { daily } from '../../shared/windows/daily.ts'
import { type FixedWindows, globalWindow, greatestCommonDivisor, type Window } from '../../shared/windows/window.ts'
import { Random } from '../codecs/random.ts'
import { byKey, type Item, play, randomSteps, type Step } from './join-play.ts'
import { pairText } from './naive-interval-join.ts'
import { groupText, naiveWindowJoin, type WindowedSettings } from './naive-window-join.ts'

const types = ['inner', 'left', 'right', 'full', 'semi', 'anti', 'coGroup'] as const

function definitionOf(settings: WindowedSettings, windows: FixedWindows): JoinDefinition {
  const { type, where, lateness } = settings
  const lateTo = { left: 'left', right: 'right' }
  if (type === 'coGroup') {
    const fn = function* (key: string, window: Window, lefts: readonly Item[], rights: readonly Item[]) {
      yield groupText(key, window, lefts, rights)
    }
    return coGroup({ kind: 'coGroup', windows, function: fn, latenessMs: lateness, lateTo })
  }
  const combine = (left: Item | undefined, right: Item | undefined, window: Window) =>
    `${pairText(left, right)} ${window.end}`
  const definition = windowJoin({ kind: 'windowJoin', type, windows, where, combine, latenessMs: lateness, lateTo })
  if (type !== 'semi' && type !== 'anti') return definition
  return {
    ...definition,
    create: (name, context, outputs) =>
      definition.create(name, context, {
        ...outputs,
        push: (value, time, origin) => outputs.push(rowText(value as FilteredRow), time, origin),
      }),
  }
}

type FilteredRow = { readonly key: string; readonly window: Window; readonly value: Item }
const rowText = ({ key, window, value }: FilteredRow): string => `${key} ${value.id} ${window.end}`

const windowsOf = ({ size, hop }: WindowedSettings): FixedWindows => ({
  kind: size === hop ? 'tumbling' : 'hopping',
  sizeMs: size,
  hopMs: hop,
  offsetMs: 0,
  sliceMs: greatestCommonDivisor(size, hop),
})

function settingsOf(random: Random, type: WindowedSettings['type']): WindowedSettings {
  const size = random.between(2, 20)
  return {
    type,
    size,
    hop: random.below(2) === 0 ? size : random.between(1, size),
    where: type !== 'coGroup' && random.below(2) === 0 ? (left, right) => (left.n + right.n) % 3 !== 0 : undefined,
    lateness: random.pick([0, 0, random.between(1, 25)]),
  }
}

for (const type of types) {
  test(`${type} of windows gives what each window on its own gives, late records too, whatever the cuts and restarts`, () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = new Random(seed)
      const settings = settingsOf(random, type)
      const steps = randomSteps(random)
      const definition = definitionOf(settings, windowsOf(settings))
      const { pages, ...mine } = play(definition, steps, random)
      const theirs = naiveWindowJoin(settings, steps)
      assert.ok(theirs.rows.length > 0)
      assert.deepEqual(
        { ...mine, rows: mine.rows.toSorted() },
        { ...theirs, rows: theirs.rows.toSorted() },
        `seed ${seed}`,
      )
      const undisturbed = play(definition, steps, undefined)
      assert.deepEqual(pages, undisturbed.pages, `seed ${seed}: what is kept`)
      assert.deepEqual(byKey(mine.rows), byKey(undisturbed.rows), `seed ${seed}: the order within a key`)
    }
  })
}

const record = (side: 0 | 1, id: string, time: number): Step => ({
  kind: 'record',
  item: { side, key: 'k', id, n: 1, time },
})

test('in the global window rows come at the end of the input', () => {
  const settings: WindowedSettings = { type: 'left', size: 1, hop: 1, where: undefined, lateness: 10 }
  const steps: Step[] = [record(0, 'l', 1), { kind: 'advance', to: 100 }, record(1, 'r', 50)]
  const end: Step = { kind: 'advance', to: endOfTime }
  const { rows } = play(definitionOf(settings, globalWindow()), [...steps, end], undefined)
  assert.deepEqual(rows, [`k l-r ${endOfTime}@${lastEventTime}`])
  const { rows: alone } = play(definitionOf(settings, globalWindow()), [record(0, 'l', 1), end], undefined)
  assert.deepEqual(alone, [`k l-undefined ${endOfTime}@${lastEventTime}`])
})

test('cumulating and daily windows join too', () => {
  const settings: WindowedSettings = { type: 'full', size: 1, hop: 1, where: undefined, lateness: 0 }
  const end: Step = { kind: 'advance', to: endOfTime }
  const growing = cumulating(milliseconds(20), milliseconds(10))
  const { rows } = play(definitionOf(settings, growing), [record(0, 'l', 1), record(1, 'r', 12), end], undefined)
  assert.deepEqual(rows, ['k l-undefined 10@9', 'k l-r 20@19'])
  const [at, midnight] = ['2024-03-31T12:00:00+02:00', '2024-04-01T00:00:00+02:00'].map(text => Date.parse(text))
  const steps = [record(0, 'l', at), record(1, 'r', midnight - 1), record(1, 'next', midnight), end]
  const days = play(definitionOf(settings, daily('Europe/Paris')), steps, undefined)
  assert.deepEqual(days.rows, [
    `k l-r ${midnight}@${midnight - 1}`,
    `k undefined-next ${midnight + 86_400_000}@${midnight + 86_400_000 - 1}`,
  ])
})
