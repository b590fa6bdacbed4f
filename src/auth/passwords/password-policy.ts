import type { ZxcvbnFactory } from '@zxcvbn-ts/core'

/**
 * The rules for every new password. `Passwords.hash` enforces them, and every stored hash is made by it. They follow
 * NIST SP 800-63B-4, section 3.1.1.2 (https://pages.nist.gov/800-63-4/sp800-63b.html): a minimum length, no rules about
 * kinds of characters, and a comparison with common and expected passwords.
 */

export const MIN_PASSWORD_LENGTH = 12
const MAX_PASSWORD_LENGTH = 200
/** The guesses that a password must withstand by zxcvbn's estimate, as a power of ten. At 0.3 s each, 10^9 are ten years of a core. */
const GUESSES_LOG10 = 9
/** The same for the rest of a password without known numbers, such as a telephone number or a birthday. */
const REST_GUESSES_LOG10 = 6
/** zxcvbn reads only this many characters, because its time for unusual texts grows faster than their length. */
const MAX_CHECKED_LENGTH = 64

/**
 * Words of common Chinese passwords, which Western password lists lack: pet names, "I love …" and its numbers (520 and 1314
 * sound like it), lucky numbers, services, roles, and this product.
 */
const CHINESE =
  `woaini woaiwojia woai wojia aini aiwo woshi nishi women laopo laogong baobao baobei qinaide xingfu kuaile
  nihao nihaoma zhongguo beijing shanghai guangzhou shenzhen hangzhou chengdu wuhan xiaoming xiaohong xiaoli xiaowang
  xiaozhang mima wodemima denglu guanliyuan guanli yunying kefu caiwu gongsi ceshi weixin wechat gongzhonghao qq wangyi
  taobao zhifubao alipay 520 1314 521 5201314 1314520 5211314 201314 168 518 888 666 999 admin root operator viewer
  nurture follower followernurture`.split(/\s+/)

/** Pinyin syllables: every initial with every final. Pairs that are not a syllable are harmless. */
const INITIALS = ',b,p,m,f,d,t,n,l,g,k,h,j,q,x,zh,ch,sh,r,z,c,s,y,w'.split(',')
const FINALS =
  'a,o,e,i,u,ai,ei,ao,ou,an,en,ang,eng,ong,ia,ie,iao,iu,ian,in,iang,ing,iong,ua,uo,uai,ui,uan,un,uang,ue,er'
const SYLLABLES = INITIALS.flatMap((initial) => FINALS.split(',').map((final) => initial + final)).filter(
  (syllable) => syllable.length > 1,
)

/** Words of many passwords, and rows of keys without the signs between them. */
const COMMON_WORDS =
  `password passwort passwd pass mypasswordis mypassword thisis login welcome hello iloveyou love secret letmein
  qwertyuiop qwerty qwert qwer qwe asdfghjkl asdfgh asdfg asdf asd zxcvbnm zxcvb zxcv zxc qaz wsx edc abcd abc test user
  guest master super dragon monkey correcthorsebatterystaple wx gzh com cn net www`.split(/\s+/)
/** Longer words first, so that nothing is left of "password". Short numbers are removed separately. */
const EXPECTED = new RegExp(
  [...CHINESE.filter((word) => !/^\d{1,4}$/.test(word)), ...COMMON_WORDS]
    .sort((a, b) => b.length - a.length)
    .join('|'),
  'g',
)
/** Includes years. */
const SHORT_NUMBERS = /(?<!\d)\d{1,4}(?!\d)/g
const SIGNS = /[^\p{L}\p{N}]/gu
/** Up to this many expected words, with up to this many other characters, are guessed soon. */
const MAX_OTHER_CHARACTERS = 2
const MAX_EXPECTED_WORDS = 4

/** An identity card number, a mobile number (11 digits that begin with 13 to 19) or a date as yyyymmdd, in this order. */
const KNOWN_NUMBERS =
  /[1-9]\d{5}(?:19|20)\d{9}[\dXx]|1[3-9]\d{9}|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])/g

const EASY_TO_GUESS =
  'is easy to guess: common passwords, names, dates, telephone numbers and rows of keys add little. Use three or four unrelated words'

let zxcvbnFactory: Promise<ZxcvbnFactory> | null = null

/** Takes about 45 MB, so it is loaded for the first new password. */
function loadZxcvbn(): Promise<ZxcvbnFactory> {
  zxcvbnFactory ??= Promise.all([import('@zxcvbn-ts/core'), import('@zxcvbn-ts/language-common')]).then(
    ([{ ZxcvbnFactory }, { adjacencyGraphs, dictionary }]) =>
      new ZxcvbnFactory({
        dictionary: { ...dictionary, chinese: CHINESE, pinyin: SYLLABLES },
        graphs: adjacencyGraphs,
        maxLength: MAX_CHECKED_LENGTH,
      }),
  )
  return zxcvbnFactory
}

/** Why the user of that name cannot have this password; null if it is accepted. */
export async function passwordProblem(password: string, name: string): Promise<string | null> {
  // The hash uses the same normal form.
  const typed = password.normalize('NFKC')
  const length = [...typed].length
  if (length < MIN_PASSWORD_LENGTH) return `must have at least ${MIN_PASSWORD_LENGTH} characters`
  if (length > MAX_PASSWORD_LENGTH) return `must have at most ${MAX_PASSWORD_LENGTH} characters`
  if (new Set(typed).size < 4) return 'must have at least 4 different characters'
  const known = formsOfName(name)
  if (known.includes(typed.toLowerCase())) return 'must not be the name'
  const zxcvbn = await loadZxcvbn()
  const guesses = (text: string) => zxcvbn.check(text, known).guessesLog10
  if (guesses(typed) < GUESSES_LOG10) return EASY_TO_GUESS
  const rest = typed.replace(KNOWN_NUMBERS, '')
  if (rest !== typed && guesses(rest) < REST_GUESSES_LOG10) return EASY_TO_GUESS
  const withoutSigns = typed.replaceAll('@', 'a').replaceAll('$', 's')
  return [typed, withoutSigns].some(consistsOfExpectedParts) ? EASY_TO_GUESS : null
}

/**
 * Whether a password is a few expected words, years, short numbers and signs, and little else. zxcvbn rates each part by its
 * rank among many thousands, and each sign as any character, but attackers try these combinations first.
 */
function consistsOfExpectedParts(typed: string): boolean {
  const bare = typed.toLowerCase().replace(KNOWN_NUMBERS, '').replace(SHORT_NUMBERS, '').replace(SIGNS, '')
  const words = new Set(bare.match(EXPECTED))
  const rest = bare.replace(EXPECTED, '').replace(SHORT_NUMBERS, '')
  return words.size > 0 && words.size <= MAX_EXPECTED_WORDS && [...rest].length <= MAX_OTHER_CHARACTERS
}

/** Forms of a name in passwords: its parts, and the joined parts in either order, with or without a separator. */
function formsOfName(name: string): string[] {
  const whole = name.normalize('NFKC').toLowerCase()
  const parts = whole.split(/[^\p{L}\p{N}]+/u).filter(Boolean)
  const joined = ['', '.', '-', '_', '@', ' '].flatMap((sign) => [
    parts.join(sign),
    [...parts].reverse().join(sign),
  ])
  return [...new Set([whole, ...parts, ...joined])].filter((form) => form.length > 1)
}
