import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { millrace, refused, temporaryFolder } from '../cli/command.ts'

const folder = temporaryFolder()
const at = ['--folder', folder]

/** Answers every call with this body. */
async function answering(body: string): Promise<{ readonly endpoint: string; readonly port: string }> {
  const server: Server = createServer((_request, response) => response.end(body))
  after(() => server.close())
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return { endpoint: `http://127.0.0.1:${address.port}`, port: String(address.port) }
}

test('local up names all that is missing, and where to get it', async () => {
  const env = { PATH: folder, HOME: folder, PYENV_ROOT: folder, PYTHON: 'none', JAVA_HOME: folder }
  await refused(
    ['local', 'up', '--port', '0', ...at],
    1,
    'Cannot install LocalStack: Python 3.13 (python.org, "pyenv install 3.13", or PYTHON=PATH), npm (nodejs.org), Maven (maven.apache.org), Java 17 or newer (adoptium.net, or JAVA_HOME=FOLDER) are missing, or start Docker, or give --endpoint of one that runs',
    { env },
  )
})

test('local up takes a LocalStack that runs already, and starts nothing', async () => {
  const { endpoint, port } = await answering('{"services": {}, "version": "4.14.0"}')
  for (const options of [
    ['--endpoint', endpoint],
    ['--port', port],
  ]) {
    const { status, stdout, stderr } = await millrace(['local', 'up', ...options, ...at])
    assert.equal(status, 0)
    assert.equal(stdout, `${endpoint}\n`)
    assert.equal(stderr, 'LocalStack 4.14.0 is running already\n')
  }
  const { stdout } = await millrace(['local', 'status', '--endpoint', endpoint, ...at])
  assert.equal(stdout, `LocalStack 4.14.0 is healthy at ${endpoint}\n`)
})

test('local refuses a port that something else has', async () => {
  const { endpoint, port } = await answering('hello')
  const taken = `Cannot start LocalStack: port ${port} is taken, give another with --port, or --port 0 for a free one`
  await refused(['local', 'up', '--port', port, ...at], 1, taken)
  const other = `Cannot find LocalStack: something else answers at "${endpoint}", give another --port or --endpoint`
  await refused(['local', 'status', '--endpoint', endpoint, ...at], 1, other)
  await refused(['local', 'up', '--endpoint', endpoint, ...at], 1, other)
})

test('local down without local up has nothing to stop', async () => {
  const { status, stderr } = await millrace(['local', 'down', ...at])
  assert.equal(status, 0)
  assert.equal(stderr, 'No LocalStack was started from here\n')
})

test('local down leaves a process alone that got the number of one that ended', async () => {
  const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore', detached: true })
  after(() => bystander.kill())
  const endpoint = 'http://127.0.0.1:1'
  mkdirSync(join(folder, 'runs'))
  const run = join(folder, 'runs', '1.json')
  writeFileSync(run, JSON.stringify({ endpoint, port: 1, runs: { kind: 'process', pid: bystander.pid } }))
  const silent = `Cannot find LocalStack: nobody answers at "${endpoint}", start it with millrace local up`
  await refused(['local', 'status', ...at], 1, silent)
  const { stderr } = await millrace(['local', 'down', ...at])
  assert.equal(stderr, `Was gone already: LocalStack at ${endpoint}\n`)
  assert.equal(bystander.exitCode, null)
  assert.equal(bystander.signalCode, null)
  assert.ok(!existsSync(run))
})
