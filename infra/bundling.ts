import type { BundlingOptions } from 'aws-cdk-lib/aws-lambda-nodejs'
import { LogLevel, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs'

/** How esbuild makes a function's code. */
export type Bundling = BundlingOptions

/**
 * One ES module with everything in it, the SDK's clients included: what was tested is what runs, and a cold start reads one file. Some
 * packages are CommonJS and ask for Node's own modules by `require`, which an ES module has to make itself.
 */
export const bundling = {
  format: OutputFormat.ESM,
  target: 'node24',
  mainFields: ['module', 'main'],
  minify: true,
  sourceMap: true,
  sourcesContent: false,
  bundleAwsSDK: true,
  externalModules: ['@aws-sdk/client-s3'],
  // See functions/bundled-aws-host.ts; `module` is esbuild's own, while it is given no others.
  esbuildArgs: { '--conditions': 'module,millrace-bundle' },
  logLevel: LogLevel.WARNING,
  banner: "import{createRequire as makeRequire}from'node:module';const require=makeRequire(import.meta.url);",
} as const satisfies Bundling
