/** Messages for one key group, column by column, in position order. Reused from batch to batch. */
export class MessageColumns {
  count = 0
  keyIndexes = new Int32Array(64)
  edges = new Int32Array(64)
  majorIndexes = new Int32Array(64)
  subs = new Int32Array(64)
  indexes = new Int32Array(64)
  /** How many records a message stands for. */
  weights = new Int32Array(64)
  times = new Float64Array(64)
  values: unknown[] = []
  keyIds: string[] = []
  markIndexes: number[] = []
  markTimes: number[] = []
  /** First components of the positions, by `majorIndexes`: shared by all columns of a batch. */
  majors: readonly string[] = []
  /** The newest watermark mark that is in here. */
  marked = Number.NEGATIVE_INFINITY

  add(
    edge: number,
    keyIndex: number,
    time: number,
    value: unknown,
    weight: number,
    major: number,
    sub: number,
    index: number,
  ): void {
    const at = this.count
    if (at === this.times.length) this.#grow()
    this.edges[at] = edge
    this.keyIndexes[at] = keyIndex
    this.majorIndexes[at] = major
    this.subs[at] = sub
    this.indexes[at] = index
    this.weights[at] = weight
    this.times[at] = time
    this.values.push(value)
    this.count = at + 1
  }

  /** Says that the producer's watermark stood at `time` before the next message. */
  mark(time: number): void {
    this.marked = time
    const last = this.markIndexes.length - 1
    if (last >= 0 && this.markIndexes[last] === this.count) {
      this.markTimes[last] = time
      return
    }
    this.markIndexes.push(this.count)
    this.markTimes.push(time)
  }

  /** Takes back every message at or after (`major`, `sub`): what a record put out before its function threw. */
  takeBack(major: number, sub: number): void {
    let count = this.count
    while (count > 0 && this.majorIndexes[count - 1] === major && this.subs[count - 1] === sub) count--
    this.count = count
    this.values.length = count
  }

  clear(majors: readonly string[]): void {
    this.count = 0
    this.values = []
    this.keyIds = []
    this.markIndexes = []
    this.markTimes = []
    this.marked = Number.NEGATIVE_INFINITY
    this.majors = majors
  }

  #grow(): void {
    const size = this.times.length * 2
    const wider = (before: Int32Array) => {
      const after = new Int32Array(size)
      after.set(before)
      return after
    }
    this.keyIndexes = wider(this.keyIndexes)
    this.edges = wider(this.edges)
    this.majorIndexes = wider(this.majorIndexes)
    this.subs = wider(this.subs)
    this.indexes = wider(this.indexes)
    this.weights = wider(this.weights)
    const times = new Float64Array(size)
    times.set(this.times)
    this.times = times
  }
}
