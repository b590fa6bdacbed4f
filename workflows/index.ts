export { FollowerNurture } from './follower-nurture.ts'
