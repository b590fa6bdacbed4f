/** By these, the server takes a call with a session's cookie as one of a script of its pages. */
export const SCRIPT_HEADERS = { 'x-nurture-console': '1' }
