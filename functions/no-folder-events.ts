import { StopDeploymentError } from '../shared/model/errors.ts'

/** Stands in a bundle for folder-events.ts where the program has no source of files. */
export function readFolder(): never {
  throw new StopDeploymentError(
    'Cannot read files: the bundle was made for a program without such sources, deploy the program as it is built here',
  )
}
