import { StopDeploymentError } from '../shared/model/errors.ts'

/** Stands in a bundle for feeds/put-feed.ts where the program has no source from a queue or a table. */
export function putFeed(): never {
  throw new StopDeploymentError(
    'Cannot read events of SQS or DynamoDB: the bundle was made for a program without such sources, deploy the program as it is built here',
  )
}
