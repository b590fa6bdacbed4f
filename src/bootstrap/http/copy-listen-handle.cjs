// Receives a listening handle, sends it back the requested number of times, and exits. See extra-listeners.ts.
process.once('message', (copies, handle) => {
  // Keeps this process alive while a copy is being sent.
  process.channel.ref()
  let left = copies
  const next = () => {
    if (left <= 0) process.exit(0)
    left -= 1
    process.send('copy', handle, next)
  }
  next()
})
