/** Where a pipeline is on AWS. */
export type AwsSettings = {
  /** The table of state, progress, views and dead letters. */
  readonly table: string
  /** Names of Kinesis streams by the names in the program; a stream that is not here has the same name in both. */
  readonly streams?: Readonly<Record<string, string>>
  /** The S3 bucket of file sinks; a pipeline that has none needs none. */
  readonly bucket?: string
  /** The S3 bucket of a source of files. */
  readonly sourceBucket?: string
  /** Of all services, as of LocalStack. @default what the SDK finds: AWS_ENDPOINT_URL, else AWS itself */
  readonly endpoint?: string
  /** @default what the SDK finds: AWS_REGION, a profile */
  readonly region?: string
}
