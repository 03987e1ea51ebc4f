/**
 * Whether a function throws that would not throw when it is called again: functions of generated pipelines ask each time that they are
 * called. None throws unless a run sets `throwsNow`: neither the oracle nor the driver does.
 */
export class Unsteadiness {
  throwsNow: () => boolean = never

  /** To be called in a function of the pipeline. */
  readonly check = (): void => {
    if (this.throwsNow()) throw new Error('unsteady')
  }

  calm(): void {
    this.throwsNow = never
  }
}

const never = (): boolean => false
