import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { writeOrders } from '../../functions/orders/generate.ts'
import {
  assertSentence,
  documentOf,
  fileIn,
  millrace,
  ordersFile,
  pipelineIn,
  printed,
  refused,
  startMillrace,
  temporaryFolder,
  wordCountFile,
} from './command.ts'

const folder = temporaryFolder()
const orders = join(folder, 'orders.csv')
await writeOrders(orders, { count: 3_000, seed: 7 })
const input = ['--input', `trades=${orders}`]

const counting = (name: string, body: string) => `export const p = pipeline('${name}', ({ source }) => {
  const lines = source('lines', { codec: utf8 })
  ${body}
})`

describe('a pipeline file that is none is refused with one sentence', { concurrency: 2 }, () => {
  const cases: readonly [what: string, content: string, status: number, sentence: RegExp][] = [
    ['does not parse', 'export const p = {{', 1, /^Cannot load pipeline ".+wrong\.ts": /],
    ['throws', "throw new Error('no such setting')", 1, /^Cannot load pipeline ".+wrong\.ts": no such setting$/],
    ['throws no error', "throw 'text'", 1, /^Cannot load pipeline ".+wrong\.ts": text$/],
    ['exports none', 'export const a = 1', 1, /^Cannot load pipeline ".+wrong\.ts": it exports none, expected /],
    [
      'imports what is not there',
      "import 'no-such-package-of-ours'",
      1,
      /^Cannot load pipeline ".+wrong\.ts": Cannot find package 'no-such-package-of-ours'/,
    ],
    [
      'has two operators of one name',
      counting('two', "const w = lines.keyBy('w', x => x); return { a: w.count('n'), b: w.count('n') }"),
      2,
      /two operators are named "n", give one of them another name$/,
    ],
    [
      'returns nothing',
      counting('none', 'return {}'),
      2,
      /Cannot build pipeline "none": it returns nothing, return at least one result or sink/,
    ],
  ]
  for (const [i, [what, content, status, sentence]] of cases.entries()) {
    test(`one that ${what}`, async () => {
      const inside = join(folder, `case-${i}`)
      mkdirSync(inside)
      await refused(['run', pipelineIn(inside, 'wrong.ts', content), '--input', 'lines=x'], status, sentence)
    })
  }

  test('one that is not there', async () => {
    await refused(
      ['run', 'nowhere.ts', ...input],
      1,
      'Cannot load pipeline "nowhere.ts": there is no such file, give the path of a .ts or .js module',
    )
  })
})

describe('a wrong command line exits with status 2 and one sentence', { concurrency: 2 }, () => {
  const cases: readonly (readonly [args: readonly string[], sentence: string])[] = [
    [['rnu'], 'Cannot read the command line: there is no command "rnu", did you mean "run"'],
    [['run'], 'Cannot read the command line: <pipeline> is missing, see millrace run --help'],
    [
      ['run', ordersFile, '--inptu', 'trades=x'],
      'Cannot read the command line: there is no option "--inptu", did you mean "--input"',
    ],
    [
      ['run', ordersFile, '--input'],
      'Cannot read the command line: option "--input <source=file>" needs a value, see millrace run --help',
    ],
    [
      ['run', ordersFile, 'more'],
      'Cannot read the command line: it has 2 arguments, one takes 1, see millrace run --help',
    ],
    [['run', ordersFile], 'Cannot run pipeline "orders": source "trades" has no input, add --input trades=FILE'],
    [
      ['run', ordersFile, '--input', 'orders.csv'],
      'Cannot read --input "orders.csv": expected SOURCE=FILE, as in --input trades=FILE',
    ],
    [
      ['run', ordersFile, '--input', 'trade=orders.csv'],
      'Cannot read --input "trade=orders.csv": pipeline "orders" has no source "trade", it has "trades"',
    ],
    [
      ['run', ordersFile, ...input, '--input', 'trades=b.csv'],
      'Cannot read --input "trades=b.csv": source "trades" has one already, give each source one file',
    ],
    [
      ['run', ordersFile, ...input, '--shards', 'trade=2'],
      'Cannot read --shards "trade=2": pipeline "orders" has no stage "trade", it has "trades", "side", "clientId", "top-clients", "symbol", "top-symbols"',
    ],
    [
      ['run', ordersFile, ...input, '--shards', 'trades=0'],
      'Cannot read --shards "trades=0": expected a whole number from 1 to 1024',
    ],
    [
      ['run', ordersFile, ...input, '--shards', 'side=2,side=3'],
      'Cannot read --shards "side=2,side=3": stage "side" is in it twice, name it once',
    ],
    [
      ['run', ordersFile, ...input, '--batch-size', '10001'],
      'Cannot read --batch-size "10001": expected a whole number from 1 to 10000',
    ],
    [
      ['run', ordersFile, ...input, '--batch-size', '1.5'],
      'Cannot read --batch-size "1.5": expected a whole number from 1 to 10000',
    ],
    [
      ['run', ordersFile, ...input, '--data', 'a', '--data', 'b'],
      'Cannot read --data "b": it was given already as "a", give it once',
    ],
    [
      ['run', ordersFile, ...input, '--view', 'side'],
      'Cannot read --view "side": pipeline "orders" has no view "side", it has "sides", "totals", "topClients", "topSymbols"',
    ],
    [['generate', 'orders', '--count', '-5'], 'Cannot read --count "-5": expected a whole number from 1 to 1000000000'],
    [
      ['generate', 'orders', '--out', orders],
      `Cannot generate "${orders}": there is such a file already, overwrite it with --force or name another with --out`,
    ],
  ]
  for (const [args, sentence] of cases) {
    test(args.filter(arg => arg !== ordersFile).join(' '), () => refused(args, 2, sentence))
  }
})

describe('an input that cannot be read exits with status 1 and one sentence', { concurrency: 2 }, () => {
  const run = (path: string, sentence: string) =>
    refused(['run', ordersFile, '--input', `trades=${path}`], 1, `Cannot read input "trades": ${sentence}`)

  test('one that is not there', () =>
    run('/nowhere.csv', 'there is no file "/nowhere.csv", check the path after --input trades='))

  test('an empty file', async () => {
    const path = fileIn(folder, 'empty.csv', '')
    await run(path, `file "${path}" is empty, expected at least one line`)
  })

  test('a binary file', async () => {
    const path = fileIn(folder, 'binary.csv', Buffer.from(Array.from({ length: 5_000 }, (_, i) => (i * 7919) % 256)))
    await run(path, `file "${path}" is binary or compressed, expected lines of text`)
  })

  test('a device', () =>
    run('/dev/null', '"/dev/null" is a pipe or a device, save what it gives in a file and read that'))

  const isRoot = process.getuid?.() === 0
  test('a file that may not be read', { skip: isRoot && 'root may read every file' }, async () => {
    const path = fileIn(folder, 'closed.csv', 'x\n')
    chmodSync(path, 0o000)
    await run(path, `file "${path}" may not be read by this user, change its permissions`)
  })
})

describe('a data folder that cannot serve is refused, and left as it was', { concurrency: 2 }, () => {
  const made = join(folder, 'made')
  const ready = documentOf(['run', ordersFile, ...input, '--data', made, '--json'])
  const copy = async (name: string): Promise<string> => {
    await ready
    cpSync(made, join(folder, name), { recursive: true })
    return join(folder, name)
  }

  test('one that no file system takes', { skip: !existsSync('/proc/self') && 'no /proc here' }, () =>
    refused(
      ['run', ordersFile, ...input, '--data', '/proc/nowhere/data'],
      1,
      'Cannot open data folder "/proc/nowhere/data": it cannot be made there, use another --data folder',
    ),
  )

  test('one that another pipeline wrote', async () => {
    const data = await copy('other')
    await refused(
      ['run', wordCountFile, '--input', `lines=${orders}`, '--data', data],
      1,
      `Cannot use data folder "${data}": pipeline "orders" wrote it and this one is "word-count", use another --data folder`,
    )
    assert.deepEqual(
      withoutSeconds(await documentOf(['run', ordersFile, ...input, '--data', data, '--json'])),
      withoutSeconds(await ready),
    )
  })

  test('one with state that an edit would misread', async () => {
    const data = join(folder, 'edited')
    const count = counting('edited', "return { n: lines.keyBy('line', x => x).count('lines-seen') }")
    const last = counting('edited', "return { n: lines.keyBy('line', x => x).max('lines-seen', x => x.length) }")
    const run = (file: string) => ['run', file, '--input', `lines=${orders}`, '--data', data]
    await printed(run(pipelineIn(folder, 'before.ts', count)))
    await refused(
      run(pipelineIn(folder, 'after.ts', last)),
      1,
      'Cannot go on with stage "line" of pipeline "edited": operator "lines-seen" kept state of "count, so far", the program makes it "max, so far", expected the old one or another operator name',
    )
    await printed(run(join(folder, 'before.ts')))
  })

  test('one that another process holds, until that one is gone', async () => {
    const data = await copy('held')
    const script = fileIn(
      folder,
      'holder.mjs',
      `import { DatabaseSync } from 'node:sqlite'
       const held = new DatabaseSync(${JSON.stringify(join(data, 'millrace.db'))})
       held.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT')
       console.log('held')
       setInterval(() => held, 1000)`,
    )
    const holder = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'ignore'] })
    await once(holder.stdout, 'data')
    const args = ['run', ordersFile, ...input, '--data', data, '--view', 'totals']
    await refused(
      args,
      1,
      `Cannot open data folder "${data}": another process holds it, stop that process or use another --data folder`,
    )
    holder.kill('SIGKILL')
    await once(holder, 'close')
    await printed(args)
  })

  test('one on a disk that is full, and what was done is not lost', async () => {
    const data = join(folder, 'full')
    const big = join(folder, 'big.csv')
    await writeOrders(big, { count: 60_000, seed: 8 })
    const args = ['run', ordersFile, '--input', `trades=${big}`, '--data', data, '--json']
    await refused(
      [...args, '--data-limit', '1'],
      1,
      `Cannot use data folder "${data}": the disk is full, free some space and run again, all that was acknowledged is kept`,
    )
    const resumed = await documentOf(args)
    assert.deepEqual(
      withoutSeconds(resumed),
      withoutSeconds(await documentOf(['run', ordersFile, '--input', `trades=${big}`, '--json'])),
    )
  })

  test('one whose input file has changed since', async () => {
    const data = join(folder, 'changed')
    const path = fileIn(folder, 'changing.csv', readFileSync(orders))
    const args = ['run', ordersFile, '--input', `trades=${path}`, '--data', data]
    await printed(args)
    fileIn(folder, 'changing.csv', readFileSync(orders).subarray(0, 1_000))
    await refused(
      args,
      1,
      `Cannot go on with input "trades": file "${path}" changed since it was begun, use the file as it was or another --data folder`,
    )
  })
})

test('run on a data folder with other --shards says that streams stay as they are, and comes to the same', async () => {
  const data = join(folder, 'sharded')
  const args = ['run', ordersFile, ...input, '--data', data, '--json']
  const expected = await documentOf([...args, '--shards', 'trades=2'])
  const { status, stdout, stderr } = await millrace([...args, '--shards', 'trades=3'])
  assert.equal(status, 0)
  assert.match(
    withoutProgress(stderr),
    /^Stage "trades" keeps the 2 shards that it was begun with, --shards is for new data folders\n$/,
  )
  assert.deepEqual(withoutSeconds(JSON.parse(stdout)), withoutSeconds(expected))
})

test('--debug prints the stack below the sentence', async () => {
  const { status, stderr } = await millrace(['run', 'nowhere.ts', '--debug'])
  assert.equal(status, 1)
  assert.match(stderr, /^millrace: Cannot load pipeline "nowhere\.ts": .+\nPipelineFileError: .+\n +at /)
})

test('a reader that wants no more ends the command without a word', async () => {
  const { process: child, ended } = startMillrace(['run', ordersFile, ...input, '--all'])
  child.stdout?.destroy()
  const { status, stderr } = await ended
  assert.deepEqual({ status, stderr: withoutProgress(stderr) }, { status: 0, stderr: '' })
})

test('millrace alone prints its commands on standard error and exits with status 2', async () => {
  const { status, stdout, stderr } = await millrace([])
  assert.deepEqual({ status, stdout }, { status: 2, stdout: '' })
  assert.match(stderr, /^Usage: millrace /)
})

test('what a pipeline leaves running does not keep the command from ending', async () => {
  const body = `setInterval(() => {}, 1000)\n${counting('lively', "return { n: lines.keyBy('line', x => x).count('n') }")}`
  await printed(['run', pipelineIn(folder, 'lively.ts', body), '--input', `lines=${orders}`])
})

test("a rejection that nobody awaits in the user's code is one sentence too", async () => {
  const body = `setTimeout(() => Promise.reject(new Error('forgotten')), 0)\nawait new Promise(r => setTimeout(r, 50))`
  const result = await millrace(['run', pipelineIn(folder, 'careless.ts', body), '--input', 'lines=x'])
  assertSentence(result, 'Cannot go on: forgotten, run again with --debug to see where it happened')
  assert.equal(result.status, 1)
})

/** A run that takes seconds tells now and then how far it is. */
const withoutProgress = (stderr: string): string => stderr.replace(/^\d+% .*\n/gm, '')

const withoutSeconds = (document: object): object => ({ ...document, seconds: 0 })
