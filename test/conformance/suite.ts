import { after, before, describe, test } from 'node:test'
import type { Subject } from './subject.ts'

/** What a suite is run on: a name, a way to make it, and the ports that it does not have. */
export type SubjectSpec = {
  readonly name: string
  readonly make: () => Promise<Subject>
  /** Each is a line of local/localstack/known-gaps.md. */
  readonly gaps?: readonly PortName[]
}

export type PortName = 'commit log' | 'claims' | 'views' | 'dead letters' | 'streams' | 'files' | 'source files'

type Declare = (name: string, body: (subject: Subject) => Promise<void>) => void

/** Declares the tests of one port on one subject, which they share: each uses names of its own. */
export function suiteOf(
  port: PortName,
  { name, make, gaps = [] }: SubjectSpec,
  tests: (declare: Declare) => void,
): void {
  if (gaps.includes(port)) {
    test(`${port} on ${name}`, { skip: 'a known gap, see local/localstack/known-gaps.md' }, () => {})
    return
  }
  describe(`${port} on ${name}`, () => {
    let subject: Subject | undefined
    before(async () => {
      subject = await make()
    })
    after(() => subject?.close())
    tests((sentence, body) => {
      test(sentence, async () => {
        if (subject === undefined) throw new Error(`Cannot test ${name}: it was not made`)
        await body(subject)
      })
    })
  })
}
