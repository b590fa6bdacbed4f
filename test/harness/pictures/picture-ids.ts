/** The account of the pictures that has most of the followers. */
export const DEER = 'wx2f61c08be94d7a35'
/** The moment of all pictures: a Thursday, 14:31 in Beijing. */
export const PICTURE_NOW = Date.parse('2026-12-03T06:31:00Z')
/** Who is signed in on the pictures, an admin. */
export const PICTURE_USER = { name: 'linxiao', password: 'test-password-of-a-user' }
