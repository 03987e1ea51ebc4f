import type { RegistryStore } from '../ports/registry-store.ts'
import { changed } from './change.ts'
import type { CompatibilityLevel } from './compatibility.ts'
import {
  globalSettingsKey,
  type Mode,
  noVersions,
  type Settings,
  type SubjectDocument,
  subjectKey,
} from './documents.ts'
import { read, subjectOf } from './given-schema.ts'
import { refusal } from './registry-error.ts'

/** What holds for a subject: its own settings, else those of all, else the defaults. */
export type SettingsInForce = {
  readonly compatibility: CompatibilityLevel
  readonly normalize: boolean
  readonly mode: Mode
}

const defaults: SettingsInForce = { compatibility: 'BACKWARD', normalize: false, mode: 'READWRITE' }

/** Compatibility and mode of subjects, and of all of them. */
export class RegistrySettings {
  readonly #store: RegistryStore

  constructor(store: RegistryStore) {
    this.#store = store
  }

  /** A global READONLY_OVERRIDE goes before a subject's own mode. */
  async inForce(subject?: string): Promise<SettingsInForce> {
    const all = { ...defaults, ...(await this.own()) }
    const found = subject === undefined ? all : { ...all, ...(await this.own(subject)) }
    return all.mode === 'READONLY_OVERRIDE' ? { ...found, mode: all.mode } : found
  }

  /** What was set for the subject itself, or for all. */
  async own(subject?: string): Promise<Settings> {
    if (subject === undefined) return (await read<Settings>(this.#store, globalSettingsKey)) ?? {}
    return (await subjectOf(this.#store, subject)).settings ?? {}
  }

  /** Sets what is given and keeps the rest; `undefined` takes a setting back. Gives what was set before. */
  async set(
    subject: string | undefined,
    given: { readonly [Name in keyof Settings]: Settings[Name] | undefined },
  ): Promise<Settings> {
    return changed(this.#store, 'Update operation', async change => {
      if (subject === undefined) {
        const before = (await change.read<Settings>(globalSettingsKey)) ?? {}
        change.write(globalSettingsKey, { ...before, ...given })
        return before
      }
      const document = (await change.read<SubjectDocument>(subjectKey(subject))) ?? noVersions
      const { settings = {} } = document
      change.write(subjectKey(subject), { ...document, settings: { ...settings, ...given } })
      return settings
    })
  }

  /** Refuses IMPORT where there are schemas already, unless forced: their ids might be those of what is imported. */
  async setMode(subject: string | undefined, mode: Mode, force = false): Promise<void> {
    if (mode === 'IMPORT' && !force && (await this.#hasVersions(subject))) {
      throw refusal.notPermitted('Cannot import since found existing subjects')
    }
    await this.set(subject, { mode })
  }

  async checkWritable(subject?: string): Promise<void> {
    const { mode } = await this.inForce(subject)
    if (mode.startsWith('READONLY')) throw refusal.notPermitted(`Subject ${subject ?? '(all)'} is in read-only mode`)
  }

  async #hasVersions(subject: string | undefined): Promise<boolean> {
    if (subject !== undefined) return (await subjectOf(this.#store, subject)).versions.some(({ deleted }) => !deleted)
    return (await this.#store.list('subjects')).some(({ text }) => {
      const { versions }: SubjectDocument = JSON.parse(text)
      return versions.some(({ deleted }) => !deleted)
    })
  }
}
