import { StopDeploymentError } from '../model/errors.ts'
import type { SourceFilesPort } from '../ports/source-files.ts'

/** Stands in a bundle for source-files.ts where the program has no source of files. */
export class S3SourceFiles implements SourceFilesPort {
  list = refuse
  read = refuse
}

function refuse(): never {
  throw new StopDeploymentError(
    'Cannot read files: the bundle was made for a program without such sources, deploy the program as it is built here',
  )
}
