import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  hopping,
  json,
  milliseconds,
  minutes,
  type PipelineOptions,
  pipeline,
  session,
  tumbling,
  utf8,
} from '../../shared/index.ts'

type Build = Parameters<typeof pipeline>[1]
const lines = { codec: utf8 }
const codec = json<{ readonly id: string; readonly n: number }>()

function refuses(build: Build, message: RegExp, name = 'p', options: PipelineOptions = {}): void {
  const sentence = { name: 'ConfigurationError', message: new RegExp(`^Cannot .*${message.source}`) }
  assert.throws(() => pipeline(name, build, options), sentence)
}

const counted: Build = ({ source }) => ({
  a: source('s', lines)
    .keyBy('word', word => word)
    .count('a'),
})

test('a pipeline that returns nothing is refused', () => {
  refuses(() => ({}), /returns nothing/)
  refuses((() => undefined) as unknown as Build, /returns nothing/)
})

test('an output that is no result and no sink is refused by its name', () => {
  refuses(
    (({ source }: Parameters<Build>[0]) => ({ mine: source('s', lines) })) as unknown as Build,
    /output "mine" is neither/,
  )
})

test('two operators, or two stages, of one name are refused', () => {
  refuses(({ source }) => {
    const words = source('s', lines).keyBy('word', word => word)
    return { a: words.count('n'), b: words.window(tumbling(minutes(1))).count('n') }
  }, /two operators are named "n"/)
  refuses(({ source }) => {
    const [a, b] = [source('s', lines), source('s', lines)]
    return {
      a: a
        .union(b)
        .keyBy('word', word => word)
        .count('n'),
    }
  }, /two stages are named "s"/)
  refuses(
    ({ source }) => ({
      a: source('s', lines)
        .keyBy('s', word => word)
        .count('n'),
    }),
    /two stages are named "s"/,
  )
  refuses(
    ({ source }) => ({
      a: source('s', lines)
        .keyBy('w', word => word)
        .count('n')
        .top('w', 1),
    }),
    /two stages are named "w"/,
  )
})

test('a name that a stream, a store or an object could not have is refused', () => {
  for (const bad of [
    '',
    '1a',
    'a b',
    'a/b',
    'a.b',
    'é',
    '$producers',
    'a'.repeat(65),
    'constructor',
    'toString',
    '__proto__',
  ]) {
    refuses(counted, /is not allowed/, bad)
    refuses(
      ({ source }) => ({
        a: source(bad, lines)
          .keyBy('w', word => word)
          .count('n'),
      }),
      /is not allowed/,
    )
    refuses(
      ({ source }) => ({
        a: source('s', lines)
          .keyBy(bad, word => word)
          .count('n'),
      }),
      /is not allowed/,
    )
    refuses(
      ({ source }) => ({
        a: source('s', lines)
          .keyBy('w', word => word)
          .count(bad),
      }),
      /is not allowed/,
    )
  }
})

test('a stream of the user with the name of one between stages is refused', () => {
  refuses(
    ({ source }) => ({
      a: source('p-w', lines)
        .keyBy('w', word => word)
        .count('n'),
    }),
    /source "p-w" has the name of the stream/,
  )
  refuses(({ source }) => {
    const words = source('s', lines)
    return { a: words.keyBy('w', word => word).count('n'), b: words.toStream('p-w', utf8) }
  }, /stream "p-w" has the name of the stream/)
})

test('names that are too long together for a stream are refused', () => {
  const long = 'w'.repeat(64)
  refuses(
    ({ source }) => ({
      a: source('s', lines)
        .keyBy(long, word => word)
        .count('n'),
    }),
    /of 129 characters/,
    'p'.repeat(64),
  )
})

test('key groups outside their range are refused', () => {
  for (const keyGroups of [0, -1, 1.5, 1_025, Number.NaN])
    refuses(counted, /key groups were asked for/, 'p', { keyGroups })
  for (const keyGroups of [1, 1_024]) assert.ok(pipeline('p', counted, { keyGroups }))
})

test('rows of sessions that may still merge go to views and tops only, whatever way they take', () => {
  const rowsOf = ({ source }: Parameters<Build>[0]) =>
    source('s', { codec })
      .keyBy('id')
      .window(session(minutes(1)))
      .allowedLateness(minutes(1))
      .count('n')
  const says = /session windows that may still merge/
  refuses(
    scope => ({
      a: rowsOf(scope)
        .map(row => row)
        .forEach(() => {}),
    }),
    says,
  )
  refuses(scope => ({ a: rowsOf(scope).forEach(() => {}) }), says)
  refuses(scope => ({ a: rowsOf(scope).toFiles(json()) }), says)
  refuses(scope => {
    const rows = rowsOf(scope)
    return {
      a: rows
        .union(rows)
        .keyBy('again', row => row.key)
        .count('again'),
    }
  }, says)
  refuses(
    scope => ({
      a: rowsOf(scope)
        .filter(() => true)
        .keyBy('again', row => row.key)
        .count('again'),
    }),
    says,
  )
  const kept = pipeline('p', scope => {
    const rows = rowsOf(scope)
    return { rows, some: rows.filter(row => row.value > 1), top: rows.top('t', 3) }
  })
  assert.equal(kept.plan.stages.length, 3)
})

test('options that no type can refuse are refused with a sentence', () => {
  refuses(({ source }) => ({ a: source('s', { codec: undefined as never }).forEach(() => {}) }), /it has no codec/)
  refuses(
    ({ source }) => ({
      a: source('s', lines)
        .keyBy('w', w => w)
        .count('n')
        .top('t', 0),
    }),
    /top 0 in "t"/,
  )
  refuses(
    ({ source }) => ({
      a: source('s', lines)
        .keyBy('w', w => w)
        .count('n')
        .top('t', 2.5),
    }),
    /top 2.5 in "t"/,
  )
  refuses(
    ({ source }) => ({
      a: source('s', lines)
        .keyBy('w', w => w)
        .window(session(minutes(1)))
        .count('n', { emit: 'complete' }),
    }),
    /emit session windows by "complete"/,
  )
  const late = milliseconds(10 ** 15)
  refuses(
    ({ source }) => ({
      a: source('s', lines)
        .keyBy('w', w => w)
        .window(tumbling(minutes(1)))
        .allowedLateness(late)
        .count('n'),
    }),
    /allow lateness/,
  )
  refuses(
    ({ source }) => ({
      a: source('s', lines)
        .keyBy('w', w => w)
        .window(hopping(minutes(1), minutes(2)))
        .count('n'),
    }),
    /the hop of 120000 ms is longer/,
  )
})
