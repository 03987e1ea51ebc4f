import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { generateOrders } from '../../functions/orders/generate.ts'
import { assertSentence, printed, refused, startMillrace, temporaryFolder } from './command.ts'

const folder = temporaryFolder()

describe('generate orders', { concurrency: 2 }, () => {
  test('writes the lines of the seed', async () => {
    const out = join(folder, 'a.csv')
    const said = await printed(['generate', 'orders', '--count', '12345', '--seed', '99', '--out', out])
    const expected = Buffer.concat([...generateOrders({ count: 12_345, seed: 99 })])
    assert.deepEqual(readFileSync(out), expected)
    assert.equal(said, `Wrote 12,345 lines, ${Math.round(expected.length / 1000)} KB, to ${out}\n`)
  })

  test('overwrites a file with --force alone', async () => {
    const out = join(folder, 'b.csv')
    writeFileSync(out, 'mine')
    const args = ['generate', 'orders', '--count', '10', '--out', out]
    await refused(args, 2, /^Cannot generate ".+": there is such a file already, overwrite it with --force or /)
    assert.equal(readFileSync(out, 'utf8'), 'mine')
    await printed([...args, '--force'])
    assert.equal(readFileSync(out, 'latin1').split('\n').length, 11)
  })

  test('says what is wrong with the place', async () => {
    const nowhere = join(folder, 'nowhere', 'c.csv')
    await refused(
      ['generate', 'orders', '--count', '10', '--out', nowhere],
      1,
      `Cannot write "${nowhere}": there is no such folder, make it or name another file with --out`,
    )
    execFileSync('mkfifo', [join(folder, 'pipe')])
    const taken = join(folder, 'taken')
    mkdirSync(taken)
    await refused(
      ['generate', 'orders', '--count', '10', '--out', taken, '--force'],
      1,
      `Cannot write "${taken}": it is a folder, name a file with --out`,
    )
    await refused(
      ['generate', 'orders', '--count', '10', '--out', join(folder, 'pipe'), '--force'],
      2,
      `Cannot generate "${join(folder, 'pipe')}": it is a pipe or a device, name a file with --out`,
    )
  })

  test('interrupted, leaves no file', async () => {
    const inside = join(folder, 'interrupted')
    mkdirSync(inside)
    const out = join(inside, 'd.csv')
    const { process: child, ended } = startMillrace(['generate', 'orders', '--count', '100000000', '--out', out])
    while (readdirSync(inside).length === 0) await sleep(10)
    child.kill('SIGINT')
    const result = await ended
    assert.equal(result.status, 130)
    assertSentence(result, /^Stopped at [\d,]+ lines: ".+d\.csv" was not written$/)
    assert.deepEqual(readdirSync(inside), [])
    assert.equal(existsSync(out), false)
  })
})
