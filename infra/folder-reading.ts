import type { Role } from 'aws-cdk-lib/aws-iam'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import type { FolderSource } from '../shared/plan/source.ts'
import { everyMinute } from './every-minute.ts'
import { allowFolder } from './permissions.ts'
import type { AnyBucket } from './props.ts'

export type FolderReadingProps = {
  readonly source: FolderSource
  readonly bucket: AnyBucket
  readonly target: LambdaFunction
  readonly role: Role
}

/** A source's files: its function may list and read them, and once a minute it looks for new ones. */
export class FolderReading extends Construct {
  constructor(scope: Construct, id: string, { source, bucket, target, role }: FolderReadingProps) {
    super(scope, id)
    allowFolder(role, bucket, source.from.folder)
    target.addEnvironment('MILLRACE_SOURCE_BUCKET', bucket.bucketName)
    everyMinute(this, target, `Looks for new files of source "${source.name}"`)
  }
}
