import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { addressIn } from '../../local/cloud/endpoint.ts'
import { temporaryFolder } from '../cloud/clouds.ts'
import { millrace, Running, rowsOf, startDev, until, usage, wordCounts, words, writePipeline } from './commands.ts'

const place = (options?: Parameters<typeof writePipeline>[1]) => {
  const folder = temporaryFolder()
  const file = join(folder, 'pipeline.ts')
  const data = join(folder, 'data')
  writePipeline(file, options)
  return { folder, file, data }
}

const total = async (data: string) =>
  Object.values(await rowsOf('counts', data)).reduce((sum: number, value) => sum + Number(value), 0)

describe('millrace dev', { concurrency: 2 }, () => {
  test('counts each line once although it is killed in the middle, and the producer goes on', async () => {
    const { file, data } = place()
    const args = [file, '--data', data, '--no-watch', '--shards', 'lines=3,word=2', '--batch-size', '50']
    const first = await startDev(...args)
    const producer = new Running(['produce', 'lines', '--data', data, '--rate', '8000/s']).end(words(10_000))
    await until(async () => (await total(data)) > 1_000)
    first.signal('SIGKILL')
    assert.equal(await first.status(), 'SIGKILL')
    const second = await startDev(...args)
    assert.equal(await producer.status(), 0, producer.err)
    assert.match(producer.out, /^Put 10,000 records in stream "lines": /)
    await until(async () => (await total(data)) >= 10_000)
    second.signal('SIGKILL')
    await second.status()
    assert.deepEqual(await rowsOf('counts', data), wordCounts(10_000))
  })

  test('ends with status 0 at Ctrl-C, leaves no endpoint, and the next one goes on from there', async () => {
    const { file, data } = place()
    const args = [file, '--data', data, '--batch-size', '20']
    const first = await startDev(...args)
    assert.match(first.err, new RegExp(`^Pipeline "words" is running, its data is in "${data}", Ctrl-C ends it\n`))
    await new Running(['produce', 'lines', '--data', data]).end(words(2_000)).status()
    first.signal('SIGINT')
    assert.equal(await first.status(), 0)
    assert.match(first.err, /Stopped, pipeline "words" goes on from here next time\n$/)
    assert.ok(!existsSync(join(data, 'endpoint.json')))
    const second = await startDev(...args)
    await until(async () => (await total(data)) >= 2_000)
    assert.deepEqual(await rowsOf('counts', data), wordCounts(2_000))
    second.signal('SIGTERM')
    assert.equal(await second.status(), 0)
  })

  test('its session ends when the process that supervises it is killed', async () => {
    const { file, data } = place()
    const dev = await startDev(file, '--data', data)
    dev.signal('SIGKILL')
    await until(() => !existsSync(join(data, 'endpoint.json')))
    const next = await startDev(file, '--data', data)
    next.signal('SIGINT')
    assert.equal(await next.status(), 0)
  })

  test('stays exact over splits and a merge while two producers go on', async () => {
    const { file, data } = place()
    const dev = await startDev(file, '--data', data, '--no-watch', '--shards', 'lines=2', '--batch-size', '50')
    const produce = () => new Running(['produce', 'lines', '--data', data, '--rate', '5000/s']).end(words(5_000))
    const producers = [produce(), produce()]
    await until(async () => (await total(data)) > 500)
    await millrace('streams', 'split', 'lines', '0', '--data', data)
    await millrace('streams', 'split', 'words-word', '0', '--data', data)
    await until(async () => (await total(data)) > 4_000)
    await millrace('streams', 'merge', 'words-word', '1', '2', '--data', data)
    await millrace('streams', 'split', 'lines', 'shardId-000000000001', '--data', data)
    for (const producer of producers) assert.equal(await producer.status(), 0, producer.err)
    await until(async () => (await total(data)) >= 10_000)
    assert.deepEqual(await rowsOf('counts', data), wordCounts(10_000))
    const { shards } = JSON.parse(await millrace('streams', 'describe', 'words-word', '--data', data, '--json'))
    assert.deepEqual(
      shards.map(({ closed }: { closed: boolean }) => closed),
      [true, true, true, false],
    )
    assert.equal(dev.child.exitCode, null)
  })

  test('answers nobody without its token, and what it leaves when it is killed is no hindrance', async () => {
    const { file, data } = place()
    const dev = await startDev(file, '--data', data, '--no-watch')
    const address = addressIn(data)
    assert.ok(address !== undefined)
    const { port, token } = address
    assert.equal(statSync(join(data, 'endpoint.json')).mode & 0o777, 0o600)
    assert.equal(await statusOf(port, 'POST', '/streamNames', undefined), 401)
    assert.equal(await statusOf(port, 'POST', '/streamNames', `${token.slice(0, -1)}x`), 401)
    assert.equal(await statusOf(port, 'POST', '/constructor', token), 404)
    assert.equal(await statusOf(port, 'GET', '/streamNames', token), 404)
    assert.match(await millrace('streams', 'list', '--data', data), /^lines +1 /m)
    dev.signal('SIGKILL')
    await dev.status()
    assert.ok(existsSync(join(data, 'endpoint.json')))
    assert.match(await millrace('streams', 'list', '--data', data), /^lines +1 /m)
    assert.ok(!existsSync(join(data, 'endpoint.json')))
  })

  test('starts again when a file is saved, waits while it does not load, and keeps its state', async () => {
    const { file, data } = place()
    const dev = await startDev(file, '--data', data)
    const put = (text: string) => new Running(['produce', 'lines', '--data', data]).end(text).status()
    await put('a\nb\n')
    await until(async () => (await total(data)) === 2)
    writePipeline(file, { of: 'word.toUpperCase(' })
    await until(() => dev.err.includes('Waiting for the next change'))
    assert.match(dev.err, /millrace: Cannot load pipeline ".+pipeline.ts": /)
    writePipeline(file, { of: 'word.toUpperCase()' })
    await until(() => dev.err.split('is running').length === 3)
    await put('a\nb\n')
    await until(async () => (await total(data)) === 4)
    assert.deepEqual(await rowsOf('counts', data), { a: 1, b: 1, A: 1, B: 1 })
    writePipeline(file, { count: "window(tumbling(minutes(1))).count('so-far')" })
    assert.equal(await dev.status(), 1)
    assert.match(
      dev.err,
      /millrace: Cannot go on with stage "word" of pipeline "words": operator "so-far" kept state of "count, so far", the program makes it "count, .+", expected the old one or another operator name\n$/,
    )
  })

  test('tells the error of a failing batch once, and goes on when the program is mended', async () => {
    const { file, data } = place({ of: "word === 'bad' ? fail() : word", policy: 'fail' })
    const source = readFileSync(file, 'utf8')
    writeFileSync(file, `${source}\nfunction fail(): never { throw new Error('no such\\nword') }\n`)
    const dev = await startDev(file, '--data', data)
    await new Running(['produce', 'lines', '--data', data]).end('a\nbad\nb\n').status()
    await until(() => dev.err.includes('tries this batch'))
    await until(async () => (await total(data)) === 1)
    writePipeline(file)
    await until(async () => (await total(data)) === 3)
    assert.deepEqual(await rowsOf('counts', data), { a: 1, bad: 1, b: 1 })
    assert.equal(dev.err.split('no such word').length, 2, dev.err)
  })

  test('puts a file in a source once, and the source stays open behind it', async () => {
    const { folder, file, data } = place({ count: "window(tumbling(minutes(1))).count('per-minute')" })
    const input = join(folder, 'input.txt')
    writeFileSync(input, words(1_000))
    const args = [file, '--data', data, '--no-watch', '--input', `lines=${input}`, '--tick', '1']
    const first = await startDev(...args)
    const lines = async () => (await millrace('consume', 'lines', '--data', data, '--control')).split('\n').length - 1
    await until(async () => (await lines()) === 1_000)
    first.signal('SIGINT')
    await first.status()
    await startDev(...args)
    await new Running(['produce', 'lines', '--data', data]).end('x\n').status()
    assert.equal(await lines(), 1_001)
    const ticks = () => millrace('consume', 'words-word', '--data', data, '--control')
    await until(async () => /^tick\t$/m.test(await ticks()))
  })

  test('ends with a sentence when it cannot begin', async () => {
    const { folder, file, data } = place()
    const other = join(folder, 'other.ts')
    writePipeline(other, { name: 'other' })
    const dev = await startDev(file, '--data', data, '--no-watch')
    const refused = async (status: number, sentence: string, ...args: string[]) => {
      const tried = new Running(['dev', ...args])
      assert.equal(await tried.status(), status, tried.err)
      assert.equal(tried.err, `millrace: ${sentence}\n`)
    }
    const held = `Cannot open data folder "${data}": another process holds it, stop that process or use another --data folder`
    await Promise.all([
      refused(1, held, file, '--data', data),
      refused(
        1,
        'Cannot load pipeline "nope.ts": there is no such file, give the path of a .ts or .js module',
        'nope.ts',
      ),
      refused(
        2,
        'Cannot read --input "x=y": pipeline "words" has no source "x", it has "lines"',
        ...[file, '--data', join(folder, 'new'), '--input', 'x=y'],
      ),
      refused(2, 'Cannot read --tick "0": expected a whole number from 1 to 86400', file, '--tick', '0'),
      refused(
        1,
        `Cannot read input "lines": there is no file "nope.txt", check the path after --input lines=`,
        ...[file, '--data', join(folder, 'newer'), '--input', 'lines=nope.txt'],
      ),
    ])
    dev.signal('SIGINT')
    await dev.status()
    const sentence = `Cannot use data folder "${data}": pipeline "words" wrote it and this one is "other", use another --data folder`
    await refused(1, sentence, other, '--data', data)
    await assert.rejects(
      millrace('query', 'counts', '--data', data, '--pipeline', 'other'),
      usage(/belongs to pipeline "words"/),
    )
  })
})

function statusOf(port: number, method: string, path: string, token: string | undefined): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const asked = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, response => {
      response.resume()
      resolve(response.statusCode)
    })
    asked.on('error', reject)
    asked.end()
  })
}
