import { ApplicationFailure } from '@temporalio/activity'
import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger } from '@temporalio/worker'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { SealError } from '../../src/store/encryption/sealer.ts'
import { StoreError } from '../../src/store/store-error.ts'
import { endOnError } from './end-on-error.ts'

const log = pino({ level: 'silent' })
const coded = (code: string) =>
  new StoreError('insert', Object.assign(new Error('error of the store'), { code }))

/** The result of the attempt with this number when the work throws. */
async function outcomeOf(err: unknown, attempt: number): Promise<string> {
  const logger = new DefaultLogger('ERROR', () => {})
  const env = new MockActivityEnvironment({ attempt }, { logger })
  const work = () =>
    endOnError(
      { log },
      async () => {
        throw err
      },
      async (reason) => reason,
    )
  return env.run(work).then(String, (thrown: unknown) => (thrown === err ? 'retried' : `other: ${thrown}`))
}

describe('an error of the work', () => {
  it.each([
    ['a bug', new TypeError('x is not a function'), 'fault: TypeError: x is not a function'],
    ['a thrown text', 'nothing', 'fault: nothing'],
    ['a text that the store refuses', coded('22P05'), 'fault: StoreError: error of the store'],
    ['a row that does not fit', coded('23502'), 'fault: StoreError: error of the store'],
    ['a value that is too large', coded('54000'), 'fault: StoreError: error of the store'],
  ])('ends the step at the fifth attempt when it is about the step: %s', async (_name, err, reason) => {
    for (const attempt of [1, 2, 3, 4]) expect(await outcomeOf(err, attempt)).toBe('retried')
    expect(await outcomeOf(err, 5)).toBe(reason)
    expect(await outcomeOf(err, 900)).toBe(reason)
  })

  it.each([
    ['the store is unreachable', coded('ECONNREFUSED')],
    ['the store restarts', coded('57P01')],
    ['the store is full', coded('53100')],
    ['the store is being upgraded', coded('42703')],
    ['the store gave no answer', new StoreError('insert', new Error('Connection terminated'))],
    ['a key is missing', new SealError('cannot be opened')],
    ['the work asks for a retry', ApplicationFailure.create({ type: 'Busy', nextRetryDelay: 1_000 })],
  ])('is retried at every attempt when it is transient: %s', async (_name, err) => {
    for (const attempt of [1, 5, 900]) expect(await outcomeOf(err, attempt)).toBe('retried')
  })
})
