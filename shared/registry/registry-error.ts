/** A request that the registry refuses: `code` as in Confluent's interface, whose first three digits are the HTTP status. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError'
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }

  get status(): number {
    return Number(String(this.code).slice(0, 3))
  }
}

/** The refusals, by Confluent's published codes. */
export const refusal = {
  subjectNotFound: (subject: string) => new RegistryError(40401, `Subject '${subject}' not found.`),
  versionNotFound: (version: number | string) => new RegistryError(40402, `Version ${version} not found.`),
  schemaNotFound: (id?: number) =>
    new RegistryError(40403, id === undefined ? 'Schema not found' : `Schema ${id} not found`),
  subjectSoftDeleted: (subject: string) =>
    new RegistryError(40404, `Subject '${subject}' was soft deleted. Set permanent=true to delete permanently`),
  subjectNotSoftDeleted: (subject: string) =>
    new RegistryError(40405, `Subject '${subject}' was not deleted first before being permanently deleted`),
  versionSoftDeleted: (subject: string, version: number) =>
    new RegistryError(
      40406,
      `Subject '${subject}' Version ${version} was soft deleted. Set permanent=true to delete permanently`,
    ),
  versionNotSoftDeleted: (subject: string, version: number) =>
    new RegistryError(
      40407,
      `Subject '${subject}' Version ${version} was not deleted first before being permanently deleted`,
    ),
  compatibilityNotConfigured: (subject: string) =>
    new RegistryError(40408, `Subject '${subject}' does not have subject-level compatibility configured`),
  modeNotConfigured: (subject: string) =>
    new RegistryError(40409, `Subject '${subject}' does not have subject-level mode configured`),
  incompatible: (subject: string, details: readonly string[]) =>
    new RegistryError(
      409,
      `Schema being registered is incompatible with an earlier schema for subject "${subject}", details: [${details.join(', ')}]`,
    ),
  invalidSchema: (message: string) => new RegistryError(42201, message),
  invalidVersion: (version: string) =>
    new RegistryError(
      42202,
      `The specified version '${version}' is not a valid version id. Allowed values are between [1, 2^31-1] and the string "latest"`,
    ),
  invalidCompatibility: (levels: readonly string[]) =>
    new RegistryError(42203, `Invalid compatibility level. Valid values are ${levels.join(', ')}`),
  invalidMode: (modes: readonly string[]) =>
    new RegistryError(42204, `Invalid mode. Valid values are ${modes.join(', ')}`),
  notPermitted: (message: string) => new RegistryError(42205, message),
  referenceExists: (subject: string, version: number) =>
    new RegistryError(42206, `One or more references exist to the schema {subject=${subject},version=${version}}`),
  invalidSubject: (subject: string) =>
    new RegistryError(42208, `The specified subject '${subject}' is not a valid subject`),
  schemaTooLarge: (message: string) => new RegistryError(42209, message),
  timedOut: (doing: string) =>
    new RegistryError(50002, `${doing} timed out: others changed the same subjects, try again`),
} as const
