import { expect, it } from 'vitest'
import { cookieNames } from './cookie-names.ts'

it('cookies have the prefix __Host- if the public URL is https, and legacy names are listed for deletion', () => {
  expect(cookieNames('https://nurture.example.com')).toEqual({
    session: '__Host-nurture_session',
    challenge: '__Host-nurture_second_step',
    returnPath: '__Host-nurture_return',
    legacy: ['nurture_session'],
  })
  for (const url of [undefined, 'http://nurture.example.com'])
    expect(cookieNames(url)).toEqual({
      session: 'nurture_session',
      challenge: 'nurture_second_step',
      returnPath: 'nurture_return',
      legacy: [],
    })
})
