/** The account of the pictures that has most of the followers. */
export const DEER = 'wx2f61c08be94d7a35'
