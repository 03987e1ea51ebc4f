import assert from 'node:assert/strict'
import type { FilePart, SourceFile } from '../../shared/ports/source-files.ts'
import { bytes } from '../cloud/clouds.ts'
import { type Subject, uniqueName } from './subject.ts'
import { type SubjectSpec, suiteOf } from './suite.ts'

/** What SourceFilesPort promises. */
export function sourceFilesSuite(spec: SubjectSpec): void {
  suiteOf('source files', spec, declare => {
    declare(
      'list() gives the files of a folder and those below it by the bytes of their names, page by page',
      async subject => {
        const folder = uniqueName('in')
        const names = ['a.csv', 'b/1.csv', 'b/2 é+&<.csv', 'b.csv', 'z', '\u{ff61}.csv', '\u{1f600}.csv']
        for (const name of names) await subject.putSourceFile(folder, name, bytes(name))
        await subject.putSourceFile(`${folder}-other`, 'other', bytes('other'))
        const expected = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        const all = await listed(subject, folder, '')
        assert.deepEqual(
          all.map(({ name }) => name),
          expected,
        )
        assert.deepEqual(
          all.map(file => file.bytes),
          expected.map(name => Buffer.byteLength(name)),
        )
        assert.ok(all.every(({ modifiedMs }) => Number.isSafeInteger(modifiedMs) && modifiedMs > 0))
        for (const [i, name] of expected.entries()) {
          const behind = await listed(subject, folder, name)
          assert.deepEqual(
            behind.map(file => file.name),
            expected.slice(i + 1),
          )
        }
      },
    )

    declare('read() gives the bytes from an offset, and none at the end', async subject => {
      const folder = uniqueName('in')
      await subject.putSourceFile(folder, 'b/1 é+.csv', bytes('0123456789'))
      await subject.putSourceFile(folder, 'empty', bytes(''))
      const [file, empty] = await listed(subject, folder, '')
      const read = async (offset: number, most: number) =>
        textOf(await subject.ports.sourceFiles.read(folder, file, offset, most))
      assert.equal(await read(0, 100), '0123456789')
      assert.equal(await read(0, 4), '0123')
      assert.equal(await read(4, 4), '4567')
      assert.equal(await read(8, 4), '89')
      assert.equal(await read(10, 4), '')
      assert.equal(textOf(await subject.ports.sourceFiles.read(folder, empty, 0, 4)), '')
    })

    declare('read() tells a file that changed since it was listed, and one that is gone', async subject => {
      const folder = uniqueName('in')
      await subject.putSourceFile(folder, 'changed', bytes('old text'))
      await subject.putSourceFile(folder, 'gone', bytes('gone'))
      const [changed, gone] = await listed(subject, folder, '')
      await subject.putSourceFile(folder, 'changed', bytes('another'))
      await subject.removeSourceFile(folder, 'gone')
      const { sourceFiles } = subject.ports
      assert.deepEqual(await sourceFiles.read(folder, changed, 2, 4), { kind: 'changed' })
      assert.deepEqual(await sourceFiles.read(folder, gone, 2, 4), { kind: 'missing' })
      const [now] = await listed(subject, folder, '')
      assert.equal(textOf(await sourceFiles.read(folder, now, 0, 100)), 'another')
    })
  })
}

/** All pages. */
async function listed({ ports }: Subject, folder: string, after: string): Promise<readonly SourceFile[]> {
  const files: SourceFile[] = []
  for (let from = after; ; ) {
    const page = await ports.sourceFiles.list(folder, from)
    if (page.length === 0) return files
    files.push(...page)
    from = page.at(-1)?.name ?? from
  }
}

const textOf = (part: FilePart): string =>
  part.kind === 'bytes' ? Buffer.from(part.bytes).toString('utf8') : part.kind
