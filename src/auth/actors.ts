/** Who has used the administrator's token, in the audit log and as who saved something. Also for scripts of pages. */
export const ADMIN_TOKEN_ACTOR = 'admin-token'
