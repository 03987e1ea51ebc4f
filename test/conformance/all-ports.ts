import { claimsSuite } from './claims.ts'
import { commitLogSuite } from './commit-log.ts'
import { deadLettersSuite } from './dead-letters.ts'
import { filesSuite } from './files.ts'
import { sourceFilesSuite } from './source-files.ts'
import { streamsSuite } from './streams.ts'
import type { SubjectSpec } from './suite.ts'
import { viewsSuite } from './views.ts'

/** Every port's suite on one subject: a port that it has not is left out. */
export function everyPort(spec: SubjectSpec): void {
  for (const suite of [
    commitLogSuite,
    claimsSuite,
    viewsSuite,
    deadLettersSuite,
    streamsSuite,
    filesSuite,
    sourceFilesSuite,
  ])
    suite(spec)
}
