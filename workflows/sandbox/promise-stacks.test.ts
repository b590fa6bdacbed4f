import { describe, expect, it } from 'vitest'
import { withoutPromiseStacks } from './promise-stacks.ts'

const SandboxError = withoutPromiseStacks(Error)

describe('the Error of the workflow sandbox', () => {
  it('has no stack when it is created without arguments, as by the SDK for each promise', () => {
    const error = new SandboxError()
    expect(error).toBeInstanceOf(Error)
    expect(error.stack).toBeUndefined()
  })

  it('has a stack and its message otherwise', () => {
    const error = new SandboxError('broken', { cause: 'a cause' })
    expect(error).toMatchObject({ name: 'Error', message: 'broken', cause: 'a cause' })
    expect(error.stack).toContain('promise-stacks.test')
    expect(SandboxError('called').stack).toContain('promise-stacks.test')
  })

  it('can be the base of other errors, which have stacks, also without arguments', () => {
    class Failure extends SandboxError {
      override name = 'Failure'
    }
    const failure = new Failure()
    expect(failure).toBeInstanceOf(Failure)
    expect(failure).toBeInstanceOf(SandboxError)
    expect(failure.stack).toContain('promise-stacks.test')
  })
})
