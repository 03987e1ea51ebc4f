import { StopDeploymentError } from '../shared/model/errors.ts'

/** Stands in a bundle for kafka-events.ts where the program has no source from Kafka. */
export function eachPartition(): never {
  throw new StopDeploymentError(
    'Cannot read events of Kafka: the bundle was made for a program without such sources, deploy the program as it is built here',
  )
}
