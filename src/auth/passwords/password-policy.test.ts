import { describe, expect, it } from 'vitest'
import { passwordProblem } from './password-policy.ts'

const NAME = 'lin.xiaoyu'

describe('a new password', () => {
  it.each([
    ['short', 'eleven-char'],
    ['short once it is hashed', 'ﬀﬀﬀﬀﬀ'],
    ['long', 'ab1-'.repeat(51)],
    ['of one letter', 'aaaaaaaaaaaaaaaa'],
    ['the name', 'Lin.Xiaoyu'.padEnd(10)],
  ])('that is %s is refused', async (_, password) => {
    expect(await passwordProblem(password, NAME)).toEqual(expect.any(String))
  })

  it.each([
    'lin.xiaoyu-2024',
    'lin-xiaoyu-1',
    'xiaoyu.lin.01',
    'XiaoyuLin1234',
    'uyoaix.nil-12',
    'l1n.x1a0yu-2025',
    'linxiaoyu1314',
    'ｌｉｎ．ｘｉａｏｙｕ－１',
  ])('that is a variant of the name is refused: %s', async (password) => {
    expect(await passwordProblem(password, NAME)).toEqual(expect.any(String))
  })

  it.each([
    'password1234',
    'ｐａｓｓｗｏｒｄ１２３４',
    'P@ssw0rd2026!',
    'Password@2024',
    'qwertyuiop123',
    '1qaz2wsx3edc',
    'zxcvbnm123456',
    'abc123abc123',
    'admin123admin123',
    'administrator1',
    'iloveyou520520',
    'welcome123456',
  ])('that is common is refused: %s', async (password) => {
    expect(await passwordProblem(password, NAME)).toMatch(/easy to guess/)
  })

  it.each([
    'woaini1314520',
    'woaini5201314',
    '5201314woaini',
    'woaiwojia1314',
    'woaibeijing2008',
    'laopowoaini520',
    'zhangwei123456',
    'zhangwei19900101',
    'liuyang5201314',
    'wangfei888888',
    'nihaoma123456',
    'wodemima123456',
    'weixin123456',
    'gongzhonghao1',
    'xiaoming123456',
    '13812345678a',
    'a13812345678',
    'zhang13912345678',
    '15998761234520',
    '110101199003070012',
    '11010119900307001X',
    'qq123456789012',
    'followernurture',
  ])('that is common in China is refused: %s', async (password) => {
    expect(await passwordProblem(password, NAME)).toMatch(/easy to guess/)
  })

  it.each([
    'WeChat@2026wx',
    'weixin.2026.com',
    'gongsi2026@@mima',
    'qwe123!@#asd',
    'P@ss!qwer#2024',
    'Weixin#2027!Mima',
    'correcthorsebatterystaple',
    'correct horse battery staple',
    'mypasswordismypassword',
  ])('that is made of common words, years and signs is refused: %s', async (password) => {
    expect(await passwordProblem(password, NAME)).toMatch(/easy to guess/)
  })

  it.each([
    'twelve-chars',
    'test-lins-password',
    'test-passwords-stand-nowhere',
    'river lamp copper owl',
    '839201746523',
    'test-another-password',
    'correct-horse-battery 13812345678',
    '春眠不觉晓处处闻啼鸟夜来',
    'q7Rk-vT2m-Xw9z',
    'vT2mXw9zq7Rk',
  ])('that is hard to guess is accepted, also without capitals or digits: %s', async (password) => {
    expect(await passwordProblem(password, NAME)).toBeNull()
  })

  it('is checked in bounded time, whatever its characters', async () => {
    const odd = '4@8({3€6#!1|0$5+7%2'.repeat(10)
    const began = process.cpuUsage()
    await passwordProblem('warm-up-of-the-list', NAME)
    const first = process.cpuUsage(began).user
    const again = process.cpuUsage()
    await passwordProblem(odd, NAME)
    // Loading the list is the reference: it is about as much work as the worst text.
    expect(process.cpuUsage(again).user).toBeLessThan(20 * Math.max(first, 100_000))
  })
})
