import { StopDeploymentError } from '../model/errors.ts'
import type { ClaimsPort } from '../ports/claims.ts'

/** Stands in a bundle for claims.ts where the program has no source with a feed. */
export class DynamoClaims implements ClaimsPort {
  claim(): never {
    throw new StopDeploymentError(
      'Cannot claim ids: the bundle was made for a program without a queue or a table as source, deploy the program as it is built here',
    )
  }
}
