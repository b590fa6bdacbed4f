import type { ZxcvbnFactory } from '@zxcvbn-ts/core'

/**
 * The rules for every new password, whoever sets it and from wherever: `Passwords.hash` asks here, and nothing is stored
 * that it did not make. They follow NIST SP 800-63B-4, section 3.1.1.2 (https://pages.nist.gov/800-63-4/sp800-63b.html):
 * a length, no rules about kinds of characters, and a comparison with what is common or expected.
 */

export const MIN_PASSWORD_LENGTH = 12
const MAX_PASSWORD_LENGTH = 200
/**
 * Guesses that a password must withstand, as a power of ten, by zxcvbn's estimate. With a hash of 0.3 s each, a thousand
 * million guesses are ten years of one core.
 */
const GUESSES_LOG10 = 9
/** The same for what is left where a number that others know (a telephone, a birthday) was taken out. */
const REST_GUESSES_LOG10 = 6
/** zxcvbn looks at no more: the time for odd texts grows faster than their length. */
const MAX_CHECKED_LENGTH = 64

/**
 * What Chinese users commonly put together, and no list of passwords from the West has: pet names, "I love …" with its
 * numbers (520, 1314 sound like it), lucky numbers, services, roles, and this product.
 */
const CHINESE =
  `woaini woaiwojia woai wojia aini aiwo woshi nishi women laopo laogong baobao baobei qinaide xingfu kuaile
  nihao nihaoma zhongguo beijing shanghai guangzhou shenzhen hangzhou chengdu wuhan xiaoming xiaohong xiaoli xiaowang
  xiaozhang mima wodemima denglu guanliyuan guanli yunying kefu caiwu gongsi ceshi weixin wechat gongzhonghao qq wangyi
  taobao zhifubao alipay 520 1314 521 5201314 1314520 5211314 201314 168 518 888 666 999 admin root operator viewer
  nurture follower followernurture`.split(/\s+/)

/** Pinyin syllables are made of an initial and a final; some of these pairs are no syllable, and do no harm. */
const INITIALS = ',b,p,m,f,d,t,n,l,g,k,h,j,q,x,zh,ch,sh,r,z,c,s,y,w'.split(',')
const FINALS =
  'a,o,e,i,u,ai,ei,ao,ou,an,en,ang,eng,ong,ia,ie,iao,iu,ian,in,iang,ing,iong,ua,uo,uai,ui,uan,un,uang,ue,er'
const SYLLABLES = INITIALS.flatMap((initial) => FINALS.split(',').map((final) => initial + final)).filter(
  (syllable) => syllable.length > 1,
)

/** Words that stand in many passwords, and keys in a row as they are left without the signs between them. */
const COMMON_WORDS =
  `password passwort passwd pass mypasswordis mypassword thisis login welcome hello iloveyou love secret letmein
  qwertyuiop qwerty qwert qwer qwe asdfghjkl asdfgh asdfg asdf asd zxcvbnm zxcvb zxcv zxc qaz wsx edc abcd abc test user
  guest master super dragon monkey correcthorsebatterystaple wx gzh com cn net www`.split(/\s+/)
/** Longer ones first, so that nothing is left of "password". Short numbers are taken out as numbers. */
const EXPECTED = new RegExp(
  [...CHINESE.filter((word) => !/^\d{1,4}$/.test(word)), ...COMMON_WORDS]
    .sort((a, b) => b.length - a.length)
    .join('|'),
  'g',
)
/** Years among them. */
const SHORT_NUMBERS = /(?<!\d)\d{1,4}(?!\d)/g
const SIGNS = /[^\p{L}\p{N}]/gu
/** With so few characters besides, so few different expected words are soon tried. */
const MAX_OTHER_CHARACTERS = 2
const MAX_EXPECTED_WORDS = 4

/** An identity card's number, a mobile number (11 digits from 13 to 19), a day as yyyymmdd: in this order. */
const KNOWN_NUMBERS =
  /[1-9]\d{5}(?:19|20)\d{9}[\dXx]|1[3-9]\d{9}|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])/g

const EASY_TO_GUESS =
  'is easy to guess: common passwords, names, dates, telephone numbers and keys in a row count for little. Take three or four words that have nothing to do with each other'

let zxcvbnFactory: Promise<ZxcvbnFactory> | null = null

/** Some 45 MB: not before the first new password. */
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

/** Why this cannot be the password of the person of that name; null when it is good. */
export async function passwordProblem(password: string, name: string): Promise<string | null> {
  // As it is hashed: full-width letters are not another password.
  const typed = password.normalize('NFKC')
  const length = [...typed].length
  if (length < MIN_PASSWORD_LENGTH) return `must have ${MIN_PASSWORD_LENGTH} characters or more`
  if (length > MAX_PASSWORD_LENGTH) return `must have ${MAX_PASSWORD_LENGTH} characters at most`
  if (new Set(typed).size < 4) return 'must have 4 different characters or more'
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
 * Whether it is put together from a few expected words, years, short numbers and signs, and next to nothing else. zxcvbn
 * counts each part for its place among many thousands, and each sign for one of all characters; guessers begin with these.
 */
function consistsOfExpectedParts(typed: string): boolean {
  const bare = typed.toLowerCase().replace(KNOWN_NUMBERS, '').replace(SHORT_NUMBERS, '').replace(SIGNS, '')
  const words = new Set(bare.match(EXPECTED))
  const rest = bare.replace(EXPECTED, '').replace(SHORT_NUMBERS, '')
  return words.size > 0 && words.size <= MAX_EXPECTED_WORDS && [...rest].length <= MAX_OTHER_CHARACTERS
}

/** A name as it may stand in a password: its parts, and they together in either order, with any or no sign between. */
function formsOfName(name: string): string[] {
  const whole = name.normalize('NFKC').toLowerCase()
  const parts = whole.split(/[^\p{L}\p{N}]+/u).filter(Boolean)
  const joined = ['', '.', '-', '_', '@', ' '].flatMap((sign) => [
    parts.join(sign),
    [...parts].reverse().join(sign),
  ])
  return [...new Set([whole, ...parts, ...joined])].filter((form) => form.length > 1)
}
