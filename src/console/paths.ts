/** The page of a campaign. The API has the same path behind `/api`. */
export const campaignPath = (id: string): string => `/campaigns/${encodeURIComponent(id)}`

/** The page of an account. The API has the same path behind `/api`. */
export const accountPath = (appId: string): string => `/accounts/${encodeURIComponent(appId)}`

/** The page of a user. The API has the same path behind `/api`. */
export const userPath = (name: string): string => `/users/${encodeURIComponent(name)}`

/** The page of a follower. The API has the same path behind `/api`. */
export const followerPath = ({ appId, openId }: { appId: string; openId: string }): string =>
  `/followers/${encodeURIComponent(appId)}/${encodeURIComponent(openId)}`

/** The page of a bulk job. The API has the same path behind `/api`. */
export const bulkJobPath = (id: string): string => `/bulk-jobs/${encodeURIComponent(id)}`
