import assert from 'node:assert/strict'
import { bytes } from '../cloud/clouds.ts'
import { type Subject, uniqueName } from './subject.ts'
import { type SubjectSpec, suiteOf } from './suite.ts'

/** What FilesPort promises. */
export function filesSuite(spec: SubjectSpec): void {
  suiteOf('files', spec, declare => {
    declare('write() replaces the whole file of that name, and no other', async subject => {
      const sink = uniqueName('out')
      await subject.ports.files.write(sink, 'side/shard-1/7.json', bytes('old'))
      await subject.ports.files.write(sink, 'side/shard-1/7.json', bytes('replaced'))
      await subject.ports.files.write(sink, 'side/shard-1/8 é+.json', bytes(''))
      assert.equal(await textOf(subject, sink, 'side/shard-1/7.json'), 'replaced')
      assert.equal(await textOf(subject, sink, 'side/shard-1/8 é+.json'), '')
      assert.equal(await subject.readFile?.(sink, 'none'), undefined)
    })

    declare('of many writes of one file at the same time, one stands whole', async subject => {
      const sink = uniqueName('out')
      const contents = Array.from({ length: 20 }, (_, i) => String(i).repeat(10_000))
      await Promise.all(contents.map(content => subject.ports.files.write(sink, 'same', bytes(content))))
      assert.ok(contents.includes((await textOf(subject, sink, 'same')) ?? ''))
    })

    declare('write() refuses a name that would leave its folder', async subject => {
      for (const [sink, name] of [
        ['out', '../x'],
        ['..', 'x'],
        ['out', '/x'],
        ['a/b', 'x'],
        ['out', ''],
      ]) {
        await assert.rejects(subject.ports.files.write(sink, name, bytes('x')), {
          name: 'ConfigurationError',
          message: /it is not a plain path/,
        })
      }
    })
  })
}

async function textOf(subject: Subject, sink: string, name: string): Promise<string | undefined> {
  const read = await subject.readFile?.(sink, name)
  return read && new TextDecoder().decode(read)
}
