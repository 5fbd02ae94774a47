// Loaded before a script that run.mjs starts: when the parent is gone without a word (kill -9), the script gets the signal it would have forwarded.
// The channel alone keeps nothing alive.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
