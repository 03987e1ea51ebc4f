import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { q4 } from '../../functions/nexmark/q4.ts'
import { q11 } from '../../functions/nexmark/q11.ts'
import { orders } from '../../functions/orders/pipeline.ts'
import { bundling, conditionsFor } from '../../infra/bundling.ts'
import { ndjson } from '../../shared/codecs/files/index.ts'
import { type Codec, files, json, kafka, minutes, panes, pipeline, sqs, tumbling, value } from '../../shared/index.ts'
import { type Part, parts, unusedParts } from '../../shared/plan/parts.ts'
import type { Plan } from '../../shared/plan/plan.ts'

const root = resolve(import.meta.dirname, '../..')
const packageJson: { readonly imports: Readonly<Record<string, Readonly<Record<string, string>>>> } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
)
const folder = mkdtempSync(join(tmpdir(), 'parts-'))
after(() => rmSync(folder, { recursive: true }))

const usedBy = (plan: Plan): Part[] => parts.filter(part => !unusedParts(plan).includes(part))

type Click = { readonly user: string }

const everything = pipeline('everything', ({ source }) => {
  const clicks = source('click', { codec: json<Click>() })
  const byUser = clicks.keyBy('user')
  const rare = clicks.broadcast('user')
  return {
    early: byUser.window(tumbling(minutes(1))).count('early', { emit: panes({ early: { records: 1 } }) }),
    firsts: byUser.distinct('firsts', { within: minutes(1) }).forEach(() => {}),
    met: byUser
      .joinBroadcast('met', rare, { rowKey: row => row.user, key: click => click.user }, a => a)
      .forEach(() => {}),
    seen: byUser
      .process('seen', { state: { last: value<number>() }, onRecord: (_context, click) => [click] })
      .forEach(() => {}),
  }
})

const beside = pipeline('beside', ({ source }) => {
  const codec: Codec<Click> = { ...json<Click>(), prepare: () => undefined }
  const clicks = source('click', { codec, from: kafka({ partitions: 1 }) })
  const found = clicks.lookup('users', { key: click => click.user, fetch: async key => key }, (_click, user) => user)
  return { found: found.forEach(() => {}) }
})

const fed = pipeline('fed', ({ source }) => ({
  out: source('click', { codec: json<Click>(), from: sqs() }).forEach(() => {}),
}))

const filed = pipeline('filed', ({ source }) => ({
  out: source('click', { codec: json<Click>(), from: files({ folder: 'in' }) }).forEach(() => {}),
}))

test('the parts that a program uses are those of its operators', () => {
  assert.deepEqual(usedBy(orders.plan), [])
  assert.deepEqual(usedBy(q4.plan), ['joins', 'tables'])
  assert.deepEqual(usedBy(q11.plan), ['moving-windows'])
  assert.deepEqual(usedBy(everything.plan), ['process', 'broadcast-joins', 'distribution', 'panes'])
  assert.deepEqual(usedBy(beside.plan), ['lookups', 'preparation', 'kafka'])
  assert.deepEqual(usedBy(fed.plan), ['feeds'])
  assert.deepEqual(usedBy(filed.plan), ['folder'])
})

test('whatever writes records may have something to learn first', () => {
  const plain = json<Click>()
  const learning = { ...plain, prepare: () => undefined }
  const sink = { kind: 'mine', guarantee: 'none', write: async () => {} }
  for (const codec of [plain, learning]) {
    const writing = [
      pipeline('stream', ({ source }) => ({ out: source('click', { codec: plain }).toStream('out', codec) })),
      pipeline('lines', ({ source }) => ({ out: source('click', { codec: plain }).toFiles(codec) })),
      pipeline('files', ({ source }) => ({ out: source('click', { codec: plain }).toFiles(ndjson(codec)) })),
      pipeline('sink', ({ source }) => ({ out: source('click', { codec: plain }).to({ ...sink, codec }) })),
    ]
    for (const { name, plan } of writing)
      assert.deepEqual(usedBy(plan), codec === learning ? ['preparation'] : [], name)
  }
})

test('whatever a part gives, what stands for it when it is left out gives too', async () => {
  const standIns = Object.entries(packageJson.imports).flatMap(([name, { default: own, ...others }]) =>
    Object.entries(others).flatMap(([condition, file]) =>
      condition.startsWith('millrace-without-')
        ? [{ name, own, file, part: condition.slice('millrace-without-'.length) }]
        : [],
    ),
  )
  assert.deepEqual([...new Set(standIns.map(({ part }) => part))].sort(), [...parts].sort())
  for (const { name, own, file } of standIns) {
    const given = Object.keys(await import(resolve(root, own)))
    const standing = Object.keys(await import(resolve(root, file)))
    assert.ok(given.length > 0)
    assert.deepEqual(
      given.filter(each => !standing.includes(each)),
      [],
      name,
    )
  }
})

/** Both programs' handlers in one module, bundled for one of them. */
async function bundledFor(plan: Plan, name: string): Promise<{ readonly file: string; readonly bytes: number }> {
  const file = join(folder, `${name}.mjs`)
  const entry = [
    `import { handlers } from './functions/handlers.ts'`,
    `import { q4 } from './functions/nexmark/q4.ts'`,
    `import { orders } from './functions/orders/pipeline.ts'`,
    'export const nexmark = handlers(q4)',
    'export const trading = handlers(orders)',
  ].join('\n')
  const { format, target, mainFields, minify, externalModules, banner } = bundling
  const { metafile } = await build({
    stdin: { contents: entry, resolveDir: root, loader: 'ts' },
    absWorkingDir: root,
    outfile: file,
    bundle: true,
    platform: 'node',
    format,
    target,
    mainFields: [...mainFields],
    minify,
    banner: { js: banner },
    external: [...externalModules],
    conditions: conditionsFor(plan).split(','),
    metafile: true,
    logLevel: 'error',
  })
  return { file, bytes: Object.values(metafile.outputs)[0].bytes }
}

test('a bundle has the parts that its program uses, and other programs of the module are built in it all the same', async () => {
  const withJoins = await bundledFor(q4.plan, 'with-joins')
  const without = await bundledFor(orders.plan, 'without')
  assert.ok(without.bytes < withJoins.bytes - 30_000, `${without.bytes} and ${withJoins.bytes} bytes`)
  for (const { file } of [withJoins, without]) {
    const { nexmark, trading } = await import(pathToFileURL(file).href)
    assert.deepEqual(Object.keys(nexmark).sort(), q4.plan.stages.map(stage => stage.name).sort())
    assert.deepEqual(Object.keys(trading).sort(), orders.plan.stages.map(stage => stage.name).sort())
  }
})
