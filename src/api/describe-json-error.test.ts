import { describe, expect, it } from 'vitest'
import { describeJsonError } from './describe-json-error.ts'

describe('the description of malformed JSON', () => {
  it.each([
    ['{', 'it ends after character 1, before the value is complete'],
    ['{"a": [1,', 'it ends after character 9, before the value is complete'],
    ['{"a": 1} x', 'it has an error at character 10'],
    ['', 'it is empty'],
    [' \n', 'it is empty'],
  ])('of %j has the position', (text, reason) => {
    expect(describeJsonError(text)).toBe(`The body is not valid JSON: ${reason}.`)
  })

  it.each(['secret', '{"appSecret": secret}', 'secret at position 3', '{"a": "secret" "b"}'])(
    'of %j does not quote the text',
    (text) => {
      expect(describeJsonError(text)).toMatch(
        /^The body is not valid JSON(: it has an error at character \d+)?\.$/,
      )
    },
  )
})
