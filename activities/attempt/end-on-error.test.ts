import { ApplicationFailure } from '@temporalio/activity'
import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger } from '@temporalio/worker'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { SealError } from '../../src/store/encryption/sealer.ts'
import { StoreError } from '../../src/store/store-error.ts'
import { endOnError } from './end-on-error.ts'

const log = pino({ level: 'silent' })
const coded = (code: string) => new StoreError('insert', Object.assign(new Error('said the store'), { code }))

/** How the attempt with this number ends when the work throws. */
async function outcomeOf(err: unknown, attempt: number): Promise<string> {
  const logger = new DefaultLogger('ERROR', () => {})
  const env = new MockActivityEnvironment({ attempt }, { logger })
  const work = () =>
    endOnError(
      { log },
      async () => {
        throw err
      },
      async (fault) => fault,
    )
  return env
    .run(work)
    .then(String, (thrown: unknown) => (thrown === err ? 'tried again' : `other: ${thrown}`))
}

describe('an exception about one step', () => {
  it.each([
    ['a bug', new TypeError('x is not a function'), 'fault: TypeError: x is not a function'],
    ['an odd throw', 'nothing', 'fault: nothing'],
    ['a text that the store does not take', coded('22P05'), 'fault: StoreError: said the store'],
    ['a row that does not fit', coded('23502'), 'fault: StoreError: said the store'],
    ['a value that is too large', coded('54000'), 'fault: StoreError: said the store'],
  ])('ends its step after a few tries: %s', async (_name, err, fault) => {
    for (const attempt of [1, 2, 3, 4]) expect(await outcomeOf(err, attempt)).toBe('tried again')
    expect(await outcomeOf(err, 5)).toBe(fault)
    expect(await outcomeOf(err, 900)).toBe(fault)
  })

  it.each([
    ['the store is away', coded('ECONNREFUSED')],
    ['the store restarts', coded('57P01')],
    ['the store is full', coded('53100')],
    ['the store is being upgraded', coded('42703')],
    ['the store said nothing', new StoreError('insert', new Error('Connection terminated'))],
    ['a key is missing', new SealError('cannot be opened')],
    ['it waits on purpose', ApplicationFailure.create({ type: 'Busy', nextRetryDelay: 1_000 })],
  ])('is tried again for as long as its time lasts: %s', async (_name, err) => {
    for (const attempt of [1, 5, 900]) expect(await outcomeOf(err, attempt)).toBe('tried again')
  })
})
