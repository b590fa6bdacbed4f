import { expect, it } from 'vitest'
import { cookieNames } from './cookie-names.ts'

it('cookies are bound to this host where every browser comes by https; the name of before is cleared', () => {
  expect(cookieNames('https://nurture.example.com')).toEqual({
    session: '__Host-nurture_session',
    challenge: '__Host-nurture_second_step',
    legacy: ['nurture_session'],
  })
  for (const url of [undefined, 'http://nurture.example.com'])
    expect(cookieNames(url)).toEqual({
      session: 'nurture_session',
      challenge: 'nurture_second_step',
      legacy: [],
    })
})
